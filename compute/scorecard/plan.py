"""What a scorecard computes: tasks of campaigns, with how much work each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns import sample
from compute.campaigns.campaign import Campaign, campaign
from compute.campaigns.plan import DISPLACEMENTS
from compute.campaigns.stage import Stage
from compute.potentials.store import file_sha256
from compute.protocols import HARMONIC_PROTOCOLS
from compute.references import readers
from compute.scorecard.tiers import SEED, Tier
from compute.settings import frames_directory
from compute.suites import SUITES
from compute.tasks.task import AttributionTask, Task
from compute.tasks.wells import well_tasks

Row = dict[str, Any]

_PROTOCOL = HARMONIC_PROTOCOLS["reference-geometry"]
_CALLS = {"abx3": 300, "hdp": 1_300}
"""Atoms of all force calls of a typical compound: ω and ladder in 40 atoms; in 80, after a relaxation in 10."""
_OF_A_WELL = 50
_PHONONS = 12
"""What follows from forces takes as long as force calls on the square of the supercell's atoms over this: measured."""


def _beside(name: str) -> Stage:
    """A stage of scorecards alone, whose rows are in no run."""
    return Stage(name, name, (), lambda suite: _PROTOCOL.name, lambda name, suite: _PROTOCOL)


WELLS, FRAMES = _beside("wells"), _beside("attribution")


@dataclass(frozen=True)
class ScorecardPart:
    """Those `tasks` of a campaign that the scorecard has; `work` is how long each takes, in atoms of force calls.

    `chunk` tasks are computed together. `left_out` names what the tier leaves out because of its size.
    """

    campaign: Campaign
    tasks: tuple[Task, ...]
    work: Mapping[str, int]
    chunk: int = 1
    left_out: tuple[str, ...] = ()
    draw: sample.Draw | None = None

    @property
    def compounds(self) -> frozenset[str]:
        """What it is about."""
        return frozenset(task.compound for task in self.tasks)

    @property
    def total(self) -> int:
        """Work of all its tasks."""
        return sum(self.work.values())

    def rows(self) -> list[Row | None]:
        """The row of each task, None where it is not done yet."""
        return [self.campaign.shards.read(task.digest) for task in self.tasks]


@dataclass(frozen=True)
class _Subject:
    potential: str
    checkpoint_sha256: str
    data: Path
    directory: Path
    chunk: int = field(default=1)


def parts(
    potential: str, checkpoint_sha256: str, tier: Tier, data: Path, directory: Path, *, chunk: int = 1
) -> list[ScorecardPart]:
    """The parts of the scorecard of `potential`, what says most for its time first; without tasks where there are none.

    `data` holds the published tables and `directory` the runs; `chunk` compounds with small cells are computed
    together. Raises `PlanError` where the tables lack what the tier asks for.
    """
    of = _Subject(potential, checkpoint_sha256, data, directory, chunk)
    found = [_drawn(of, suite, n) for suite, n in tier.drawn.items()]
    found += [_wells(of)] if tier.wells else []
    found += [_frames(of, sorted(frames_directory().glob("*.npz")))] if tier.frames else []
    found += [_displaced(of, suite, tier) for suite in tier.displaced]
    return found


def _drawn(of: _Subject, suite: str, n: int | None) -> ScorecardPart:
    planned = campaign(suite, of.potential, of.checkpoint_sha256, SUITES[suite].protocol, of.data, of.directory)
    draw = sample.Draw(n=min(n or len(planned.tasks), len(planned.tasks)), seed=SEED)
    by_name = {task.compound: task for task in planned.tasks}
    tasks = tuple(by_name[member.compound] for member in sample.members(planned.references, draw))
    return ScorecardPart(planned, tasks, {task.digest: _CALLS[suite] for task in tasks}, of.chunk, draw=draw)


def _displaced(of: _Subject, suite: str, tier: Tier) -> ScorecardPart:
    planned = campaign(suite, of.potential, of.checkpoint_sha256, DISPLACEMENTS, of.data, of.directory)
    listed = {row["compound"]: row for row in tables.read_where(of.data, "reference_phonons", suite=suite)}
    fits = {name: tier.fits(atoms(row)) for name, row in listed.items()}
    tasks = tuple(task for task in planned.tasks if fits[task.compound])
    dropped = tuple(task.compound for task in planned.tasks if not fits[task.compound])
    work = {
        task.digest: atoms(row) + _supercell(row) ** 2 // _PHONONS for task in tasks for row in [listed[task.compound]]
    }
    return ScorecardPart(planned, tasks, work, left_out=dropped)


def atoms(row: Row) -> int:
    """Atoms of all displaced supercells of a row of `reference_phonons`, and of the one at rest."""
    return _supercell(row) * (1 + len(row["displaced_atoms"]))


def _supercell(row: Row) -> int:
    """Atoms of its supercell."""
    return len(row["constants"]) // (9 * len(row["rows"]))


def _wells(of: _Subject) -> ScorecardPart:
    tasks = well_tasks(tables.read(of.data, "wells").to_pylist(), of.potential, of.checkpoint_sha256)
    return ScorecardPart(
        _alone(of, WELLS, "hdp", tasks), tuple(tasks), {task.digest: _OF_A_WELL for task in tasks}, of.chunk
    )


def _frames(of: _Subject, files: Sequence[Path]) -> ScorecardPart:
    tasks, work = [], {}
    for path in files:
        suite, compound = path.stem.split("-")[:2]
        task = AttributionTask(
            suite, compound, of.potential, of.checkpoint_sha256, _PROTOCOL,
            frames=path.stem, frames_sha256=file_sha256(path),
        )  # fmt: skip
        found = readers.read(path)
        tasks.append(task)
        work[task.digest] = 2 * len(found) * len(found.numbers)  # about as many calls again make its Φ
    return ScorecardPart(_alone(of, FRAMES, "abx3", tasks), tuple(tasks), work)


def _alone(of: _Subject, stage: Stage, suite: str, tasks: Sequence[Task]) -> Campaign:
    return Campaign(
        stage, suite, of.potential, of.checkpoint_sha256, _PROTOCOL, (), tuple(tasks), of.directory
    )  # fmt: skip
