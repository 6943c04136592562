"""The crystal in a CIF file, held against what the file says of itself: formula, formula units, symmetry, cell.

gemmi reads the syntax and knows the space groups (M. Wojdyr, doi:10.21105/joss.04200); tags are those of the core
dictionary (S. R. Hall, F. H. Allen and I. D. Brown, doi:10.1107/S010876739101067X), in its old and its new spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from gemmi import cif

from compute.structures import cif_formula, cif_symmetry
from compute.structures.cif_formula import WHOLE
from compute.structures.cif_symmetry import Operations
from compute.structures.formula import SYMBOLS, isotope
from compute.structures.sites import StructureError, minimum_image

if TYPE_CHECKING:
    from ase import Atoms

_LENGTHS = ("_cell_length_a", "_cell_length_b", "_cell_length_c")
_ANGLES = ("_cell_angle_alpha", "_cell_angle_beta", "_cell_angle_gamma")
_FRACTIONS = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
_MULTIPLICITIES = ("_atom_site_site_symmetry_multiplicity", "_atom_site_symmetry_multiplicity")
_ON_SITE = 0.1  # Å; an image of a full site nearer than this is the atom itself, on a special position
_SAME = 1e-3  # Å
_LISTED_TWICE = 5e-3  # Å; coordinates have four digits or more
_VOLUME = 0.01  # relative; what rounded lengths and angles may make of it
_CELL = 5e-3  # relative; how far the metric of the cell may be off its symmetry
_TYPE = re.compile(r"([A-Z][a-z]?)(?:[0-9.]*[+-][0-9.]*|[0-9.]+)?")
_TWO_ELEMENTS = re.compile(r"[A-Za-z]+[/,+&_-]([A-Z][a-z]?)")
_OF_GROUPS = set("HDCNO")  # CO and ND4 in capitals are groups rather than cobalt and neodymium


@dataclass(frozen=True)
class _AtomSite:
    label: str
    symbol: str  # of an isotope where the file says so
    position: tuple[float, float, float]
    multiplicity: float  # NaN where the file does not say it


def is_cif(text: str) -> bool:
    """Whether `text` has the header of a data block."""
    return re.search(r"^[ \t]*data_", text, re.MULTILINE | re.IGNORECASE) is not None


def read(text: str, most_atoms: int | None = None) -> Atoms:
    """The content of the cell of the one structure in `text`, at most `most_atoms`.

    A full site nearer than 0.1 Å to its own image is put on the special position between them. Raises
    `StructureError`, one sentence, for what the syntax, the symmetry or the stated composition contradicts.
    """
    pairs, loops = _structure_block(text)
    cell = _cell(pairs)
    stated = cif_formula.stated(pairs)
    sites = _sites(loops, pairs, stated)
    if most_atoms is not None and len(sites) > most_atoms:
        raise StructureError(f"The file lists {len(sites)} sites; at most {most_atoms} atoms are taken.")
    symmetry = cif_symmetry.found(pairs, loops)
    if symmetry.doubt is not None and stated is None:
        raise StructureError(f"{symmetry.doubt}, and without a formula nothing says which is meant.")
    fitting = [operations for operations in symmetry.candidates if _keeps(cell, operations)]
    if not fitting:
        raise StructureError(f"The cell does not have the symmetry that the file states: {symmetry.described}.")
    readings = [_expanded(cell, sites, operations, most_atoms) for operations in fitting]
    wrong = [cif_formula.contradiction(atoms, stated, pairs) for atoms in readings]
    if not cif_formula.weighed(stated, pairs):
        wrong = [said or _other_multiplicity(cell, sites, each) for said, each in zip(wrong, fitting, strict=True)]
    readings = [atoms for atoms, said in zip(readings, wrong, strict=True) if said is None]
    if not readings:
        raise StructureError(wrong[0] or "The file states no crystal.")
    if len(readings) > 1 and not all(_equal(atoms, readings[0]) for atoms in readings[1:]):
        raise StructureError(
            f"The {symmetry.described} has {len(fitting)} settings and the file does not say which it means: give the"
            " symmetry operations, or the formula and the number of formula units."
        )
    _refuse_missing_hydrogen(loops, stated)
    readings[0].info["isotopes"] = any(site.symbol != isotope(site.symbol) for site in sites)
    return readings[0]


def _structure_block(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Values and loops of the one block with atoms, by lower-case tag with dots as underscores."""
    try:
        document = cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        where = re.search(r"string:(\d+)\S*\s*(?:in \S+\s*)?(.*)", str(error), re.DOTALL)
        said = f"line {where[1]}: {where[2].strip(' :')}" if where else str(error)
        raise StructureError(f"The text is no CIF that can be read: {said}.") from error
    blocks = [(block.name, *_values(block)) for block in document]
    held = [entry for entry in blocks if any(tag.startswith("_atom_site_") for tag in (*entry[1], *entry[2]))]
    if len(held) > 1:
        names = ", ".join(f"data_{name}" for name, *_ in held[:6])
        raise StructureError(f"The file holds {len(held)} structures ({names}): give a file with one of them.")
    if not held:
        raise StructureError("The CIF cannot be read as a structure: no data block of it has atoms.")
    _, pairs, loops = held[0]
    return pairs, loops


def _values(block: cif.Block) -> tuple[dict[str, str], dict[str, list[str]]]:
    pairs, loops = {}, {}
    for item in block:
        pair: Any = item.pair  # gemmi declares an object
        if pair is not None:
            tag, value = pair
            if not cif.is_null(value) and cif.as_string(value).strip() not in ("", "?", "."):
                pairs[_tag(tag)] = cif.as_string(value)
        elif item.loop is not None:
            width, values = item.loop.width(), item.loop.values
            for column, tag in enumerate(item.loop.tags):
                loops[_tag(tag)] = list(values[column::width])
    return pairs, loops


def _tag(tag: str) -> str:
    return tag.lower().replace(".", "_")


def _cell(pairs: Mapping[str, str]) -> np.ndarray:
    """Lattice vectors (3, 3) in Å."""
    from ase.cell import Cell

    missing = [tag for tag in _LENGTHS if tag not in pairs]
    if missing:
        raise StructureError(f"The CIF cannot be read as a structure: {missing[0]} is missing.")
    parameters = [cif.as_number(pairs[tag]) for tag in _LENGTHS] + [
        cif.as_number(pairs.get(tag, "90")) for tag in _ANGLES
    ]
    if not (np.isfinite(parameters).all() and min(parameters) > 0 and max(parameters[3:]) < 180):
        raise StructureError("The cell of the CIF cannot be read: its lengths and angles must be positive numbers.")
    try:
        cell: np.ndarray = Cell.fromcellpar(parameters).array
    except (ValueError, AssertionError, FloatingPointError) as error:
        raise StructureError("The three angles of the cell fit no cell.") from error
    if not np.isfinite(cell).all():
        raise StructureError("The three angles of the cell fit no cell.")
    volume, stated = abs(float(np.linalg.det(cell))), cif.as_number(pairs.get("_cell_volume", "?"))
    if stated > 0 and abs(volume - stated) > _VOLUME * stated:
        raise StructureError(
            f"The file states a cell of {stated:g} Å³, but its lengths and angles give {volume:.1f} Å³."
        )
    return cell


def _sites(
    loops: Mapping[str, list[str]], pairs: Mapping[str, str], stated: Mapping[str, float] | None
) -> list[_AtomSite]:
    """The sites, each with one element and occupied by one atom."""
    columns = {tag: values for tag, values in loops.items() if tag.startswith("_atom_site_")}
    columns |= {tag: [value] for tag, value in pairs.items() if tag.startswith("_atom_site_") and tag not in columns}
    lacking = [tag for tag in _FRACTIONS if tag not in columns]
    if lacking:
        raise StructureError(f"The sites of the CIF have no fractional coordinates: {lacking[0]} is missing.")
    count = len(columns[_FRACTIONS[0]])
    if any(len(columns[tag]) != count for tag in _FRACTIONS):
        raise StructureError("The fractional coordinates of the CIF stand in loops of different lengths.")

    def column(name: str) -> list[str]:
        """Values of the sites, with an empty text for what is not given."""
        values = columns.get(name, [])
        return [cif.as_string(value) if not cif.is_null(value) else "" for value in values] or [""] * count

    labels, types = column("_atom_site_label"), column("_atom_site_type_symbol")
    counted = column(next((tag for tag in _MULTIPLICITIES if tag in columns), ""))
    flags, occupancies = column("_atom_site_calc_flag"), column("_atom_site_occupancy")
    raw = [columns[tag] for tag in _FRACTIONS]
    sites = []
    for index in range(count):
        label = labels[index] or types[index] or f"number {index + 1}"
        if flags[index].lower() == "dum":
            continue
        _refuse_partial(label, occupancies[index])
        # A full stop stands for the value that the dictionary gives by default, which is 0.
        position = [0.0 if values[index] == "." else cif.as_number(values[index]) for values in raw]
        if not np.isfinite(position).all():
            written = ", ".join(values[index] for values in raw)
            raise StructureError(f"Site {label} has no position: {written} are not three numbers.")
        symbol = _element(label, types[index], stated)
        sites.append(_AtomSite(label, symbol, (position[0], position[1], position[2]), cif.as_number(counted[index])))
    if not sites:
        raise StructureError("The CIF cannot be read as a structure: it has no atoms.")
    return sites


def _refuse_partial(label: str, occupancy: str) -> None:
    value = cif.as_number(occupancy) if occupancy else 1.0
    if not np.isfinite(value):
        raise StructureError(f"The occupancy of site {label}, “{occupancy}”, is not a number.")
    if value > 1 + WHOLE:
        raise StructureError(f"The occupancy of site {label} is {value:g}, above 1.")
    if value < 1 - WHOLE:
        raise StructureError(
            f"The file has sites that are occupied in part ({label}: occupancy {value:g}): choose an ordered structure."
        )


def _element(label: str, type_symbol: str, stated: Mapping[str, float] | None) -> str:
    """The element, or isotope, of a site: of its type symbol, else of its label; the formula settles doubt."""
    if type_symbol:
        match = _TYPE.fullmatch(type_symbol[:1].upper() + type_symbol[1:].lower())
        symbol = match[1] if match else ""
        a_group = len(symbol) == 2 and set(type_symbol[:2]) <= _OF_GROUPS and symbol not in (stated or {})
        if isotope(symbol) not in SYMBOLS or a_group:
            raise StructureError(f"The type symbol “{type_symbol}” of site {label} is no element.")
        return symbol
    letters = re.match(r"[A-Za-z]*", label)
    word = letters[0] if letters else ""
    other = _TWO_ELEMENTS.match(label)
    several = other is not None and other[1] in SYMBOLS and stated is None
    # T1 is a tetrahedral site rather than tritium.
    if isotope(word) in SYMBOLS and word != "T" and not several:
        return word
    shorter = [word[:2].capitalize(), word[:1].upper()]
    known = [symbol for symbol in shorter if symbol in SYMBOLS and symbol in (stated or {})]
    if not known:
        raise StructureError(
            f"The label “{label}” of a site is no element: give the sites type symbols (_atom_site_type_symbol)."
        )
    return known[0]


def _keeps(cell: np.ndarray, operations: Operations) -> bool:
    """Whether every rotation leaves the metric G of the cell as it is: Rᵀ G R = G."""
    metric = cell @ cell.T
    scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    turned = operations.rotations.transpose(0, 2, 1) @ metric @ operations.rotations
    return bool((np.abs(turned - metric) / scale).max() < _CELL)


def _expanded(cell: np.ndarray, sites: Sequence[_AtomSite], operations: Operations, most_atoms: int | None) -> Atoms:
    """All atoms of the cell, site by site; a site that is an image of one before, of the same element, is that one."""
    from ase import Atoms

    symbols: list[str] = []
    positions: list[np.ndarray] = []
    for site in sites:
        there = _orbit(cell, np.array(site.position), operations)
        symbol = isotope(site.symbol)
        same = np.array(symbols) == symbol
        if same.any() and _apart(cell, there[0] - np.concatenate(positions)[same]).min() < _LISTED_TWICE:
            continue
        symbols += [symbol] * len(there)
        positions.append(there)
        if most_atoms is not None and len(symbols) > most_atoms:
            raise StructureError(f"The cell has more than {most_atoms} atoms, which is the most that is taken.")
    return Atoms(symbols, cell=cell, scaled_positions=np.concatenate(positions), pbc=True)


def _orbit(cell: np.ndarray, site: np.ndarray, operations: Operations) -> np.ndarray:
    """Fractional coordinates (n, 3) of the images of `site`, the site itself first."""
    for _ in range(2):
        images = operations.rotations @ site + operations.translations
        apart = images - site
        # The mean of the images that lie on the atom is the special position.
        here = _apart(cell, apart) < _ON_SITE
        site = site + (apart - np.rint(apart))[here].mean(axis=0)
    images = operations.rotations @ site + operations.translations
    kept = [site]
    for image in images:
        if _apart(cell, image - np.array(kept)).min() > _SAME:
            kept.append(image)
    within: np.ndarray = np.mod(np.array(kept), 1.0)
    return within


def _apart(cell: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Lengths (n,) in Å of differences (n, 3) of fractional coordinates, to the image in the same cell of each."""
    lengths: np.ndarray = np.linalg.norm((difference - np.rint(difference)) @ cell, axis=1)
    return lengths


def _other_multiplicity(cell: np.ndarray, sites: Sequence[_AtomSite], operations: Operations) -> str | None:
    """One sentence where a site has another number of atoms in the cell than the file says, else None."""
    for site in sites:
        count = len(_orbit(cell, np.array(site.position), operations))
        if np.isfinite(site.multiplicity) and count != site.multiplicity:
            return (
                f"Site {site.label} has multiplicity {site.multiplicity:g} in the file, but {count} by the symmetry,"
                " and without a formula nothing says which is meant."
            )
    return None


def _refuse_missing_hydrogen(loops: Mapping[str, list[str]], stated: Mapping[str, float] | None) -> None:
    """Hydrogen that is counted at a site but has no position, which a formula that agrees rules out."""
    attached = [cif.as_number(value) for value in loops.get("_atom_site_attached_hydrogens", [])]
    count = sum(value for value in attached if np.isfinite(value) and value > 0)
    if count and stated is None:
        raise StructureError(f"The file counts {count:g} hydrogen atoms at its sites that have no positions.")


def _equal(one: Atoms, other: Atoms) -> bool:
    """Whether two readings hold the same atoms in the same places."""
    if len(one) != len(other) or sorted(one.numbers) != sorted(other.numbers):
        return False
    apart = np.linalg.norm(minimum_image(one.positions[:, None] - other.positions[None], one.cell.array), axis=-1)
    apart[one.numbers[:, None] != other.numbers[None]] = np.inf
    return bool((apart.min(axis=1) < _SAME).all())
