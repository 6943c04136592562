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
_MODULATED = ("_ssg_", "_cell_modulation_", "_cell_wave_vector")
_HALL = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NAMES = (
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_alt",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
_NUMBERS = ("_space_group_it_number", "_symmetry_int_tables_number")
_BY_NUMBER = "space group number"
_SYSTEMS = ("_space_group_crystal_system", "_symmetry_cell_setting")
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


@dataclass(frozen=True, eq=False)
class _Statement:
    """One way in which a file names its group: in `words`, with the groups that this may mean, none if unknown."""

    words: str
    groups: tuple[gemmi.GroupOps, ...]

    @property
    def numbers(self) -> set[int]:
        found = (gemmi.find_spacegroup_by_ops(group) for group in self.groups)
        return {group.number for group in found if group is not None}


def found(pairs: Mapping[str, str], loops: Mapping[str, Sequence[str]]) -> Symmetry:
    """The symmetry of a block by its values and loops; that of P 1 where the block says nothing.

    Raises `StructureError` for what cannot be read and for operations that are no group.
    """
    listed, stated = _listed(pairs, loops), _stated(pairs)
    known = [statement for statement in stated if statement.groups]
    unknown = [statement for statement in stated if not statement.groups]
    if listed is not None:
        return _of_list(listed, known, unknown)
    if not known and unknown:
        raise StructureError(f"The {unknown[0].words} is not known, and the file lists no symmetry operations.")
    if not known:
        system = next((pairs[tag] for tag in _SYSTEMS if tag in pairs), "triclinic")
        other = f"The file states that the crystal is {system}, but no symmetry"
        return Symmetry((_IDENTITY,), "space group P 1", None if system.lower() == "triclinic" else other)
    first, doubt = known[0], None
    if len(set.union(*(statement.numbers for statement in known))) > 1:
        doubt = f"The file states {' and '.join(statement.words for statement in known)}, which are not the same"
        groups = tuple(group for statement in known for group in statement.groups)
        return Symmetry(tuple(map(_arrays, groups)), first.words, doubt)
    if unknown and first.words.startswith(_BY_NUMBER):
        doubt = (
            f"The file names the {unknown[0].words}, which is not known, of {first.words.removeprefix('space group ')}"
        )
    return Symmetry(tuple(map(_arrays, first.groups)), first.words, doubt)


def _stated(pairs: Mapping[str, str]) -> list[_Statement]:
    """Hall symbol, name and number, as far as the file gives them."""
    hall, name, number = (
        next((pairs[tag] for tag in tags if tag in pairs), None) for tags in (_HALL, _NAMES, _NUMBERS)
    )
    statements = []
    if hall is not None:
        statements.append(_Statement(f"Hall symbol “{hall}”", _of_hall(hall)))
    if name is not None:
        statements.append(_Statement(f"space group “{name}”", _named(name)))
    if number is not None:
        known = number.isdecimal() and 1 <= int(number) <= 230
        statements.append(_Statement(f"{_BY_NUMBER} {number}", _numbered(int(number)) if known else ()))
    return statements


def _listed(pairs: Mapping[str, str], loops: Mapping[str, Sequence[str]]) -> list[str] | None:
    """The operations as written, None where there are none."""
    if _MAGNETIC in loops or _MAGNETIC in pairs:
        raise StructureError("The file is a magnetic CIF: give that of the crystal without its moments.")
    if any(mark in tag for tag in (*loops, *pairs) for mark in _MODULATED):
        raise StructureError("The file is of a modulated crystal: give that of a crystal without modulation.")
    for tag in _LISTED:
        values = [gemmi.cif.as_string(value) for value in loops.get(tag, ()) if not gemmi.cif.is_null(value)]
        values = values or ([pairs[tag]] if tag in pairs else [])
        if len(set(values)) > _MOST:
            raise StructureError(f"The file lists {len(set(values))} symmetry operations; no group has over {_MOST}.")
        if values:
            return values
    return None


def _of_list(listed: Sequence[str], known: Sequence[_Statement], unknown: Sequence[_Statement]) -> Symmetry:
    """The group of the listed operations; in doubt where no name that the file has for it is that of this group."""
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
    own, names, doubt = _Statement("", (group,)).numbers, [*known, *unknown], None
    stated = set().union(*(statement.numbers for statement in known))
    # A group in axes of its own has no number here; the order of its point group tells it from a subgroup.
    other = not own & stated if own else len(group.sym_ops) not in _orders(known)
    if names and (other if known else len(group) == 1):
        doubt = f"The file states {names[0].words}, but lists {len(group)} operation{'s' * (len(group) > 1)}"
        doubt += "" if not known else f" and not {max(len(each) for each in known[0].groups)}"
    return Symmetry((_arrays(group),), f"{len(group)} operations", doubt)


def _orders(statements: Sequence[_Statement]) -> set[int]:
    """Numbers of rotations of the groups that are stated."""
    return {len(group.sym_ops) for statement in statements for group in statement.groups}


def _of_hall(text: str) -> tuple[gemmi.GroupOps, ...]:
    try:
        return (gemmi.symops_from_hall(text.strip()),)
    except (ValueError, RuntimeError):
        return ()


def _named(name: str) -> tuple[gemmi.GroupOps, ...]:
    """The groups that `name` may mean; none where it is not known."""
    # Screw axes may be written 2(1), bars as any dash, and number or axes behind: P m -3 m (221), R -3 c {…}.
    text = re.sub(r"(?<=[2346])\(([1-5])\)", r"\1", re.sub(r"[\u2010-\u2015\u2212]", "-", name))
    text = " ".join(re.sub(r"[({].*$", "", text).replace("_", "").split())
    text = re.sub(r"(?<=[a-z\d])([SZ])$", r" \1", text)
    match = re.fullmatch(r"(.+?)(?:\s*:\s*|\s+)(HR|[SZHR12])", text, re.IGNORECASE)
    group = gemmi.find_spacegroup_by_name(text)
    if match and (group is None or ":" in text):
        setting = _SETTINGS.get(match[2].upper(), match[2])
        group = gemmi.find_spacegroup_by_name(f"{match[1]}:{setting}")
        if group is not None:
            return (group.operations(),)
        group = gemmi.find_spacegroup_by_name(match[1])
        return () if group is None or group.ext != "\0" else (group.operations(),)
    if group is None:
        symbols = _of_full_symbols().get(text.replace(" ", "").lower(), ())
        return tuple(found for symbol in symbols for found in _of_hall(symbol))
    return tuple(each.operations() for each in _settings(group))


@cache
def _of_full_symbols() -> dict[str, list[str]]:
    """Hall symbols by full Hermann–Mauguin symbol without blanks, which spglib lists: p4/m-32/m."""
    import spglib

    found: dict[str, list[str]] = {}
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        assert kind is not None, "spglib knows 530 settings"
        full = kind.international_full.replace(" ", "").replace("_", "").lower()
        found.setdefault(full, []).append(kind.hall_symbol)
    return found


def _numbered(number: int) -> tuple[gemmi.GroupOps, ...]:
    return tuple(each.operations() for each in _settings(gemmi.find_spacegroup_by_number(number)))


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


_IDENTITY = Operations(np.eye(3)[None], np.zeros((1, 3)))
