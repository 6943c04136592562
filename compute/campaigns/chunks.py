"""Tasks several at a time: what one worker computes with common force calls, and at most loses together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from compute.campaigns.run_task import Task, run
from compute.campaigns.shards import Shards
from compute.potentials.batching import Pooled, together

Row = dict[str, Any]


def chunks(tasks: Sequence[Task], size: int, workers: int = 1) -> list[list[Task]]:
    """`tasks` in their order, at most `size` at a time, and no more than leaves work for each of `workers`.

    Tasks with stored forces go alone: they have no force calls to share.
    """
    if any(task.forces is not None for task in tasks):
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
    """The rows of `tasks` in their order, computed together; `threads`, `cache_directory` and `known`, one for each
    task, as of `run`.

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
    for ended in together([partial(run, task, threads, cache_directory, Pooled, beside[task]) for task in left]):
        task, row = left[ended.index], ended.value
        if "force_seconds" in row:
            row = {**row, "seconds": ended.seconds, "force_seconds": ended.force_seconds}
        if kept:
            kept.write(task.digest, task.compound, row)
        rows[task] = row
    return [rows[task] for task in tasks]
