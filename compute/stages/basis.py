"""The force constants that symmetry allows, and the least-squares fit among them.

Symfc says which they are (A. Seko and A. Togo, doi:10.1103/PhysRevB.110.214302). Only Σ u uᵀ and Σ F uᵀ enter a fit,
averaged over the translations of the supercell, which all force constants share: what is left is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from phonopy import Phonopy


@dataclass(frozen=True)
class Basis:
    """The m independent Φ (N, N, 3, 3) of a supercell that space group, permutations and acoustic sum rule allow.

    `vectors` (k, m) and the sparse `expansion` (9 N², k) give all of Φ; `rows` (m, 3 p, 3 N) those of `atoms` (p,), one
    for each that a primitive cell has; `translations` (t, N) are the images of the atoms.
    """

    vectors: np.ndarray
    expansion: Any
    rows: np.ndarray
    atoms: np.ndarray
    translations: np.ndarray

    def fit(self, displacements: np.ndarray, forces: np.ndarray) -> np.ndarray:
        """The allowed Φ (N, N, 3, 3) in eV/Å² that minimises Σ |F + Φu|² over frames (T, N, 3), in Å and eV/Å."""
        atoms, count = displacements.shape[1], len(self.rows)
        u, f = displacements.reshape(len(displacements), -1), forces.reshape(len(forces), -1)
        squares, products = u.T @ u, f.T @ u
        images = [_coordinates(each) for each in self.translations]
        chosen = _coordinates(self.atoms)
        squares = np.mean([squares[np.ix_(image, image)] for image in images], axis=0)
        products = np.mean([products[np.ix_(image[chosen], image)] for image in images], axis=0)
        flat = self.rows.reshape(count, -1)
        normal = (self.rows @ squares).reshape(count, -1) @ flat.T
        coefficients = np.linalg.lstsq(normal, -flat @ products.ravel(), rcond=None)[0]
        return np.asarray(self.expansion @ (self.vectors @ coefficients)).reshape(atoms, atoms, 3, 3)


def symmetric_basis(phonon: Phonopy) -> Basis:
    """The basis of the supercell of `phonon`."""
    from symfc import Symfc
    from symfc.utils.utils import SymfcAtoms

    cell = phonon.supercell
    # Symfc numbers elements as phonopy does.
    found = Symfc(SymfcAtoms(numbers=cell.numbers, scaled_positions=cell.scaled_positions, cell=cell.cell))
    basis = found.compute_basis_set(2).basis_set[2]
    vectors, expansion = basis.basis_set, basis.compression_matrix
    every = np.asarray(expansion @ vectors).reshape(len(cell), len(cell), 3, 3, -1)
    atoms = np.asarray(basis.p2s_map)
    rows = every[atoms].transpose(4, 0, 2, 1, 3).reshape(-1, 3 * len(atoms), 3 * len(cell))
    return Basis(vectors, expansion, rows, atoms, np.asarray(basis.translation_permutations))


def _coordinates(atoms: np.ndarray) -> np.ndarray:
    """Places of x, y and z of `atoms` in a vector of 3 N."""
    return (3 * atoms[:, None] + np.arange(3)).ravel()
