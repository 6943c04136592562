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

from compute import tables
from compute.campaigns import plan, sample
from compute.campaigns.chunks import chunks, run_chunk
from compute.campaigns.extend import published
from compute.campaigns.provenance import code_commit, hardware, package_versions
from compute.campaigns.shards import Shards
from compute.campaigns.stage import STAGES, Stage
from compute.files import write_atomic
from compute.protocols import HarmonicProtocol, Protocol, digest
from compute.tasks.extend import can_extend
from compute.tasks.task import IDENTITY, Task

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
            "schema": IDENTITY,
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
    listed = tables.read_where(data, "references", suite=suite)
    planned = plan.tasks(listed, potential, checkpoint_sha256, settings, source, data)
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
    progress: Callable[[Task, Row], None] = lambda task, row: None,
) -> None:
    """Run those of `tasks` that have no shard yet, `chunk` of them together where that leaves work for `workers`;
    `progress` is called with each new row and its task."""
    shards = campaign.shards
    note_start(campaign)
    shards.directory.mkdir(parents=True, exist_ok=True)
    places = str(campaign.directory / "stored-phonons"), str(shards.directory)
    left = [task for task in tasks if not shards.has(task.digest)]
    finished = {name: row for name, row in campaign.known.items() if can_extend(row)}
    pending = {
        executor.submit(run_chunk, part, 1, *places, [finished.get(task.compound) for task in part]): part
        for part in chunks(left, chunk, workers)
    }
    for future in as_completed(pending):
        for task, row in zip(pending[future], future.result(), strict=True):
            # A worker that shares this disk has written it already.
            if not shards.has(task.digest):
                shards.write(task.digest, task.compound, row)
            progress(task, row)


def status(campaign: Campaign) -> Status:
    """What the shards on disk say."""
    return tally(results(campaign))


def results(campaign: Campaign) -> dict[str, Row | None]:
    """The row of every task by compound, None where it is not done yet. Raises `PlanError` for a broken shard."""
    return {task.compound: campaign.shards.read(task.digest) for task in campaign.tasks}


def tally(results: Mapping[str, Row | None]) -> Status:
    """How many of `results` there are of each status."""
    done = [row for row in results.values() if row is not None]
    counts = Counter(row["status"] for row in done)
    if missing := len(results) - len(done):
        counts["not-run"] = missing
    seconds, force_seconds = (sum(row.get(key) or 0.0 for row in done) for key in ("seconds", "force_seconds"))
    return Status(counts, seconds, force_seconds)


def note_start(campaign: Campaign, provenance: Row | None = None) -> None:
    """Write down when the run began and with what code, unless that is known; `provenance` is that of its first row."""
    path = campaign.directory / campaign.run / "run.json"
    if path.exists():
        return
    note = {
        "started": (provenance or {}).get("finished") or datetime.now(UTC).isoformat(timespec="seconds"),
        **_provenance(provenance),
    }
    write_atomic(path, json.dumps(note, indent=1).encode())


def _provenance(known: Row | None) -> Row:
    if known is not None:
        return {name: known[name] for name in ("code_commit", "package_versions", "hardware")}
    return {"code_commit": code_commit(), "package_versions": package_versions(), "hardware": hardware()}
