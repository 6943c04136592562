"""The file of the jobs removed, damaged, or full from the start; a clock that was set back; tables that changed."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from compute.cli import app
from compute.jobs import service
from compute.jobs.database import WORKERS
from compute.jobs.service import JobSettings
from compute.jobs.store import Store
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.faults.harness import request, wait_for
from tests.faults.test_away import fill, small_disk

__all__ = ["small_disk"]


def doctor() -> dict[str, str]:
    """What `softmode doctor` says of the worker."""
    signs = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    return next(sign for sign in signs if sign["name"] == "worker")


def test_a_removed_database_is_made_anew_by_web_and_worker(compounds, workers, tmp_path):
    workers.start()
    lost = service.submit(request(compounds[0]), "me").id
    wait_for(lost, "done")
    for path in (tmp_path / "var").glob("jobs.sqlite*"):
        path.unlink()
    assert service.read(lost) is None
    id = service.submit(request(compounds[1]), "me").id
    assert service.read(id).state == "queued"
    assert wait_for(id, "done", "failed").state == "done"
    assert "removed or replaced" in workers.said


def test_a_damaged_database_is_named_and_doctor_knows_the_remedy(compounds, workers, tmp_path):
    database = tmp_path / "var" / "jobs.sqlite"
    database.write_bytes(b"not a database" * 1000)
    for act in (lambda: service.submit(request(compounds[0]), "me"), service.workers):
        with pytest.raises(service.JobsDamaged, match="softmode doctor"):
            act()
    sign = doctor()
    assert (sign["state"], sign["found"]) == ("broken", "the database of the jobs is damaged")
    assert f"move {database}" in sign["remedy"]
    workers.start()
    while "is damaged" not in workers.said:
        time.sleep(0.05)
    database.rename(database.with_suffix(".broken"))
    assert wait_for(service.submit(request(compounds[0]), "me").id, "done", "failed").state == "done"
    assert workers.said.count("is damaged") == 1


@pytest.mark.slow
def test_a_worker_that_starts_on_a_full_disk_waits(compounds, small_disk, workers, monkeypatch):
    id = service.submit(request(compounds[0]), "me").id
    ballast = fill(small_disk)
    workers.start()
    while "is full" not in workers.said:
        assert workers.running["one"].poll() is None
        time.sleep(0.05)
    ballast.unlink()
    assert wait_for(id, "done", "failed").state == "done"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_beat_from_the_future_is_no_life(compounds, database, request):
    if database == "postgresql":
        request.getfixturevalue("server")
    store = Store(JobSettings().url)
    for name, ahead in (("now", 0), ("an hour ahead", 3600), ("an hour ago", -3600)):
        store.beat(name, "token", None)
        with store.engine.begin() as connection:
            seen = WORKERS.c.seen + ahead
            connection.execute(sa.update(WORKERS).where(WORKERS.c.name == name).values(seen=seen))
    assert [worker.name for worker in store.workers()] == ["now"]
    assert sorted(store.silent(60)) == ["an hour ago", "an hour ahead"]
    assert store.last_beat("an hour ahead") == pytest.approx(3600, abs=60)
    store.forget("an hour ahead", 60)
    store.forget("now", 60)
    assert sorted(store.silent(-1)) == ["an hour ago", "now"]
    store.close()


def test_the_database_is_for_its_owner_alone(compounds, tmp_path):
    database = tmp_path / "var" / "jobs.sqlite"
    database.touch(0o644)
    service.submit(request(compounds[0]), "me")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.parent.glob("jobs.sqlite*")}
    assert set(modes.values()) == {0o600}
    assert {"jobs.sqlite", "jobs.sqlite-wal"} <= set(modes)


def test_a_job_is_made_with_the_release_that_was_verified(compounds, tmp_path):
    """What is damaged in the folder after loading changes neither the id of a job nor whether it is taken."""
    data = tmp_path / "data"
    client = create_app(Settings(data=data)).server.test_client()
    body = {"stage": "sigma", "compound": compounds[0], "suite": "abx3", "potential": "chgnet-0.3.0"}
    first = client.post("/api/v1/jobs", json=body)
    assert first.status_code == 202
    for path in Path(data).glob("references-*.parquet"):
        kept = path.stat()
        path.write_bytes(b"damaged")
        os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    again = client.post("/api/v1/jobs", json=body)
    assert (again.status_code, again.json["id"]) == (200, first.json["id"])
