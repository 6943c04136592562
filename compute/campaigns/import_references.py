"""Bringing published DFT numbers into the table `references`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns.stored_phonons import cached_phonons
from compute.protocols import SUITES
from compute.references import abx3, hdp, mp0b3

Row = dict[str, Any]


def reference_rows(
    suite: str, source: Path, cache_directory: Path | None = None, progress: Callable[[str], None] = lambda name: None
) -> list[Row]:
    """Rows of the table `references` for `suite` from `source`. Raises `SourceError` naming file and row.

    mp0b3 holds forces, so its rows take a phonon calculation each; `progress` hears each material's id.
    """
    if suite == "hdp":
        return hdp.read(source)
    if suite == "abx3":
        return abx3.read(source)
    found = []
    for path in mp0b3.files(source):
        found.append(_mp0b3_row(path, cache_directory))
        progress(path.stem)
    return found


def publish_references(data: Path, suite: str, found: list[Row]) -> None:
    """Put `found` in place of what the table `references` in `data` had for `suite`."""
    with tables.publishing(data) as publication:
        publication.drop("references", [suite])
        publication.put("references", tables.from_rows("references", found))


def _mp0b3_row(path: Path, cache_directory: Path | None) -> Row:
    material = mp0b3.read(path)
    # DFT forces of another compound are no reference: the row stays, without frequencies.
    phonons = None if material.mismatch else cached_phonons(path, "dft", cache_directory)
    return {
        "suite": "mp0b3",
        "compound": material.id,
        "formula": material.formula,
        "prototype": "any",
        "omega_gamma_thz": phonons and phonons.omega_gamma,
        "omega_min_thz": phonons and phonons.omega_min,
        "omega_min_mesh_thz": phonons and phonons.omega_min_mesh,
        "functional": "PBE (VASP)",
        "doi": SUITES["mp0b3"].doi,
        "source": SUITES["mp0b3"].source,
    }
