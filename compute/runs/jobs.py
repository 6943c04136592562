"""Live calculations as durable jobs: submit, read, cancel and list them. A thin facade on DBOS, without torch.

The jobs are workflows of DBOS in SQLite (`jobs.sqlite` in `SOFTMODE_VAR`) or in the PostgreSQL of `DATABASE_URL`. Three
tables stand beside its own: the jobs with their requests and progress, who asked for them, and which workers live.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.dialects import postgresql, sqlite

from compute.runs.requests import JobRequest, task_of
from compute.settings import data_directory, var_directory

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

Row = dict[str, Any]
State = Literal["queued", "running", "done", "failed", "cancelled"]

APPLICATION, QUEUE, WORKFLOW = "softmode", "jobs", "compute_job"
VERSION = "1"
"""Version of the steps of a job: workers run only jobs of their own, so it is raised when the steps change."""

ALIVE_SECONDS = 10.0
"""A worker that has not beaten for longer is not counted on."""

_ACTIVE = ("ENQUEUED", "DELAYED", "PENDING")
_STATES: dict[str, State] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_LOCK = 0x50F7
_LISTED = 50


class JobError(RuntimeError):
    """A request that was not taken; the message is one sentence for the person who made it."""


class LiveOff(JobError):
    """This site computes nothing on demand."""


class TooManyJobs(JobError):
    """A cap on queued and running jobs is reached."""


class NotYours(JobError):
    """A job that this client did not ask for."""


class JobsUnavailable(JobError):
    """The database of the jobs does not answer, or cannot write."""


class JobSettings(BaseSettings):
    """Environment variables have the prefix `SOFTMODE_`, such as `SOFTMODE_LIVE`; but `DATABASE_URL` has none."""

    model_config = SettingsConfigDict(env_prefix="SOFTMODE_", frozen=True, extra="ignore", populate_by_name=True)

    live: bool = Field(default=True, description="off: nothing is computed on demand")
    jobs_per_client: int = Field(default=3, ge=1, description="queued and running jobs of one client")
    jobs_in_all: int = Field(default=20, ge=1, description="queued and running jobs of all clients")
    job_seconds: float = Field(default=3600, gt=0, description="wall-clock limit of one job")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")

    @property
    def url(self) -> sa.URL:
        """The database of the jobs."""
        if not self.database_url:
            return sa.URL.create("sqlite", database=str(var_directory().resolve() / "jobs.sqlite"))
        # Hosts write postgres://, which SQLAlchemy does not know.
        scheme, _, rest = self.database_url.partition("://")
        return sa.make_url("postgresql+psycopg://" + rest if scheme.startswith("postgres") else self.database_url)


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


class Job(BaseModel):
    """A job as it stands. `id` is the digest of its task; `result` is a row as in the published tables.

    `ahead` counts the jobs before a queued one. `error` says in one sentence why a job failed. `attempt` counts how
    often it was asked for anew after it had failed or been cancelled. Times are UTC.
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
    submitted: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def stage(self) -> str:
        """`harmonic` or `sigma`."""
        return self.request.stage


class Worker(BaseModel):
    """A worker that beat `seconds` ago, and the id of the job it has."""

    name: str
    seconds: float
    job: str | None


_metadata = sa.MetaData()
_jobs = sa.Table(
    "softmode_jobs",
    _metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("workflow", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("compound", sa.Text, nullable=False),
    sa.Column("submitted", sa.Float, nullable=False),
    sa.Column("progress", sa.Text),
)
_submissions = sa.Table(
    "softmode_submissions",
    _metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("submitted", sa.Float, nullable=False, index=True),
)
_workers = sa.Table(
    "softmode_workers",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
    sa.Column("job", sa.Text),
)


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


def workers() -> list[Worker]:
    """The workers that live. Raises `JobsUnavailable`."""
    return _store().workers() if _exists() else []


def worker_alive() -> bool:
    """Whether a worker runs; without one a job waits. Raises `JobsUnavailable`."""
    return bool(workers())


def result_path(id: str) -> Path:
    """Where a worker writes the result of job `id`: apart from the published tables."""
    return var_directory() / "jobs" / f"{id}.json"


def _exists() -> bool:
    url = JobSettings().url
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def _store() -> Store:
    return _opened(JobSettings().url)


@lru_cache(maxsize=4)
def _opened(url: sa.URL) -> Store:
    return Store(url)


class Store:
    """The jobs in the database at `url`, which is created where it is not there. Raises `JobsUnavailable`."""

    def __init__(self, url: sa.URL, patience: float = 5.0):
        from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

        self.url, self._sqlite = url, url.get_backend_name() == "sqlite"
        with database():
            if self._sqlite:
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _engine(url, patience)
            quiet()
            with self._creating():
                _metadata.create_all(self.engine)
                DBOS.migrate(url.render_as_string(hide_password=False))
            self._client: DBOSClient = DBOSClient(
                system_database_engine=self.engine,
                serializer=DBOSPortableJSONSerializer(),
                application_name=APPLICATION,
                retry_connection_errors=False,
            )

    def submit(self, request: JobRequest, client: str, settings: JobSettings) -> Job:
        """As of the function `submit`."""
        task = task_of(request, data_directory())
        id, now = task.digest, time.time()
        payload = {
            "suite": task.suite,
            "compound": task.compound,
            "a": task.a,
            "potential": task.potential,
            "checkpoint_sha256": task.checkpoint_sha256,
            "protocol": task.protocol.model_dump(mode="json"),
        }
        with database(), self._alone() as connection:
            known = connection.execute(sa.select(_jobs).where(_jobs.c.id == id)).one_or_none()
            attempt = 1 if known is None else known.attempt
            before = None if known is None else self._status(known.workflow)
            if before is not None and _restartable(before):
                attempt += 1
            if before is None or _restartable(before):
                self._check_caps(connection, client, settings)
                values = {"id": id, "attempt": attempt, "workflow": workflow_id(id, attempt), "submitted": now}
                values |= {"request": request.model_dump_json(), "suite": task.suite, "compound": task.compound}
                values |= {"progress": None}
                self._upsert(connection, _jobs, values)
                # A client that asked for the former attempt has not asked for this one.
                connection.execute(sa.delete(_submissions).where(_submissions.c.job == id))
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": WORKFLOW,
                        "queue_name": QUEUE,
                        "workflow_id": workflow_id(id, attempt),
                        "app_version": VERSION,
                    },
                    payload,
                    settings.job_seconds,
                )
            self._upsert(connection, _submissions, {"job": id, "client": client, "submitted": now})
        job = self.read(id)
        if job is None:
            raise JobsUnavailable(f"Job {id} was taken but cannot be read.")
        return job

    def read(self, id: str) -> Job | None:
        """As of the function `read`."""
        with database():
            with self.engine.connect() as connection:
                known = connection.execute(sa.select(_jobs).where(_jobs.c.id == id)).one_or_none()
            if known is None:
                return None
            status = self._status(known.workflow)
            return None if status is None else _job(known, status, self._ahead(known, status))

    def cancel(self, id: str, client: str) -> Job | None:
        """As of the function `cancel`."""
        with database(), self._alone() as connection:
            clients = connection.execute(sa.select(_submissions.c.client).where(_submissions.c.job == id)).scalars()
            askers = set(clients)
            if askers and client not in askers:
                raise NotYours("Only those who asked for a job can cancel it.")
            if len(askers) > 1:
                own = (_submissions.c.job == id) & (_submissions.c.client == client)
                connection.execute(sa.delete(_submissions).where(own))
            workflow = connection.execute(sa.select(_jobs.c.workflow).where(_jobs.c.id == id)).scalar()
        if workflow is None:
            return None
        if askers == {client}:
            with database():
                self._client.cancel_workflow(workflow)
        return self.read(id)

    def listed(self, client: str) -> list[Job]:
        """As of the function `listed`."""
        mine = (
            sa.select(_jobs)
            .join(_submissions, _submissions.c.job == _jobs.c.id)
            .where(_submissions.c.client == client)
            .order_by(_submissions.c.submitted.desc())
            .limit(_LISTED)
        )
        with database():
            with self.engine.connect() as connection:
                known = connection.execute(mine).all()
            statuses = {status.workflow_id: status for status in self._statuses([row.workflow for row in known])}
        return [
            _job(row, statuses[row.workflow], None).model_copy(update={"result": None})
            for row in known
            if row.workflow in statuses
        ]

    def cancelled(self, workflow: str) -> bool:
        """Whether `workflow` is to end."""
        with database():
            status = self._status(workflow, output=False)
            return status is None or status.status == "CANCELLED"

    def tell(self, id: str, progress: Progress) -> None:
        """Write the progress of job `id`."""
        with database(), self.engine.begin() as connection:
            connection.execute(sa.update(_jobs).where(_jobs.c.id == id).values(progress=progress.model_dump_json()))

    def workers(self) -> list[Worker]:
        """As of the function `workers`."""
        now = time.time()
        with database(), self.engine.connect() as connection:
            rows = connection.execute(sa.select(_workers).where(_workers.c.seen > now - ALIVE_SECONDS)).all()
        return [Worker(name=row.name, seconds=max(now - row.seen, 0), job=row.job) for row in rows]

    def beat(self, name: str, token: str, job: str | None) -> None:
        """Say that the worker `name` lives, and that its job is `job`."""
        with database(), self.engine.begin() as connection:
            self._upsert(connection, _workers, {"name": name, "token": token, "seen": time.time(), "job": job})

    def last_beat(self, name: str) -> float | None:
        """Seconds since the worker `name` last beat, None for one that left in order or never was."""
        with database(), self.engine.connect() as connection:
            seen = connection.execute(sa.select(_workers.c.seen).where(_workers.c.name == name)).scalar()
        return None if seen is None else time.time() - seen

    def silent(self, seconds: float) -> list[str]:
        """Names of the workers that have not beaten for `seconds`."""
        with database(), self.engine.connect() as connection:
            quiet = sa.select(_workers.c.name).where(_workers.c.seen < time.time() - seconds)
            return list(connection.execute(quiet).scalars())

    def forget(self, name: str, silent_for: float = 0.0) -> None:
        """Strike the worker `name` off, if it has been silent for that many seconds."""
        with database(), self.engine.begin() as connection:
            gone = (_workers.c.name == name) & (_workers.c.seen <= time.time() - silent_for)
            connection.execute(sa.delete(_workers).where(gone))

    def pending(self, executor: str) -> list[str]:
        """Workflows that the worker `executor` has begun and not ended."""
        with database():
            found = self._client.list_workflows(
                status="PENDING", executor_id=executor, load_input=False, load_output=False
            )
        return [status.workflow_id for status in found]

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        self.engine.dispose()

    @contextmanager
    def _creating(self) -> Iterator[None]:
        """Keep other processes from creating the same tables."""
        if self._sqlite:
            # A new file is switched to WAL, for which SQLite does not wait.
            with Path(str(self.url.database)).with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                with self.engine.connect() as connection:
                    connection.execute(sa.text("PRAGMA journal_mode=WAL"))
                yield
        else:
            # DBOS creates indexes concurrently, which waits for every transaction, even one that waits for a lock.
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                while not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar():
                    time.sleep(0.1)
                try:
                    yield
                finally:
                    connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection]:
        """A transaction in which no other process submits or cancels."""
        with self.engine.begin() as connection:
            if self._sqlite:
                # The first write takes SQLite's only write lock.
                connection.execute(sa.delete(_jobs).where(sa.false()))
            else:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection

    def _check_caps(self, connection: sa.Connection, client: str, settings: JobSettings) -> None:
        ids = set(connection.execute(self._active().with_only_columns(_jobs.c.id)).scalars())
        if len(ids) >= settings.jobs_in_all:
            raise TooManyJobs(f"{len(ids)} jobs are queued or running, the most this site takes: try again later.")
        mine = connection.execute(sa.select(_submissions.c.job).where(_submissions.c.client == client)).scalars()
        if (count := len(ids & set(mine))) >= settings.jobs_per_client:
            raise TooManyJobs(f"{count} of your jobs are queued or running, the most for one visitor: wait for one.")

    def _upsert(self, connection: sa.Connection, table: sa.Table, values: Row) -> None:
        insert = (sqlite if self._sqlite else postgresql).insert(table).values(values)
        keys = [column.name for column in table.primary_key]
        changed = {name: value for name, value in values.items() if name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed))

    def _status(self, workflow: str, output: bool = True) -> WorkflowStatus | None:
        return next(iter(self._statuses([workflow], output)), None)

    def _statuses(self, workflows: list[str], output: bool = True) -> list[WorkflowStatus]:
        if not workflows:
            return []
        return self._client.list_workflows(workflow_ids=workflows, load_input=False, load_output=output)

    def _ahead(self, known: Any, status: WorkflowStatus) -> int | None:
        if _STATES[status.status] != "queued":
            return None
        before = self._active().where(_jobs.c.submitted < known.submitted)
        with self.engine.connect() as connection:
            return connection.execute(before.with_only_columns(sa.func.count())).scalar()

    def _active(self) -> sa.Select[Any]:
        """Jobs that are queued or running."""
        schema = None if self._sqlite else "dbos"
        table = sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema)
        joined = _jobs.join(table, table.c.workflow_uuid == _jobs.c.workflow)
        return sa.select(_jobs).select_from(joined).where(table.c.status.in_(_ACTIVE))


def workflow_id(id: str, attempt: int) -> str:
    """DBOS's name of an attempt at job `id`: the job's own name for the first."""
    return id if attempt == 1 else f"{id}-{attempt}"


@contextmanager
def database() -> Iterator[None]:
    """Turn what a database raises into `JobsUnavailable`."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error)
        full = "disk is full" in cause or "No space left" in cause
        what = "is full: nothing can be written" if full else "does not answer"
        raise JobsUnavailable(f"The database of the jobs {what}. Try again in a minute.") from error


def quiet() -> None:
    """Have DBOS log what goes wrong only."""
    import logging

    logging.getLogger("dbos").setLevel(logging.WARNING)


def _engine(url: sa.URL, patience: float) -> sa.Engine:
    """An engine that gives up after `patience` seconds."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url, pool_pre_ping=True, pool_timeout=patience, connect_args={"connect_timeout": max(int(patience), 2)}
        )
    engine = sa.create_engine(url, connect_args={"timeout": patience})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")
        # Writers wait for one another when they begin, where waiting helps.
        connection.isolation_level = "IMMEDIATE"

    return engine


def _restartable(status: WorkflowStatus) -> bool:
    """Whether asking again may give another answer: the failures of the machinery, not those of the calculation."""
    if status.status == "SUCCESS":
        return status.output["status"] == "error"
    return status.status not in _ACTIVE


def _job(known: Any, status: WorkflowStatus, ahead: int | None) -> Job:
    state, row, error = _STATES[status.status], None, None
    if status.status == "SUCCESS":
        row = status.output
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


def _reason(error: Any) -> str:
    """What a job that the machinery failed says; only our own sentences are for people."""
    name = getattr(error, "name", type(error).__name__)
    return str(error) if name == JobError.__name__ else f"The worker failed with {name}; its log says more."


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
