"""Tasks several at a time: what one worker computes with common force calls, and at most loses together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from compute.campaigns.shards import Shards
from compute.potentials.batching import Pooled, together
from compute.tasks.execute import Means, execute, potential_of
from compute.tasks.task import DisplacementsTask, StoredForcesTask, Task

Row = dict[str, Any]


def chunks(tasks: Sequence[Task], size: int, workers: int = 1) -> list[list[Task]]:
    """`tasks` in their order, at most `size` at a time, and no more than leaves work for each of `workers`.

    Tasks with stored forces go alone: they have no force calls to share.
    """
    if any(_has_forces(task) for task in tasks):
        size = 1
    size = max(min(size, math.ceil(len(tasks) / workers)), 1)
    return [list(tasks[start : start + size]) for start in range(0, len(tasks), size)]


def run_chunk(
    tasks: Sequence[Task],
    threads: int | None = None,
    cache_directory: str | None = None,
    shards: str | None = None,
    known: Sequence[Row | None] | None = None,
) -> list[Row]:
    """The rows of `tasks` in their order, computed together; `threads` limits torch, `cache_directory` and `known`, one
    for each task, are as of `Means`.

    Where the folder `shards` is on this machine each row is written there as it is done, and one that is there
    already, as after the loss of a worker, is not computed again. The times of a row are its own and its share of
    the common force calls.
    """
    kept = Shards(Path(shards)) if shards and Path(shards).is_dir() else None
    rows: dict[Task, Row] = {}
    if kept:
        rows = {task: row for task in tasks if (row := kept.read(task.digest)) is not None}
    left = [task for task in tasks if task not in rows]
    beside = dict(zip(tasks, known or [None] * len(tasks), strict=True))

    def means(task: Task) -> Means:
        return Means(
            load=partial(potential_of, threads=threads),
            wrap=lambda potential, stage: Pooled(potential),
            cache=Path(cache_directory) if cache_directory else None,
            known=beside[task],
        )

    for ended in together([partial(execute, task, means(task)) for task in left]):
        task, row = left[ended.index], ended.value
        if "force_seconds" in row:
            row = {**row, "seconds": ended.seconds, "force_seconds": ended.force_seconds}
        if kept:
            kept.write(task.digest, task.compound, row)
        rows[task] = row
    return [rows[task] for task in tasks]


def _has_forces(task: Task) -> bool:
    return isinstance(task, StoredForcesTask) or (isinstance(task, DisplacementsTask) and task.forces is not None)
