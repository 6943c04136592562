"""What an error of the force constants alone does: the σ it makes, which modes it shifts, which patterns it turns.

A harmonic reference crystal with force constants Φ_r has displacements of covariance C and forces −Φ_r u. Held against
other force constants Φ_m, those forces look anharmonic by −ΔΦ u with ΔΦ = Φ_r − Φ_m, so that

    σ² = ⟨|F + Φ_m u|²⟩ / ⟨|F|²⟩ = Tr(ΔΦ C ΔΦ) / Tr(Φ_r C Φ_r),

which is the corner σ[r, r, m] of a harmonic reference, and its thermal force error at the same time. Classically C is
k_B T Φ_r⁺: neither temperature nor masses are left, and the denominator is k_B T Tr(Φ_r). A soft mode weighs by the
inverse of its curvature, which ‖ΔΦ‖/‖Φ_r‖ does not do.

Φ is (N, N, 3, 3) in eV/Å² over a whole supercell and obeys the acoustic sum rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.physics.phonons import THZ_PER_ROOT, normal_modes
from compute.physics.thermal import BOLTZMANN

Array = NDArray[np.float64]

# h·(1 THz)/k_B in K.
KELVIN_PER_THZ = 47.992430733
# Modes within this part of the largest |ω²| count as degenerate: force constants may be stored in single precision.
_DEGENERATE = 1e-5


class UnstableReference(ValueError):
    """The reference has an imaginary mode in its supercell: no thermal ensemble around its sites exists."""


def sigma_hessian(model: Array, reference: Array, covariance: Array | None = None) -> float:
    """σ of a harmonic crystal of force constants `reference`, held against those of `model`; both (N, N, 3, 3).

    `covariance` (3N, 3N) of the displacements, in any unit; by default the classical one. Raises `UnstableReference`,
    and `ValueError` for shapes that differ.
    """
    if model.shape != reference.shape:
        raise ValueError(f"force constants of shapes {model.shape} and {reference.shape}")
    spread = classical_covariance(reference) if covariance is None else covariance
    right, error = matrix(reference), matrix(model) - matrix(reference)
    # Φ C Φ is symmetric, so its trace is a sum of products.
    return float(np.sqrt(np.sum((error @ spread) * error) / np.sum((right @ spread) * right)))


def classical_covariance(reference: Array) -> Array:
    """⟨u uᵀ⟩/k_B T (3N, 3N) in Å²/eV: the pseudo-inverse of Φ over all but the translations, at any temperature."""
    size = 3 * len(reference)
    others = np.linalg.qr(np.kron(np.ones((len(reference), 1)), np.eye(3)), mode="complete")[0][:, 3:]
    curvatures, vectors = np.linalg.eigh(others.T @ matrix(reference) @ others)
    if size > 3 and curvatures[0] <= 0:
        raise UnstableReference(f"the softest curvature of the reference is {curvatures[0]:.3g} eV/Å²")
    patterns = others @ vectors
    return np.asarray((patterns / curvatures) @ patterns.T)


def quantum_covariance(reference: Array, masses: Array, kelvin: float) -> Array:
    """⟨u uᵀ⟩ (3N, 3N) in Å² of quantum oscillators with `masses` (N,) in u: per mode ħ/(2ω) coth(ħω/2k_B T).

    Classical where ħω ≪ k_B T; the zero-point motion gives stiff modes more weight than they have classically.
    """
    omega, patterns = normal_modes(reference, masses)
    if len(omega) and omega[0] <= 0:
        raise UnstableReference(f"the softest mode of the reference is {omega[0]:.3g} THz")
    half = KELVIN_PER_THZ * omega / (2 * kelvin)
    squares = BOLTZMANN * kelvin * (THZ_PER_ROOT / omega) ** 2 * half / np.tanh(half)
    shapes = (patterns / np.sqrt(masses)[None, :, None]).reshape(len(omega), -1)
    return np.asarray(shapes.T @ (squares[:, None] * shapes))


def softening_slope(model: Array, reference: Array) -> float:
    """s of Φ_m ≈ s Φ_r by least squares over all elements; below 1 the model is too soft. Any equal shapes."""
    return float(np.sum(model * reference) / np.sum(reference**2))


@dataclass(frozen=True)
class SoftModes:
    """The reference's softest modes, d of them where degenerate, and the model's modes that are most like them.

    `overlap`: mean over the d of Σ |⟨reference|model⟩|², 1 where both span the same patterns. `omega` is the mean ω of
    the model's d modes in THz and `reference` that of the reference's.
    """

    overlap: float
    omega: float
    reference: float
    degeneracy: int


def soft_modes(model: Array, reference: Array, masses: Array) -> SoftModes:
    """The softest modes of the supercell, assigned by the overlap of mass-weighted eigenvectors and not by order.

    Raises `ValueError` where there is no mode but the translations.
    """
    theirs, patterns = normal_modes(reference, masses)
    ours, found = normal_modes(model, masses)
    if not len(theirs):
        raise ValueError("a supercell of one atom has translations only")
    squares = np.sign(theirs) * theirs**2
    space = patterns[squares <= squares[0] + _DEGENERATE * np.abs(squares).max()]
    size = len(space)
    weights = np.sum(np.tensordot(found, space, axes=([1, 2], [1, 2])) ** 2, axis=1)
    most = np.argsort(weights)[-size:]
    return SoftModes(float(weights[most].sum() / size), float(ours[most].mean()), float(theirs[:size].mean()), size)


def matrix(constants: Array) -> Array:
    """Φ (N, N, 3, 3) as a symmetric matrix (3N, 3N)."""
    full = constants.transpose(0, 2, 1, 3).reshape(3 * len(constants), -1)
    return np.asarray((full + full.T) / 2)
