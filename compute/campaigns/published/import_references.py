"""Bringing what others published into the tables: DFT's numbers, and with them what stands beside DFT in the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from compute import tables
from compute.campaigns.published import import_results
from compute.potentials import store
from compute.potentials.store import file_sha256
from compute.references import abx3, alexandria50, declared, hdp, mp0b3
from compute.stages.stored import StoredPhonons, displaced_phonon, phonons_of, symmetrised
from compute.structures.forcesets import ForceSet
from compute.structures.formula import composition_key
from compute.structures.reference_phonons import reduced, to_row
from compute.suites import COMPUTABLE, SUITES
from compute.tasks.stored_phonons import kept, shared_path

Row = dict[str, Any]
Tables = import_results.Tables
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be read: `source`, and for sources of forces a folder to `keep` phonons in.

    `progress` hears each material's id; the references in `data` say which materials are of interest where a source has
    far more than potentials were run on.
    """

    source: Path
    keep: Path | None = None
    progress: Progress = lambda name: None
    data: Path | None = None


@dataclass(frozen=True)
class Source:
    """What a suite is read from, in words, and how; with a phonon calculation for each material it takes a while."""

    accepts: str
    read: Callable[[Wanted], Tables]
    by_material: bool = False


def source_of(suite: str) -> Source:
    """How `suite` is read; a declared one from a table."""
    return SOURCES.get(suite) or Source(
        "a CSV file with columns of the table references, compound first",
        lambda wanted: {"references": declared.read(wanted.source, suite)},
    )


def imported(suite: str, wanted: Wanted) -> Tables:
    """Rows by table for `suite`. Raises `SourceError` naming file and row."""
    return source_of(suite).read(wanted)


def publish_references(data: Path, suite: str, found: dict[str, list[Row]]) -> None:
    """Put `found` in place of what its tables in `data` had for `suite`."""
    with tables.publishing(data) as publication:
        former = [row["run"] for row in publication.manifest.read_where("runs", columns=["run"], suite=suite)]
        for name, rows in found.items():
            publication.drop(name, former if "run" in tables.SCHEMAS[name].names else [suite])
            publication.put(name, tables.from_rows(name, rows))
        if "runs" in found:
            publication.upsert("potentials", store.rows_with([row["potential"] for row in found["runs"]]))


def _results(read: Callable[[Path, import_results.Compositions], Tables]) -> Callable[[Wanted], Tables]:
    return lambda wanted: read(wanted.source, _compositions(wanted.data))


def _materials(
    files: Callable[[Path], list[Path]], read: Callable[[Path, Path | None], tuple[Row, Row]], wanted: Wanted
) -> Tables:
    found: Tables = {"references": [], "reference_phonons": []}
    for path in files(wanted.source):
        references, phonons = read(path, wanted.keep)
        found["references"].append(references)
        found["reference_phonons"].append(phonons)
        wanted.progress(path.stem)
    return found


def _compositions(data: Path | None) -> import_results.Compositions:
    if data is None:
        return frozenset()
    listed = tables.read(data, "references").select(["suite", "compound"]).to_pylist()
    return frozenset(composition_key(row["compound"]) for row in listed if row["suite"] in COMPUTABLE)


def _alexandria50(path: Path, cache_directory: Path | None) -> tuple[Row, Row]:
    material = alexandria50.read(path)
    phonons, crystal = _phonons(path, material.dft, None, cache_directory)
    row = _reference("alexandria50", material.id, material.formula, phonons)
    return row, {"suite": "alexandria50", "compound": material.id, **crystal}


def _mp0b3(path: Path, cache_directory: Path | None) -> tuple[Row, Row]:
    material = mp0b3.read(path)
    phonons, crystal = _phonons(path, material.dft, shared_path(material).q, cache_directory)
    # DFT forces of another compound are no reference of this one: the row stays, without frequencies.
    row = _reference("mp0b3", material.id, material.formula, None if material.mismatch else phonons)
    return row, {"suite": "mp0b3", "compound": material.id, **crystal}


def _phonons(
    path: Path, dft: ForceSet, path_q: np.ndarray | None, cache_directory: Path | None
) -> tuple[StoredPhonons, Row]:
    """DFT's phonons, and what is kept of its force constants as a row."""
    phonon, symprec = displaced_phonon(dft)
    raw = symmetrised(phonon)
    name = f"{path.stem}-dft-{file_sha256(path)[:16]}"
    return kept(cache_directory, name, lambda: phonons_of(phonon, raw, path_q)), to_row(reduced(phonon, symprec))


def _reference(suite: str, compound: str, formula: str, phonons: StoredPhonons | None) -> Row:
    return {
        "suite": suite,
        "compound": compound,
        "formula": formula,
        "prototype": "any",
        "omega_gamma_thz": phonons and phonons.omega_gamma,
        "omega_min_thz": phonons and phonons.omega_min,
        "omega_min_mesh_thz": phonons and phonons.omega_min_mesh,
        "functional": SUITES[suite].dft.described,
        "doi": SUITES[suite].doi,
        "source": SUITES[suite].source,
    }


SOURCES: dict[str, Source] = {
    "hdp": Source(
        "the CSV of the 1,813 compounds or the authors' ASE database double_halide_pv.db",
        lambda wanted: {"references": hdp.read(wanted.source)},
    ),
    "abx3": Source("the CSV of Table S1", lambda wanted: {"references": abx3.read(wanted.source)}),
    "mp0b3": Source(
        "a folder of npz files with DFT and MACE-MP-0b3 forces", partial(_materials, mp0b3.files, _mp0b3), True
    ),
    "alexandria50": Source(
        "a folder of npz files with forces of DFT and six MACE models",
        partial(_materials, alexandria50.files, _alexandria50),
        True,
    ),
    "mp64": Source("the npz file of bands of ffonons", _results(import_results.mp64)),
    "phonondb": Source("the gzipped CSV of lowest and highest ω of ffonons", _results(import_results.phonondb)),
    "kappa103": Source(
        "the JSON lines of matbench-discovery's analysis of 103 binaries", _results(import_results.kappa103_field)
    ),
}
"""The published suites."""
