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
    return np.asarray(np.maximum(rows, columns))


def noise_floor_from_sum_rule(force_constants: Array, masses: Array) -> float:
    """The frequency (THz) that the sum-rule violation of one atom alone would make: max √(residual_i / m_i).

    No |ω| below it is told from zero. The violation is exactly zero in theory, so all of it is numerical error.
    """
    return float(THZ_PER_ROOT * np.sqrt(np.max(sum_rule_residual(force_constants) / masses)))


def noise_floor_from_frozen_phonon(omega: float, omega_frozen: float) -> float:
    """√|ω² − ω_frozen²| in THz, squares signed: Φ's answer for a mode against one force call along that mode.

    It is near zero for a smooth potential. A cusp of the potential or rounded forces keep it up, and then no Φ is
    its harmonic limit.
    """
    return float(np.sqrt(abs(signed_square(omega) - signed_square(omega_frozen))))


def softest_pattern(force_constants: Array, masses: Array, length: float) -> Array:
    """Displacements (N, 3) in Å of the supercell's softest mode but the three translations, the largest `length`."""
    size = 3 * len(masses)
    scaled = force_constants / np.sqrt(np.outer(masses, masses))[:, :, None, None]
    dynamical = scaled.transpose(0, 2, 1, 3).reshape(size, size)
    eigenvalues, vectors = np.linalg.eigh((dynamical + dynamical.T) / 2)
    optical = np.argsort(np.abs(eigenvalues))[3:]
    softest = optical[np.argmin(eigenvalues[optical])]
    pattern = vectors[:, softest].reshape(-1, 3) / np.sqrt(masses)[:, None]
    return np.asarray(pattern * (length / np.linalg.norm(pattern, axis=1).max()))


def frozen_frequency(displacements: Array, forces: Array, masses: Array) -> float:
    """ω in THz of the pattern `displacements` (N, 3) from the forces it meets: ω² = −F·u / Σ m u²."""
    square = -np.sum(forces * displacements) / np.sum(masses[:, None] * displacements**2)
    return float(np.sign(square) * np.sqrt(abs(square)) * THZ_PER_ROOT)


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
