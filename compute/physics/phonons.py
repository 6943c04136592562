"""Small facts about force constants and frequencies, as pure array functions.

Φ is (N, N, 3, 3) in eV/Å², masses in u, ω in THz with imaginary modes as negative numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# √(eV/Å²/u) / 2π in THz: CODATA values, as used by phonopy.
THZ_PER_ROOT = 15.633302

DEGENERATE = 1e-6
"""Eigenvalues of a dynamical matrix nearer than this part of the largest belong to degenerate modes."""


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
    """Displacements (N, 3) in Å of the supercell's softest mode but the three translations, the largest `length`.

    Of degenerate modes it is the part of one fixed arbitrary vector in their space: a choice that the last digit of
    Φ does not turn, as it turns the eigenvectors.
    """
    eigenvalues, vectors = np.linalg.eigh(_mass_weighted(force_constants, masses))
    optical = np.argsort(np.abs(eigenvalues))[3:]
    within = DEGENERATE * np.abs(eigenvalues).max()
    softest = vectors[:, optical[eigenvalues[optical] <= eigenvalues[optical].min() + within]]
    fixed = np.random.default_rng(0).normal(size=len(eigenvalues))
    pattern = (softest @ (softest.T @ fixed)).reshape(-1, 3) / np.sqrt(masses)[:, None]
    return np.asarray(pattern * (length / np.linalg.norm(pattern, axis=1).max()))


def normal_modes(force_constants: Array, masses: Array) -> tuple[Array, Array]:
    """ω (M,) in THz, ascending, and orthonormal mass-weighted eigenvectors (M, N, 3) of a supercell; M = 3N − 3.

    The translations, known to be √m_i for every direction, are projected out before the eigenvalues are found: an
    optical mode near zero cannot be taken for one of them.
    """
    translations = np.kron(np.sqrt(masses)[:, None], np.eye(3))
    others = np.linalg.qr(translations, mode="complete")[0][:, 3:]
    eigenvalues, vectors = np.linalg.eigh(others.T @ _mass_weighted(force_constants, masses) @ others)
    omega = signed_root(eigenvalues) * THZ_PER_ROOT
    return omega, np.asarray((others @ vectors).T.reshape(-1, len(masses), 3))


def _mass_weighted(force_constants: Array, masses: Array) -> Array:
    """Φ_ij/√(m_i m_j) as a symmetric matrix (3N, 3N) in eV/Å²/u."""
    size = 3 * len(masses)
    scaled = force_constants / np.sqrt(np.outer(masses, masses))[:, :, None, None]
    dynamical = scaled.transpose(0, 2, 1, 3).reshape(size, size)
    return np.asarray((dynamical + dynamical.T) / 2)


def frozen_frequency(displacements: Array, forces: Array, masses: Array) -> float:
    """ω in THz of the pattern `displacements` (N, 3) from the forces it meets: ω² = −F·u / Σ m u²."""
    square = -np.sum(forces * displacements) / np.sum(masses[:, None] * displacements**2)
    return float(np.sign(square) * np.sqrt(abs(square)) * THZ_PER_ROOT)


def signed_square(omega: Array | float) -> Array:
    """ω² with the sign of ω: the eigenvalue of the dynamical matrix, in THz²."""
    return np.asarray(np.sign(omega) * np.square(omega))


def signed_root(square: Array | float) -> Array:
    """ω in THz from ω² in THz²: the inverse of `signed_square`."""
    return np.asarray(np.sign(square) * np.sqrt(np.abs(square)))


def without_acoustic(frequencies: Array) -> Array:
    """The modes at Γ without the three nearest zero: never the three lowest, which may be soft optical ones."""
    order = np.argsort(np.abs(frequencies))
    return np.sort(frequencies[order[3:]])


def relative_difference(a: Array, b: Array) -> float:
    """‖a − b‖ / ‖b‖ of two arrays of the same shape, Frobenius norm."""
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def rmse(a: Array, b: Array) -> float:
    """Root mean square difference of two arrays of the same shape."""
    return float(np.sqrt(np.mean((a - b) ** 2)))
