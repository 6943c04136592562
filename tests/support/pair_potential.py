"""An analytic crystal: Morse pairs with a smooth cutoff, whose energy, forces, stress and Hessian are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list

from compute.potentials.interface import Evaluation

RADII = {"Sr": 1.35, "Ti": 0.55, "O": 1.4, "Cs": 1.8, "Ag": 1.1, "Bi": 1.0, "Br": 1.8}
"""Å, with which SrTiO3 and Cs2AgBiBr6 have bonds of about their own lengths."""


class PairPotential:
    """φ(r) = D [(1 − e^{−α (r − r0)})² − 1] (1 − (r/rc)²)³ between all unlike pairs, r0 from the radii given."""

    id, dtype, device = "pair", "float64", "cpu"
    checkpoint_sha256 = "0" * 64
    depth, alpha, cutoff = 0.8, 1.2, 6.5

    def __init__(self, radii: Mapping[str, float] = RADII, rounding: float = 0.0):
        self.radii, self.rounding = radii, rounding
        self.calls = 0

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        self.calls += len(structures)
        return [self._evaluate(atoms) for atoms in structures]

    def _evaluate(self, atoms: Atoms) -> Evaluation:
        i, vector, value, slope, _ = self._pairs(atoms)
        unit = vector / np.linalg.norm(vector, axis=1)[:, None]
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, slope[:, None] * unit)
        virial = 0.5 * np.einsum("n,na,nb->ab", slope, unit, vector) / atoms.get_volume()
        if self.rounding:
            forces = np.round(forces / self.rounding) * self.rounding
        return Evaluation(0.5 * float(value.sum()), forces, virial)

    def hessian(self, atoms: Atoms) -> np.ndarray:
        """Exact (N, N, 3, 3) force constants; a pair of atoms may meet through several images."""
        i, vector, _, slope, curvature = self._pairs(atoms)
        r = np.linalg.norm(vector, axis=1)
        unit = vector / r[:, None]
        outer = np.einsum("na,nb->nab", unit, unit)
        block = curvature[:, None, None] * outer + (slope / r)[:, None, None] * (np.eye(3) - outer)
        phi = np.zeros((len(atoms), len(atoms), 3, 3))
        np.add.at(phi, (i, self._j), -block)
        np.add.at(phi, (i, i), block)
        return phi

    def _pairs(self, atoms: Atoms):
        i, j, vector = neighbor_list("ijD", atoms, self.cutoff)
        symbols = np.array(atoms.get_chemical_symbols())
        unlike = symbols[i] != symbols[j]
        i, j, vector = i[unlike], j[unlike], vector[unlike]
        self._j = j
        r = np.linalg.norm(vector, axis=1)
        r0 = np.array([self.radii[symbols[a]] + self.radii[symbols[b]] for a, b in zip(i, j, strict=True)])
        e = np.exp(-self.alpha * (r - r0))
        morse, d_morse = self.depth * ((1 - e) ** 2 - 1), 2 * self.depth * self.alpha * (1 - e) * e
        d2_morse = 2 * self.depth * self.alpha**2 * (2 * e**2 - e)
        s = 1 - (r / self.cutoff) ** 2
        cut, d_cut = s**3, -6 * r / self.cutoff**2 * s**2
        d2_cut = -6 / self.cutoff**2 * s**2 + 24 * r**2 / self.cutoff**4 * s
        return (
            i,
            vector,
            morse * cut,
            d_morse * cut + morse * d_cut,
            d2_morse * cut + 2 * d_morse * d_cut + morse * d2_cut,
        )


def as_atoms(cell) -> Atoms:
    """A cell of phonopy's as ase has it."""
    return Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True)
