"""Small facts about force constants and frequencies, as pure array functions.

Φ is (N, N, 3, 3) in eV/Å², masses in u, ω in THz with imaginary modes as negative numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# √(eV/Å²/u) / 2π in THz: CODATA values, as used by phonopy.
THZ_PER_ROOT = 15.633302


def sum_rule_residual(force_constants: Array) -> Array:
    """Per atom, the larger 2-norm of Σ_j Φ_ij and Σ_j Φ_ji in eV/Å²; zero where Φ is translation invariant."""
    rows = np.linalg.norm(force_constants.sum(axis=1), ord=2, axis=(-2, -1))
    columns = np.linalg.norm(force_constants.sum(axis=0), ord=2, axis=(-2, -1))
    return np.maximum(rows, columns)


def noise_floor_from_sum_rule(force_constants: Array, masses: Array) -> float:
    """The frequency (THz) that the sum-rule violation of one atom alone would make: max √(residual_i / m_i).

    No |ω| below it is told from zero. The violation is exactly zero in theory, so all of it is numerical error.
    """
    return float(THZ_PER_ROOT * np.sqrt(np.max(sum_rule_residual(force_constants) / masses)))


def noise_floor_from_halving(omega: float, omega_half: float) -> float:
    """√|ω² − ω_½²| in THz, squares signed, from the same mode at displacement d and d/2.

    It is zero for a smooth potential as d → 0. A cusp of the potential or rounded forces keep it up.
    """
    return float(np.sqrt(abs(signed_square(omega) - signed_square(omega_half))))


def signed_square(omega: Array | float) -> Array:
    """ω² with the sign of ω: the eigenvalue of the dynamical matrix, in THz²."""
    return np.asarray(np.sign(omega) * np.square(omega))


def without_acoustic(frequencies: Array) -> Array:
    """The modes at Γ without the three nearest zero: never the three lowest, which may be soft optical ones."""
    order = np.argsort(np.abs(frequencies))
    return np.sort(frequencies[order[3:]])


def rmse(a: Array, b: Array) -> float:
    """Root mean square difference of two arrays of the same shape."""
    return float(np.sqrt(np.mean((a - b) ** 2)))
