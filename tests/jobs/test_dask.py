"""Live calculations on a Dask cluster: progress comes back, a stop arrives, and the worker's jobs end there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.jobs import service
from compute.jobs.calculation import Row, Watch
from compute.jobs.dask import Cluster
from compute.jobs.job import JobError
from tests.faults import fake
from tests.faults.conftest import compounds, workers
from tests.faults.harness import request, wait_for

__all__ = ["compounds", "workers"]


@pytest.fixture
def scheduler() -> Iterator[str]:
    """Address of a scheduler with one worker, both in this process."""
    from distributed import LocalCluster

    with LocalCluster(1, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp") as cluster:
        yield cluster.scheduler_address


def endless(part: str, payload: Row, first: Row, watch: Watch, threads: int | None) -> Row:
    """Call for forces until stopped, and leave a file `stopped` then."""
    try:
        for done in range(100_000):
            watch.report("force constants", done)
            time.sleep(0.02)
    finally:
        (Path(os.environ["SOFTMODE_VAR"]) / "stopped").touch()
    return {}


def test_progress_comes_back_and_the_row(scheduler, compounds, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "2")
    told: list[Row] = []
    task = {"compound": "CsPbBr3", "a": 5.9}
    row = Cluster(scheduler, fake.calculate).run("row", task, {}, lambda: None, told.append)
    assert (row["status"], row["sigma"]) == ("ok", 5.9)
    assert {progress["stage"] for progress in told} == {"sampling"}


def test_a_calculation_is_stopped_between_two_force_calls(scheduler, compounds, tmp_path):
    told: list[Row] = []
    with pytest.raises(JobError, match="It was cancelled"):
        Cluster(scheduler, endless).run("row", {}, {}, lambda: "It was cancelled." if told else None, told.append)
    end = time.monotonic() + 30
    while not (tmp_path / "var" / "stopped").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_job_is_calculated_by_the_scheduler_of_campaigns(scheduler, compounds, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_ENGINE", scheduler)
    workers.start()
    job = wait_for(service.submit(request(compounds[0]), "me").id, "done", "failed")
    assert (job.state, job.result["sigma"]) == ("done", 5.0)
    # The process of every part was this one, which holds the cluster.
    begun = [line.split() for line in (tmp_path / "var" / "started.log").read_text().splitlines()]
    assert [(part, int(process)) for _, part, process in begun] == [("crystal", os.getpid()), ("row", os.getpid())]
