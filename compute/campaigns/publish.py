"""The finished tasks of a campaign as rows of the published tables.

What is published of the same run and is not computed here stays, so that parts of a run may come from several places.
Rows of another run are replaced only by one that has every compound they have.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from compute import tables
from compute.campaigns import plan, sample
from compute.campaigns.campaign import Campaign, results, tally
from compute.potentials import store
from compute.stages import rows
from compute.stages.phonons import symmetry_coordinates
from compute.tables import constants
from compute.tasks.execute import BESIDE

Row = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """What the tables have already of a run: its computed rows by compound, those `beside` them, its row in `runs`.

    `replaced` are the runs whose rows a publication of this one takes the place of, and `compounds` those that they
    have computed.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    beside: Mapping[str, pa.Table] = field(default_factory=dict)
    run: Row | None = None
    replaced: Collection[str] = ()
    compounds: frozenset[str] = frozenset()


def standing(campaign: Campaign, manifest: tables.Manifest) -> Standing:
    """What `manifest` has of the run of `campaign`, and of the runs that agree in the columns `Stage.replaces`."""
    common = _common(campaign)
    same = {column: common[column] for column in campaign.stage.replaces}
    found = manifest.read_where(campaign.stage.table, **same)
    done = [row for row in found if row["status"] != "not-run"]
    others = [row for row in found if row["run"] != campaign.run]
    return Standing(
        rows={row["compound"]: row for row in done if row["run"] == campaign.run},
        beside={name: manifest.table(name, run=campaign.run) for name in BESIDE if name in manifest.tables},
        run=next(iter(manifest.read_where("runs", run=campaign.run)), None),
        replaced=sorted({row["run"] for row in others}),
        compounds=frozenset(row["compound"] for row in done if row["run"] != campaign.run),
    )


def refuse_loss(campaign: Campaign, known: Standing, also: Collection[str] = ()) -> None:
    """Raise `PlanError` where publishing `campaign`, with the compounds `also`, would lose published ones."""
    here = {task.compound for task in campaign.tasks if campaign.shards.has(task.digest)}
    if lost := known.compounds - {*here, *campaign.known, *known.rows, *also}:
        raise plan.PlanError(
            f"{len(lost)} compounds that {', '.join(known.replaced)} has published are not computed in {campaign.run},"
            f" such as {min(lost)}: publishing it would make them “not run”; compute them too, or bring their shards to"
            f" {campaign.shards.directory}"
        )


def merge(campaign: Campaign, known: Standing | None = None) -> dict[str, pa.Table]:
    """The tables of this campaign: that of its stage, where every compound of the suite is a row, `BESIDE`, `runs`.

    `known` rows stand where there is no shard, and those that the campaign extends where that failed. Raises
    `PlanError` for a shard that no task of the plan explains.
    """
    known = known or Standing()
    digests = {task.digest for task in campaign.tasks}
    if extra := sorted(p.stem for p in campaign.shards.directory.glob("*.json") if p.stem not in digests):
        raise plan.PlanError(f"{len(extra)} shards in {campaign.shards.directory} belong to no task, first {extra[0]}")
    # Read once: a campaign may be running, and all tables must tell of the same moment.
    found = results(campaign)
    computed = {name: dict(_better(row, campaign.known.get(name))) for name, row in found.items()}
    here = {name for name, row in computed.items() if row}
    beside = {table: {name: computed[name].pop(table, []) for name in here} for table in BESIDE}
    done = {name: row or known.rows.get(name) for name, row in computed.items()}
    n_done = sum(row is not None for row in done.values())
    missing = rows.not_run(f"not among the {n_done} of {len(campaign.references)} compounds computed so far")
    common = _common(campaign)
    weighted = _weights(campaign, complete=n_done == len(done))
    merged = [
        {**(done[compound] or missing), **common, "compound": compound, **weighted.get(compound, {})}
        for compound in (reference["compound"] for reference in campaign.references)
    ]
    kept = known.run if set(known.rows) - here else None
    return {
        campaign.stage.table: tables.from_rows(campaign.stage.table, merged),
        **{table: _beside(campaign, table, listed, known, here) for table, listed in beside.items()},
        "runs": tables.from_rows("runs", [_run_row(campaign, done, kept)]),
    }


def publish(campaign: Campaign, data: Path, potentials: Sequence[Row] | None = None) -> None:
    """Merge and publish, in place of the runs in `data` that agree in the columns `Stage.replaces`.

    `potentials` are rows of that table, by default of the registered ones and its own. Raises `PlanError` where
    that would lose compounds that another run has.
    """
    with tables.publishing(data) as publication:
        known = standing(campaign, publication.manifest)
        refuse_loss(campaign, known)
        new = merge(campaign, known)
        for name, table in new.items():
            publication.drop(name, [*known.replaced, campaign.run])
            publication.put(name, table)
        if bases := _bases(campaign, new[constants.TABLE]):
            publication.upsert(constants.BASES, bases)
        publication.upsert("potentials", store.rows_with([campaign.potential]) if potentials is None else potentials)


def _better(row: Row | None, published: Row | None) -> Row:
    """`row`, where it is there and no failure to extend one that is sound; else the `published` one, else nothing."""
    failed = row is None or (row["status"] != "ok" and published is not None and published["status"] == "ok")
    return (published if failed else row) or {}


def _common(campaign: Campaign) -> Row:
    """Columns that all rows of the campaign share."""
    return {
        "run": campaign.run,
        "suite": campaign.suite,
        "potential": campaign.potential,
        "protocol": campaign.protocol.name,
        "geometry": campaign.protocol.geometry,
    }


def _weights(campaign: Campaign, *, complete: bool) -> dict[str, Row]:
    """`stratum` and `weight` of the compounds drawn; in a run that has them all, none stands for others."""
    if complete:
        return {reference["compound"]: {"stratum": None, "weight": None} for reference in campaign.references}
    drawn = sample.members(campaign.references, campaign.draw) if campaign.draw else ()
    return {member.compound: {"stratum": member.stratum, "weight": member.weight} for member in drawn}


def _beside(
    campaign: Campaign, table: str, listed: Mapping[str, list[Row]], known: Standing, here: Collection[str]
) -> pa.Table:
    """Rows of `table` that came with those of the compounds in `listed`, then the known ones of other compounds."""
    shared = {name: value for name, value in _common(campaign).items() if name in tables.SCHEMAS[table].names}
    own = [{**row, **shared, "compound": compound} for compound, rows in listed.items() for row in rows]
    new = tables.from_rows(table, _compact(campaign, own) if table == constants.TABLE else own)
    if table not in known.beside:
        return new
    old = known.beside[table]
    kept = old.filter(pc.invert(pc.is_in(old["compound"], pa.array(sorted(here), pa.string()))))
    return pa.concat_tables([new, kept]).combine_chunks()


def _compact(campaign: Campaign, whole: Sequence[Row]) -> list[Row]:
    """Rows of `force_constants` by the coordinates of their prototypes, where they have the symmetry."""
    prototypes = {known["compound"]: known["prototype"] for known in campaign.references}
    found = []
    for row in whole:
        key = prototypes[row["compound"]], row["repeats"]
        basis = symmetry_coordinates(*key)
        found.append(row if basis is None else constants.compact(row, constants.basis_name(*key), basis))
    return found


def _bases(campaign: Campaign, table: pa.Table) -> list[Row]:
    """Rows of `force_constant_bases` that rows of `force_constants` name."""
    used = {row["basis"]: row["repeats"] for row in table.select(["basis", "repeats"]).to_pylist()}
    found = []
    for prototype in sorted({known["prototype"] for known in campaign.references}):
        for name, repeats in sorted((name, repeats) for name, repeats in used.items() if name is not None):
            basis = symmetry_coordinates(prototype, repeats)
            if basis is not None and name == constants.basis_name(prototype, repeats):
                found.append(constants.basis_row(name, prototype, basis))
    return found


def _run_row(campaign: Campaign, done: Mapping[str, Row | None], published: Row | None) -> Row:
    """The row in `runs`; where some rows are from what is `published`, it began then, with that code and there."""
    note_path = campaign.directory / campaign.run / "run.json"
    if not note_path.exists():
        raise plan.PlanError(f"no task of {campaign.run} was computed in {campaign.directory}")
    note = json.loads(note_path.read_text())
    state = tally(done)
    ok, not_run = state.counts["ok"], state.counts["not-run"]
    latest = campaign.shards.latest()
    ended = [latest.isoformat(timespec="seconds")] if latest else []
    row = {
        "run": campaign.run,
        "stage": campaign.stage.name,
        "suite": campaign.suite,
        "potential": campaign.potential,
        "protocol": campaign.protocol.name,
        "protocol_digest": campaign.protocol.digest,
        "protocol_json": campaign.protocol.model_dump_json(),
        "checkpoint_sha256": campaign.checkpoint_sha256,
        "code_commit": note["code_commit"],
        "package_versions": json.dumps(note["package_versions"], sort_keys=True),
        "hardware": note["hardware"],
        "precision": campaign.protocol.dtype,
        "started": note["started"],
        "sample": campaign.draw and campaign.draw.model_dump_json(),
        "n_tasks": len(campaign.tasks),
        "n_ok": ok,
        "n_failed": len(campaign.tasks) - ok - not_run,
        "n_not_run": not_run,
        "seconds": state.seconds or None,
        "force_fraction": state.force_fraction,
    }
    if published is not None:
        row |= {name: published[name] for name in ("code_commit", "package_versions", "hardware", "started")}
        row["sample"] = row["sample"] or published["sample"]
        ended += [published["finished"]] if published["finished"] else []
    return {**row, "finished": None if not_run or not ended else max(ended)}
