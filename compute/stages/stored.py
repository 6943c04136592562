"""Phonons from forces that somebody else computed, with a potential or with DFT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import phonons as physics
from compute.stages import phonons
from compute.structures.force_constants import constants_of, determined, single_displacements
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
    over the commensurate q points, `omega_min_mesh` over the first mesh; `omega_gamma` is None where all modes at Γ are
    acoustic.
    """

    frequencies: np.ndarray
    speeds: np.ndarray
    bands: np.ndarray
    constants: np.ndarray
    omega_gamma: float | None
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
    phonon = displaced_phonon(forces)[0]
    return phonons_of(phonon, symmetrised(phonon), (path or band_path(forces)).q)


def displaced_phonon(forces: ForceSet) -> tuple[Phonopy, float]:
    """The phonopy object that holds `forces`, with its atoms in phonopy's order, and its symmetry's tolerance in Å.

    Raises `ValueError` as `stored_phonons`.
    """
    # The source chose its displacements with a tolerance of its own: the tightest that makes them sufficient is used.
    for symprec in _SYMPRECS:
        phonon = _displaced(forces, symprec)
        if determined(phonon):
            return phonon, symprec
    raise ValueError("the stored displacements do not determine the force constants")


def symmetrised(phonon: Phonopy) -> np.ndarray:
    """Give `phonon`, which holds displacements and forces, its symmetrised Φ; what Φ was before, (N, N, 3, 3)."""
    phonon.produce_force_constants()
    raw = np.array(phonon.force_constants)
    # symfc's projector, not its fit: the fit's normal equations grow with the square of the number of force constants
    # that symmetry leaves free, which is beyond any memory for the large cells of low symmetry.
    phonon.symmetrize_force_constants(use_symfc_projector=True)
    return raw


def phonons_of(phonon: Phonopy, raw: np.ndarray, path_q: np.ndarray | None = None) -> StoredPhonons:
    """What the symmetrised Φ of `phonon` gives; `raw` is Φ before, and `path_q` (p, 3) are points of the bands, p = 0
    without."""
    omega_min, omega_min_q = phonons.softest(phonon, phonons.commensurate_q(phonon))
    frequencies = _mesh_frequencies(phonon)
    beside = _grid((np.arange(SPEED_MESH) + 0.5) / SPEED_MESH)
    # At −q every mode is as fast as at q.
    velocities = phonon.run_qpoints(beside[: len(beside) // 2], with_group_velocities=True).group_velocities
    assert velocities is not None, "they were asked for"
    at_gamma, first = physics.without_acoustic(frequencies[0]), single_displacements(phonon)
    return StoredPhonons(
        frequencies=frequencies,
        speeds=_KM_S * np.linalg.norm(velocities, axis=-1),
        bands=frequencies[:0] if path_q is None else phonons.frequencies(phonon, path_q),
        constants=constants_of(phonon)[phonon.primitive.p2s_map],
        omega_gamma=float(at_gamma[0]) if len(at_gamma) else None,
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        omega_min_mesh=float(min([frequencies[1:].min(), *at_gamma[:1]])),
        noise_floor=physics.noise_floor_from_sum_rule(raw, phonon.supercell.masses),
        asr_residual=float(physics.sum_rule_residual(raw).max()),
        displacement=float(np.mean([np.linalg.norm(each["displacement"]) for each in first])),
        n_displacements=len(first),
        n_atoms=len(phonon.supercell),
    )


def _mesh_frequencies(phonon: Phonopy) -> np.ndarray:
    """ω (MESH³, 3n) in THz on the Γ-centred mesh; q and −q, which time reversal makes equal, are computed once."""
    places = np.rint(MESH * _grid(np.arange(MESH) / MESH)).astype(int)
    opposite = np.ravel_multi_index(tuple((-places % MESH).T), (MESH,) * 3)
    once, where = np.unique(np.minimum(np.arange(len(places)), opposite), return_inverse=True)
    return phonons.frequencies(phonon, places[once] / MESH)[where]


def _grid(along: np.ndarray) -> np.ndarray:
    """The q points (len(along)³, 3) whose coordinates are all in `along`."""
    return np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)


def _displaced(forces: ForceSet, symprec: float) -> Phonopy:
    """The phonopy object that holds `forces`, with its atoms in phonopy's order."""
    from ase import Atoms

    unit = Atoms(numbers=forces.numbers, scaled_positions=forces.scaled, cell=forces.cell, pbc=True)
    phonon = phonons.phonopy_of(unit, forces.supercell_matrix, forces.primitive_matrix, symprec=symprec)
    order = site_order(phonon.supercell.scaled_positions, forces.super_scaled)
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


def site_order(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """For every row of `here` the row of `there` at the same site, both (N, 3) in fractional coordinates."""
    from scipy.spatial import cKDTree

    tree = cKDTree(_wrapped(there), boxsize=1.0)
    distance, order = tree.query(_wrapped(here))
    if len(here) != len(there) or distance.max() > 1e-3 or len(set(order.tolist())) != len(order):
        raise ValueError("the stored supercell does not match its unit cell and supercell matrix")
    return np.asarray(order)


def _wrapped(scaled: np.ndarray) -> np.ndarray:
    # Twice: the first remainder of −1e-17 rounds to 1.0, which lies outside the box.
    return np.asarray(np.mod(np.mod(scaled, 1.0), 1.0))
