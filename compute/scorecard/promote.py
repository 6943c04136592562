"""The tables of a scorecard into the published ones: by the rules of campaigns, and nothing published is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns import sample
from compute.campaigns.campaign import Campaign, campaign, note_start
from compute.campaigns.extend import published
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import publish, refuse_loss, standing
from compute.protocols import HarmonicProtocol
from compute.tables import Manifest

Row = dict[str, Any]

_OF_NO_RUN = {"wells": "source", "attribution": "potential"}


def promote_folder(folder: Path, data: Path, directory: Path) -> dict[str, int]:
    """Publish in `data` what the release in `folder` holds; the number of rows with results, by table.

    Each run goes through its campaign in `directory`, as if it had been computed there. Raises `PlanError` for a folder
    that is damaged or holds no release, that was made with other settings than those of this version, or whose
    potential is published with another checkpoint; nothing is published then.
    """
    manifest = tables.read_manifest(folder)
    if not manifest.tables:
        raise PlanError(f"{folder} holds no tables: name the folder that softmode score wrote")
    if broken := tables.problems(folder):
        raise PlanError(f"{folder} is damaged: {broken[0]}")
    about = manifest.read_where("potentials")
    _refuse_others(about, data)
    runs = [(_campaign(run, data, directory), run) for run in manifest.read_where("runs")]
    known = tables.read_manifest(data)
    kept = [_rows(folder, planned) for planned, _ in runs]
    for (planned, _), rows in zip(runs, kept, strict=True):
        refuse_loss(planned, standing(planned, known), list(rows))
    counts: dict[str, int] = {}
    samples = {row["run"]: row["sample"] for row in known.read_where("runs", columns=["run", "sample"])}
    for (planned, run), rows in zip(runs, kept, strict=True):
        _into_campaign(planned, run, rows, samples.get(planned.run))
        publish(planned, data, about)
        counts[planned.stage.table] = counts.get(planned.stage.table, 0) + len(rows)
    with tables.publishing(data) as publication:
        publication.upsert("potentials", about)
        for name, column in _OF_NO_RUN.items():
            rows_of = _of(manifest, name, column, about)
            publication.upsert(name, rows_of)
            counts[name] = len(rows_of)
    return counts


def _rows(folder: Path, planned: Campaign) -> dict[str, Row]:
    if not isinstance(planned.protocol, HarmonicProtocol):
        raise PlanError(f"{planned.run} is of no scorecard: bring its shards, and run softmode campaign merge")
    return published(folder, planned.suite, planned.potential, planned.checkpoint_sha256, planned.protocol)


def _of(manifest: Manifest, name: str, column: str, about: Sequence[Row]) -> list[Row]:
    return manifest.read_where(name, **{column: [row["potential"] for row in about]})


def _refuse_others(about: Sequence[Row], data: Path) -> None:
    known = {row["potential"]: row["checkpoint_sha256"] for row in tables.read(data, "potentials").to_pylist()}
    for row in about:
        before = known.get(row["potential"])
        if before is not None and before != row["checkpoint_sha256"]:
            raise PlanError(
                f"{row['potential']} is published with another checkpoint (sha256 {before[:16]}…): add this one under"
                " another id and score it again"
            )


def _campaign(run: Row, data: Path, directory: Path) -> Campaign:
    protocol = run["protocol"]
    planned = campaign(
        run["suite"], run["potential"], run["checkpoint_sha256"], protocol, data, directory, stage=run["stage"]
    )
    if planned.run != run["run"]:
        raise PlanError(f"{run['run']} was made with other settings of {protocol}: score the potential again")
    return planned


def _into_campaign(planned: Campaign, run: Row, rows: dict[str, Row], before: str | None) -> None:
    """Write `rows` by compound as results of `planned`, those of tasks that it has already left alone; the sample that
    was published `before` stands where it holds this one."""
    columns = ("code_commit", "hardware", "finished")
    provenance = {**{name: run[name] for name in columns}, "package_versions": json.loads(run["package_versions"])}
    note_start(planned, provenance | {"finished": run["started"]})
    for drawn in (before, run["sample"]):
        if drawn:
            sample.keep_first(planned.directory / planned.run, sample.Draw.model_validate_json(drawn))
    for task in planned.tasks:
        if task.compound in rows and not planned.shards.has(task.digest):
            planned.shards.write(task.digest, task.compound, rows[task.compound], provenance)
