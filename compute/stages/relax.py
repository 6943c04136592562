"""Relaxing the free parameters of a prototype: a, and for the elpasolite x; symmetry holds by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compute.potentials.interface import Potential
from compute.protocols import HarmonicProtocol
from compute.structures.compounds import Compound

# Typical curvatures in eV of E(ln a) and, in eV/Å², of E(x a): they only scale the first step.
_CURVATURES = (500.0, 30.0)
_MOST_STRAIN = 0.25


class RelaxationError(RuntimeError):
    """A relaxation that did not converge or left the neighbourhood of its start."""


@dataclass(frozen=True)
class Relaxed:
    """Cubic lattice constant `a` (Å), anion coordinate `x`, and what was left at the end (eV/Å, eV/Å³).

    A crystal that is neither of the two parent structures has no `a` and no `x`.
    """

    a: float | None
    x: float | None
    steps: int
    max_force: float
    pressure: float


def relax(compound: Compound, potential: Potential, protocol: HarmonicProtocol, a: float, x: float | None) -> Relaxed:
    """Minimise the energy over (a) or (a, x) from the given start by BFGS with analytic gradients.

    Raises `RelaxationError` when forces or pressure stay above the protocol's limits or a leaves ±25 %.
    """
    from scipy.optimize import minimize

    calls: list[Relaxed] = []

    def energy_and_gradient(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        here = a * np.exp(parameters[0])
        if not abs(parameters[0]) < _MOST_STRAIN:
            raise RelaxationError(f"the lattice constant left {a:.3f} Å ± 25 %")
        anion = None if x is None else parameters[1] / here
        if anion is not None and not 0.15 < anion < 0.35:
            raise RelaxationError(f"the anion coordinate left 0.15–0.35 (x = {anion:.3f})")
        atoms = compound.structure(here, anion)
        (result,) = potential.evaluate([atoms], stress=True)
        if result.stress is None or not np.isfinite(result.energy):
            raise RelaxationError("the potential gave no finite energy and stress")
        pressure = -float(np.trace(result.stress)) / 3
        trace = -3 * pressure * atoms.get_volume()
        calls.append(Relaxed(here, anion, len(calls) + 1, float(np.abs(result.forces).max()), pressure))
        if anion is None:
            return result.energy, np.array([trace])
        # u = x a moves the anions along their axes; at fixed u a strain leaves them behind.
        axes = (compound.structure(here, anion + 1e-3).positions - atoms.positions) / (1e-3 * here)
        by_u = -float((result.forces * axes).sum())
        return result.energy, np.array([trace - by_u * anion * here, by_u])

    start = np.array([0.0] if x is None else [0.0, x * a])
    first = np.diag(1 / np.array(_CURVATURES[: len(start)]))
    minimize(
        energy_and_gradient,
        start,
        jac=True,
        method="BFGS",
        options={"gtol": protocol.max_force / 10, "maxiter": protocol.max_relax_steps, "hess_inv0": first},
    )
    best = min(calls, key=lambda call: _excess(call, protocol))
    if _excess(best, protocol) > 1:
        raise RelaxationError(
            f"not converged in {len(calls)} force calls: |F| {best.max_force:.1e} eV/Å, p {best.pressure:.1e} eV/Å³"
        )
    return Relaxed(best.a, best.x, len(calls), best.max_force, best.pressure)


def _excess(state: Relaxed, protocol: HarmonicProtocol) -> float:
    """Force or pressure left, whichever is worse, in units of its limit."""
    return max(state.max_force / protocol.max_force, abs(state.pressure) / protocol.max_pressure)
