"""Sites of a crystal under periodic boundary conditions: nearest images, and which atom sits where.

Positions and displacements are in Å, cells (3, 3) have the lattice vectors as rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

_SAME_SITE = 0.01  # Å; two descriptions of one crystal differ by the digits their files keep
_BLOCK = 64  # frames compared at a time, to bound memory


class FramesError(ValueError):
    """Frames, or what belongs to them, that cannot be used: one sentence with what was found and what was expected."""


class StructureError(ValueError):
    """A structure file that cannot be used: one sentence for the person whose file it is."""


@dataclass(frozen=True, eq=False)
class Crystal:
    """`numbers` (N,), `cell` (3, 3) in Å and `positions` (N, 3) in Å: a structure in a certain order of its atoms."""

    numbers: np.ndarray
    cell: np.ndarray
    positions: np.ndarray

    @classmethod
    def of(cls, atoms: Atoms) -> Crystal:
        """The crystal that `atoms` describes."""
        return cls(atoms.numbers.astype(np.int64), atoms.cell.array.copy(), atoms.positions.copy())

    def atoms(self) -> Atoms:
        """The same for ASE."""
        from ase import Atoms

        return Atoms(numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=True)


def minimum_image(vectors: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """The shortest of the periodic images of each of `vectors` (..., 3), for a cell of any shape."""
    from ase.geometry import minkowski_reduce

    reduced = np.asarray(minkowski_reduce(cell)[0])
    fractional = vectors @ np.linalg.inv(reduced)
    nearest = (fractional - np.rint(fractional)) @ reduced
    # Shorter than half the shortest lattice vector is shortest of all; elsewhere, the neighbours decide.
    far = np.linalg.norm(nearest, axis=-1) > np.linalg.norm(reduced, axis=1).min() / 2
    if far.any():
        shifts = np.stack(np.meshgrid(*[[0, -1, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3) @ reduced
        images = nearest[far][:, None] + shifts
        chosen = np.argmin(np.linalg.norm(images, axis=-1), axis=1)
        nearest[far] = images[np.arange(len(images)), chosen]
    return np.asarray(nearest)


def distances(ideal: Crystal, positions: np.ndarray) -> np.ndarray:
    """Distance (M, N) in Å of each of `positions` (M, 3) from each site of `ideal`, periodic."""
    apart: np.ndarray = np.linalg.norm(minimum_image(positions[:, None] - ideal.positions[None], ideal.cell), axis=-1)
    return apart


def shortest(crystal: Crystal) -> float:
    """The shortest distance in Å between two atoms of `crystal`, infinite where it has one."""
    apart = distances(crystal, crystal.positions)
    np.fill_diagonal(apart, np.inf)
    return float(apart.min())


def same_sites(ideal: Crystal, other: Crystal) -> np.ndarray | None:
    """`order` (N,) with other.positions[order] at the sites of `ideal`, to 0.01 Å and element by element, or None.

    The cells are taken to be the same; an atom may be written in any periodic image.
    """
    from scipy.spatial import cKDTree

    if sorted(ideal.numbers) != sorted(other.numbers):
        return None
    # Twice: the first remainder of −1e-17 rounds to 1.0, which lies outside the box.
    here, there = (
        np.mod(np.mod(crystal.positions @ np.linalg.inv(ideal.cell), 1.0), 1.0) for crystal in (ideal, other)
    )
    order = cKDTree(there, boxsize=1.0).query(here)[1]
    apart = np.linalg.norm(minimum_image(other.positions[order] - ideal.positions, ideal.cell), axis=1)
    same = apart.max() < _SAME_SITE and np.array_equal(other.numbers[order], ideal.numbers)
    return order if same and len(set(order.tolist())) == len(order) else None


def nearest_sites(ideal: Crystal, numbers: np.ndarray, positions: np.ndarray) -> np.ndarray | None:
    """`order` (N,) with positions[order] each nearest to the site of its place, or None where two share a site.

    Only sites of the same element count; `positions` (N, 3) are one displaced frame.
    """
    apart = distances(ideal, positions)
    apart[numbers[:, None] != ideal.numbers[None]] = np.inf
    site = apart.argmin(axis=1)
    return np.argsort(site) if len(set(site.tolist())) == len(site) else None


@dataclass(frozen=True)
class Astray:
    """An atom nearer to the site of another: indices from 0, distances in Å from its `own` site and the `other`."""

    frame: int
    atom: int
    site: int
    own: float
    other: float


def first_astray(ideal: Crystal, displacements: np.ndarray) -> Astray | None:
    """The first atom of `displacements` (T, N, 3) that is nearer to another site of its element than to its own.

    The mean displacement of each frame is taken off first: a crystal that drifts as a whole keeps its sites.
    """
    spacing = distances(ideal, ideal.positions)
    spacing[ideal.numbers[:, None] != ideal.numbers[None]] = np.inf
    np.fill_diagonal(spacing, np.inf)
    reach = spacing.min(axis=1) / 2
    for start in range(0, len(displacements), _BLOCK):
        block = displacements[start : start + _BLOCK]
        block = block - block.mean(axis=1, keepdims=True)
        length = np.linalg.norm(block, axis=2)
        for frame, atom in np.argwhere(length > reach):
            apart = distances(ideal, (ideal.positions[atom] + block[frame, atom])[None])[0]
            apart[ideal.numbers != ideal.numbers[atom]] = np.inf
            site = int(apart.argmin())
            if site != atom:
                return Astray(int(start + frame), int(atom), site, float(apart[atom]), float(apart[site]))
    return None


def translated(ideal: Crystal, shift: np.ndarray) -> np.ndarray | None:
    """`order` (N,) such that atom order[i] lies `shift` (3,) Å from atom i, or None where the crystal differs there."""
    return same_sites(Crystal(ideal.numbers, ideal.cell, ideal.positions + shift), ideal)
