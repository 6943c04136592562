"""Published rows that a campaign takes on where it asks for more of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compute import tables
from compute.protocols import HarmonicProtocol
from compute.tables import constants
from compute.tasks.extend import CONSTANTS

Row = dict[str, Any]


def published(
    data: Path, suite: str, potential: str, checkpoint_sha256: str | None, protocol: HarmonicProtocol
) -> dict[str, Row]:
    """By compound, the rows in `data` of `protocol` with or without its ladder, and their force constants under
    `CONSTANTS`. Only of the same checkpoint; a compound that was not run has none."""
    of, manifest = {"suite": suite, "potential": potential}, tables.read_manifest(data)
    bare = protocol.model_copy(update={"ladder": None}).digest
    same = {
        row["run"]
        for row in manifest.read_where("runs", **of)
        if row["stage"] == "harmonic"
        and row["checkpoint_sha256"] == checkpoint_sha256
        and HarmonicProtocol.model_validate_json(row["protocol_json"]).model_copy(update={"ladder": None}).digest
        == bare
    }
    found = {
        (row["run"], row["compound"]): row
        for row in constants.read_where(manifest, kind="harmonic", protocol=protocol.name, **of)
    }
    return {
        row["compound"]: row | {CONSTANTS: [found[key]] if (key := (row["run"], row["compound"])) in found else []}
        for row in manifest.read_where("harmonic", **of)
        if row["run"] in same and row["status"] != "not-run"
    }
