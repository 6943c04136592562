"""A fast analytic crystal: bonds that are springs with a quartic part, so that Φ and all derivatives are exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from compute.potentials.evaluate import Evaluation, EvaluationError


class BondCrystal:
    """V = Σ_bonds k d²/2 + c d⁴/4, d being the difference of the displacements of two neighbours; a potential.

    `spring` k in eV/Å², `quartic` c in eV/Å⁴. Displacements count from `supercell`; a uniform shift costs nothing.
    Beyond `limit` Å no structure is described.
    """

    id, dtype, device = "bonds", "float64", "cpu"
    checkpoint_sha256 = "0" * 64

    def __init__(self, supercell: Atoms, bond: float, spring: float, quartic: float = 0.0, limit: float = np.inf):
        from ase.neighborlist import neighbor_list

        self.supercell, self.spring, self.quartic, self.limit = supercell, spring, quartic, limit
        i, j = neighbor_list("ij", supercell, bond)
        bonds = np.column_stack([i, j])[i < j]
        self._difference = np.zeros((len(bonds), len(supercell)))
        np.put_along_axis(self._difference, bonds, [[-1.0, 1.0]], axis=1)

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        return [self._evaluate(atoms, stress) for atoms in structures]

    def _evaluate(self, atoms: Atoms, stress: bool) -> Evaluation:
        u = atoms.positions - self.supercell.positions
        if np.abs(u - u.mean(axis=0)).max() > self.limit:
            raise EvaluationError("atoms on top of one another")
        d = self._difference @ u
        square = np.square(d).sum(axis=1)[:, None]
        pull = (self.spring + self.quartic * square) * d
        forces = -self._difference.T @ pull
        energy = float(np.sum(self.spring * square / 2 + self.quartic * square**2 / 4))
        return Evaluation(energy, forces, np.zeros((3, 3)) if stress else None)

    def force_constants(self) -> np.ndarray:
        """Exact Φ (N, N, 3, 3) in eV/Å² on the ideal sites."""
        laplacian = self.spring * self._difference.T @ self._difference
        return np.einsum("ij,ab->ijab", laplacian, np.eye(3))
