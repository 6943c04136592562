"""Phonons from forces that somebody else computed, with a potential or with DFT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import phonons as physics
from compute.stages import phonons
from compute.structures.force_constants import determined
from compute.structures.forcesets import ForceSet

if TYPE_CHECKING:
    from phonopy import Phonopy

_SYMPRECS = (1e-5, 1e-4, 1e-3, 1e-2)  # Å
MESH = 8  # q points along each axis of the primitive reciprocal cell


@dataclass(frozen=True)
class StoredPhonons:
    """What stored forces give; ω in THz with imaginary as negative.

    `frequencies` (MESH³, 3n) ascending per q, on a Γ-centred mesh; `omega_min` over the commensurate q points.
    """

    frequencies: np.ndarray
    omega_gamma: float
    omega_min: float
    omega_min_q: phonons.QPoint
    noise_floor: float
    asr_residual: float
    displacement: float
    n_displacements: int
    n_atoms: int


def stored_phonons(forces: ForceSet) -> StoredPhonons:
    """Symmetrised force constants from `forces` and the frequencies they give.

    Raises `ValueError` where the stored supercell's sites are not those of the unit cell and matrix, or where the
    displacements do not determine the force constants.
    """
    # The source chose its displacements with a tolerance of its own: the tightest that makes them sufficient is used.
    candidates = (_displaced(forces, symprec) for symprec in _SYMPRECS)
    phonon = next((candidate for candidate in candidates if determined(candidate)), None)
    if phonon is None:
        raise ValueError("the stored displacements do not determine the force constants")
    phonon.produce_force_constants()
    raw = phonon.force_constants
    # symfc's projector, not its fit: the fit's normal equations grow with the square of the number of force constants
    # that symmetry leaves free, which is beyond any memory for the large cells of low symmetry.
    phonon.symmetrize_force_constants(use_symfc_projector=True)
    omega_min, omega_min_q = phonons.softest(phonon, phonons.commensurate_q(phonon))
    grid = np.stack(np.meshgrid(*[np.arange(MESH) / MESH] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return StoredPhonons(
        frequencies=phonons.frequencies(phonon, grid),
        omega_gamma=phonons.softest(phonon, [(0.0, 0.0, 0.0)])[0],
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        noise_floor=physics.noise_floor_from_sum_rule(raw, phonon.supercell.masses),
        asr_residual=float(physics.sum_rule_residual(raw).max()),
        displacement=float(np.linalg.norm(forces.displacements, axis=1).mean()),
        n_displacements=len(forces.displacements),
        n_atoms=len(phonon.supercell),
    )


def _displaced(forces: ForceSet, symprec: float) -> Phonopy:
    """The phonopy object that holds `forces`, with its atoms in phonopy's order."""
    from ase import Atoms

    unit = Atoms(numbers=forces.numbers, scaled_positions=forces.scaled, cell=forces.cell, pbc=True)
    phonon = phonons.phonopy_of(unit, forces.supercell_matrix, forces.primitive_matrix, symprec=symprec)
    order = _nearest(phonon.supercell.scaled_positions, forces.super_scaled)
    here = np.argsort(order)
    phonon.dataset = {
        "natom": len(order),
        "first_atoms": [
            {
                "number": int(here[atom]),
                "displacement": np.array(u, dtype=float),
                "forces": np.array(found[order], dtype=float),
            }
            for atom, u, found in zip(forces.atoms, forces.displacements, forces.forces, strict=True)
        ],
    }
    return phonon


def _nearest(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """For every row of `here` the row of `there` at the same site, both (N, 3) in fractional coordinates."""
    from scipy.spatial import cKDTree

    tree = cKDTree(_wrapped(there), boxsize=1.0)
    distance, order = tree.query(_wrapped(here))
    if len(here) != len(there) or distance.max() > 1e-3 or len(set(order.tolist())) != len(order):
        raise ValueError("the stored supercell does not match its unit cell and supercell matrix")
    return order


def _wrapped(scaled: np.ndarray) -> np.ndarray:
    # Twice: the first remainder of −1e-17 rounds to 1.0, which lies outside the box.
    return np.mod(np.mod(scaled, 1.0), 1.0)
