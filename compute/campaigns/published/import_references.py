"""Bringing what others published into the tables: DFT's numbers, and with them what stands beside DFT in the source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compute import tables
from compute.campaigns.published import import_results
from compute.potentials import store
from compute.potentials.store import file_sha256
from compute.references import abx3, alexandria50, hdp, mp0b3
from compute.stages.stored import StoredPhonons, displaced_phonon, phonons_of, symmetrised
from compute.structures.forcesets import ForceSet
from compute.structures.formula import composition_key
from compute.structures.reference_phonons import reduced, to_row
from compute.suites import SUITES
from compute.tasks.stored_phonons import kept, shared_path

Row = dict[str, Any]
Progress = Callable[[str], None]


def imported(
    suite: str,
    source: Path,
    cache_directory: Path | None = None,
    progress: Progress = lambda name: None,
    data: Path | None = None,
) -> dict[str, list[Row]]:
    """Rows by table for `suite` from `source`. Raises `SourceError` naming file and row.

    A suite of forces takes a phonon calculation per material; `progress` hears each material's id. The references in
    `data` say which materials are of interest where a source has far more than potentials were run on.
    """
    if suite == "hdp":
        return {"references": hdp.read(source)}
    if suite == "abx3":
        return {"references": abx3.read(source)}
    if suite in import_results.READERS:
        return import_results.READERS[suite](source, _compositions(data))
    read = {"alexandria50": _alexandria50, "mp0b3": _mp0b3}[suite]
    files = alexandria50.files(source) if suite == "alexandria50" else mp0b3.files(source)
    found: dict[str, list[Row]] = {"references": [], "reference_phonons": []}
    for path in files:
        references, phonons = read(path, cache_directory)
        found["references"].append(references)
        found["reference_phonons"].append(phonons)
        progress(path.stem)
    return found


def publish_references(data: Path, suite: str, found: dict[str, list[Row]]) -> None:
    """Put `found` in place of what its tables in `data` had for `suite`."""
    with tables.publishing(data) as publication:
        former = [row["run"] for row in publication.manifest.read_where("runs", columns=["run"], suite=suite)]
        for name, rows in found.items():
            publication.drop(name, former if "run" in tables.SCHEMAS[name].names else [suite])
            publication.put(name, tables.from_rows(name, rows))
        if "runs" in found:
            publication.upsert("potentials", store.rows())


def _compositions(data: Path | None) -> import_results.Compositions:
    if data is None:
        return frozenset()
    listed = tables.read(data, "references").select(["suite", "compound"]).to_pylist()
    return frozenset(composition_key(row["compound"]) for row in listed if row["suite"] in ("abx3", "hdp"))


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
