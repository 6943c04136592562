"""SIGTERM with a job in hand, as every deployment sends it: the job is back on the queue, the exit status 0, always."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compute.jobs import service
from compute.jobs.service import JobSettings
from tests.faults.harness import request, wait_for
from tests.faults.nursery import Nursery

SECONDS = 60
"""A worker that has not taken the job, or not ended, by then hangs."""


@pytest.fixture
def nursery(compounds, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch) -> Iterator[Nursery]:
    """Forks workers; none outlives the test."""
    monkeypatch.setenv("SOFTMODE_WORKER_NICE", "0")
    if "postgresql" in request.node.name:
        request.getfixturevalue("server")
    nursery = Nursery(tmp_path / "workers.log")
    yield nursery
    nursery.stop()


@pytest.mark.parametrize(
    ("database", "times"),
    [
        ("sqlite", 10),
        ("postgresql", 10),
        pytest.param("sqlite", 200, marks=pytest.mark.slow),
        pytest.param("postgresql", 200, marks=pytest.mark.slow),
    ],
)
def test_sigterm_puts_the_job_in_hand_back_on_the_queue(nursery, compounds, tmp_path, database, times):
    """Workers come and go under ever new names, so that nobody but who leaves can have handed the job back."""
    assert JobSettings().url.get_backend_name() == database
    dice, var = random.Random(times), tmp_path / "var"
    log = var / "started.log"

    def begun() -> int:
        return len(log.read_text().splitlines()) if log.exists() else 0

    id = service.submit(request(compounds[0]), "me").id
    has_it = nursery.start("worker-0")
    for number in range(times):
        wait_until(lambda number=number: begun() > number, nursery)
        comes = nursery.start(f"worker-{number + 1}")
        time.sleep(dice.choice((0, dice.uniform(0, 0.02), dice.uniform(0, 0.5))))
        os.kill(has_it, signal.SIGTERM)
        if number % 3 == 0:
            time.sleep(dice.uniform(0, 0.05))
            if nursery.poll(has_it) is None:
                os.kill(has_it, signal.SIGTERM)
        wait_until(lambda has_it=has_it: nursery.poll(has_it) is not None, nursery)
        assert nursery.poll(has_it) == 0, nursery.said
        has_it = comes
    wait_until(lambda: begun() > times, nursery)
    (var / "end").touch()
    job = wait_for(id, "done", "failed", "cancelled")
    assert (job.state, job.attempt) == ("done", 1)


def wait_until(holds: Callable[[], bool], nursery: Nursery) -> None:
    """Wait until it does."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, nursery.said
        time.sleep(0.01)
