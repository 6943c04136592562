"""A live result into the run of a campaign, from where it may be published: nothing else brings one into the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from compute import tables
from compute.campaigns.campaign import Campaign, campaign, note_start
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import refuse_loss, standing
from compute.jobs.job import result_path
from compute.protocols import SamplingProtocol
from compute.tasks.task import ComputedTask, Task, from_plain

Row = dict[str, Any]


def promote(job: str, data: Path, directory: Path) -> tuple[Campaign, Task]:
    """Put the result of the live `job` as a shard into the campaign that would compute it, in `directory`.

    Only what a campaign computes is taken: a compound of the suite, a preset protocol, no upload.
    Raises `PlanError`.
    """
    path = result_path(job)
    if not path.exists():
        raise PlanError(f"no result of job {job}: {path} is not there")
    kept = json.loads(path.read_text())
    task = _with_checkpoint(from_plain(kept["task"]), kept["provenance"]["checkpoint_sha256"])
    planned = _campaign_of(task, data, directory)
    if task.digest not in {other.digest for other in planned.tasks}:
        raise PlanError(f"no campaign computes this: {task.compound} with {task.protocol.name}, other than its preset")
    if kept["row"]["status"] != "ok":
        raise PlanError(f"job {job} ended with {kept['row']['status']}: run the campaign instead")
    if planned.shards.has(task.digest):
        raise PlanError(f"{planned.run} has {task.compound} already")
    refuse_loss(planned, standing(planned, tables.read_manifest(data)), [task.compound])
    note_start(planned, kept["provenance"])
    row = {**kept["row"], "force_constants": kept["force_constants"]}
    planned.shards.write(task.digest, task.compound, row, kept["provenance"])
    return planned, task


def _campaign_of(task: Task, data: Path, directory: Path) -> Campaign:
    if not isinstance(task, ComputedTask) or task.structure is not None:
        raise PlanError("an upload or an attribution is of no campaign")
    stage = "sigma" if isinstance(task.protocol, SamplingProtocol) else "harmonic"
    protocol = named_in_campaigns(task)
    return campaign(task.suite, task.potential, task.checkpoint_sha256, protocol, data, directory, stage=stage)


def named_in_campaigns(task: Task) -> str:
    """What `softmode campaign` calls the protocol of `task`: a published schedule goes without its suite."""
    return "published" if task.protocol.name == f"published-{task.suite}" else task.protocol.name


def _with_checkpoint(task: Task, loaded: str | None) -> Task:
    """`task` with the checkpoint that was in fact loaded, where the request knew of none."""
    return task if task.checkpoint_sha256 is not None else replace(task, checkpoint_sha256=loaded)
