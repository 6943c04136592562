"""The database of the live jobs, SQLite or PostgreSQL: our tables beside those of DBOS, locks, and what errors say."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from compute.jobs.job import JobsDamaged, JobsUnavailable, Row

_LOCK = 0x50F7
_DAMAGED = ("file is not a database", "database disk image is malformed", "malformed database schema")

METADATA = sa.MetaData()
JOBS = sa.Table(
    "softmode_jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("workflow", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("compound", sa.Text, nullable=False),
    sa.Column("submitted", sa.Float, nullable=False),
    sa.Column("progress", sa.Text),
)
SUBMISSIONS = sa.Table(
    "softmode_submissions",
    METADATA,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("submitted", sa.Float, nullable=False, index=True),
)
WORKERS = sa.Table(
    "softmode_workers",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
    sa.Column("job", sa.Text),
)
ABILITIES = sa.Table(
    "softmode_abilities",
    METADATA,
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("potential", sa.Text, primary_key=True),
    sa.Column("lacks", sa.Text),
)
"""What each worker lacks to run a potential; null where it can."""
TIMINGS = sa.Table(
    "softmode_timings",
    METADATA,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("potential", sa.Text, nullable=False, index=True),
    sa.Column("protocol", sa.Text, nullable=False),
    sa.Column("atoms", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""What the calculations of this site took."""
STARTS = sa.Table(
    "softmode_starts",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("client", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False),
)
"""When a client started a job, kept for an hour: what a cancelled job has cost still counts."""


@contextmanager
def database() -> Iterator[None]:
    """Turn what a database raises into `JobsUnavailable`."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error)
        if any(said in cause for said in _DAMAGED):
            raise JobsDamaged(
                "The database of the jobs is damaged. Whoever runs this site finds out with softmode doctor what to do."
            ) from error
        full = "disk is full" in cause or "No space left" in cause
        what = "is full: nothing can be written" if full else "does not answer"
        raise JobsUnavailable(f"The database of the jobs {what}. Try again in a minute.") from error


def open_engine(url: sa.URL, patience: float) -> sa.Engine:
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


def private_file(url: sa.URL) -> Path | None:
    """The file of SQLite at `url`, made where it is not there, for its owner alone: it says who asked for what.

    None for another database. SQLite gives its log and its index the permissions of the file.
    """
    if url.get_backend_name() != "sqlite":
        return None
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    return path


def identity(path: Path | None) -> tuple[int, int] | None:
    """What tells the file at `path` from another there; None where there is none."""
    try:
        found = None if path is None else path.stat()
    except FileNotFoundError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def clock(connection: sa.Connection) -> float:
    """Seconds since 1970 by the clock that all share: of the database, or of the machine where that is a file."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def is_sqlite(engine: sa.Engine) -> bool:
    """Whether the jobs are in SQLite."""
    return engine.dialect.name == "sqlite"


@contextmanager
def creating(engine: sa.Engine) -> Iterator[None]:
    """Keep other processes from creating the same tables."""
    with in_turn(engine):
        if is_sqlite(engine):
            # A new file is switched to WAL, for which SQLite does not wait.
            with engine.connect() as connection:
                connection.execute(sa.text("PRAGMA journal_mode=WAL"))
        yield


@contextmanager
def in_turn(engine: sa.Engine) -> Iterator[None]:
    """Keep other processes out, over any number of transactions: from creating tables, cancelling, handing back."""
    if is_sqlite(engine):
        with Path(str(engine.url.database)).with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    else:
        # DBOS creates indexes concurrently, which waits for every transaction, even one that waits for a lock.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar():
                time.sleep(0.1)
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


@contextmanager
def alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction in which no other process submits or cancels."""
    with engine.begin() as connection:
        if is_sqlite(engine):
            # The first write takes SQLite's only write lock.
            connection.execute(sa.delete(JOBS).where(sa.false()))
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


def upsert(connection: sa.Connection, table: sa.Table, values: Row) -> None:
    """Put the row `values` into `table`, in place of the one with its key."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table).values(values)
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed))
