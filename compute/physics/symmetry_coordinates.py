"""Force constants by their independent elements: what the symmetry of a prototype leaves of Φ.

Space group, permutation symmetry and acoustic sum rule make every element of Φ a sum of few, with whole weights: the
1,800 elements of a cubic perovskite's 2×2×2 supercell follow from 45. Φ has the form of `bands.HarmonicCrystal`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

STEP = 2.0**-25
"""Coordinates are whole multiples of this, 3e-8 eV/Å²: far below any error of forces, and short when compressed."""


@dataclass(frozen=True, eq=False)
class SymmetryCoordinates:
    """Element `element[k]` of Φ (n, n, S, S, S, 3, 3), in C order, has the term `weight[k]` · c[`coordinate[k]`].

    The `count` coordinates c are elements of Φ themselves, in eV/Å².
    """

    n_atoms: int
    repeats: int
    count: int
    element: Indices
    coordinate: Indices
    weight: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of Φ."""
        return (self.n_atoms, self.n_atoms, *[self.repeats] * 3, 3, 3)

    def constants(self, coordinates: Array) -> Array:
        """Φ in eV/Å² from `coordinates` (count,)."""
        terms = self.weight * np.asarray(coordinates)[self.coordinate]
        summed = np.bincount(self.element, terms, minlength=int(np.prod(self.shape)))
        return summed.astype(np.float64).reshape(self.shape)

    def coordinates(self, constants: Array) -> Array:
        """The coordinates (count,) whose Φ is nearest to `constants`, in whole steps."""
        terms = self.weight * np.asarray(constants, float).ravel()[self.element]
        nearest = self._inverse @ np.bincount(self.coordinate, terms, minlength=self.count)
        return np.asarray(np.round(nearest / STEP) * STEP)

    @cached_property
    def _inverse(self) -> Array:
        """Inverse of the normal matrix of the least squares."""
        dense = np.zeros((int(np.prod(self.shape)), self.count))
        dense[self.element, self.coordinate] = self.weight
        return np.asarray(np.linalg.inv(dense.T @ dense), np.float64)


def independent_elements(allowed: Array) -> SymmetryCoordinates:
    """The coordinates of a space of force constants that `allowed` (m, n, n, S, S, S, 3, 3) spans.

    They are the first elements of Φ that determine the others, those between an atom and itself last, for these follow
    from the acoustic sum rule. Found by Gauss–Jordan elimination. Raises `ValueError` where `allowed` is dependent.
    """
    count, shape = len(allowed), allowed.shape[1:]
    elements = np.arange(int(np.prod(shape)))
    i, j, *cell = np.unravel_index(elements, shape)[:5]
    itself = (i == j) & np.all([place == 0 for place in cell], axis=0)
    order = np.lexsort((elements, itself))
    rows = allowed.reshape(count, -1)[:, order].copy()
    found = 0
    for column in range(rows.shape[1]):
        pivot = found + int(np.argmax(np.abs(rows[found:, column])))
        if abs(rows[pivot, column]) < 1e-8:
            continue
        rows[[found, pivot]] = rows[[pivot, found]]
        rows[found] /= rows[found, column]
        others = rows[:, column].copy()
        others[found] = 0
        rows -= np.outer(others, rows[found])
        found += 1
        if found == count:
            break
    if found < count:
        raise ValueError(f"only {found} of {count} force constants are independent")
    rows[np.abs(rows) < 1e-8] = 0
    coordinate, place = np.nonzero(rows)
    element, weight = order[place], rows[coordinate, place]
    whole = np.rint(weight)
    weight = np.where(np.abs(weight - whole) < 1e-8, whole, weight)
    by_element = np.lexsort((coordinate, element))
    return SymmetryCoordinates(
        shape[0], shape[2], count, element[by_element], coordinate[by_element], weight[by_element]
    )
