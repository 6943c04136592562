"""Frequencies and modes at any q from the force constants of a supercell, as pure array functions.

Only the q points commensurate with the supercell are exact; between them Φ interpolates, and where it reaches
further than the supercell it can invent soft modes. Bands are for looking at: no label is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.phonons import THZ_PER_ROOT, signed_root

Array = NDArray[np.float64]

ANY = "any"
"""A crystal of no prototype: its path runs between centres of faces and edges of its primitive reciprocal cell."""

PATHS: dict[str, tuple[tuple[str, ...], ...]] = {
    "cubic-perovskite": (tuple("ΓXMΓRX"), tuple("RM")),
    "elpasolite": (tuple("ΓXWKΓL"),),
    ANY: (("Γ", "½00", "½½0", "Γ", "½½½"), ("0½0", "Γ", "00½")),
}
"""Prototype to unbroken pieces of its path, each a row of special points."""

POINTS: dict[str, dict[str, tuple[float, float, float]]] = {
    "cubic-perovskite": {"Γ": (0, 0, 0), "X": (0.5, 0, 0), "M": (0.5, 0.5, 0), "R": (0.5, 0.5, 0.5)},
    "elpasolite": {
        "Γ": (0, 0, 0),
        "X": (0.5, 0, 0.5),
        "W": (0.5, 0.25, 0.75),
        "K": (0.375, 0.375, 0.75),
        "L": (0.5, 0.5, 0.5),
    },
    ANY: {
        "Γ": (0, 0, 0),
        "½00": (0.5, 0, 0),
        "0½0": (0, 0.5, 0),
        "00½": (0, 0, 0.5),
        "½½0": (0.5, 0.5, 0),
        "½½½": (0.5, 0.5, 0.5),
    },
}
"""Special points in primitive reciprocal coordinates."""

_TOLERANCE_ANG = 1e-5


@dataclass(frozen=True)
class PrimitiveCrystal:
    """A primitive cell of n atoms and its force constants.

    `lattice` (3, 3) in Å, one vector per row; `positions` (n, 3) in units of it; `masses` (n,) in u; `constants`
    (n, n, S, S, S, 3, 3) in eV/Å²: Φ between atom i in cell 0 and atom j in cell (l, m, n) of S³ repeats.
    """

    lattice: Array
    positions: Array
    masses: Array
    constants: Array


@dataclass(frozen=True)
class Path:
    """n q points (n, 3) in primitive reciprocal coordinates; `distances` (n,) along the path in 1/Å, without 2π.

    `labels` (n,) names special points and is empty elsewhere. Where the path breaks, two labelled points share one
    distance.
    """

    q: Array
    distances: Array
    labels: tuple[str, ...]


def path(prototype: str, lattice: ArrayLike, points: int = 20) -> Path:
    """The path of `prototype`, with `points` steps from one special point to the next.

    Raises `KeyError` for a prototype without one.
    """
    where = {label: np.array(q, dtype=float) for label, q in POINTS[prototype].items()}
    q: list[Array] = []
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
    steps = np.linalg.norm(np.diff(q, axis=0) @ np.linalg.inv(np.asarray(lattice, float)).T, axis=1)
    steps[breaks] = 0
    return Path(np.array(q), np.r_[0.0, np.cumsum(steps)], tuple(labels))


def frequencies(crystal: PrimitiveCrystal, q: ArrayLike) -> Array:
    """ω (len(q), 3n) in THz, ascending, acoustic modes included, imaginary as negative."""
    squares: Array = np.linalg.eigvalsh(_dynamical(crystal, np.asarray(q, float))).astype(float)
    return np.asarray(THZ_PER_ROOT * signed_root(squares))


def density(crystal: PrimitiveCrystal, omegas: ArrayLike, width: float = 0.08, mesh: int = 8) -> Array:
    """Phonon density of states (len(omegas),) in 1/THz, of integral 3n, at `omegas` in THz, imaginary as negative.

    Gaussians of standard deviation `width` in THz on a mesh³ of q points shifted off Γ; q and −q have the same ω.
    """
    steps = (np.arange(mesh) + 0.5) / mesh
    q = np.stack(np.meshgrid(steps[: max(mesh // 2, 1)], steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    found = frequencies(crystal, q)
    edges = np.asarray(omegas, float)
    gaussians = np.exp(-0.5 * ((edges[:, None] - found.ravel()) / width) ** 2)
    return np.asarray(gaussians.sum(axis=1) / (width * np.sqrt(2 * np.pi) * len(q)))


def modes(crystal: PrimitiveCrystal, q: ArrayLike) -> tuple[Array, NDArray[np.complex128]]:
    """ω (3n,) in THz at one `q` (3,), ascending, and displacement patterns (3n, n, 3), the largest atom moving by 1.

    Atom j of cell l moves as Re[pattern_j exp 2πi q·(l + τ_j)], with τ_j its position in units of the lattice.
    """
    eigenvalues, vectors = np.linalg.eigh(_dynamical(crystal, np.asarray(q, float)[None])[0])
    patterns = vectors.T.reshape(-1, len(crystal.masses), 3) / np.sqrt(crystal.masses)[:, None]
    largest = np.linalg.norm(patterns, axis=2).max(axis=1)
    return np.asarray(THZ_PER_ROOT * signed_root(eigenvalues)), patterns / largest[:, None, None]


def _dynamical(crystal: PrimitiveCrystal, q: Array) -> NDArray[np.complex128]:
    """Dynamical matrices (len(q), 3n, 3n) in eV/Å²/u; equally near images of an atom share its force constants."""
    n, size = len(crystal.masses), crystal.constants.shape[2]
    cells = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    images = size * (np.stack(np.meshgrid(*[np.arange(-2, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3))
    # From atom i in cell 0 to every image of atom j in cell l: (n, n, cells, images, 3), in units of the lattice.
    between = crystal.positions[None, :, None, None] - crystal.positions[:, None, None, None]
    vectors = between + cells[:, None] + images
    lengths = np.linalg.norm(vectors @ crystal.lattice, axis=-1)
    nearest = lengths < lengths.min(axis=-1, keepdims=True) + _TOLERANCE_ANG
    i, j, cell, image = np.nonzero(nearest)
    shares = 1 / nearest.sum(axis=-1)[i, j, cell]
    weighted = crystal.constants.reshape(n, n, -1, 3, 3)[i, j, cell] * shares[:, None, None]
    weighted /= np.sqrt(crystal.masses[i] * crystal.masses[j])[:, None, None]
    phases = np.exp(2j * np.pi * q @ vectors[i, j, cell, image].T)
    # Sum the terms of each pair of atoms: they come in order of the pair.
    starts = np.searchsorted(i * n + j, np.arange(n * n))
    terms = phases[:, :, None] * weighted.reshape(-1, 9)
    summed = np.add.reduceat(terms, starts, axis=1).reshape(len(q), n, n, 3, 3)
    matrices = summed.transpose(0, 1, 3, 2, 4).reshape(len(q), 3 * n, 3 * n)
    return np.asarray((matrices + matrices.conj().transpose(0, 2, 1)) / 2)
