"""An uploaded structure: what a CIF or POSCAR file holds, and whether it is one of the two parent structures.

Only a worker reads such files. The atoms are moved by less than 0.001 Å onto the sites of the space group that they
have within that (spglib; A. Togo, K. Shinohara and I. Tanaka, doi:10.1080/27660400.2024.2384822).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.structures import cif, poscar
from compute.structures.compounds import Compound, identify
from compute.structures.formula import FormulaError
from compute.structures.sites import Crystal, StructureError, minimum_image
from compute.suites import UPLOAD, QPoint
from compute.text import plain

if TYPE_CHECKING:
    from ase import Atoms

MOST_ATOMS = 40
MOST_GIVEN = 400
"""Atoms in the cell of a file before it is reduced to its primitive cell, which may have `MOST_ATOMS`."""
_SAME = 1e-3  # Å
_CLOSEST = 0.6  # Å; no two nuclei of a crystal come nearer than those of H2
_BONDED = 0.5  # of the sum of two covalent radii; no bond is so short
_LARGEST = 200.0  # Å³ per atom; above it is a molecule in a box or a misread cell
_LONGEST = 1000.0  # Å; a longer vector says nothing of a crystal, and reduction and digits fail
_CELLS_AWAY = 1000.0
_PEROVSKITE, _ELPASOLITE = 221, 225


@dataclass(frozen=True, eq=False)
class GeneralCrystal:
    """A crystal of any structure type in its primitive cell, fixed as it is; frequencies are those at Γ."""

    formula: str
    crystal: Crystal
    space_group: str
    suite: str = UPLOAD
    prototype: str = "any"
    atom_sites: tuple[str, ...] = ()

    @property
    def q_points(self) -> Mapping[str, tuple[QPoint, ...]]:
        """Γ alone: the other stars have names in the two parent structures only."""
        return {"gamma": ((0.0, 0.0, 0.0),)}

    def structure(self, a: float | None = None, x: float | None = None) -> Atoms:
        """The primitive cell; it has no free parameters."""
        return self.crystal.atoms()


@dataclass(frozen=True)
class Uploaded:
    """What was uploaded: a compound with lattice constant `a` in Å and, for the elpasolite, `x`, or another crystal.

    `described` says it in words.
    """

    compound: Compound | GeneralCrystal
    a: float | None
    x: float | None
    described: str


def read_upload(text: str) -> Uploaded:
    """The crystal that `text`, a CIF or POSCAR file, describes. Raises `StructureError`."""
    text = plain(text)
    given = cif.read(text, MOST_GIVEN) if cif.is_cif(text) else poscar.read(text, MOST_GIVEN)
    _check(given)
    atoms, number, symbol = _primitive(given)
    if len(atoms) > MOST_ATOMS:
        raise StructureError(f"The primitive cell has {len(atoms)} atoms; from 2 to {MOST_ATOMS} are taken.")
    if len(atoms) < 2:
        raise StructureError("The crystal has one atom per primitive cell, and so no optical mode that could be soft.")
    parent = {_PEROVSKITE: _perovskite, _ELPASOLITE: _elpasolite}.get(number)
    found = None if parent is None else parent(atoms)
    if found is not None:
        return found
    formula = atoms.get_chemical_formula(mode="metal", empirical=True)
    described = f"{formula}, space group {symbol} ({number}), {len(atoms)} atoms in the primitive cell"
    if given.info.get("isotopes"):
        described += "; isotopes of hydrogen are given the mass of hydrogen"
    return Uploaded(GeneralCrystal(formula, Crystal.of(atoms), symbol), None, None, described)


def _check(atoms: Atoms) -> None:
    cell = atoms.cell.array
    if not (np.isfinite(cell).all() and np.isfinite(atoms.positions).all()):
        raise StructureError("The cell or a position is not a finite number.")
    longest = float(np.abs(cell).max())
    if longest > _LONGEST:
        raise StructureError(f"A vector of the cell is longer than {_LONGEST:g} Å.")
    volume = abs(float(np.linalg.det(cell))) / len(atoms)
    if not 1 < volume < _LARGEST:
        raise StructureError(f"The cell has {volume:.3g} Å³ per atom; between 1 and {_LARGEST:g} are taken.")
    if np.abs(atoms.get_scaled_positions(wrap=False)).max() > _CELLS_AWAY:
        raise StructureError(f"A position lies over {_CELLS_AWAY:g} cells away.")
    _refuse_near(atoms)


def _refuse_near(atoms: Atoms) -> None:
    """`StructureError` where two atoms, or an atom and its image in the next cell, are too near for a crystal."""
    from ase.data import covalent_radii
    from ase.geometry import minkowski_reduce

    cell, radii = atoms.cell.array, covalent_radii[atoms.numbers]
    shortest = float(np.linalg.norm(minkowski_reduce(cell)[0], axis=1).min())
    if shortest < max(_CLOSEST, 2 * _BONDED * float(radii.max())):
        raise StructureError(f"The cell repeats its atoms every {shortest:.2f} Å: too near for a crystal.")
    first, second = np.triu_indices(len(atoms), k=1)
    if not len(first):
        return
    apart = np.linalg.norm(minimum_image(atoms.positions[first] - atoms.positions[second], cell), axis=1)
    room = apart - np.maximum(_CLOSEST, _BONDED * (radii[first] + radii[second]))
    if room.min() < 0:
        worst = room.argmin()
        i, j = int(first[worst]), int(second[worst])
        symbols = atoms.get_chemical_symbols()
        raise StructureError(
            f"Atoms {i + 1} ({symbols[i]}) and {j + 1} ({symbols[j]}) are {apart[worst]:.2f} Å apart: too near for a"
            " crystal."
        )


def _primitive(atoms: Atoms) -> tuple[Atoms, int, str]:
    """The primitive cell on its ideal sites, with number and symbol of the space group."""
    import spglib
    from ase import Atoms

    given = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    found = spglib.standardize_cell(given, to_primitive=True, no_idealize=False, symprec=_SAME)
    if found is None:
        raise StructureError("No space group is found for the structure.")
    lattice, positions, numbers = found
    primitive = Atoms(numbers, cell=lattice, scaled_positions=positions, pbc=True)
    dataset = spglib.get_symmetry_dataset((lattice, positions, numbers), symprec=1e-5)
    if dataset is None:
        raise StructureError("No space group is found for the structure.")
    return primitive, int(dataset.number), str(dataset.international)


def _perovskite(atoms: Atoms) -> Uploaded | None:
    """The ABX3 perovskite of Pm-3m that `atoms` are, None where they are none of the suite."""
    counts = Counter(atoms.get_chemical_symbols())
    if sorted(counts.values()) != [1, 1, 3]:
        return None
    X = max(counts, key=lambda symbol: counts[symbol])
    near = {symbol: _distance(atoms, symbol, X) for symbol in counts if symbol != X}
    B, A = sorted(near, key=lambda symbol: near[symbol])
    a = float(atoms.cell.lengths()[0])
    # B sits in the octahedron, at a/2 from X, and A at a/√2; in the anti-ReO3 arrangement they do not.
    if not np.allclose([near[B], near[A]], [a / 2, a / np.sqrt(2)], atol=_SAME):
        return None
    compound = _identified(f"{A}{B}{X}3", "abx3", {"A": A, "B": B, "X": X})
    if compound is None:
        return None
    return Uploaded(compound, a, None, f"{A}{B}{X}3, cubic perovskite with a = {a:.4f} Å")


def _elpasolite(atoms: Atoms) -> Uploaded | None:
    """The A2MM'X6 elpasolite of Fm-3m that `atoms` are, None where they are none of the suite."""
    counts = Counter(atoms.get_chemical_symbols())
    if sorted(counts.values()) != [1, 1, 2, 6]:
        return None
    X, A = (next(symbol for symbol in counts if counts[symbol] == n) for n in (6, 2))
    first, second = (symbol for symbol in counts if counts[symbol] == 1)
    compound = _identified(f"{A}2{first}{second}{X}6", "hdp", None)
    if compound is None or compound.sites["A"] != A:
        return None
    a = float((4 * atoms.get_volume()) ** (1 / 3))
    x = _distance(atoms, compound.sites["B"], X) / a
    there = compound.structure(a, x)
    places = {site: _distance(there, compound.sites[site], X) for site in ("A", "B", "Bp")}
    same = all(abs(_distance(atoms, compound.sites[site], X) - places[site]) < _SAME for site in places)
    if not (0.15 < x < 0.35 and same):
        return None
    return Uploaded(compound, a, x, f"{compound.formula}, elpasolite with a = {a:.4f} Å and x = {x:.4f}")


def _identified(formula: str, suite: str, sites: Mapping[str, str] | None) -> Compound | None:
    """The compound of `suite` with this formula, on these `sites` where they are given; None where there is none."""
    try:
        compound = identify(formula, suite, [formula] if sites else [])
    except FormulaError:
        return None
    return compound if sites is None or compound.sites == sites else None


def _distance(atoms: Atoms, one: str, other: str) -> float:
    """The shortest distance in Å between atoms of two elements."""
    symbols = np.array(atoms.get_chemical_symbols())
    apart = atoms.positions[symbols == one][:, None] - atoms.positions[symbols == other][None]
    return float(np.linalg.norm(minimum_image(apart, atoms.cell.array), axis=-1).min())
