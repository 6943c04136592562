"""One vasprun.xml of molecular dynamics, read step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.structures.frames import FramesError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True, eq=False)
class Run:
    """T complete steps: `numbers` (N,), `cells` (T, 3, 3) and `positions` (T, N, 3) in Å, `forces` (T, N, 3) in eV/Å.

    `energies` (T,) is VASP's free energy in eV, which the forces derive from. `settings` are the run's parameters as
    written, with the program's version; `complete` is false where the file ends before the run did.
    """

    numbers: np.ndarray
    cells: np.ndarray
    positions: np.ndarray
    forces: np.ndarray
    energies: np.ndarray
    settings: Mapping[str, str]
    complete: bool


def read(path: Path) -> Run:
    """The complete steps of `path`. Raises `FramesError` where there is no atom list or a step is not sound."""
    from xml.etree.ElementTree import ParseError, iterparse

    numbers = np.zeros(0, np.int64)
    settings: dict[str, str] = {}
    steps: list[tuple[np.ndarray, ...]] = []
    complete = True
    try:
        for _, element in iterparse(path):
            if element.tag == "calculation":
                # A step's own structure and forces: the file also holds positions before the first and after the last.
                steps.append(_step(element, f"{path.name}, step {len(steps) + 1}"))
                element.clear()
            elif element.tag == "atominfo":
                numbers = _numbers(element, path)
            elif element.tag in ("parameters", "generator"):
                settings |= {item.get("name", ""): (item.text or "").strip() for item in element.iter("i")}
    except ParseError as error:
        if not len(numbers):
            raise FramesError(f"{path.name} is not a vasprun.xml that can be read: {error}.") from error
        complete = False
    if not len(numbers):
        raise FramesError(f"{path.name} is not a vasprun.xml: it has no atominfo.")
    size = len(numbers)
    cells, fractions, forces, energies = (np.array([step[part] for step in steps]) for part in range(4))
    cells, fractions = cells.reshape(-1, 3, 3), fractions.reshape(-1, size, 3)
    return Run(numbers, cells, fractions @ cells, forces.reshape(-1, size, 3), energies, settings, complete)


def _step(calculation: Element, where: str) -> tuple[np.ndarray, ...]:
    cell = _vectors(calculation.find("structure/crystal/varray[@name='basis']"), f"{where}: the cell")
    fractions = _vectors(calculation.find("structure/varray[@name='positions']"), f"{where}: the positions")
    forces = _vectors(calculation.find("varray[@name='forces']"), f"{where}: the forces")
    energy = calculation.find("energy/i[@name='e_fr_energy']")
    if fractions.shape != forces.shape:
        raise FramesError(f"{where}: {len(fractions)} positions, but {len(forces)} forces.")
    return cell, fractions, forces, _floats("nan" if energy is None else energy.text or "", f"{where}: the energy")


def _vectors(varray: Element | None, what: str) -> np.ndarray:
    if varray is None:
        raise FramesError(f"{what} are missing.")
    return _floats(" ".join(row.text or "" for row in varray), what).reshape(-1, 3)


def _floats(text: str, what: str) -> np.ndarray:
    try:
        return np.array(text.split(), float)
    except ValueError as error:
        raise FramesError(f"{what} are not numbers: {error}.") from error


def _numbers(atominfo: Element, path: Path) -> np.ndarray:
    from ase.data import atomic_numbers

    symbols = [(entry.findtext("c") or "").strip() for entry in atominfo.iterfind("array[@name='atoms']/set/rc")]
    unknown = [symbol for symbol in symbols if symbol not in atomic_numbers]
    if unknown:
        raise FramesError(f"{path.name}: “{unknown[0]}” is not an element.")
    return np.array([atomic_numbers[symbol] for symbol in symbols], np.int64)
