"""Computing a scorecard: its parts one after another, each task kept as it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from compute.campaigns import sample
from compute.campaigns.campaign import Row, compute
from compute.scorecard.plan import ScorecardPart
from compute.tasks.task import Task


def done(parts: Sequence[ScorecardPart]) -> int:
    """Work of the tasks that have a result already."""
    return sum(part.work[task.digest] for part in parts for task in part.tasks if part.campaign.shards.has(task.digest))


def run(
    parts: Sequence[ScorecardPart],
    pool: Executor,
    *,
    workers: int = 1,
    progress: Callable[[ScorecardPart, int], None] = lambda part, work: None,
) -> None:
    """Compute what has no result yet; `progress` hears of each task that is done: its part and its work.

    Interrupted anywhere, another call goes on.
    """
    for part in parts:
        progress(part, 0)
        if part.draw is not None:
            sample.keep_first(part.campaign.directory / part.campaign.run, part.draw)

        def advance(task: Task, row: Row, part: ScorecardPart = part) -> None:
            progress(part, part.work[task.digest])

        compute(part.campaign, part.tasks, pool, chunk=part.chunk, workers=workers, progress=advance)
