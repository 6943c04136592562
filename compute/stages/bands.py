"""Frequencies along a path through the Brillouin zone.

Only the q points commensurate with the supercell are exact; between them Φ interpolates, and where it reaches
further than the supercell it can invent soft modes. Bands are for looking at: no label is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from compute.stages import phonons

if TYPE_CHECKING:
    from phonopy import Phonopy

PATHS: dict[str, tuple[str, ...]] = {"cubic-perovskite": ("ΓXMΓRX", "RM"), "elpasolite": ("ΓXWKΓL",)}
"""Prototype to unbroken pieces of its path, each a row of special points."""

POINTS: dict[str, dict[str, phonons.QPoint]] = {
    "cubic-perovskite": {"Γ": (0, 0, 0), "X": (0.5, 0, 0), "M": (0.5, 0.5, 0), "R": (0.5, 0.5, 0.5)},
    "elpasolite": {
        "Γ": (0, 0, 0),
        "X": (0.5, 0, 0.5),
        "W": (0.5, 0.25, 0.75),
        "K": (0.375, 0.375, 0.75),
        "L": (0.5, 0.5, 0.5),
    },
}
"""Special points in primitive reciprocal coordinates."""


@dataclass(frozen=True)
class Bands:
    """ω along a path of n q points, for a cell of m atoms.

    `q` (n, 3) in primitive reciprocal coordinates; `distances` (n,) along the path in 1/Å, without 2π; `labels` (n,)
    names special points and is empty elsewhere; `frequencies` (n, 3m) in THz, ascending per q, imaginary as
    negative, acoustic modes included. Where the path breaks, two labelled points share one distance.
    """

    q: np.ndarray
    distances: np.ndarray
    labels: tuple[str, ...]
    frequencies: np.ndarray


def bands(phonon: Phonopy, prototype: str, points: int = 20) -> Bands:
    """Bands of `phonon`, whose force constants are set, with `points` steps from one special point to the next.

    Raises `KeyError` for a prototype without a path.
    """
    q, labels, breaks = _path(prototype, points)
    steps = np.linalg.norm(np.diff(q, axis=0) @ np.linalg.inv(phonon.primitive.cell).T, axis=1)
    steps[breaks] = 0
    return Bands(q, np.r_[0.0, np.cumsum(steps)], labels, phonons.frequencies(phonon, q))


def _path(prototype: str, points: int) -> tuple[np.ndarray, tuple[str, ...], list[int]]:
    """q (n, 3), labels (n,), and the steps that are jumps from one piece to the next."""
    where = {label: np.array(q, dtype=float) for label, q in POINTS[prototype].items()}
    q: list[np.ndarray] = []
    labels: list[str] = []
    breaks: list[int] = []
    for piece in PATHS[prototype]:
        if q:
            breaks.append(len(q) - 1)
        for start, end in pairwise(piece):
            q += [where[start] + (where[end] - where[start]) * step / points for step in range(points)]
            labels += [start] + [""] * (points - 1)
        q.append(where[piece[-1]])
        labels.append(piece[-1])
    return np.array(q), tuple(labels), breaks
