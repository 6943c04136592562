"""A queue of jobs for workers that tests kill, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.faults.harness import Postgres, Workers, postgres, published


@pytest.fixture
def compounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Compounds of a data set of the test's own, which jobs can be about."""
    data = tmp_path / "data"
    monkeypatch.setenv("SOFTMODE_DATA", str(data))
    monkeypatch.setenv("SOFTMODE_JOBS_PER_CLIENT", "1000")
    monkeypatch.setenv("SOFTMODE_JOBS_IN_ALL", "1000")
    monkeypatch.setenv("SOFTMODE_JOBS_PER_HOUR", "1000")
    (tmp_path / "var").mkdir()
    return published(data)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Starts and kills workers; none outlives the test."""
    started = Workers(tmp_path / "workers.log")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def _server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture
def server(_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """A PostgreSQL that holds the jobs, with a database of the test's own."""
    import psycopg

    name = f"jobs_{uuid4().hex}"
    with psycopg.connect(_server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    monkeypatch.setenv("DATABASE_URL", _server.url.removesuffix("postgres") + name)
    return _server
