"""Suites mp64 and phonondb: bands, and lowest and highest ω, of MACE-MP-0 and others beside two sets of DFT.

Source: github.com/janosh/ffonons (MIT by its pyproject). Every potential relaxes its own cell, and none of their bands
has a non-analytic correction.

mp64 (commit 73de7cfc): bands of MACE-MP-0 medium and CHGNet 0.3.0 beside the Materials Project's DFPT (ABINIT, PBEsol,
with a non-analytic correction; G. Petretto et al., doi:10.1038/sdata.2018.65).

phonondb (HEAD 480bc92d): extremes of ω of four potentials. What the source labels `pbe` is A. Togo's phonon database,
whose settings say PBEsol (VASP).
"""

from __future__ import annotations

import csv
import gzip
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compute.references.checks import SourceError, Unique

MP64_POTENTIALS = {"mace-mp-0-medium": "mace-y7uhwpje", "chgnet-0.3.0": "chgnet-v0.3.0"}
PHONONDB_POTENTIALS = {**MP64_POTENTIALS, "m3gnet": "m3gnet", "sevennet-0": "sevennet-v0"}
"""Potential, as the table `potentials` names it, to what the source calls it."""
_DFPT, _DFT = "mp", "pbe"
_PLAUSIBLE_THZ = 1000.0


@dataclass(frozen=True)
class SourceBands:
    """ω (p, 3n) in THz, ascending per point, at `q` (p, 3) in primitive reciprocal coordinates; `lattice` (3, 3) in Å
    and n `symbols` of the cell they are of."""

    omega: np.ndarray
    q: np.ndarray
    lattice: np.ndarray
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class BandsOfMaterial:
    """One material: DFPT's bands, and those of the potentials that the source has; `formula` is reduced."""

    id: str
    formula: str
    dft: SourceBands
    potentials: dict[str, SourceBands]


@dataclass(frozen=True)
class Extremes:
    """Lowest and highest ω in THz, acoustic modes included; the supercell as the source writes it."""

    low: float
    high: float
    supercell: str


@dataclass(frozen=True)
class ExtremesOfMaterial:
    """One material: `dft` and the potentials that the source has; `n_sites` are atoms of its cell."""

    id: str
    formula: str
    n_sites: int
    dft: Extremes
    potentials: dict[str, Extremes]


def mp64(path: Path) -> list[BandsOfMaterial]:
    """The materials in the npz file `path`, by id. Raises `SourceError` naming the entry and what is wrong."""
    if not path.is_file():
        raise SourceError(f"{path} does not exist")
    try:
        archive = np.load(path, allow_pickle=False)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path.name} is no npz file") from error
    with archive:
        entries = sorted({name.rpartition("|")[0] for name in archive.files})
        found: dict[str, dict[str, SourceBands]] = defaultdict(dict)
        for entry in entries:
            match = re.fullmatch(rf"(.+)-({'|'.join(map(re.escape, (*MP64_POTENTIALS.values(), _DFPT)))})", entry)
            if match is None:
                raise SourceError(
                    f"{path.name}: {entry or archive.files[0]} names no material and method of this suite"
                )
            found[match[1]][match[2]] = _bands(archive, path, entry)
    materials = []
    for name, sides in found.items():
        if _DFPT not in sides:
            raise SourceError(f"{path.name}: {name} has no bands of {_DFPT}, the reference")
        potentials = {ours: sides[theirs] for ours, theirs in MP64_POTENTIALS.items() if theirs in sides}
        # Some materials are there twice, once without potentials.
        if potentials:
            id, _, formula = name.rpartition("-")
            materials.append(BandsOfMaterial(id, _reduced(formula), sides[_DFPT], potentials))
    return materials


def without_potentials(path: Path) -> int:
    """Entries of the npz file `path` that hold DFPT alone, and are left out."""
    with np.load(path, allow_pickle=False) as archive:
        entries = {name.rpartition("|")[0] for name in archive.files}
    materials = {entry.removesuffix(f"-{_DFPT}") for entry in entries if entry.endswith(f"-{_DFPT}")}
    return sum(not any(f"{name}-{theirs}" in entries for theirs in MP64_POTENTIALS.values()) for name in materials)


def phonondb(path: Path) -> list[ExtremesOfMaterial]:
    """The materials in the gzipped CSV `path` that any potential has, by id, with DFT. Raises `SourceError`."""
    return _extremes(path, with_potentials=True)


def phonondb_dft(path: Path) -> list[ExtremesOfMaterial]:
    """Every material in the gzipped CSV `path`, most with DFT alone."""
    return _extremes(path, with_potentials=False)


def _extremes(path: Path, *, with_potentials: bool) -> list[ExtremesOfMaterial]:
    if not path.is_file():
        raise SourceError(f"{path} does not exist")
    ours = {theirs: name for name, theirs in PHONONDB_POTENTIALS.items()}
    unique, sides, about = Unique(), defaultdict[str, dict[str, Extremes]](dict), {}
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name} is no gzipped CSV") from error
    columns = ("material_id", "model", "formula", "n_sites", "supercell", "max_freq_thz", "min_freq_thz")
    if missing := [name for name in columns if not rows or name not in rows[0]]:
        raise SourceError(f"{path.name}: missing column {', '.join(missing)}")
    for line, row in enumerate(rows, start=2):
        where = f"{path.name}, line {line} ({row['material_id']}, {row['model']})"
        if row["model"] not in (*ours, _DFT):
            raise SourceError(f"{where}: {row['model']} is no method of this suite")
        unique.add((row["material_id"], row["model"]), where)
        low, high = (_thz(row[name], f"{where}: {name}") for name in ("min_freq_thz", "max_freq_thz"))
        if low > high:
            raise SourceError(f"{where}: the lowest ω, {low:g}, lies above the highest, {high:g}")
        sides[row["material_id"]][row["model"]] = Extremes(low, high, row["supercell"])
        about[row["material_id"]] = (_reduced(row["formula"].replace(" ", "")), int(row["n_sites"]))
    found = []
    for id, here in sides.items():
        potentials = {ours[model]: here[model] for model in here if model != _DFT}
        if with_potentials and not potentials:
            continue
        if _DFT not in here:
            raise SourceError(f"{path.name}: {id} has no row of {_DFT}, the reference")
        found.append(ExtremesOfMaterial(id, *about[id], here[_DFT], potentials))
    return sorted(found, key=lambda material: material.id)


def _bands(archive: np.lib.npyio.NpzFile, path: Path, entry: str) -> SourceBands:
    missing = [key for key in ("bands_thz", "qpoints", "lattice", "symbols") if f"{entry}|{key}" not in archive]
    if missing:
        raise SourceError(f"{path.name}: {entry} lacks {', '.join(missing)}")
    omega, q, lattice, symbols = (archive[f"{entry}|{key}"] for key in ("bands_thz", "qpoints", "lattice", "symbols"))
    if omega.shape != (3 * len(symbols), len(q)):
        raise SourceError(f"{path.name}: {entry} has bands of shape {omega.shape}, not ({3 * len(symbols)}, {len(q)})")
    if not np.isfinite(omega).all() or np.abs(omega).max() > _PLAUSIBLE_THZ:
        raise SourceError(f"{path.name}: {entry} has an ω that is not finite or beyond {_PLAUSIBLE_THZ:g} THz")
    ascending = np.sort(np.asarray(omega, float).T, axis=1)
    return SourceBands(ascending, np.asarray(q, float), np.asarray(lattice, float), tuple(symbols.tolist()))


def _thz(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise SourceError(f"{where}: “{text}” is not a number") from error
    if not abs(value) < _PLAUSIBLE_THZ:
        raise SourceError(f"{where}: {text} is not a frequency in THz")
    return value


def _reduced(formula: str) -> str:
    from ase.formula import Formula

    try:
        return str(Formula(formula).reduce()[0].format("metal"))
    except ValueError as error:
        raise SourceError(f"{formula!r} is no formula") from error
