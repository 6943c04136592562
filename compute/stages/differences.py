"""Force constants straight from finite differences, every symmetry operation of the supercell used.

An operation that takes the displaced atom d to i turns the displacement u and the forces on the atoms j into a
displacement Ru of i and forces RF on their images. All of them together determine Φ(i, ·) by least squares
(K. Parlinski, Z. Q. Li and Y. Kawazoe, doi:10.1103/PhysRevLett.78.4063). Only forces change from one compound of a
structure type to the next, so what multiplies them is made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from phonopy import Phonopy


@dataclass(frozen=True)
class Differences:
    """What takes forces (n, N, 3) to Φ: Cartesian `rotations` (g, 3, 3) and the atoms `sources` (g, N) that they bring
    to each atom; per atom i the operations and displacements `seen` that displace it and `inverse`, the pseudoinverse
    (3, m) of these displacements."""

    rotations: np.ndarray
    sources: np.ndarray
    seen: tuple[tuple[np.ndarray, np.ndarray], ...]
    inverse: tuple[np.ndarray, ...]

    def constants(self, forces: np.ndarray) -> np.ndarray:
        """Φ (N, N, 3, 3) in eV/Å² from `forces` (n, N, 3) in eV/Å on the displaced supercells."""
        atoms = len(self.seen)
        result = np.empty((atoms, atoms, 3, 3))
        for atom, ((operations, displaced), inverse) in enumerate(zip(self.seen, self.inverse, strict=True)):
            moved = forces[displaced[:, None], self.sources[operations]] @ self.rotations[operations].swapaxes(1, 2)
            result[atom] = -(inverse @ moved.reshape(len(moved), -1)).reshape(3, atoms, 3).swapaxes(0, 1)
        return result


def differences(phonon: Phonopy, displacements: np.ndarray) -> Differences:
    """The differences of the supercell of `phonon` with `displacements` (n, N, 3), one atom moved in each."""
    cell = phonon.supercell.cell.T
    rotations = np.array([cell @ r @ np.linalg.inv(cell) for r in phonon.symmetry.symmetry_operations["rotations"]])
    images = np.asarray(phonon.symmetry.atomic_permutations)
    sources = np.argsort(images, axis=1)
    moved = np.abs(displacements).sum(axis=2).argmax(axis=1)
    vectors = displacements[np.arange(len(moved)), moved]
    seen, inverse = [], []
    for atom in range(len(phonon.supercell)):
        operations, displaced = np.nonzero(images[:, moved] == atom)
        seen.append((operations, displaced))
        inverse.append(np.linalg.pinv(np.einsum("mab,mb->ma", rotations[operations], vectors[displaced])))
    return Differences(rotations, sources, tuple(seen), tuple(inverse))
