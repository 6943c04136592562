"""A campaign: plan → tasks → one shard per task → merge → publish. Interrupted anywhere, it resumes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from compute import tables
from compute.campaigns import plan, sample
from compute.campaigns.chunks import chunks, run_chunk
from compute.campaigns.extend import published
from compute.campaigns.provenance import code_commit, hardware, package_versions
from compute.campaigns.run_task import BESIDE
from compute.campaigns.shards import Shards
from compute.campaigns.stage import STAGES, Stage
from compute.campaigns.task import Task
from compute.potentials import store
from compute.protocols import HarmonicProtocol, Protocol, digest
from compute.stages import rows

Row = dict[str, Any]


@dataclass(frozen=True)
class Campaign:
    """A stage of one potential over one suite. Its name holds a digest of all that decides its numbers.

    `known` has published rows by compound, as of `extend.published`, which the campaign extends and, as far as it did
    not, keeps.
    """

    stage: Stage
    suite: str
    potential: str
    checkpoint_sha256: str | None
    protocol: Protocol
    references: tuple[Row, ...]
    tasks: tuple[Task, ...]
    directory: Path
    known: Mapping[str, Row] = field(default_factory=dict)

    @property
    def run(self) -> str:
        """Name of the run, the same whenever the same thing is computed."""
        identity = {
            "checkpoint": self.checkpoint_sha256,
            "protocol": self.protocol.digest,
            "schema": tables.SCHEMA_MAJOR,
        }
        return f"{self.stage.name}-{self.suite}-{self.potential}-{self.protocol.name}-{digest(identity)[:8]}"

    @property
    def shards(self) -> Shards:
        """Where the results of the tasks are."""
        return Shards(self.directory / self.run / "shards")

    @property
    def draw(self) -> sample.Draw | None:
        """The sample that was fixed for this run; None where it is of all compounds."""
        return sample.kept(self.directory / self.run)


@dataclass(frozen=True)
class Status:
    """How many tasks ended with which status; `seconds` and `force_seconds` are sums over finished tasks."""

    counts: Counter[str]
    seconds: float
    force_seconds: float

    @property
    def force_fraction(self) -> float | None:
        """Share of the time inside force calls, None where nothing was timed."""
        return self.force_seconds / self.seconds if self.seconds else None


def campaign(
    suite: str,
    potential: str,
    checkpoint_sha256: str | None,
    protocol: str,
    data: Path,
    directory: Path,
    source: Path | None = None,
    stage: str = "harmonic",
    *,
    extend: bool = False,
) -> Campaign:
    """The campaign over all compounds that the table `references` in `data` has for `suite`.

    `stage` is a key of `STAGES` and `protocol` one of its names; with `extend` the harmonic rows in `data` are taken
    on that lack nothing but the ladder. Raises `PlanError` when it cannot be planned.
    """
    kind = STAGES[stage]
    if protocol not in kind.protocols:
        raise plan.PlanError(f"no protocol {protocol}: it is one of {', '.join(kind.protocols)}")
    settings = kind.protocol(protocol, suite)
    listed = [row for row in tables.read(data, "references").to_pylist() if row["suite"] == suite]
    planned = plan.tasks(listed, potential, checkpoint_sha256, settings, source)
    known: dict[str, Row] = {}
    if extend:
        if not isinstance(settings, HarmonicProtocol):
            raise plan.PlanError("only the stage harmonic can be extended")
        known = published(data, suite, potential, checkpoint_sha256, settings)
    return Campaign(
        kind, suite, potential, checkpoint_sha256, settings, tuple(listed), tuple(planned), directory, known
    )


def compute(
    campaign: Campaign,
    tasks: Sequence[Task],
    executor: Executor,
    *,
    chunk: int = 1,
    workers: int = 1,
    progress: Callable[[Row], None] = lambda row: None,
) -> None:
    """Run those of `tasks` that have no shard yet, `chunk` of them together where that leaves work for `workers`;
    `progress` is called with each new row."""
    shards = campaign.shards
    note_start(campaign)
    shards.directory.mkdir(parents=True, exist_ok=True)
    places = str(campaign.directory / "stored-phonons"), str(shards.directory)
    left = [task for task in tasks if not shards.has(task.digest)]
    finished = {name: row for name, row in campaign.known.items() if row["status"] == "ok"}
    pending = {
        executor.submit(run_chunk, part, 1, *places, [finished.get(task.compound) for task in part]): part
        for part in chunks(left, chunk, workers)
    }
    for future in as_completed(pending):
        for task, row in zip(pending[future], future.result(), strict=True):
            # A worker that shares this disk has written it already.
            if not shards.has(task.digest):
                shards.write(task.digest, task.compound, row)
            progress(row)


def status(campaign: Campaign) -> Status:
    """What the shards on disk say."""
    return _tally(_results(campaign))


def _results(campaign: Campaign) -> dict[str, Row | None]:
    """The row of every task by compound, None where it is not done yet."""
    return {task.compound: campaign.shards.read(task.digest) for task in campaign.tasks}


def _tally(results: Mapping[str, Row | None]) -> Status:
    done = [row for row in results.values() if row is not None]
    counts = Counter(row["status"] for row in done)
    if missing := len(results) - len(done):
        counts["not-run"] = missing
    seconds, force_seconds = (sum(row.get(key) or 0.0 for row in done) for key in ("seconds", "force_seconds"))
    return Status(counts, seconds, force_seconds)


def merge(campaign: Campaign) -> dict[str, pa.Table]:
    """The tables of this campaign: that of its stage, where every compound of the suite is a row, `BESIDE`, `runs`.

    Raises `PlanError` for a shard that no task of the plan explains.
    """
    digests = {task.digest for task in campaign.tasks}
    if extra := sorted(p.stem for p in campaign.shards.directory.glob("*.json") if p.stem not in digests):
        raise plan.PlanError(f"{len(extra)} shards in {campaign.shards.directory} belong to no task, first {extra[0]}")
    # Read once: a campaign may be running, and both tables must tell of the same moment.
    results = _results(campaign)
    done = {name: row or dict(campaign.known.get(name, {})) or None for name, row in results.items()}
    n_done = sum(row is not None for row in done.values())
    beside = {table: {name: row.pop(table, []) for name, row in done.items() if row is not None} for table in BESIDE}
    missing = rows.not_run(f"not among the {n_done} of {len(campaign.references)} compounds computed so far")
    drawn = {m.compound: m for m in sample.members(campaign.references, campaign.draw)} if campaign.draw else {}
    common = {
        "run": campaign.run,
        "suite": campaign.suite,
        "potential": campaign.potential,
        "protocol": campaign.protocol.name,
        "geometry": campaign.protocol.geometry,
    }
    merged = [
        {**(done[compound] or missing), **common, "compound": compound, **_weighted(drawn.get(compound))}
        for compound in (reference["compound"] for reference in campaign.references)
    ]
    return {
        campaign.stage.table: tables.from_rows(campaign.stage.table, merged),
        **{table: tables.from_rows(table, _owned(table, listed, common)) for table, listed in beside.items()},
        "runs": tables.from_rows("runs", [_run_row(campaign, _tally(done))]),
    }


def _weighted(member: sample.Member | None) -> Row:
    return {} if member is None else {"stratum": member.stratum, "weight": member.weight}


def _owned(table: str, listed: Mapping[str, list[Row]], common: Row) -> list[Row]:
    """Rows of `table` that came with those of the compounds in `listed`, with what they have in `common`."""
    shared = {name: value for name, value in common.items() if name in tables.SCHEMAS[table].names}
    return [{**row, **shared, "compound": compound} for compound, rows in listed.items() for row in rows]


def publish(campaign: Campaign, data: Path) -> tables.Manifest:
    """Merge, and put the result in place of the rows in `data` that agree in the columns `Stage.replaces`."""
    new = merge(campaign)
    table, columns = campaign.stage.table, campaign.stage.replaces
    same = set(zip(*(new[table][column].to_pylist() for column in columns), strict=True))
    kept, replaced = [], {campaign.run}
    for row in tables.read(data, table).to_pylist():
        if tuple(row[column] for column in columns) in same:
            replaced.add(row["run"])
        else:
            kept.append(row)
    beside = {name: _without_runs(tables.read(data, name), replaced) for name in BESIDE}
    runs = [row for row in tables.read(data, "runs").to_pylist() if row["run"] not in replaced]
    return tables.publish(
        data,
        {
            table: tables.from_rows(table, [*kept, *new[table].to_pylist()]),
            **{name: pa.concat_tables([others, new[name]]).combine_chunks() for name, others in beside.items()},
            "runs": tables.from_rows("runs", [*runs, *new["runs"].to_pylist()]),
            "potentials": tables.from_rows("potentials", store.rows()),
        },
    )


def _without_runs(table: pa.Table, runs: set[str]) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["run"], value_set=pa.array(sorted(runs)))))


def note_start(campaign: Campaign, provenance: Row | None = None) -> None:
    """Write down when the run began and with what code, unless that is known; `provenance` is that of its first row."""
    path = campaign.directory / campaign.run / "run.json"
    if path.exists():
        return
    note = {
        "started": (provenance or {}).get("finished") or datetime.now(UTC).isoformat(timespec="seconds"),
        **_provenance(provenance),
    }
    tables.write_atomic(path, json.dumps(note, indent=1).encode())


def _provenance(known: Row | None) -> Row:
    if known is not None:
        return {name: known[name] for name in ("code_commit", "package_versions", "hardware")}
    return {"code_commit": code_commit(), "package_versions": package_versions(), "hardware": hardware()}


def _run_row(campaign: Campaign, state: Status) -> Row:
    note = json.loads((campaign.directory / campaign.run / "run.json").read_text())
    ok, not_run = state.counts["ok"], state.counts["not-run"]
    latest = campaign.shards.latest()
    return {
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
        "finished": None if not_run or latest is None else latest.isoformat(timespec="seconds"),
        "sample": campaign.draw and campaign.draw.model_dump_json(),
        "n_tasks": len(campaign.tasks),
        "n_ok": ok,
        "n_failed": len(campaign.tasks) - ok - not_run,
        "n_not_run": not_run,
        "seconds": state.seconds or None,
        "force_fraction": state.force_fraction,
    }
