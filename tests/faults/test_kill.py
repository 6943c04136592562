"""kill -9 of workers at random moments: every job ends done, once."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from compute.jobs import service
from compute.jobs.service import JobSettings
from tests.faults.harness import Workers, request, wait_for

KILLS = int(os.environ.get("SOFTMODE_TEST_KILLS", "5"))


def killed_over_a_queue(
    compounds: list[str],
    workers: Workers,
    var: Path,
    kills: int,
    names: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kill workers `kills` times while there are jobs, each in one of `names`; every job must end done, once."""
    monkeypatch.setenv("FAKE_SECONDS", "0.4")
    dice = random.Random(17)
    ids: list[str] = []
    left: list[str] = []

    def fill_queue() -> None:
        """The queue never runs dry, so that a kill can hit a job."""
        left[:] = [job.id for job in map(service.read, left) if job and job.state in ("queued", "running")]
        while len(left) < 4:
            number = len(ids)
            asked = request(compounds[number % len(compounds)], temperature=100 + number)
            ids.append(service.submit(asked, f"client {number % 3}").id)
            left.append(ids[-1])

    fill_queue()
    for name in names:
        workers.start(name)
    for number in range(kills):
        # Mostly when it is at work, sometimes while it starts.
        if number % 4 != 3:
            before = parts_begun(var)
            while parts_begun(var) == before:
                time.sleep(0.02)
        time.sleep(dice.uniform(0, 1))
        name = dice.choice(names)
        workers.kill(name)
        workers.start(name)
        fill_queue()
    ended = [wait_for(id, "done", "failed", "cancelled") for id in ids]
    assert Counter(job.state for job in ended) == {"done": len(ids)}
    assert [job.attempt for job in ended] == [1] * len(ids)
    assert len(set(ids)) == len(ids)
    for number, job in enumerate(ended):
        assert job.result is not None
        assert job.result["sigma"] == pytest.approx(5 + (number % len(compounds)) / 10)
        kept = json.loads((var / "jobs" / f"{job.id}.json").read_text())
        assert kept["row"] == job.result
    assert sorted(path.stem for path in (var / "jobs").glob("*.json")) == sorted(ids)
    assert parts_begun(var) > 2 * len(ids), "no kill interrupted a calculation"


def parts_begun(var: Path) -> int:
    """How often a worker has begun a part of a calculation."""
    log = var / "started.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_every_job_ends_done_once_though_its_worker_is_killed(compounds, workers, tmp_path, monkeypatch):
    killed_over_a_queue(compounds, workers, tmp_path / "var", KILLS, ("one",), monkeypatch)
    # Each of the three steps of each job was recorded once, whatever was run twice.
    with sqlite3.connect(tmp_path / "var" / "jobs.sqlite") as connection:
        steps = connection.execute(
            "SELECT workflow_uuid, function_name, count(*) FROM operation_outputs GROUP BY 1, 2"
        ).fetchall()
    assert {name for _, name, _ in steps} == {"crystal", "row", "result"}
    assert {count for *_, count in steps} == {1}
    assert len(steps) == 3 * len(list((tmp_path / "var" / "jobs").glob("*.json")))


@pytest.mark.slow
def test_every_job_ends_done_once_on_postgresql_with_two_workers(compounds, workers, server, tmp_path, monkeypatch):
    assert JobSettings().url.get_backend_name() == "postgresql"
    killed_over_a_queue(compounds, workers, tmp_path / "var", max(KILLS // 2, 3), ("one", "two"), monkeypatch)


def test_a_step_that_ended_is_not_run_again(compounds, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "2")
    id = service.submit(request(compounds[0]), "me").id
    workers.start()
    log = tmp_path / "var" / "started.log"
    while not log.exists() or " row " not in log.read_text():
        time.sleep(0.05)
    workers.kill()
    workers.start()
    assert wait_for(id, "done", "failed").state == "done"
    assert Counter(line.split()[1] for line in log.read_text().splitlines()) == {"crystal": 1, "row": 2}


@pytest.mark.slow
def test_the_calculation_of_a_killed_worker_ends_too(compounds, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "60")
    service.submit(request(compounds[0]), "me")
    workers.start()
    log = tmp_path / "var" / "started.log"
    while not log.exists():
        time.sleep(0.05)
    process = int(log.read_text().split()[2])
    assert Path(f"/proc/{process}").exists()
    workers.kill()
    end = time.monotonic() + 30
    while Path(f"/proc/{process}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{process}").exists()


@pytest.mark.slow
def test_another_worker_takes_the_job_of_one_that_never_comes_back(compounds, workers, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "2")
    id = service.submit(request(compounds[0]), "me").id
    workers.start("lost")
    wait_for(id, "running")
    workers.start("other", silent=3)
    workers.kill("lost")
    assert wait_for(id, "done", "failed").state == "done"
    assert "lost is silent" in workers.said


@pytest.mark.slow
def test_a_worker_asked_to_leave_hands_its_job_back(compounds, workers, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "3")
    id = service.submit(request(compounds[0]), "me").id
    workers.start("one")
    wait_for(id, "running")
    assert workers.leave("one") == 0
    assert wait_for(id, "queued").state == "queued"
    assert service.workers() == []
    workers.start("other", silent=60)
    assert wait_for(id, "done", "failed").state == "done"


def test_a_name_is_held_by_one_worker(compounds, workers):
    workers.start("one")
    while not service.workers():
        time.sleep(0.1)
    first = workers.running.pop("one")
    workers.start("one")
    assert workers.running.pop("one").wait(90) != 0
    assert "runs here already" in workers.said
    workers.running["one"] = first
