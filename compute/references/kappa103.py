"""Suite kappa103: 103 binaries, frequencies and thermal conductivities of forty potentials beside DFT's.

Source: github.com/janosh/matbench-discovery at commit 2c7f9fc4 (MIT), which re-tabulates what the authors of the
potentials submitted; each relaxes its own cell. DFT is that of A. Togo's phonon database (PBE, VASP). Whether the
frequencies hold a non-analytic correction is not stated, for either side.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compute.references.checks import SourceError

QUANTILES = 17
"""Of the frequencies of one material, at even steps from the lowest to the highest."""


@dataclass(frozen=True)
class KappaMaterial:
    """One binary; `omega` (QUANTILES,) are quantiles of DFT's ω in THz, None where no potential has any; `kappa` in
    W/(m·K) at 300 K."""

    id: str
    formula: str
    space_group: int
    kappa: float
    omega: np.ndarray | None


@dataclass(frozen=True)
class Result:
    """What one potential gives for one material; None where it gives nothing.

    `srme` is the symmetric relative mean error of the conductivity, 2 where the source censors it. `imaginary` says
    whether it has an imaginary mode.
    """

    omega: np.ndarray | None
    imaginary: bool | None
    kappa: float | None
    srme: float | None
    broken_symmetry: bool | None


@dataclass(frozen=True)
class Field:
    """All materials, and per potential, as the source names it, a label for people and one result per material."""

    materials: tuple[KappaMaterial, ...]
    labels: dict[str, str]
    results: dict[str, tuple[Result, ...]]


def read(path: Path) -> Field:
    """What the JSON lines of `path` hold. Raises `SourceError` naming the line and what is wrong."""
    if not path.is_file():
        raise SourceError(f"{path} does not exist")
    lines = [_parsed(path, number, text) for number, text in enumerate(path.read_text().splitlines(), start=1) if text]
    if not lines or "_base" not in lines[0]:
        raise SourceError(f"{path.name}, line 1: not the line of the materials, which begins with _base")
    base = lines[0]["_base"]
    ids = _list(base, "material_ids", None, f"{path.name}, line 1")
    columns = {
        name: _list(base, name, len(ids), f"{path.name}, line 1") for name in ("formulas", "spg_nums", "kappa_dft")
    }
    reference: list[np.ndarray | None] = [None] * len(ids)
    labels, results = {}, {}
    for number, line in enumerate(lines[1:], start=2):
        where = f"{path.name}, line {number}"
        key = str(line.get("key"))
        if key in results or key == "None":
            raise SourceError(f"{where}: {'no key' if key == 'None' else f'a second potential {key}'}")
        labels[key] = str(line.get("label", key))
        results[key] = _results(line, reference, ids, f"{where} ({key})")
    materials = tuple(
        KappaMaterial(str(id), str(formula), int(group), float(kappa), omega)
        for id, formula, group, kappa, omega in zip(
            ids, columns["formulas"], columns["spg_nums"], columns["kappa_dft"], reference, strict=True
        )
    )
    return Field(materials, labels, results)


def _results(
    line: dict[str, Any], reference: list[np.ndarray | None], ids: list[Any], where: str
) -> tuple[Result, ...]:
    """The results of one potential; `reference` receives DFT's quantiles, which must be those of the others."""
    n = len(ids)
    columns = {name: _list(line, name, n, where) for name in ("kappa_ml", "srme", "imag_modes", "broken_sym")}
    pairs = line.get("freq_pairs") or {}
    # The pairs of a material without frequencies are left out, and then it has no answer on imaginary modes either.
    there = [place for place in range(n) if columns["imag_modes"][place] is not None]
    sides = {}
    for side in ("dft", "ml"):
        listed = _list(pairs, side, QUANTILES * len(there), where)
        try:
            sides[side] = np.array(listed, dtype=float).reshape(-1, QUANTILES)
        except (TypeError, ValueError) as error:
            raise SourceError(f"{where}: freq_pairs.{side} holds what is no number") from error
        if not np.isfinite(sides[side]).all():
            raise SourceError(f"{where}: freq_pairs.{side} holds values that are not finite")
    ours: list[np.ndarray | None] = [None] * n
    for place, theirs, own in zip(there, sides["dft"], sides["ml"], strict=True):
        known = reference[place]
        if known is not None and not np.allclose(known, theirs, atol=0.011):
            raise SourceError(f"{where}: DFT's frequencies of {ids[place]} are not those of another potential's line")
        reference[place] = theirs if known is None else known
        ours[place] = own
    return tuple(
        Result(omega, *(columns[name][place] for name in ("imag_modes", "kappa_ml", "srme", "broken_sym")))
        for place, omega in enumerate(ours)
    )


def _parsed(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(f"{path.name}, line {number}: not JSON: {error.msg}") from error
    if not isinstance(found, dict):
        raise SourceError(f"{path.name}, line {number}: not an object")
    return found


def _list(holder: dict[str, Any], name: str, length: int | None, where: str) -> list[Any]:
    found = holder.get(name)
    if not isinstance(found, list) or (length is not None and len(found) != length):
        size = len(found) if isinstance(found, list) else "no list"
        raise SourceError(f"{where}: {name} has {size}, expected {length or 'a list'}")
    return found
