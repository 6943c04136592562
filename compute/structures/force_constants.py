"""Force constants as files hold them, brought to the full form in the atom order of an ideal supercell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.structures.sites import Crystal, FramesError, same_sites, translated

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.harmonic.displacement import FirstAtomDisplacementWithForces
    from phonopy.structure.atoms import PhonopyAtoms

# Largest part of ‖Φ‖ that a symmetry of Φ may be broken by: noise stays far below, another atom order far above.
_BROKEN = 0.2
_TRIED = 12  # symmetry operations that Φ is held against
_SYMPREC = 0.01  # Å, as `same_sites`
_REACHED = 0.3  # least singular value of the unit displacements of an atom
_CENTRINGS = "PFIACR"


def full_force_constants(
    values: np.ndarray, ideal: Crystal, written_for: Crystal | None = None, rows: np.ndarray | None = None
) -> np.ndarray:
    """Φ (N, N, 3, 3) in eV/Å² in the order of `ideal`, from the full or the compact form.

    `values` is (N, N, 3, 3), or (n, N, 3, 3) with one row for each atom of a primitive cell, as phonopy's compact
    form: `rows` (n,) are those atoms' indices where they are known. Their atoms are in the order of the supercell
    `written_for`, of `ideal` where that is None. Raises `FramesError` for another supercell, for Φ that is not
    symmetric or breaks the symmetry of the supercell, as when its atoms are in another order, and for one without a
    positive sum of ω².
    """
    own, size = written_for or ideal, len(ideal.numbers)
    if values.ndim != 4 or values.shape[1:] != (size, 3, 3) or size % len(values):
        raise FramesError(
            f"The force constants have shape {values.shape}; the supercell of {size} atoms needs"
            f" ({size}, {size}, 3, 3), or a row for each atom of a primitive cell."
        )
    if not np.isfinite(values).all():
        raise FramesError("The force constants hold a NaN or infinity.")
    found = np.asarray(values, float)
    if len(found) < size:
        found = _expanded(found, own, rows)
    if _asymmetry(found) > _BROKEN:
        raise FramesError(f"The force constants are not symmetric: Φ_ij and Φ_ji differ by {_asymmetry(found):.0%}.")
    if not np.einsum("iiaa", found) > 0:
        raise FramesError(
            "The force constants are zero, or of the wrong sign: on the whole they would drive atoms away from their"
            " sites."
        )
    lost = _lost_symmetry(found, own)
    if lost > _BROKEN:
        raise FramesError(
            f"The force constants break the symmetry of the supercell by {lost:.0%}: their atoms are in another order"
            " than the structure they are read with, or it is another structure."
        )
    if written_for is None:
        return found
    order = same_sites(ideal, own)
    if order is None or not np.allclose(ideal.cell, own.cell, atol=_SYMPREC):
        raise FramesError("The force constants belong to another supercell than the ideal structure.")
    return np.asarray(found[np.ix_(order, order)])


def _expanded(values: np.ndarray, own: Crystal, rows: np.ndarray | None) -> np.ndarray:
    """The compact `values` (n, N, 3, 3) repeated by the translations of the primitive cell that they are for."""
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc
    from phonopy.structure.cells import get_primitive

    supercell = phonopy_atoms(own)
    candidates = []
    for matrix in _primitive_matrices(own, len(own.numbers) // len(values)):
        primitive = get_primitive(supercell, matrix, symprec=_SYMPREC)
        if rows is None or np.array_equal(primitive.p2s_map, rows):
            candidates.append(compact_fc_to_full_fc(primitive, values))
    if not candidates:
        raise FramesError(
            f"The force constants have rows for {len(values)} atoms, but the supercell of {len(own.numbers)} atoms has"
            " no primitive cell of as many that they fit."
        )
    # Without the rows' indices several cells can have the right size; only the right one makes Φ symmetric.
    return min(candidates, key=_asymmetry)


def _primitive_matrices(own: Crystal, multiple: int) -> Iterator[np.ndarray]:
    """Matrices of primitive cells that fit `multiple` times into the supercell and are periods of the crystal."""
    from phonopy.structure.cells import get_primitive_matrix_by_centring, guess_primitive_matrix

    divisors = [n for n in range(1, multiple + 1) if multiple % n == 0]
    divisions = [n for n in product(divisors, repeat=3) if multiple % np.prod(n) == 0]
    matrices = [guess_primitive_matrix(phonopy_atoms(own), symprec=_SYMPREC)]
    for centring, division in product(_CENTRINGS, divisions):
        matrices.append(np.diag(1 / np.array(division)) @ get_primitive_matrix_by_centring(centring))
    for matrix in matrices:
        fits = np.isclose(np.linalg.det(matrix) * multiple, 1)
        if fits and all(translated(own, period) is not None for period in matrix.T @ own.cell):
            yield matrix


def phonopy_atoms(crystal: Crystal) -> PhonopyAtoms:
    """`crystal` for phonopy, in the same order."""
    from phonopy.structure.atoms import PhonopyAtoms

    # Masses from ASE: phonopy has none for Po.
    return PhonopyAtoms(
        numbers=crystal.numbers,
        masses=crystal.atoms().get_masses(),
        cell=crystal.cell,
        positions=crystal.positions,
    )


def single_displacements(phonon: Phonopy) -> list[FirstAtomDisplacementWithForces]:
    """The displacements of single atoms, one per supercell, that `phonon` holds. Raises `ValueError` without any."""
    dataset: Mapping[str, Any] = phonon.dataset or {}
    if "first_atoms" not in dataset:
        raise ValueError("The phonopy object holds no displacements of single atoms.")
    found: list[FirstAtomDisplacementWithForces] = dataset["first_atoms"]
    return found


def constants_of(phonon: Phonopy) -> np.ndarray:
    """Φ in eV/Å² that `phonon` holds, full or compact. Raises `ValueError` where it has none."""
    if phonon.force_constants is None:
        raise ValueError("The phonopy object holds no force constants.")
    return phonon.force_constants


def determined(phonon: Phonopy) -> bool:
    """Whether the dataset of single-atom displacements that `phonon` holds determines its force constants.

    Every atom must be displaced or equivalent to one that is, and the displacements of each atom, turned by its site
    symmetry, must reach all three directions.
    """
    cell, equivalent = phonon.supercell.cell.T, phonon.symmetry.get_map_atoms()
    directions: dict[int, list[np.ndarray]] = {}
    for first in single_displacements(phonon):
        unit = first["displacement"] / np.linalg.norm(first["displacement"])
        rotations = phonon.symmetry.get_site_symmetry(first["number"])
        turned = [cell @ rotation @ np.linalg.inv(cell) @ unit for rotation in rotations]
        directions.setdefault(first["number"], []).extend(turned)
    spans = [np.linalg.svd(np.array(found), compute_uv=False) for found in directions.values()]
    reached = {int(equivalent[atom]) for atom in directions} == set(equivalent.tolist())
    return reached and all(len(span) == 3 and span[2] > _REACHED for span in spans)


def _lost_symmetry(full: np.ndarray, own: Crystal) -> float:
    """The largest part of Φ that an operation of the space group changes: Φ_R(i)R(j) against R Φ_ij Rᵀ."""
    from spglib import get_symmetry

    inverse = np.linalg.inv(own.cell)
    lattice, sites = own.cell.tolist(), (own.positions @ inverse).tolist()
    found = get_symmetry((lattice, sites, own.numbers.tolist()), symprec=_SYMPREC)
    if found is None:
        raise FramesError("The symmetry of the ideal supercell cannot be found: do two of its atoms share a site?")
    rotations, shifts = found["rotations"], found["translations"]
    lost = 0.0
    # Spread over the list, which holds every rotation with each translation.
    for chosen in np.unique(np.linspace(0, len(rotations) - 1, _TRIED).astype(int)):
        rotation = own.cell.T @ rotations[chosen] @ inverse.T
        moved = own.positions @ rotation.T + shifts[chosen] @ own.cell
        order = same_sites(Crystal(own.numbers, own.cell, moved), own)
        if order is not None:
            turned = rotation @ full @ rotation.T
            lost = max(lost, _relative(full[np.ix_(order, order)] - turned, full))
    return lost


def _asymmetry(full: np.ndarray) -> float:
    return _relative(full - full.transpose(1, 0, 3, 2), full)


def _relative(part: np.ndarray, whole: np.ndarray) -> float:
    size = float(np.linalg.norm(whole))
    return float(np.linalg.norm(part)) / size if size else 0.0
