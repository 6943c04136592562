"""Classical thermal motion: velocities, temperatures, and the displacements of a harmonic crystal.

Displacements (…, N, 3) in Å, velocities in Å/fs, masses (N,) in u, temperatures in K, ω in THz with imaginary modes as
negative numbers. Random numbers come from one generator per replica, so a replica's digits do not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compute.physics.phonons import THZ_PER_ROOT

Array = NDArray[np.float64]
Imaginary = Literal["refuse", "absolute", "freeze"]

BOLTZMANN = 8.617333262e-5  # eV/K, exact in the SI of 2019
# eV/Å/u in Å/fs²: the square of √(eV/Å²/u) in rad/fs.
ACCELERATION = (2e-3 * np.pi * THZ_PER_ROOT) ** 2


class ImaginaryModes(ValueError):
    """Harmonic samples were asked of a crystal that has none: a mode is imaginary, and the policy refuses it."""


def normals(generators: Sequence[np.random.Generator], atoms: int) -> Array:
    """Standard normal numbers (R, N, 3), one row per generator."""
    return np.stack([generator.standard_normal((atoms, 3)) for generator in generators])


def thermal_velocities(masses: Array, temperature: float, generators: Sequence[np.random.Generator]) -> Array:
    """Velocities (R, N, 3) from the Maxwell–Boltzmann distribution, the centre of mass's own included."""
    width = np.sqrt(BOLTZMANN * temperature * ACCELERATION / masses)
    return np.asarray(width[:, None] * normals(generators, len(masses)))


def kinetic_temperature(velocities: Array, masses: Array) -> Array:
    """Instantaneous temperature (R,) of velocities (R, N, 3): Σ m v² / 3N k_B, all 3N directions being thermal."""
    twice_kinetic = np.einsum("i,...ia->...", masses, np.square(velocities)) / ACCELERATION
    return np.asarray(twice_kinetic / (3 * len(masses) * BOLTZMANN))


def without_drift(displacements: Array, masses: Array) -> Array:
    """Displacements (…, N, 3) relative to the centre of mass, which moves freely and meets no force."""
    drift = np.einsum("i,...ia->...a", masses, displacements) / masses.sum()
    return np.asarray(displacements - drift[..., None, :])


def virial_ratio(forces: Array, displacements: Array, temperature: float) -> Array:
    """−Σ F·u / 3(N − 1) k_B T of each frame (T,), of forces (T, N, 3) in eV/Å and displacements without drift.

    Its mean is 1 in classical equilibrium of these forces about these sites, whatever the potential: the virial
    theorem, the centre of mass being at rest. Below 1: modes that are not yet hot. Above or below: another ensemble
    than that of the forces.
    """
    energy = -np.einsum("tia,tia->t", forces, displacements)
    return np.asarray(energy / (3 * (forces.shape[1] - 1) * BOLTZMANN * temperature))


def virial_ratio_per_mode(
    forces: Array, displacements: Array, patterns: NDArray[np.complex128] | Array, masses: Array, temperature: float
) -> Array:
    """The same of each normal mode (M,), mean over frames: −⟨Re F*_s Q_s⟩ / k_B T.

    `patterns` (M, N, 3) are orthonormal eigenvectors of the mass-weighted Φ, real, or complex with the phase of their
    q; `masses` (N,) in u.
    """
    vectors = np.conj(patterns)
    along = np.einsum("mia,tia->tm", vectors, forces / np.sqrt(masses)[:, None])
    coordinates = np.einsum("mia,tia->tm", vectors, displacements * np.sqrt(masses)[:, None])
    return np.asarray(-np.mean(np.real(np.conj(along) * coordinates), axis=0) / (BOLTZMANN * temperature))


def thermal_amplitudes(omega: Array, temperature: float, imaginary: Imaginary, floor: float) -> Array:
    """Standard deviations (M,) in Å√u of mass-weighted normal coordinates: √(k_B T)/ω, the classical limit.

    An imaginary mode is met with a policy: "refuse" raises `ImaginaryModes`, "absolute" takes |ω|, "freeze" leaves
    the mode at rest. No |ω| counts as less than `floor`, whose amplitude would grow without limit.
    """
    unstable = omega < 0
    if imaginary == "refuse" and unstable.any():
        raise ImaginaryModes(f"{unstable.sum()} of {len(omega)} modes are imaginary, down to {omega.min():.2f} THz")
    amplitudes = np.sqrt(BOLTZMANN * temperature) * THZ_PER_ROOT / np.maximum(np.abs(omega), floor)
    return np.where(unstable & (imaginary == "freeze"), 0.0, amplitudes)


def thermal_displacements(
    patterns: Array, amplitudes: Array, masses: Array, generators: Sequence[np.random.Generator]
) -> Array:
    """Displacements (R, N, 3) of independent harmonic samples: u_i = Σ_s ξ_s A_s e_si / √m_i with ξ standard normal.

    `patterns` (M, N, 3) are orthonormal eigenvectors of the mass-weighted Φ, `amplitudes` (M,) those of
    `thermal_amplitudes`. Classical limit of D. West and S. K. Estreicher, doi:10.1103/PhysRevLett.96.115504.
    """
    # Drawn per atom and projected: the digits then do not hang on which vectors span a degenerate mode.
    draws = np.einsum("sia,ria->rs", patterns, normals(generators, len(masses)))
    return np.asarray(np.einsum("rs,sia->ria", draws * amplitudes, patterns) / np.sqrt(masses)[:, None])
