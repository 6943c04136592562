"""One compound, one potential: geometry, force constants, ω at the suite's q points, ω_min and what limits it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import phonons as physics
from compute.potentials.evaluate import Evaluation, Potential
from compute.protocols import SUITES, HarmonicProtocol
from compute.stages import phonons
from compute.stages.relax import Relaxed, relax
from compute.structures.compounds import Compound

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class Harmonic:
    """Result of the harmonic stage; ω in THz with imaginary as negative, times in s, Φ as `ForceConstants`."""

    geometry: Relaxed
    omegas: dict[str, float]
    omega_min: float
    omega_min_q: phonons.QPoint
    omega_frozen: float
    noise_floor: float
    asr_residual: float
    n_displacements: int
    n_atoms: int
    seconds: float
    force_seconds: float


class Stopwatch:
    """A potential that also counts the seconds spent inside its force calls."""

    def __init__(self, potential: Potential):
        self._potential = potential
        self.id, self.checkpoint_sha256 = potential.id, potential.checkpoint_sha256
        self.dtype, self.device = potential.dtype, potential.device
        self.seconds = 0.0

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        start = time.perf_counter()
        try:
            return self._potential.evaluate(structures, stress=stress)
        finally:
            self.seconds += time.perf_counter() - start


def harmonic(compound: Compound, potential: Potential, protocol: HarmonicProtocol, a: float | None = None) -> Harmonic:
    """Run the harmonic stage.

    With `protocol.geometry` "reference", `a` (Å) is the DFT lattice constant and the prototype must have no other
    free parameter; with "relaxed", a and x are relaxed with the potential, from `a` or from ionic radii.
    Raises `RelaxationError`, `EvaluationError` or `ValueError`.
    """
    if protocol.supercell is None:
        raise ValueError(f"protocol {protocol.name} is for published forces; nothing is displaced")
    start = time.perf_counter()
    watched = Stopwatch(potential)
    guess, x = compound.guess()
    if protocol.geometry == "relaxed":
        geometry = relax(compound, watched, protocol, a or guess, x)
    elif a is None or x is not None:
        raise ValueError(f"{compound.formula}: no published geometry; use the protocol relaxed-geometry")
    else:
        (result,) = watched.evaluate([compound.structure(a)], stress=True)
        if result.stress is None:
            raise ValueError(f"{potential.id} gives no stress")
        geometry = Relaxed(a, None, 1, float(np.abs(result.forces).max()), -float(np.trace(result.stress)) / 3)

    plan = _plan(compound.prototype, _pattern(compound), protocol.supercell, protocol.displacement)
    phonon = phonons.phonopy_of(
        compound.structure(geometry.a, geometry.x), plan.template.supercell_matrix, symmetry=False
    )
    results = watched.evaluate(phonons.displaced(phonon, plan.displacements))
    constants = phonons.solve(plan, np.array([result.forces for result in results]))
    phonon.force_constants = constants.values if protocol.symmetrise == "symfc" else constants.raw
    omega_min, omega_min_q = phonons.softest(phonon, phonons.commensurate_q(phonon))
    # One more force call, along the softest mode, tells whether Φ is the potential's harmonic limit at all.
    masses = phonon.supercell.masses
    pattern = physics.softest_pattern(phonon.force_constants, masses, protocol.displacement)
    (frozen,) = watched.evaluate(phonons.displaced(phonon, pattern[None]))
    omega_frozen = physics.frozen_frequency(pattern, frozen.forces, masses)
    omegas = {label: phonons.softest(phonon, star)[0] for label, star in SUITES[compound.suite].q_points.items()}
    return Harmonic(
        geometry=geometry,
        omegas=omegas,
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        omega_frozen=omega_frozen,
        noise_floor=physics.noise_floor_from_frozen_phonon(omega_min, omega_frozen),
        asr_residual=float(physics.sum_rule_residual(constants.raw).max()),
        n_displacements=len(plan.displacements),
        n_atoms=len(phonon.supercell),
        seconds=time.perf_counter() - start,
        force_seconds=watched.seconds,
    )


def _pattern(compound: Compound) -> tuple[int, ...]:
    """Which sites hold the same element: (0, 0, 1, 2) for A = B. Equal patterns share their symmetry."""
    elements = list(compound.sites.values())
    return tuple(elements.index(element) for element in elements)


@lru_cache(maxsize=32)
def _plan(prototype: str, pattern: tuple[int, ...], supercell: int, displacement: float) -> phonons.Plan:
    """The plan of a structure type, from stand-in elements at a generic geometry."""
    stand_ins = ("Cs", "Ag", "Bi", "Cl")
    elements = [stand_ins[index] for index in pattern]
    keys = ("A", "B", "X") if prototype == "cubic-perovskite" else ("A", "B", "Bp", "X")
    typical = Compound("", "", prototype, dict(zip(keys, elements, strict=True)))
    return phonons.symmetric_plan(typical.structure(10.0, 0.24), supercell, displacement)
