"""Live calculations as durable jobs: submit, read, cancel and list them. A thin facade on DBOS, without torch.

The jobs are workflows of DBOS in SQLite (`jobs.sqlite` in `SOFTMODE_VAR`) or in the PostgreSQL of `DATABASE_URL`.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from compute.jobs.job import (
    Job,
    JobError,
    JobsDamaged,
    JobSettings,
    JobsUnavailable,
    LiveOff,
    LiveWorker,
    NotYours,
    Progress,
    Timing,
    TooManyJobs,
    result_path,
)
from compute.jobs.request import JobRequest, PublishedTables
from compute.jobs.store import Store
from compute.settings import data_directory
from compute.tables import read_manifest

__all__ = [
    "Job",
    "JobError",
    "JobRequest",
    "JobSettings",
    "JobsDamaged",
    "JobsUnavailable",
    "LiveOff",
    "LiveWorker",
    "NotYours",
    "Progress",
    "Timing",
    "TooManyJobs",
    "cancel",
    "lacking",
    "listed",
    "prepare",
    "read",
    "result_path",
    "submit",
    "timings",
    "worker_alive",
    "workers",
]  # fmt: skip

_OPENING = threading.Lock()
_OPENED: dict[sa.URL, Store] = {}


def prepare() -> None:
    """Open the database, so that who asks first does not wait for that; whoever asks is told where it cannot be."""
    if JobSettings().live:
        with suppress(JobsUnavailable):
            _store()


def submit(request: JobRequest, client: str, published: PublishedTables | None = None) -> Job:
    """The job of `request`: a new one, or the one that is queued, running or done already.

    Its task is made with the `published` tables, of which the web holds a verified release; else those in the folder.
    A job that failed or was cancelled is started anew, but a failure that lies in the calculation is an answer. Raises
    `LiveOff`, `TooManyJobs`, `JobsUnavailable`, and `ValueError` for a request that cannot be computed.
    """
    settings = JobSettings()
    if not settings.live:
        raise LiveOff("This site shows published results only and computes nothing on demand.")
    return _store().submit(request, client, settings, published or read_manifest(data_directory()))


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


def lacking() -> dict[str, str]:
    """By potential that no living worker can run, what is lacking, in a few words; empty where none tells.

    Raises `JobsUnavailable`.
    """
    return _store().lacking() if _exists() else {}


def timings() -> list[Timing]:
    """What the last 200 calculations of this site took, newest first. Raises `JobsUnavailable`."""
    return _store().timings() if _exists() else []


def _exists() -> bool:
    url = JobSettings().url
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def _store() -> Store:
    """The store, opened once; anew where its file was removed or replaced, which would take jobs into nothing."""
    url = JobSettings().url
    with _OPENING:
        if url in _OPENED and not _OPENED[url].is_there():
            _OPENED.pop(url).close()
        if url not in _OPENED:
            _OPENED[url] = Store(url)
        return _OPENED[url]
