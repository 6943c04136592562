"""The jobs in their database: workflows of DBOS, and tables beside its own. Nothing here needs torch.

One holds the jobs with their requests and progress, one who asked for them, one when clients started jobs, and one
which workers live.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from compute.jobs.database import (
    ABILITIES,
    JOBS,
    METADATA,
    STARTS,
    SUBMISSIONS,
    TIMINGS,
    WORKERS,
    alone,
    clock,
    creating,
    database,
    identity,
    in_turn,
    open_engine,
    private_file,
    upsert,
)
from compute.jobs.job import (
    Job,
    JobSettings,
    JobsUnavailable,
    LiveWorker,
    NotYours,
    Progress,
    Timing,
    TooManyJobs,
)
from compute.jobs.request import JobRequest, PublishedTables, task_of
from compute.jobs.status import ACTIVE, STATES, job_of, restartable

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

APPLICATION, QUEUE, WORKFLOW = "softmode", "jobs", "compute_job"
VERSION = "1"
"""Version of the steps of a job: workers run only jobs of their own, so it is raised when the steps change."""

ALIVE_SECONDS = 10.0
"""A worker that has not beaten for longer is not counted on."""

_LISTED, _TIMINGS = 50, 200
_HOUR = 3600.0


class Store:
    """The jobs in the database at `url`, which is created where it is not there. Raises `JobsUnavailable`."""

    def __init__(self, url: sa.URL, patience: float = 5.0):
        from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

        with database():
            self._file = private_file(url)
            self._found = identity(self._file)
            self.engine = open_engine(url, patience)
            quiet()
            with creating(self.engine):
                METADATA.create_all(self.engine)
                DBOS.migrate(url.render_as_string(hide_password=False))
            self._client: DBOSClient = DBOSClient(
                system_database_engine=self.engine,
                serializer=DBOSPortableJSONSerializer(),
                application_name=APPLICATION,
                retry_connection_errors=False,
            )

    def submit(self, request: JobRequest, client: str, settings: JobSettings, published: PublishedTables) -> Job:
        """As of the function `submit`."""
        task = task_of(request, published)
        id, now = task.digest, time.time()
        with database(), alone(self.engine) as connection:
            known = connection.execute(sa.select(JOBS).where(JOBS.c.id == id)).one_or_none()
            before = None if known is None else self._status(known.workflow)
            joined = before is not None and not restartable(before)
            if not joined:
                self._check_limits(connection, client, settings, now)
                attempt = 1 if known is None else known.attempt + (before is not None)
                values = {"id": id, "attempt": attempt, "workflow": workflow_id(id, attempt), "submitted": now}
                values |= {"request": request.model_dump_json(), "suite": task.suite, "compound": task.compound}
                values |= {"progress": None}
                upsert(connection, JOBS, values)
                connection.execute(sa.insert(STARTS).values(client=client, at=now))
                # A client that asked for the former attempt has not asked for this one.
                connection.execute(sa.delete(SUBMISSIONS).where(SUBMISSIONS.c.job == id))
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": WORKFLOW,
                        "queue_name": QUEUE,
                        "workflow_id": workflow_id(id, attempt),
                        "app_version": VERSION,
                    },
                    task.to_plain(),
                    settings.job_seconds,
                )
            upsert(connection, SUBMISSIONS, {"job": id, "client": client, "submitted": now})
        job = self.read(id)
        if job is None:
            raise JobsUnavailable(f"Job {id} was taken but cannot be read.")
        return job.model_copy(update={"joined": joined})

    def read(self, id: str) -> Job | None:
        """As of the function `read`."""
        with database():
            with self.engine.connect() as connection:
                known = connection.execute(sa.select(JOBS).where(JOBS.c.id == id)).one_or_none()
            if known is None:
                return None
            status = self._status(known.workflow)
            return None if status is None else job_of(known, status, self._ahead(known, status))

    def cancel(self, id: str, client: str) -> Job | None:
        """As of the function `cancel`."""
        with database(), alone(self.engine) as connection:
            clients = connection.execute(sa.select(SUBMISSIONS.c.client).where(SUBMISSIONS.c.job == id)).scalars()
            askers = set(clients)
            if askers and client not in askers:
                raise NotYours("Only those who asked for a job can cancel it.")
            if len(askers) > 1:
                own = (SUBMISSIONS.c.job == id) & (SUBMISSIONS.c.client == client)
                connection.execute(sa.delete(SUBMISSIONS).where(own))
            workflow = connection.execute(sa.select(JOBS.c.workflow).where(JOBS.c.id == id)).scalar()
        if workflow is None:
            return None
        if askers == {client}:
            with database(), in_turn(self.engine):
                self._client.cancel_workflow(workflow)
        return self.read(id)

    def listed(self, client: str) -> list[Job]:
        """As of the function `listed`."""
        mine = (
            sa.select(JOBS)
            .join(SUBMISSIONS, SUBMISSIONS.c.job == JOBS.c.id)
            .where(SUBMISSIONS.c.client == client)
            .order_by(SUBMISSIONS.c.submitted.desc())
            .limit(_LISTED)
        )
        with database():
            with self.engine.connect() as connection:
                known = connection.execute(mine).all()
            statuses = {status.workflow_id: status for status in self._statuses([row.workflow for row in known])}
        return [
            job_of(row, statuses[row.workflow], None).model_copy(update={"result": None})
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
            connection.execute(sa.update(JOBS).where(JOBS.c.id == id).values(progress=progress.model_dump_json()))

    def keep_timing(self, id: str, timing: Timing) -> None:
        """Keep what job `id` took."""
        with database(), self.engine.begin() as connection:
            upsert(connection, TIMINGS, {"job": id, "at": time.time(), **timing.model_dump()})

    def timings(self) -> list[Timing]:
        """As of the function `timings`."""
        newest = sa.select(TIMINGS).order_by(TIMINGS.c.at.desc()).limit(_TIMINGS)
        with database(), self.engine.connect() as connection:
            return [Timing.model_validate(dict(row)) for row in connection.execute(newest).mappings()]

    def workers(self) -> list[LiveWorker]:
        """As of the function `workers`."""
        with database(), self.engine.connect() as connection:
            now = clock(connection)
            rows = connection.execute(sa.select(WORKERS).where(_beating(now))).all()
        return [LiveWorker(name=row.name, seconds=max(now - row.seen, 0), job=row.job) for row in rows]

    def announce(self, name: str, lacks: Mapping[str, str | None]) -> None:
        """Say what the worker `name` lacks to run each potential, None where it can."""
        with database(), self.engine.begin() as connection:
            connection.execute(sa.delete(ABILITIES).where(ABILITIES.c.worker == name))
            rows = [{"worker": name, "potential": id, "lacks": reason} for id, reason in lacks.items()]
            if rows:
                connection.execute(sa.insert(ABILITIES), rows)

    def lacking(self) -> dict[str, str]:
        """As of the function `lacking`."""
        with database(), self.engine.connect() as connection:
            living = sa.select(WORKERS.c.name).where(_beating(clock(connection)))
            names = set(connection.execute(living).scalars())
            rows = connection.execute(sa.select(ABILITIES).where(ABILITIES.c.worker.in_(names))).all()
        if {row.worker for row in rows} != names:
            return {}
        able = {row.potential for row in rows if row.lacks is None}
        return {row.potential: row.lacks for row in rows if row.potential not in able}

    def beat(self, name: str, token: str, job: str | None) -> None:
        """Say that the worker `name` lives, and that its job is `job`."""
        with database(), self.engine.begin() as connection:
            upsert(connection, WORKERS, {"name": name, "token": token, "seen": clock(connection), "job": job})

    def last_beat(self, name: str) -> float | None:
        """Seconds since the worker `name` last beat, None for one that left in order or never was."""
        with database(), self.engine.connect() as connection:
            seen = connection.execute(sa.select(WORKERS.c.seen).where(WORKERS.c.name == name)).scalar()
            return None if seen is None else abs(clock(connection) - seen)

    def silent(self, seconds: float) -> list[str]:
        """Names of the workers that have not beaten for `seconds`."""
        with database(), self.engine.connect() as connection:
            return list(connection.execute(sa.select(WORKERS.c.name).where(_silent(connection, seconds))).scalars())

    def forget(self, name: str, silent_for: float = 0.0) -> None:
        """Strike the worker `name` off, if it has been silent for that many seconds."""
        with database(), self.engine.begin() as connection:
            gone = sa.true() if silent_for == 0 else _silent(connection, silent_for)
            connection.execute(sa.delete(WORKERS).where((WORKERS.c.name == name) & gone))
            connection.execute(sa.delete(ABILITIES).where(ABILITIES.c.worker.not_in(sa.select(WORKERS.c.name))))

    def strike_old(self, seconds: float) -> int:
        """Strike off the jobs that ended and that nobody has asked for in `seconds`, and all DBOS keeps of them."""
        cutoff = time.time() - seconds
        asked = sa.select(SUBMISSIONS.c.job).where(SUBMISSIONS.c.submitted >= cutoff)
        old = (JOBS.c.submitted < cutoff) & JOBS.c.id.not_in(asked)
        with database():
            with self.engine.connect() as connection:
                found = connection.execute(sa.select(JOBS).where(old & ~self._is_active())).all()
            if not found:
                return 0
            # DBOS first: a job that is asked for anew meanwhile is younger then, and stays.
            self._client.delete_workflows(
                [workflow_id(row.id, attempt) for row in found for attempt in range(1, row.attempt + 1)]
            )
            ids = [row.id for row in found]
            with alone(self.engine) as connection:
                connection.execute(sa.delete(JOBS).where(old & JOBS.c.id.in_(ids)))
                left = sa.select(JOBS.c.id)
                connection.execute(sa.delete(SUBMISSIONS).where(SUBMISSIONS.c.job.not_in(left)))
                connection.execute(sa.delete(TIMINGS).where(TIMINGS.c.job.not_in(left)))
        return len(ids)

    def ids(self) -> set[str]:
        """Of all jobs."""
        with database(), self.engine.connect() as connection:
            return set(connection.execute(sa.select(JOBS.c.id)).scalars())

    def pending(self, executor: str) -> list[str]:
        """Workflows that the worker `executor` has begun and not ended."""
        with database():
            found = self._client.list_workflows(
                status="PENDING", executor_id=executor, load_input=False, load_output=False
            )
        return [status.workflow_id for status in found]

    def hand_back(self, executor: str) -> None:
        """Put on the queue what the worker `executor` has begun and not ended; what is cancelled stays so.

        DBOS counts the attempts of a workflow from 0 again then.
        """
        with database(), in_turn(self.engine):
            if begun := self.pending(executor):
                self._client.resume_workflows(begun, queue_name=QUEUE)

    def is_there(self) -> bool:
        """Whether what was opened is still the database: a file of SQLite may be removed, or replaced, meanwhile."""
        return identity(self._file) == self._found

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        self.engine.dispose()

    def _check_limits(self, connection: sa.Connection, client: str, settings: JobSettings, now: float) -> None:
        ids = set(connection.execute(sa.select(JOBS.c.id).where(self._is_active())).scalars())
        if len(ids) >= settings.jobs_in_all:
            raise TooManyJobs(f"{len(ids)} jobs are queued or running, the most this site takes: try again later.")
        mine = connection.execute(sa.select(SUBMISSIONS.c.job).where(SUBMISSIONS.c.client == client)).scalars()
        if (count := len(ids & set(mine))) >= settings.jobs_per_client:
            raise TooManyJobs(f"{count} of your jobs are queued or running, the most for one visitor: wait for one.")
        connection.execute(sa.delete(STARTS).where(STARTS.c.at < now - _HOUR))
        own = sa.select(sa.func.count()).select_from(STARTS).where(STARTS.c.client == client)
        if (started := connection.execute(own).scalar_one()) >= settings.jobs_per_hour:
            raise TooManyJobs(f"You have started {started} jobs within an hour, the most for one visitor: wait a bit.")

    def _status(self, workflow: str, output: bool = True) -> WorkflowStatus | None:
        return next(iter(self._statuses([workflow], output)), None)

    def _statuses(self, workflows: list[str], output: bool = True) -> list[WorkflowStatus]:
        if not workflows:
            return []
        return self._client.list_workflows(workflow_ids=workflows, load_input=False, load_output=output)

    def _ahead(self, known: Any, status: WorkflowStatus) -> int | None:
        if STATES[status.status] != "queued":
            return None
        before = sa.select(sa.func.count()).where(self._is_active(), JOBS.c.submitted < known.submitted)
        with self.engine.connect() as connection:
            return connection.execute(before).scalar()

    def _is_active(self) -> sa.ColumnElement[bool]:
        """Of jobs that are queued or running now."""
        found = self._client.list_workflows(status=list(ACTIVE), load_input=False, load_output=False)
        return JOBS.c.workflow.in_([status.workflow_id for status in found])


def workflow_id(id: str, attempt: int) -> str:
    """DBOS's name of an attempt at job `id`: the job's own name for the first."""
    return id if attempt == 1 else f"{id}-{attempt}"


def _beating(now: float) -> sa.ColumnElement[bool]:
    """Of workers that live; a beat from the future, of before a clock was set back, says nothing of now."""
    return WORKERS.c.seen.between(now - ALIVE_SECONDS, now + ALIVE_SECONDS)


def _silent(connection: sa.Connection, seconds: float) -> sa.ColumnElement[bool]:
    """Of workers that have not beaten for `seconds`: a beat that lies as far in the future is an old one too."""
    now = clock(connection)
    return ~WORKERS.c.seen.between(now - seconds, now + seconds)


def quiet() -> None:
    """Have DBOS log what goes wrong only, which a job that was cancelled is not."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_went_wrong)


def _went_wrong(record: logging.LogRecord) -> bool:
    raised = record.exc_info[0] if record.exc_info else None
    return raised is None or raised.__name__ != "DBOSAwaitedWorkflowCancelledError"
