"""Live calculations as durable jobs: submit, read, cancel and list them. A thin facade on DBOS, without torch.

The jobs are workflows of DBOS in SQLite (`jobs.sqlite` in `SOFTMODE_VAR`) or in the PostgreSQL of `DATABASE_URL`.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa

from compute.jobs.job import (
    Job,
    JobError,
    JobSettings,
    JobsUnavailable,
    LiveOff,
    LiveWorker,
    NotYours,
    Progress,
    TooManyJobs,
    result_path,
)
from compute.jobs.request import JobRequest
from compute.jobs.store import Store

__all__ = [
    "Job",
    "JobError",
    "JobRequest",
    "JobSettings",
    "JobsUnavailable",
    "LiveOff",
    "LiveWorker",
    "NotYours",
    "Progress",
    "TooManyJobs",
    "cancel",
    "listed",
    "prepare",
    "read",
    "result_path",
    "submit",
    "worker_alive",
    "workers",
]  # fmt: skip

_OPENING = threading.Lock()


def prepare() -> None:
    """Open the database, so that who asks first does not wait for that; whoever asks is told where it cannot be."""
    if JobSettings().live:
        with suppress(JobsUnavailable):
            _store()


def submit(request: JobRequest, client: str) -> Job:
    """The job of `request`: a new one, or the one that is queued, running or done already.

    A job that failed or was cancelled is started anew, but a failure that lies in the calculation is an answer. Raises
    `LiveOff`, `TooManyJobs`, `JobsUnavailable`, and `ValueError` for a request that cannot be computed.
    """
    settings = JobSettings()
    if not settings.live:
        raise LiveOff("This site shows published results only and computes nothing on demand.")
    return _store().submit(request, client, settings)


def read(id: str) -> Job | None:
    """The job `id`, None where there is none. Raises `JobsUnavailable`."""
    return _store().read(id) if _exists() else None


def cancel(id: str, client: str) -> Job | None:
    """Withdraw `client` from job `id`, and cancel it where nobody else asked for it; a job that ended stays as it is.

    None where there is no such job. Raises `NotYours`, `JobsUnavailable`.
    """
    return _store().cancel(id, client) if _exists() else None


def listed(client: str) -> list[Job]:
    """The last 50 jobs that `client` asked for, newest first, without results. Raises `JobsUnavailable`."""
    return _store().listed(client) if _exists() else []


def workers() -> list[LiveWorker]:
    """The workers that live. Raises `JobsUnavailable`."""
    return _store().workers() if _exists() else []


def worker_alive() -> bool:
    """Whether a worker runs; without one a job waits. Raises `JobsUnavailable`."""
    return bool(workers())


def _exists() -> bool:
    url = JobSettings().url
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def _store() -> Store:
    with _OPENING:
        return _opened(JobSettings().url)


@lru_cache(maxsize=4)
def _opened(url: sa.URL) -> Store:
    return Store(url)
