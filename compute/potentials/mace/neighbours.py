"""Neighbour lists that outlive a step: pairs within the cutoff and a skin, made anew only when atoms have moved.

L. Verlet, doi:10.1103/PhysRev.159.98. No pair can come within the cutoff unseen before some atom has moved by half
the skin, relative to the centre of the structure.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

SKIN = 0.5  # Å
_KEPT = 512  # structures
_REPLICAS = 16  # lists of one structure, whose copies may lie apart


@dataclass(frozen=True)
class Edges:
    """Directed pairs within the cutoff: `ends` (2, E) first and second atom, `images` (E, 3) cells that the second
    lies away, `shifts` (E, 3) the same in Å."""

    ends: np.ndarray
    images: np.ndarray
    shifts: np.ndarray


@dataclass(frozen=True)
class _List:
    """Edges within cutoff and skin at `positions` (N, 3), which count from their mean."""

    positions: np.ndarray
    edges: Edges


class Neighbours:
    """The edges of structures within `cutoff` in Å; remembers the lists of those seen last."""

    def __init__(self, cutoff: float, skin: float = SKIN):
        self.cutoff, self.skin = cutoff, skin
        self.built = 0
        self._lists: OrderedDict[tuple[bytes, ...], list[_List]] = OrderedDict()

    def edges(self, structure: Atoms) -> Edges:
        """The directed pairs of `structure` with a distance below the cutoff."""
        wide = self._wide(structure).edges
        first, second = wide.ends
        vectors = structure.positions.take(second, axis=0) - structure.positions.take(first, axis=0)
        vectors += wide.shifts
        near = np.flatnonzero(np.einsum("ea,ea->e", vectors, vectors) < self.cutoff**2)
        return Edges(wide.ends.take(near, axis=1), wide.images.take(near, axis=0), wide.shifts.take(near, axis=0))

    def _wide(self, structure: Atoms) -> _List:
        centred = structure.positions - structure.positions.mean(axis=0)
        key = (structure.numbers.tobytes(), structure.cell.array.tobytes(), structure.pbc.tobytes())
        known = self._lists.setdefault(key, [])
        self._lists.move_to_end(key)
        for index, candidate in enumerate(known):
            if np.square(centred - candidate.positions).sum(axis=1).max() < (self.skin / 2) ** 2:
                # The one in use comes first: replicas of a structure each find their own.
                known.insert(0, known.pop(index))
                return candidate
        known.insert(0, _List(centred, self._build(structure)))
        del known[_REPLICAS:]
        if len(self._lists) > _KEPT:
            self._lists.popitem(last=False)
        return known[0]

    def _build(self, structure: Atoms) -> Edges:
        from mace.data.neighborhood import get_neighborhood

        self.built += 1
        ends, shifts, images, _ = get_neighborhood(
            structure.positions, self.cutoff + self.skin, tuple(structure.pbc.tolist()), structure.cell.array.copy()
        )
        return Edges(ends, images, shifts)
