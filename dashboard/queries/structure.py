"""The cell of a compound, from force constants or from its prototype, and the piece of crystal that is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.dataset import Dataset

ROLES: dict[str, tuple[str, ...]] = {
    "cubic-perovskite": ("A", "B", "X", "X", "X"),
    "elpasolite": ("A", "A", "B", "Bp", "X", "X", "X", "X", "X", "X"),
}
"""Site of each atom of the primitive cell, in the order of the calculations."""

SPACE_GROUPS = {"cubic-perovskite": ("Pm-3m", 221), "elpasolite": ("Fm-3m", 225)}

# The part that is drawn is a cube with A on its corners: (its edge, its origin) in lattice constants.
_DRAWN = {"cubic-perovskite": (2.0, 0.0), "elpasolite": (1.0, 0.25)}
_CELLS_PER_CUBE = {"cubic-perovskite": 1, "elpasolite": 4}
_NEAR = 1e-3

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """A primitive cell of n atoms: `lattice` (3, 3) in Å, a vector per row; `positions` (n, 3) in units of it.

    `origin` says whose cell it is; `a` in Å is the cubic lattice constant.
    """

    prototype: str
    symbols: tuple[str, ...]
    lattice: Array
    positions: Array
    origin: str

    @property
    def roles(self) -> tuple[str, ...]:
        """Site of each atom: A, B, Bp or X; its element in a crystal of another structure type."""
        return ROLES.get(self.prototype, self.symbols)

    @property
    def a(self) -> float:
        """Cubic lattice constant in Å; of another structure type the edge of a cube of its volume."""
        return float((abs(np.linalg.det(self.lattice)) * _CELLS_PER_CUBE.get(self.prototype, 1)) ** (1 / 3))


def structure(dataset: Dataset, reference: Mapping[str, Any]) -> Structure | None:
    """The cell of a row of `references`: at the published lattice constant, else as a potential relaxed it.

    None where the prototype is not one that is drawn, or where neither is known.
    """
    if reference["prototype"] not in ROLES:
        return None
    found = dataset.frame(
        "SELECT a AS lattice, x AS anion, potential, geometry FROM harmonic WHERE suite = $suite "
        "AND compound = $compound AND status = 'ok' AND a IS NOT NULL ORDER BY potential, run LIMIT 1",
        {"suite": reference["suite"], "compound": reference["compound"]},
    )
    return built(reference, None if found.empty else found.iloc[0])


def built(reference: Mapping[str, Any], calculated: Mapping[str, Any] | None) -> Structure | None:
    """The cell of a row of `references`, of which a potential `calculated` lattice, anion, potential and geometry."""
    prototype, published = reference["prototype"], reference["lattice_constant"]
    x = None if calculated is None else calculated["anion"]
    if published is not None and np.isfinite(published) and prototype == "cubic-perovskite":
        a, origin = float(published), "published DFT lattice constant"
    elif calculated is not None:
        a, origin = float(calculated["lattice"]), f"{calculated['geometry']} cell of {calculated['potential']}"
    else:
        return None
    if prototype == "elpasolite" and (x is None or not np.isfinite(x)):
        return None
    symbols = tuple(str(reference[role]) for role in ROLES[prototype])
    return Structure(prototype, symbols, *_cell(prototype, a, x), origin)


def _cell(prototype: str, a: float, x: float | None) -> tuple[Array, Array]:
    """Lattice (3, 3) in Å and positions (n, 3) in units of it, for lattice constant `a` and anion coordinate `x`."""
    if prototype == "cubic-perovskite":
        return a * np.eye(3), np.array([(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)])
    lattice = 0.5 * a * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]])
    axes = (x or 0.0) * a * np.vstack([np.eye(3), -np.eye(3)])
    quarter = 0.25 * a * np.ones(3)
    cartesian = np.vstack([quarter, -quarter, np.zeros(3), 2 * quarter, axes])
    return lattice, cartesian @ np.linalg.inv(lattice)


def scene(cell: Structure, repeats: int = 0) -> dict[str, Any]:
    """What is drawn: whole octahedra, the A atoms around them and the edges of the cube; else a block of cells.

    `repeats` is the edge of the cube in lattice constants, or of the block in cells; 0 is what shows eight octahedra.
    `atoms` are [atom of the cell, x, y, z in Å, three coordinates in units of the primitive lattice]; `octahedra` are
    [index of the centre, indices of the vertices at +x, −x, +y, −y, +z, −z]; `box` is [origin, three edges] in Å.
    """
    if cell.prototype not in _DRAWN:
        return _block(cell, repeats or 2)
    usual, start = _DRAWN[cell.prototype]
    edge, origin = (repeats or usual) * cell.a, start * cell.a
    reach = int(np.ceil(2 * (repeats or usual) * (2 if cell.prototype == "elpasolite" else 1)))
    cells = np.array(list(product(range(-reach, reach + 1), repeat=3)), float)
    fractional = (cells[:, None] + cell.positions[None]).reshape(-1, 3)
    cartesian = fractional @ cell.lattice
    atom = np.tile(np.arange(len(cell.symbols)), len(cells))
    near = ((cartesian > origin - cell.a) & (cartesian < origin + edge + cell.a)).all(1)
    fractional, cartesian, atom = fractional[near], cartesian[near], atom[near]
    role = np.array(cell.roles)[atom]
    inside = (cartesian > origin + _NEAR).all(1) & (cartesian < origin + edge - _NEAR).all(1)
    enclosed = (cartesian > origin - _NEAR).all(1) & (cartesian < origin + edge + _NEAR).all(1)
    centres = np.flatnonzero(np.isin(role, ("B", "Bp")) & inside)
    anions = np.flatnonzero(role == "X")
    octahedra = [[centre, *_vertices(cartesian[anions] - cartesian[centre], anions)] for centre in centres.tolist()]
    drawn = sorted({*np.flatnonzero((role == "A") & enclosed).tolist(), *(i for o in octahedra for i in o)})
    place = {index: number for number, index in enumerate(drawn)}
    return _scene(
        cell,
        atom[drawn],
        cartesian[drawn],
        fractional[drawn],
        [[place[i] for i in octahedron] for octahedron in octahedra],
        np.vstack([np.full(3, origin), edge * np.eye(3)]),
    )


def _block(cell: Structure, repeats: int) -> dict[str, Any]:
    """`repeats` cells along each vector, without octahedra: of any crystal."""
    cells = np.array(list(product(range(repeats), repeat=3)), float)
    fractional = (cells[:, None] + cell.positions[None]).reshape(-1, 3)
    atom = np.tile(np.arange(len(cell.symbols)), len(cells))
    box = np.vstack([np.zeros(3), repeats * cell.lattice])
    return _scene(cell, atom, fractional @ cell.lattice, fractional, [], box)


def _scene(
    cell: Structure,
    atom: NDArray[np.int64],
    cartesian: Array,
    fractional: Array,
    octahedra: list[list[int]],
    box: Array,
) -> dict[str, Any]:
    rows = zip(atom.tolist(), cartesian.round(4).tolist(), fractional.round(5).tolist(), strict=True)
    return {
        "atoms": [[i, *x, *f] for i, x, f in rows],
        "roles": list(cell.roles),
        "octahedra": octahedra,
        "box": box.round(4).tolist(),
    }


def _vertices(between: Array, anions: NDArray[np.int64]) -> list[int]:
    """The nearest anion along +x, −x, +y, −y, +z and −z; `between` (m, 3) in Å leads from the centre to each anion."""
    lengths = np.linalg.norm(between, axis=1)
    axes = np.vstack([np.eye(3), -np.eye(3)])[[0, 3, 1, 4, 2, 5]]
    along = between @ axes.T > lengths[:, None] - _NEAR
    return [int(anions[np.argmin(np.where(mask, lengths, np.inf))]) for mask in along.T]
