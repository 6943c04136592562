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
SPEED_MESH = 4
PATH_POINTS = 100
_KM_S = 0.1  # 1 Å·THz


@dataclass(frozen=True)
class StoredPhonons:
    """What stored forces give; ω in THz with imaginary as negative.

    `frequencies` (MESH³, 3n) ascending per q, on a Γ-centred mesh. `speeds` (SPEED_MESH³/2, 3n): |∂ω/∂q| in km/s in
    order of ω, 0 for an imaginary mode, on a mesh beside Γ of which time reversal leaves half. `bands` (p, 3n) are
    frequencies along a path. `constants` (n, N, 3, 3) in eV/Å² are Φ of the primitive cell's atoms. `omega_min` is
    over the commensurate q points, `omega_min_mesh` over the first mesh.
    """

    frequencies: np.ndarray
    speeds: np.ndarray
    bands: np.ndarray
    constants: np.ndarray
    omega_gamma: float
    omega_min: float
    omega_min_q: phonons.QPoint
    omega_min_mesh: float
    noise_floor: float
    asr_residual: float
    displacement: float
    n_displacements: int
    n_atoms: int


@dataclass(frozen=True)
class BandPath:
    """p points `q` (p, 3) in primitive reciprocal coordinates, `distances` (p,) along the path in 1/Å, without 2π.

    `labels` (p,) names special points and is empty elsewhere. Where the path breaks, two labelled points share one
    distance.
    """

    q: np.ndarray
    distances: np.ndarray
    labels: tuple[str, ...]


def band_path(forces: ForceSet) -> BandPath:
    """The path of the Bravais lattice of the primitive cell (W. Setyawan, doi:10.1016/j.commatsci.2010.05.010)."""
    from ase.cell import Cell

    path = Cell(forces.primitive_matrix.T @ forces.cell).bandpath(npoints=PATH_POINTS)
    distances, places, names = path.get_linear_kpoint_axis()
    labels = [""] * len(distances)
    for place in np.unique(places):
        here = [name for name, at in zip(names, places, strict=True) if at == place]
        for index, name in zip(np.flatnonzero(np.isclose(distances, place)), here, strict=False):
            labels[index] = "Γ" if name == "G" else name
    return BandPath(path.kpts, distances, tuple(labels))


def stored_phonons(forces: ForceSet, path: BandPath | None = None) -> StoredPhonons:
    """Symmetrised force constants from `forces` and the frequencies they give, on the meshes and along `path`,
    by default its own.

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
    frequencies = phonons.frequencies(phonon, _grid(np.arange(MESH) / MESH))
    beside = _grid((np.arange(SPEED_MESH) + 0.5) / SPEED_MESH)
    # At −q every mode is as fast as at q.
    velocities = phonon.run_qpoints(beside[: len(beside) // 2], with_group_velocities=True).group_velocities
    return StoredPhonons(
        frequencies=frequencies,
        speeds=_KM_S * np.linalg.norm(velocities, axis=-1),
        bands=phonons.frequencies(phonon, (path or band_path(forces)).q),
        constants=phonon.force_constants[phonon.primitive.p2s_map],
        omega_gamma=phonons.softest(phonon, [(0.0, 0.0, 0.0)])[0],
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        omega_min_mesh=min(float(frequencies[1:].min()), float(physics.without_acoustic(frequencies[0])[0])),
        noise_floor=physics.noise_floor_from_sum_rule(raw, phonon.supercell.masses),
        asr_residual=float(physics.sum_rule_residual(raw).max()),
        displacement=float(np.linalg.norm(forces.displacements, axis=1).mean()),
        n_displacements=len(forces.displacements),
        n_atoms=len(phonon.supercell),
    )


def _grid(along: np.ndarray) -> np.ndarray:
    """The q points (len(along)³, 3) whose coordinates are all in `along`."""
    return np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)


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
