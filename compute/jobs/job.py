"""What a live job is, its limits, and why a request may not be taken: plain models, which the web shows too."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from compute.jobs.request import JobRequest
from compute.settings import var_directory

Row = dict[str, Any]
State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobError(RuntimeError):
    """A request that was not taken; the message is one sentence for the person who made it."""


class LiveOff(JobError):
    """This site computes nothing on demand."""


class TooManyJobs(JobError):
    """A limit on queued and running jobs, or on jobs within an hour, is reached."""


class NotYours(JobError):
    """A job that this client did not ask for."""


class JobsUnavailable(JobError):
    """The database of the jobs does not answer, or cannot write."""


class JobsDamaged(JobsUnavailable):
    """The database of the jobs cannot be read any more, and will not be by itself."""


class JobsMisconfigured(JobsUnavailable):
    """The settings name no database."""


class JobSettings(BaseSettings):
    """Environment variables have the prefix `SOFTMODE_`, such as `SOFTMODE_LIVE`; but `DATABASE_URL` has none."""

    model_config = SettingsConfigDict(env_prefix="SOFTMODE_", frozen=True, extra="ignore", populate_by_name=True)

    live: bool = Field(default=True, description="off: nothing is computed on demand")
    jobs_per_client: int = Field(default=3, ge=1, description="queued and running jobs of one client")
    jobs_in_all: int = Field(default=20, ge=1, description="queued and running jobs of all clients")
    jobs_per_hour: int = Field(default=30, ge=1, description="jobs that one client may start within an hour")
    job_seconds: float = Field(default=3600, gt=0, description="wall-clock limit of one job")
    engine: str | None = Field(default=None, description="address of a Dask scheduler that calculates, tcp://host:8786")
    worker_nice: int = Field(default=10, ge=0, le=19, description="how far calculations stand back behind pages")
    job_days: float = Field(default=30, gt=0, description="days after which a job that nobody asks for is forgotten")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")

    @property
    def url(self) -> sa.URL:
        """The database of the jobs. Raises `JobsMisconfigured`."""
        if not self.database_url:
            return sa.URL.create("sqlite", database=str(var_directory().resolve() / "jobs.sqlite"))
        # Hosts write postgres://, which SQLAlchemy does not know.
        scheme, _, rest = self.database_url.partition("://")
        try:
            url = sa.make_url("postgresql+psycopg://" + rest if scheme.startswith("postgres") else self.database_url)
        except (sa.exc.ArgumentError, ValueError):
            url = None
        if url is None or url.get_backend_name() not in ("postgresql", "sqlite"):
            raise JobsMisconfigured("DATABASE_URL is no address like postgresql://user:password@host:5432/name.")
        return url


class Progress(BaseModel):
    """How far a job is: `done` of `total` calls or frames of `stage`, σ so far, and `trace`, pairs of done and σ."""

    model_config = ConfigDict(frozen=True)

    stage: str
    done: int = 0
    total: int | None = None
    sigma: float | None = None
    sigma_se: float | None = None
    seconds_left: float | None = None
    trace: tuple[tuple[int, float], ...] = ()


_ORDER = {
    "harmonic": {"starting": 0, "loading the potential": 2, "geometry": 5, "force constants": 12, "frequencies": 92},
    "sigma": {"starting": 0, "loading the potential": 2, "geometry": 4, "force constants": 6, "sampling": 20},
}
"""Percent at which each stage of a job begins; it ends where the next one does."""


class Timing(BaseModel):
    """What a finished calculation of this site took: `seconds` for a supercell of `atoms`."""

    potential: str
    protocol: str
    atoms: int
    seconds: float


class Job(BaseModel):
    """A job as it stands. `id` is the digest of its task; `result` is a row as in the published tables.

    `ahead` counts the jobs before a queued one. `error` says in one sentence why a job failed. `attempt` counts how
    often it was asked for anew after it had failed or been cancelled. `joined`, in what `submit` gives, tells that the
    job was there already. Times are UTC. An upload has the suite `upload` until its result says what it is.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    state: State
    request: JobRequest
    suite: str
    compound: str
    progress: Progress | None = None
    result: Row | None = None
    error: str | None = None
    ahead: int | None = None
    attempt: int = 1
    joined: bool = False
    submitted: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def stage(self) -> str:
        """`harmonic`, `sigma` or `attribution`."""
        return self.request.stage

    @property
    def percent(self) -> float | None:
        """How far the job is, which only grows; None for a stage of which nobody knows how far it is."""
        order = _ORDER.get(self.stage, {})
        if self.state != "running" or self.progress is None or self.progress.stage not in order:
            return None
        begins = order[self.progress.stage]
        ends = min((percent for percent in order.values() if percent > begins), default=100)
        total = self.progress.total
        return begins + (ends - begins) * min(self.progress.done / total, 1) if total else float(begins)


class LiveWorker(BaseModel):
    """A worker that beat `seconds` ago, and the id of the job it has."""

    name: str
    seconds: float
    job: str | None


def result_path(id: str) -> Path:
    """Where a worker writes the result of job `id`: apart from the published tables."""
    return var_directory() / "jobs" / f"{id}.json"
