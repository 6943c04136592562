"""DFT's crystal, displaced supercells and force constants of one material, in a form small enough to be kept.

With these any potential can be held against DFT later, at DFT's own geometry and displacements. Of Φ only the rows of
atoms that no symmetry relates are kept: the space group gives the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.structures.force_constants import constants_of, single_displacements
from compute.structures.forcesets import ForceSet

if TYPE_CHECKING:
    from phonopy import Phonopy

Row = dict[str, Any]


@dataclass(frozen=True)
class ReferencePhonons:
    """`cell` (3, 3) in Å, `numbers` (n,) and `scaled` (n, 3) of the unit cell; `supercell_matrix` and
    `primitive_matrix` (3, 3); the symmetry holds within `symprec` in Å.

    Displaced supercell k has atom `atoms[k]` moved by `displacements[k]` (3,) in Å. `constants` (m, N, 3, 3) in eV/Å²
    are the rows of Φ of the m atoms `rows`; it obeys the space group, permutation symmetry and the acoustic sum rule.
    Atoms of the supercell are in the order in which phonopy builds it.
    """

    cell: np.ndarray
    numbers: np.ndarray
    scaled: np.ndarray
    supercell_matrix: np.ndarray
    primitive_matrix: np.ndarray
    symprec: float
    atoms: np.ndarray
    displacements: np.ndarray
    rows: np.ndarray
    constants: np.ndarray

    def force_set(self, forces: np.ndarray, super_scaled: np.ndarray) -> ForceSet:
        """The displacements with `forces` (k, N, 3) in eV/Å that something finds there."""
        return ForceSet(
            self.cell,
            self.numbers,
            self.scaled,
            self.supercell_matrix,
            self.primitive_matrix,
            super_scaled,
            self.atoms,
            self.displacements,
            forces,
        )


def reduced(phonon: Phonopy, symprec: float) -> ReferencePhonons:
    """What is kept of `phonon`, which holds single-atom displacements and a full Φ of its supercell."""
    unit = phonon.unitcell
    rows = np.asarray(phonon.symmetry.get_independent_atoms(), dtype=int)
    first = single_displacements(phonon)
    return ReferencePhonons(
        cell=np.asarray(unit.cell),
        numbers=np.asarray(unit.numbers),
        scaled=np.asarray(unit.scaled_positions),
        supercell_matrix=np.asarray(phonon.supercell_matrix),
        primitive_matrix=np.asarray(phonon.primitive_matrix),
        symprec=symprec,
        atoms=np.array([each["number"] for each in first], dtype=int),
        displacements=np.array([each["displacement"] for each in first], dtype=float),
        rows=rows,
        constants=np.asarray(constants_of(phonon)[rows], dtype=np.float32),
    )


def expanded(kept: ReferencePhonons, phonon: Phonopy) -> np.ndarray:
    """Φ (N, N, 3, 3) in eV/Å²: Φ(g i, g j) = R Φ(i, j) Rᵀ for every operation g = {R | t} of the space group.

    `phonon` is the crystal of `kept`, with its symmetry. Raises `ValueError` where the rows do not reach every atom.
    """
    cell = phonon.supercell.cell.T
    images = np.asarray(phonon.symmetry.atomic_permutations)
    turns = np.array([cell @ r @ np.linalg.inv(cell) for r in phonon.symmetry.symmetry_operations["rotations"]])
    size = images.shape[1]
    full = np.full((size, size, 3, 3), np.nan)
    for row, constants in zip(kept.rows, kept.constants.astype(float), strict=True):
        reached, operations = np.unique(images[:, row], return_index=True)
        for atom, operation in zip(reached, operations, strict=True):
            turn = turns[operation]
            full[atom, images[operation]] = turn @ constants @ turn.T
    if np.isnan(full).any():
        raise ValueError("the kept rows of the force constants do not reach every atom")
    return full


def to_row(kept: ReferencePhonons) -> Row:
    """The row of the table `reference_phonons`, without suite and compound."""
    return {
        "cell": kept.cell.ravel().tolist(),
        "numbers": kept.numbers.tolist(),
        "positions": kept.scaled.ravel().tolist(),
        "supercell_matrix": kept.supercell_matrix.ravel().tolist(),
        "primitive_matrix": kept.primitive_matrix.ravel().tolist(),
        "symprec": kept.symprec,
        "displaced_atoms": kept.atoms.tolist(),
        "displacements": kept.displacements.ravel().tolist(),
        "rows": kept.rows.tolist(),
        "constants": kept.constants.ravel().tolist(),
    }


def from_row(row: Mapping[str, Any]) -> ReferencePhonons:
    """What `to_row` wrote."""

    def matrices(name: str, dtype: type = float) -> np.ndarray:
        return np.array(row[name], dtype=dtype).reshape(-1, 3)

    rows = np.array(row["rows"], dtype=int)
    return ReferencePhonons(
        cell=matrices("cell"),
        numbers=np.array(row["numbers"], dtype=int),
        scaled=matrices("positions"),
        supercell_matrix=matrices("supercell_matrix", int),
        primitive_matrix=matrices("primitive_matrix"),
        symprec=float(row["symprec"]),
        atoms=np.array(row["displaced_atoms"], dtype=int),
        displacements=matrices("displacements"),
        rows=rows,
        constants=np.array(row["constants"], dtype=np.float32).reshape(len(rows), -1, 3, 3),
    )
