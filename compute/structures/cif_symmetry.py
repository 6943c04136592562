"""The symmetry operations that a CIF file states: listed, by Hall symbol, by Hermann–Mauguin symbol or by number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import gemmi
import numpy as np

from compute.structures.sites import StructureError

_LISTED = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_MAGNETIC = "_space_group_symop_magn_operation_xyz"
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NAMES = (
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_alt",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
_NUMBERS = ("_space_group_it_number", "_symmetry_int_tables_number")
_MOST = 192  # operations of the largest space groups, centring included
# ICSD and others write the setting after the symbol in words of their own.
_SETTINGS = {"S": "1", "Z": "2", "H": "H", "HR": "H", "R": "R"}


@dataclass(frozen=True, eq=False)
class Operations:
    """x → R x + t on fractional coordinates: `rotations` (n, 3, 3) and `translations` (n, 3)."""

    rotations: np.ndarray
    translations: np.ndarray


@dataclass(frozen=True, eq=False)
class Symmetry:
    """What a file states: `candidates`, several where it leaves the setting open, and how it says it.

    `doubt` is the beginning of a sentence where it contradicts itself; then the composition has to decide.
    """

    candidates: tuple[Operations, ...]
    described: str
    doubt: str | None = None


def found(pairs: Mapping[str, str], loops: Mapping[str, Sequence[str]]) -> Symmetry:
    """The symmetry of a block by its values and loops; that of P 1 where the block says nothing.

    Raises `StructureError` for what cannot be read and for operations that are no group.
    """
    listed = _listed(pairs, loops)
    hall, name = (next((pairs[tag] for tag in tags if tag in pairs), None) for tags in (_HALL, _NAMES))
    number = next((pairs[tag] for tag in _NUMBERS if tag in pairs), None)
    named = _named(name) if name is not None else ()
    if listed is not None:
        return _of_list(listed, named, name)
    if hall is not None and (operations := _of_hall(hall)) is not None:
        return Symmetry((operations,), f"Hall symbol {hall}")
    if named:
        return Symmetry(named, f"space group {name}")
    if number is not None and number.isdecimal() and 1 <= int(number) <= 230:
        said = f"space group number {number}"
        doubt = f"The file names the space group “{name}”, which is not known, of number {number}"
        return Symmetry(_numbered(int(number)), said, doubt if name is not None else None)
    if name is not None or hall is not None or number is not None:
        raise StructureError(
            f"The space group “{name or hall or number}” is not known, and the file lists no symmetry operations."
        )
    return Symmetry((Operations(np.eye(3)[None], np.zeros((1, 3))),), "space group P 1")


def _listed(pairs: Mapping[str, str], loops: Mapping[str, Sequence[str]]) -> list[str] | None:
    """The operations as written, None where there are none."""
    if _MAGNETIC in loops or _MAGNETIC in pairs:
        raise StructureError("The file is a magnetic CIF: give that of the crystal without its moments.")
    for tag in _LISTED:
        values = [gemmi.cif.as_string(value) for value in loops.get(tag, ()) if not gemmi.cif.is_null(value)]
        values = values or ([pairs[tag]] if tag in pairs else [])
        if len(set(values)) > _MOST:
            raise StructureError(f"The file lists {len(set(values))} symmetry operations; no group has over {_MOST}.")
        if values:
            return values
    return None


def _of_list(listed: Sequence[str], named: Sequence[Operations], name: str | None) -> Symmetry:
    operations = []
    for text in listed:
        try:
            operations.append(gemmi.Op(text.replace(" ", "").lower()).wrap())
        except (ValueError, RuntimeError) as error:
            raise StructureError(f"The symmetry operation “{text}” cannot be read: {error}.") from error
    distinct = {operation.triplet() for operation in operations} | {"x,y,z"}
    group = gemmi.GroupOps([gemmi.Op(triplet) for triplet in sorted(distinct)])
    try:
        group.add_missing_elements()
    except RuntimeError as error:
        raise StructureError(f"The symmetry operations that the file lists are no group: {error}.") from error
    if len(group) != len(distinct):
        raise StructureError(
            f"The {len(distinct)} symmetry operations that the file lists are no group: {len(group)} follow from them."
        )
    own = _arrays(group)
    sizes = {len(other.rotations) for other in named}
    doubt = None
    if named and len(own.rotations) not in sizes:
        doubt = f"The file names the space group {name}, but lists {len(own.rotations)} operations and not {max(sizes)}"
    return Symmetry((own,), f"{len(own.rotations)} operations", doubt)


def _of_hall(text: str) -> Operations | None:
    try:
        return _arrays(gemmi.symops_from_hall(text.strip()))
    except (ValueError, RuntimeError):
        return None


def _named(name: str) -> tuple[Operations, ...]:
    """The operations of the groups that `name` may mean; none where it is not known."""
    # Some write the number or the axes behind the symbol: P m -3 m (221), R -3 c {hexagonal axes}.
    text = " ".join(re.sub(r"[({].*$", "", name).replace("_", "").split())
    match = re.fullmatch(r"(.+?)(?:\s*:\s*|\s+)(HR|[SZHR12])", text, re.IGNORECASE)
    group = gemmi.find_spacegroup_by_name(text)
    if match and (group is None or ":" in text):
        setting = _SETTINGS.get(match[2].upper(), match[2])
        group = gemmi.find_spacegroup_by_name(f"{match[1]}:{setting}")
        if group is not None:
            return (_arrays(group.operations()),)
        group = gemmi.find_spacegroup_by_name(match[1])
        return () if group is None or group.ext != "\0" else (_arrays(group.operations()),)
    if group is None:
        symbols = _of_full_symbols().get(text.replace(" ", "").lower(), ())
        return tuple(found for symbol in symbols if (found := _of_hall(symbol)) is not None)
    return tuple(_arrays(each.operations()) for each in _settings(group))


@cache
def _of_full_symbols() -> dict[str, list[str]]:
    """Hall symbols by full Hermann–Mauguin symbol without blanks, which spglib lists: p4/m-32/m."""
    import spglib

    found: dict[str, list[str]] = {}
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        full = kind.international_full.replace(" ", "").replace("_", "").lower()
        found.setdefault(full, []).append(kind.hall_symbol)
    return found


def _numbered(number: int) -> tuple[Operations, ...]:
    return tuple(_arrays(each.operations()) for each in _settings(gemmi.find_spacegroup_by_number(number)))


def _settings(group: gemmi.SpaceGroup) -> list[gemmi.SpaceGroup]:
    """`group` and those that its symbol without a setting may mean too: other origin, other axes of the lattice."""
    return [each for each in gemmi.spacegroup_table() if (each.number, each.hm) == (group.number, group.hm)]


def _arrays(group: gemmi.GroupOps) -> Operations:
    operations = list(group)
    scale = float(operations[0].DEN)
    return Operations(
        np.array([operation.rot for operation in operations], float) / scale,
        np.array([operation.tran for operation in operations], float) / scale,
    )
