"""The potential energy along one mode, E(Q) = E₀ + ½ k Q² + ¼ q Q⁴ + ⅙ s Q⁶, fitted to energies and forces.

The Hessian knows k alone; q and s are the anharmonic part. k < 0 is a double well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Well:
    """`curvature` in eV/Å², `quartic` in eV/Å⁴, `sextic` in eV/Å⁶; `energy_residual` (eV) and `force_residual` (eV/Å)
    are root mean squares of the fit's errors; `depth` (eV, positive) and `minimum` (Å) of the fitted well are 0 for a
    single one, and NaN where the energy still falls at the largest Q."""

    curvature: float
    quartic: float
    sextic: float
    energy_residual: float
    force_residual: float
    depth: float
    minimum: float


def fit(q: Array, energies: Array, forces: Array) -> Well:
    """Fit `energies` (P,) in eV and generalised `forces` −dE/dQ (P,) in eV/Å at displacements `q` (P,) in Å.

    Q = 0 must be among the points and E even in Q. Least squares over energies and forces, the energies divided by
    the largest |Q| so that both count in eV/Å. Raises `ValueError` with fewer than four distinct |Q|.
    """
    if len(np.unique(np.abs(q))) < 4 or not np.any(q == 0):
        raise ValueError("a well needs Q = 0 and at least three other |Q|")
    relative = energies - energies[q == 0].mean()
    scale = np.abs(q).max()
    powers = np.array([2, 4, 6])
    by_energy = q[:, None] ** powers / powers
    by_force = -(q[:, None] ** (powers - 1))
    design = np.concatenate([by_energy / scale, by_force])
    (k, quartic, sextic), *_ = np.linalg.lstsq(design, np.concatenate([relative / scale, forces]), rcond=None)
    coefficients = np.array([k, quartic, sextic])
    # Stationary points: k + q Q² + s Q⁴ = 0. Beyond the sampled range the fit says nothing.
    squares = np.roots([sextic, quartic, k])
    inside = squares[(abs(squares.imag) < 1e-12) & (squares.real > 0) & (squares.real <= scale**2)].real
    candidates = np.append(np.sqrt(inside), [0.0, scale])
    values = candidates[:, None] ** powers / powers @ coefficients
    best = int(np.argmin(values))
    reached = candidates[best] < scale
    return Well(
        curvature=float(k),
        quartic=float(quartic),
        sextic=float(sextic),
        energy_residual=float(np.sqrt(np.mean((by_energy @ coefficients - relative) ** 2))),
        force_residual=float(np.sqrt(np.mean((by_force @ coefficients - forces) ** 2))),
        depth=float(0.0 - values[best]) if reached else float("nan"),
        minimum=float(candidates[best]) if reached else float("nan"),
    )


def quartic_alone(q: Array, energies: Array, forces: Array) -> float:
    """The quartic term in eV/Å⁴ of the same fit without a sextic one: E(Q) = E₀ + ½ k Q² + ¼ q Q⁴.

    Over one range of Q the quartic and the sextic term are nearly collinear: fitted together, neither is known well.
    """
    relative = energies - energies[q == 0].mean()
    scale = np.abs(q).max()
    powers = np.array([2, 4])
    design = np.concatenate([q[:, None] ** powers / powers / scale, -(q[:, None] ** (powers - 1))])
    (_, quartic), *_ = np.linalg.lstsq(design, np.concatenate([relative / scale, forces]), rcond=None)
    return float(quartic)
