"""What DBOS knows of a workflow, as a job that people are told of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from compute.jobs.job import Job, JobError, Row, State
from compute.jobs.request import JobRequest

if TYPE_CHECKING:
    from dbos import WorkflowStatus

ACTIVE = ("ENQUEUED", "DELAYED", "PENDING")
STATES: dict[str, State] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


def restartable(status: WorkflowStatus) -> bool:
    """Whether asking again may give another answer: the failures of the machinery, not those of the calculation."""
    if status.status == "SUCCESS":
        return bool(_row(status)["status"] == "error")
    return status.status not in ACTIVE


def job_of(known: Any, status: WorkflowStatus, ahead: int | None) -> Job:
    """The job in the row `known` of the table of jobs, with `ahead` jobs before it."""
    state, row, error = STATES[status.status], None, None
    if status.status == "SUCCESS":
        row = _row(status)
        if row["status"] != "ok":
            state, error = "failed", row["reason"]
    elif status.status == "ERROR":
        error = _reason(status.error)
    elif state == "failed":
        error = "The worker ended again and again while it had this job, so it was given up."
    progress = json.loads(known.progress) if known.progress else None
    return Job(
        id=known.id,
        state=state,
        request=JobRequest.model_validate_json(known.request),
        suite=known.suite,
        compound=known.compound,
        progress=progress,
        result=row,
        error=error,
        ahead=ahead,
        attempt=known.attempt,
        submitted=datetime.fromtimestamp(known.submitted, UTC),
        started=_moment(status.dequeued_at),
        finished=_moment(status.completed_at),
    )


def _row(status: WorkflowStatus) -> Row:
    """The row that a workflow returned which succeeded."""
    assert status.output is not None, "every workflow returns its row"
    row: Row = status.output
    return row


def _reason(error: Any) -> str:
    """What a job that the machinery failed says; only our own sentences are for people."""
    name = getattr(error, "name", type(error).__name__)
    return str(error) if name == JobError.__name__ else f"The worker failed with {name}; its log says more."


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
