"""Which mode of one crystal is most like a given mode of another: by the overlap of eigenvectors, not by order.

Eigenvectors are mass-weighted, at the same q, with atoms in the same order. Of degenerate modes any mixture is a mode,
so a mode is held against the space that they span: its overlap is the length of its projection into that space, and
the mixture that is most like it is the projection itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.bands import PrimitiveCrystal, modes

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

# Modes within this part of the largest |ω²| count as degenerate: force constants may be stored in single precision.
_DEGENERATE = 1e-5


@dataclass(frozen=True, eq=False)
class LikestMode:
    """The mode of a reference that is most like a given one: `vector` (3n,) of length 1, in phase with it.

    `branches` are the degenerate modes that it is a mixture of, from 0 by ascending ω; `omegas` (3n,) in THz are all
    modes of the reference; `overlap` |⟨reference|given⟩| is 1 for the same pattern.
    """

    branches: tuple[int, ...]
    omegas: Array
    overlap: float
    vector: Complex

    @property
    def omega(self) -> float:
        """Its ω in THz, imaginary as negative."""
        return float(self.omegas[list(self.branches)].mean())


def likest(vector: ArrayLike, omegas: ArrayLike, vectors: ArrayLike) -> LikestMode:
    """The likest to `vector` (3n,) of the modes with ω `omegas` (3n,) in THz, ascending, and `vectors` (3n, 3n), a row
    each, of length 1."""
    given, found, rows = np.asarray(vector, complex), np.asarray(omegas, float), np.asarray(vectors, complex)
    amplitudes = rows.conj() @ (given / np.linalg.norm(given))
    spaces = _spaces(found)
    weights = [float(np.sum(np.abs(amplitudes[space]) ** 2)) for space in spaces]
    best = int(np.argmax(weights))
    overlap = float(np.sqrt(weights[best]))
    mixture = amplitudes[spaces[best]] @ rows[spaces[best]] / overlap
    return LikestMode(tuple(spaces[best].tolist()), found, min(overlap, 1.0), np.asarray(mixture))


def likest_pattern(
    pattern: ArrayLike, masses: ArrayLike, reference: PrimitiveCrystal, q: ArrayLike
) -> tuple[LikestMode, Complex]:
    """The mode of `reference` at `q` that is most like one of another crystal, with its displacements (n, 3).

    That one has displacements `pattern` (n, 3) and `masses` (n,). The largest atom of the answer moves by 1.
    """
    omegas, patterns = modes(reference, q)
    rooted = np.sqrt(np.asarray(reference.masses))[:, None]
    vectors = (patterns * rooted).reshape(len(omegas), -1)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    found = likest((np.asarray(pattern) * np.sqrt(np.asarray(masses))[:, None]).ravel(), omegas, vectors)
    moved = found.vector.reshape(-1, 3) / rooted
    return found, moved / np.linalg.norm(moved, axis=1).max()


def _spaces(omegas: Array) -> list[NDArray[np.int64]]:
    """Runs of degenerate modes of ascending `omegas`."""
    squares = np.sign(omegas) * omegas**2
    apart = np.diff(squares) > _DEGENERATE * max(float(np.abs(squares).max()), 1e-12)
    return list(np.split(np.arange(len(omegas)), np.flatnonzero(apart) + 1))
