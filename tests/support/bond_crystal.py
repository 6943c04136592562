"""A fast analytic crystal: bonds that are springs with a quartic part, so that Φ and all derivatives are exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list

from compute.potentials.interface import Evaluation, EvaluationError


class BondCrystal:
    """V = Σ_bonds k d²/2 + c d⁴/4, d being the difference of the displacements of two neighbours; a potential.

    `spring` k in eV/Å², `quartic` c in eV/Å⁴. Displacements count from that one of `ideals` which has as many atoms;
    atoms up to `bond` Å apart in it are bonded. A uniform shift costs nothing. Beyond `limit` Å nothing is described.
    """

    id, dtype, device = "bonds", "float64", "cpu"
    checkpoint_sha256 = "0" * 64

    def __init__(
        self, ideals: Sequence[Atoms], bond: float, spring: float, quartic: float = 0.0, limit: float = np.inf
    ):
        self.spring, self.quartic, self.limit = spring, quartic, limit
        self._ideals = {len(ideal): (ideal.positions, _differences(ideal, bond)) for ideal in ideals}

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        return [self._evaluate(atoms, stress) for atoms in structures]

    def _evaluate(self, atoms: Atoms, stress: bool) -> Evaluation:
        ideal, differences = self._ideals[len(atoms)]
        u = atoms.positions - ideal
        if np.abs(u - u.mean(axis=0)).max() > self.limit:
            raise EvaluationError("atoms on top of one another")
        d = differences @ u
        square = np.square(d).sum(axis=1)[:, None]
        # Every bond is listed from both of its ends.
        forces = -differences.T @ ((self.spring + self.quartic * square) * d) / 2
        energy = float(np.sum(self.spring * square / 2 + self.quartic * square**2 / 4)) / 2
        return Evaluation(energy, forces, np.zeros((3, 3)) if stress else None)

    def force_constants(self, atoms: int) -> np.ndarray:
        """Exact Φ (N, N, 3, 3) in eV/Å² of the ideal structure with that many atoms."""
        differences = self._ideals[atoms][1]
        return np.einsum("ij,ab->ijab", self.spring * differences.T @ differences / 2, np.eye(3))


def _differences(ideal: Atoms, bond: float) -> np.ndarray:
    """The matrix that takes displacements to those of each bond's end relative to its start."""
    i, j = neighbor_list("ij", ideal, bond)
    rows = np.zeros((len(i), len(ideal)))
    np.add.at(rows, (np.arange(len(i)), i), -1.0)
    np.add.at(rows, (np.arange(len(i)), j), 1.0)
    return rows
