"""The results of a scorecard as a release of tables that holds one potential, or several of one machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns.publish import publish as publish_campaign
from compute.campaigns.stage import STAGES
from compute.potentials import store
from compute.scorecard.plan import ScorecardPart
from compute.stages.wells import MODE
from compute.tasks.task import AttributionTask, Task, WellTask

Row = dict[str, Any]

_UNKNOWN = "not read"


def publish(parts: Sequence[ScorecardPart], folder: Path) -> None:
    """Publish what is computed of `parts` in `folder`, in place of what it has of the same runs."""
    potential = parts[0].campaign.potential
    about = [row for row in store.rows() if row["potential"] == potential]
    for part in parts:
        if part.campaign.stage.name in STAGES:
            publish_campaign(part.campaign, folder, about)
    with tables.publishing(folder) as publication:
        publication.upsert("potentials", about)
        for part in parts:
            if part.tasks and part.campaign.stage.name not in STAGES:
                publication.upsert(part.campaign.stage.table, _of_no_run(part))


def _of_no_run(part: ScorecardPart) -> list[Row]:
    done = [(task, row) for task, row in zip(part.tasks, part.rows(), strict=True) if row is not None]
    return [{**_about(task), **row} for task, row in done]


def _about(task: Task) -> Row:
    """What the row of a task says in any case, and is not in that of a failure."""
    common = {"suite": task.suite, "compound": task.compound, "checkpoint_sha256": task.checkpoint_sha256}
    match task:
        case AttributionTask():
            return {**common, "potential": task.potential, "frames": task.frames, "method": _UNKNOWN,
                    "sampler": _UNKNOWN}  # fmt: skip
        case WellTask():
            return {**common, "source": task.potential, "mode": MODE, "geometry_from": task.geometry_from,
                    "a": task.a, "x": task.x, "settings": task.protocol.dtype}  # fmt: skip
        case _:
            raise TypeError(f"{type(task).__name__} is of a run")
