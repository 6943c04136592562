"""A database that goes away, a disk that is full: a clear state, and no job is lost."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from compute.jobs import service
from tests.faults.harness import request, wait_for


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [("row", 3), pytest.param("crystal", 3, marks=pytest.mark.slow), pytest.param("row", 60, marks=pytest.mark.slow)],
)
def test_a_database_that_was_away_loses_no_job(compounds, workers, server, tmp_path, monkeypatch, moment, seconds):
    monkeypatch.setenv("FAKE_SECONDS", "1.5")  # the row ends while the database is away
    id = service.submit(request(compounds[0]), "me").id
    workers.start(silent=60)
    log = tmp_path / "var" / "started.log"
    while not log.exists() or f" {moment} " not in log.read_text():
        time.sleep(0.05)
    server.stop()
    try:
        with pytest.raises(service.JobsUnavailable, match="does not answer"):
            service.read(id)
        with pytest.raises(service.JobsUnavailable, match="does not answer"):
            service.submit(request(compounds[1]), "me")
        time.sleep(seconds)
    finally:
        server.start()
    assert wait_for(id, "done", "failed").state == "done"
    assert wait_for(service.submit(request(compounds[1]), "me").id, "done", "failed").state == "done"
    assert [line.split()[1] for line in log.read_text().splitlines()] == ["crystal", "row"] * 2


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 16 MB in place of `SOFTMODE_VAR`."""
    var = tmp_path / "var"
    var.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(var)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield var
    subprocess.run(["umount", "-l", str(var)], check=True)


def fill(disk: Path) -> Path:
    """Fill `disk`; the file that does."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    assert shutil.disk_usage(disk).free == 0
    return ballast


@pytest.mark.slow
def test_a_full_disk_stops_jobs_and_loses_none(compounds, small_disk, workers, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "2")
    id = service.submit(request(compounds[0]), "me").id
    workers.start()
    wait_for(id, "running")
    ballast = fill(small_disk)
    with pytest.raises(service.JobsUnavailable, match="full"):
        service.submit(request(compounds[1]), "me")
    time.sleep(8)
    job = service.read(id)
    assert job is not None
    assert job.state == "running"
    ballast.unlink()
    assert wait_for(id, "done", "failed").state == "done"
    assert wait_for(service.submit(request(compounds[1]), "me").id, "done", "failed").state == "done"


def test_a_result_that_cannot_be_written_is_waited_for(compounds, workers, server, tmp_path):
    results = tmp_path / "var" / "jobs"
    results.write_text("a file where the folder should be")
    id = service.submit(request(compounds[0]), "me").id
    workers.start()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job = service.read(id)
        if job and job.progress and job.progress.stage.startswith("waiting"):
            break
        time.sleep(0.1)
    assert job is not None
    assert job.state == "running"
    assert job.progress is not None
    assert "cannot be written" in job.progress.stage
    results.unlink()
    assert wait_for(id, "done", "failed").state == "done"
