"""Labelled configurations of different sizes in flat arrays, kept as npz."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.files import write_atomic

if TYPE_CHECKING:
    from ase import Atoms

_OF_ATOMS = ("numbers", "positions", "forces")


@dataclass(frozen=True, eq=False)
class Configurations:
    """C configurations, those of M atoms in all: `compounds` (C,) and `kinds` (C,) are texts, `sizes` (C,) atoms each.

    `numbers` (M,); `positions` (M, 3) in Å; `forces` (M, 3) in eV/Å; `cells` (C, 3, 3) in Å; `energies` (C,) in eV;
    `stresses` (C, 3, 3) in eV/Å³.
    """

    compounds: np.ndarray
    kinds: np.ndarray
    sizes: np.ndarray
    numbers: np.ndarray
    positions: np.ndarray
    cells: np.ndarray
    energies: np.ndarray
    forces: np.ndarray
    stresses: np.ndarray

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def digest(self) -> str:
        """sha256 over all arrays."""
        total = hashlib.sha256()
        for field in fields(self):
            total.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return total.hexdigest()

    def first(self, count: int) -> Configurations:
        """The first `count` of them; raises `ValueError` where there are fewer."""
        if count > len(self):
            raise ValueError(f"{count} configurations were asked for and {len(self)} are there")
        atoms = int(self.sizes[:count].sum())
        return Configurations(
            **{f.name: getattr(self, f.name)[: atoms if f.name in _OF_ATOMS else count] for f in fields(self)}
        )

    def chosen(self, which: np.ndarray) -> Configurations:
        """Those where the booleans `which` (C,) are true."""
        of_atoms = np.repeat(which, self.sizes)
        return Configurations(
            **{f.name: getattr(self, f.name)[of_atoms if f.name in _OF_ATOMS else which] for f in fields(self)}
        )

    def split_by_size(self, values: np.ndarray) -> list[np.ndarray]:
        """`values` (M, …) of the atoms, per configuration."""
        return np.split(values, np.cumsum(self.sizes)[:-1])

    def atoms(self) -> list[Atoms]:
        """Every configuration for ASE, without labels."""
        from ase import Atoms

        parts = zip(self.split_by_size(self.numbers), self.split_by_size(self.positions), self.cells, strict=True)
        return [Atoms(numbers=z, positions=r, cell=cell, pbc=True) for z, r, cell in parts]


def joined(parts: Sequence[Configurations]) -> Configurations:
    """The configurations of `parts`, one after another."""
    return Configurations(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Configurations)}
    )


def write(configurations: Configurations, path: Path) -> None:
    """Write an npz file, atomically."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **{f.name: getattr(configurations, f.name) for f in fields(configurations)})
    write_atomic(path, stream.getvalue())


def read(path: Path) -> Configurations:
    """The configurations that `write` wrote."""
    with np.load(path) as content:
        return Configurations(**{f.name: content[f.name] for f in fields(Configurations)})
