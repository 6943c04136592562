"""The worker: takes jobs off the queue, one at a time, and has them calculated in a process of its own.

A job has three steps, and DBOS keeps the outcome of each: geometry with force constants, the row, the result's file. A
worker that comes back under its name repeats only the step it was in.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TextIO, TypeVar
from uuid import uuid4

import sqlalchemy as sa

from compute.campaigns.provenance import code_commit, hardware, package_versions
from compute.files import write_atomic
from compute.jobs import calculation
from compute.jobs.abilities import Abilities
from compute.jobs.dask import Cluster
from compute.jobs.database import database
from compute.jobs.expiry import forget_old
from compute.jobs.job import JobError, JobSettings, JobsUnavailable, Progress, Row, Timing, result_path
from compute.jobs.leaving import Leaving
from compute.jobs.process import CalculationEnded, Calculator
from compute.jobs.store import APPLICATION, QUEUE, VERSION, WORKFLOW, Store, quiet
from compute.protocols import SamplingProtocol
from compute.settings import var_directory
from compute.tasks.task import AttributionTask, from_plain

SILENT_SECONDS = 60.0
"""The jobs of a worker that has not beaten for so long go to the others."""

LONGEST_LEAVE = 20.0
"""Seconds after SIGTERM at which the worker ends, also where the database does not answer."""

T = TypeVar("T")

_BEAT = 2.0
_CLEAN = 3600.0
_MOST_ATTEMPTS = 30
_TRACE = 200


class WorkerError(RuntimeError):
    """A worker that cannot start; says why in one sentence."""


class Worker:
    """The worker `name`. `calculate` does the work; `silent_seconds` is when it adopts another worker's jobs."""

    def __init__(
        self,
        name: str = "worker",
        *,
        threads: int | None = None,
        calculate: calculation.Calculate = calculation.compute,
        silent_seconds: float = SILENT_SECONDS,
    ):
        self.name, self._silent = name, silent_seconds
        self._settings = JobSettings()
        engine = self._settings.engine
        self._new_calculator = (
            partial(Cluster, engine, calculate) if engine else partial(Calculator, calculate, threads)
        )
        self._token = uuid4().hex
        self._leave = Leaving()
        self._current: str | None = None
        self._abilities = Abilities(name, elsewhere=engine is not None)
        self._clean_at = 0.0
        self._run = self._provenance()

    def work(self) -> None:
        """Take jobs until SIGTERM or SIGINT, then hand back the one in hand. Raises `WorkerError`."""
        self._leave.listen()
        self._leave.end_within(LONGEST_LEAVE)
        lock = self._until_available(lambda: _only(self.name))
        while True:
            self._calculator = self._new_calculator()
            self._store = self._until_available(lambda: Store(self._settings.url, patience=10))
            self._until_available(self._wait_for_namesake)
            self._until_available(self._launch)
            _say(f"Worker {self.name} takes jobs.")
            self._beat_while_there()
            if self._leave.asked:
                break
            _say("The database of the jobs was removed or replaced: what it held is gone.")
            self._calculator.close()
            self._store.close()
        self._hand_back()
        lock.close()

    def _until_available(self, step: Callable[[], T]) -> T:
        """What `step` gives, tried again while the database cannot be reached or written to."""
        said = ""
        while True:
            try:
                with database():
                    return step()
            except JobsUnavailable as error:
                if said != (said := str(error)):
                    _say(said)
            if self._leave.wait(_BEAT):
                sys.exit(0)

    def _wait_for_namesake(self) -> None:
        """Wait until a worker of this name on another machine is known to be gone."""
        start = time.monotonic()
        while (last := self._store.last_beat(self.name)) is not None and last < self._silent and self._elsewhere():
            if time.monotonic() - start > self._silent:
                raise WorkerError(f"Another worker is called {self.name}: give this one its own --name.")
            if self._leave.wait(_BEAT):
                sys.exit(0)

    def _elsewhere(self) -> bool:
        """Whether others may share the name: on this machine the lock says that nobody does."""
        return self._settings.url.get_backend_name() != "sqlite"

    def _launch(self) -> None:
        from dbos import DBOS, DBOSPortableJSONSerializer

        DBOS.destroy(destroy_registry=True)  # what a former try has left
        self._store.beat(self.name, self._token, None)
        self._abilities.tell(self._store)
        quiet()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._settings.url.render_as_string(hide_password=False),
                "application_version": VERSION,
                "executor_id": self.name,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "run_migrations": True,
            }
        )

        def workflow(payload: Row, limit: float) -> Row:
            return self._job(payload, limit)

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MOST_ATTEMPTS)(workflow)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=0.25, on_conflict="always_update")

    def _job(self, payload: Row, limit: float) -> Row:
        """The workflow: the row of the task in `payload`, within `limit` seconds per attempt of a worker."""
        from dbos import DBOS

        workflow = str(DBOS.workflow_id)
        deadline = time.monotonic() + limit
        self._current = workflow
        try:
            first = DBOS.run_step({"name": "crystal"}, self._part, "crystal", payload, {}, workflow, deadline, limit)
            if "crystal" not in first:
                return DBOS.run_step({"name": "result"}, self._keep, workflow, payload, first, first)
            row = DBOS.run_step({"name": "row"}, self._part, "row", payload, first, workflow, deadline, limit)
            return DBOS.run_step({"name": "result"}, self._keep, workflow, payload, first, row)
        except Exception as error:
            self._say_nothing_when_leaving()
            if isinstance(error, sa.exc.DBAPIError):
                # What a step gave could not be recorded. That is no outcome of the job: it goes back on the queue.
                self._requeue()
            raise
        finally:
            self._current = None

    def _say_nothing_when_leaving(self) -> None:
        """Do not return once the worker is to leave: main hands the job back, and how it ended is no outcome."""
        if self._leave.asked:
            threading.Event().wait()

    def _part(self, part: str, payload: Row, first: Row, workflow: str, deadline: float, limit: float) -> Row:
        calculator, trace = self._calculator, list[tuple[int, float]]()

        def tell(progress: Row) -> None:
            if (sigma := progress.get("sigma")) is not None and (not trace or sigma != trace[-1][1]):
                trace.append((progress["done"], sigma))
            if len(trace) > _TRACE:
                del trace[1::2]
            self._tell(workflow, Progress(**progress, trace=tuple(trace)))

        def stopping() -> str | None:
            if time.monotonic() > deadline:
                return f"The job ran longer than the {limit / 60:.0f} minutes that one may take."
            self._say_nothing_when_leaving()
            return "The job was cancelled." if self._is_cancelled(workflow) else None

        if part == "crystal":
            self._tell(workflow, Progress(stage="starting"))
        for left in (1, 0):
            try:
                return calculator.run(part, payload, first, stopping, tell)
            except CalculationEnded:
                stopping()
                if not left:
                    break
        raise JobError("The calculation ended unexpectedly, twice; it may have run out of memory.")

    def _keep(self, workflow: str, payload: Row, first: Row, row: Row) -> Row:
        """Write the result's file, and return the row of the table; a full disk is waited for."""
        id, table_row = workflow.partition("-")[0], _table_row(workflow, payload, row)
        content = {
            "job": id,
            "task": payload,
            "row": table_row,
            "force_constants": row.get("force_constants", []),
            "provenance": {
                **self._run,
                "checkpoint_sha256": first.get("checkpoint_sha256"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        }
        while True:
            try:
                write_atomic(result_path(id), (json.dumps(content) + "\n").encode())
                self._keep_timing(id, table_row)
                return table_row
            except OSError as error:
                self._tell(workflow, Progress(stage=f"waiting: the result cannot be written ({error.strerror})"))
                self._leave.wait(_BEAT)
                self._say_nothing_when_leaving()
                if self._is_cancelled(workflow):
                    raise JobError("The job was cancelled.") from error

    def _keep_timing(self, id: str, row: Row) -> None:
        if row["status"] == "ok" and row.get("n_atoms") and row.get("seconds") and row.get("protocol"):
            timing = Timing(**{"atoms": row["n_atoms"], **{k: row[k] for k in ("potential", "protocol", "seconds")}})
            with suppress(JobsUnavailable):
                self._store.keep_timing(id, timing)

    def _tell(self, workflow: str, progress: Progress) -> None:
        # Progress is for the eye: a database that is away is no reason to lose the calculation.
        with suppress(JobsUnavailable):
            self._store.tell(workflow.partition("-")[0], progress)

    def _is_cancelled(self, workflow: str) -> bool:
        try:
            return self._store.cancelled(workflow)
        except JobsUnavailable:
            return False

    def _beat_while_there(self) -> None:
        """Beat until this worker is to leave, or its database is another.

        Forget old jobs, take over those of silent workers, and take up own ones that nothing here works on.
        """
        since: float | None = None
        stuck = False
        while not self._leave.wait(_BEAT) and self._store.is_there():
            try:
                self._store.beat(self.name, self._token, self._current)
                self._abilities.tell(self._store)
                since = since or time.monotonic()
                # Whoever could not reach the database itself knows nothing of the silence of others.
                if time.monotonic() - since > self._silent:
                    self._adopt()
                if time.monotonic() > self._clean_at:
                    self._clean_at = time.monotonic() + _CLEAN
                    forget_old(self._store, self._settings.job_days)
                idle = self._current is None and bool(self._store.pending(self.name))
                if idle and stuck:
                    self._store.hand_back(self.name)
                stuck = idle and not stuck
            except JobsUnavailable as error:
                since, stuck = None, False
                _say(str(error))

    def _adopt(self) -> None:
        for name in self._store.silent(self._silent):
            if name != self.name:
                _say(f"Worker {name} is silent: taking over its jobs.")
                self._store.hand_back(name)
                self._store.forget(name, self._silent)

    def _requeue(self) -> None:
        """Put what this worker has begun back on the queue, once the database can write."""
        while True:
            try:
                self._store.hand_back(self.name)
                return
            except JobsUnavailable as error:
                _say(str(error))
            self._leave.wait(_BEAT)
            self._say_nothing_when_leaving()

    def _hand_back(self) -> None:
        """Put the job in hand back on the queue, when nothing here takes jobs off it any more, and end at once."""
        from dbos import DBOS

        self._calculator.close()
        DBOS.destroy()
        try:
            self._store.hand_back(self.name)
            self._store.forget(self.name)
        except JobsUnavailable as error:
            _say(f"{error} The job in hand stays with {self.name} until it comes back.")
        _say(f"Worker {self.name} left.")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def _provenance(self) -> Row:
        return {
            "worker": self.name,
            "code_commit": code_commit(),
            "package_versions": package_versions(),
            "hardware": hardware(),
        }


def _table_row(workflow: str, payload: Row, row: Row) -> Row:
    """`row` with the keys of its table; one of `harmonic` or `anharmonic` is under a run of its own."""
    task = from_plain(payload)
    found = {key: value for key, value in row.items() if key not in ("force_constants", "traceback")}
    keys = {"suite": task.suite, "compound": task.compound, "potential": task.potential}
    if isinstance(task, AttributionTask):
        return {"frames": task.frames, **keys, **found}
    return {
        "run": f"live-{workflow.partition('-')[0]}",
        **keys,
        "protocol": task.protocol.name,
        "geometry": task.protocol.geometry,
        **({"temperature": task.protocol.temperature} if isinstance(task.protocol, SamplingProtocol) else {}),
        **found,
    }


def _only(name: str) -> TextIO:
    """Hold the name until the file is closed: two workers under one name would take each other's jobs."""
    path = var_directory() / f"worker-{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkerError(f"A worker called {name} runs here already: give this one its own --name.") from None
    return lock


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
