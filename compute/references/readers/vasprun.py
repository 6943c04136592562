"""One vasprun.xml of molecular dynamics, read step by step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.structures.sites import FramesError
from compute.text import DAMAGED, opened

# What VASP makes of some POTCAR files, where their title is not in the file either.
_CUT = {"r": "Zr", "X": "Xe"}

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True, eq=False)
class Run:
    """T complete steps: `numbers` (N,), `cells` (T, 3, 3) and `positions` (T, N, 3) in Å, `forces` (T, N, 3) in eV/Å.

    `energies` (T,) is VASP's free energy in eV, which the forces derive from, NaN where the file has no number.
    `electronic_steps` (T,) counts the electronic steps of each. `settings` are INCAR and parameters as written, without
    blanks around name and value, with the program's version; `species` and `potcars` are element and title of the
    pseudopotential of each kind of atom. `complete` is false where the file ends before the run did; `notes` are
    sentences that a reader should see.
    """

    numbers: np.ndarray
    cells: np.ndarray
    positions: np.ndarray
    forces: np.ndarray
    energies: np.ndarray
    electronic_steps: np.ndarray
    settings: Mapping[str, str]
    species: tuple[str, ...]
    potcars: tuple[str, ...]
    complete: bool
    notes: tuple[str, ...] = ()


def read(path: Path) -> Run:
    """The complete steps of `path`. Raises `FramesError` where there is no atom list or a step is not sound."""
    from xml.etree.ElementTree import ParseError, iterparse

    numbers = np.zeros(0, np.int64)
    settings: dict[str, str] = {}
    species: tuple[str, ...] = ()
    potcars: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    steps: list[tuple[np.ndarray | int, ...]] = []
    complete = True
    try:
        with opened(path) as file:
            for _, element in iterparse(file):
                if element.tag == "calculation":
                    # A step's own structure and forces: there are positions before the first and after the last too.
                    steps.append(_step(element, f"{path.name}, step {len(steps) + 1}"))
                    element.clear()
                elif element.tag == "atominfo":
                    numbers, notes = _numbers(element, path)
                    kinds = list(element.iterfind("array[@name='atomtypes']/set/rc"))
                    species = tuple(_words(kind)[1] if len(_words(kind)) > 1 else "" for kind in kinds)
                    potcars = tuple(_words(kind)[-1] if _words(kind) else "" for kind in kinds)
                elif element.tag in ("incar", "parameters", "generator"):
                    settings |= _named_values(element)
    except (ParseError, *DAMAGED) as error:
        if not len(numbers):
            raise FramesError(f"{path.name} is not a vasprun.xml that can be read: {error}.") from error
        complete = False
    if not len(numbers):
        raise FramesError(f"{path.name} is not a vasprun.xml: it has no atominfo.")
    size = len(numbers)
    cells, fractions, forces, energies, counts = (np.array([step[part] for step in steps]) for part in range(5))
    cells, fractions = cells.reshape(-1, 3, 3), fractions.reshape(-1, size, 3)
    return Run(
        numbers,
        cells,
        fractions @ cells,
        forces.reshape(-1, size, 3),
        energies.ravel(),
        counts.ravel(),
        settings,
        species,
        potcars,
        complete,
        notes,
    )


def _named_values(section: Element) -> dict[str, str]:
    """Values by name, of scalars and vectors; VASP 6.4.3 pads some names with blanks."""
    items = [item for tag in ("i", "v") for item in section.iter(tag)]
    return {item.get("name", "").strip(): (item.text or "").strip() for item in items if item.get("name")}


def _words(row: Element) -> list[str]:
    return [(cell.text or "").strip() for cell in row.iterfind("c")]


def _step(calculation: Element, where: str) -> tuple[np.ndarray | int, ...]:
    cell = _vectors(calculation.find("structure/crystal/varray[@name='basis']"), f"{where}: the cell")
    fractions = _vectors(calculation.find("structure/varray[@name='positions']"), f"{where}: the positions")
    forces = _vectors(calculation.find("varray[@name='forces']"), f"{where}: the forces")
    energy = calculation.find("energy/i[@name='e_fr_energy']")
    # Fortran writes asterisks where a number has no room; a step without its energy is still a step.
    written = "nan" if energy is None or "*" in (energy.text or "") else energy.text or ""
    if fractions.shape != forces.shape:
        raise FramesError(f"{where}: {len(fractions)} positions, but {len(forces)} forces.")
    return cell, fractions, forces, _floats(written, f"{where}: the energy"), len(calculation.findall("scstep"))


def _vectors(varray: Element | None, what: str) -> np.ndarray:
    if varray is None:
        raise FramesError(f"{what} are missing.")
    return _floats(" ".join(row.text or "" for row in varray), what).reshape(-1, 3)


def _floats(text: str, what: str) -> np.ndarray:
    if "*" in text:
        raise FramesError(f"{what} are not numbers: asterisks stand where VASP had no room for the digits.")
    try:
        return np.array(text.split(), float)
    except ValueError as error:
        raise FramesError(f"{what} are not numbers: {error}.") from error


def _numbers(atominfo: Element, path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Atomic numbers (N,), and a sentence for each symbol that VASP cuts short: r for Zr, X for Xe."""
    from ase.data import atomic_numbers

    symbols = [(entry.findtext("c") or "").strip() for entry in atominfo.iterfind("array[@name='atoms']/set/rc")]
    titles = {
        words[1]: words[-1]
        for kind in atominfo.iterfind("array[@name='atomtypes']/set/rc")
        if len(words := _words(kind)) > 2
    }
    meant = {symbol: symbol for symbol in symbols if symbol in atomic_numbers and symbol != "X"}
    for symbol in sorted(set(symbols) - set(meant)):
        title = re.search(r"\s([A-Z][a-z]?)(?:_|\s|$)", titles.get(symbol, ""))
        found = title[1] if title else _CUT.get(symbol)
        if found not in atomic_numbers:
            raise FramesError(f"{path.name}: “{symbol}” is not an element.")
        meant[symbol] = found
    notes = tuple(f"{path.name} writes {symbol} for {found}." for symbol, found in meant.items() if symbol != found)
    return np.array([atomic_numbers[meant[symbol]] for symbol in symbols], np.int64), notes
