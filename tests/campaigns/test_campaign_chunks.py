"""Campaigns in chunks on a real scheduler with two worker processes, one of which is killed at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("mace")

from compute.campaigns.campaign import Campaign, compute, status
from compute.campaigns.chunks import chunks, run_chunk
from compute.campaigns.dask_cluster import SINGLE_THREADED, executor
from compute.campaigns.publish import merge
from compute.campaigns.stage import STAGES
from compute.potentials.store import locate
from compute.protocols import HARMONIC_PROTOCOLS
from compute.tasks.task import task_for
from tests.conftest import ROOT
from tests.support.here import Here

POTENTIAL = "softmode-mace-distil-250"
# A cell of five atoms: the tests are about campaigns, not about phonons.
PROTOCOL = HARMONIC_PROTOCOLS["reference-geometry"].model_copy(update={"supercell": 1})
TIMES = ("seconds", "force_seconds")


def campaign(published, count: int, directory: Path, potential: str = POTENTIAL) -> Campaign:
    """Of `potential` over the first `count` published halides."""
    halides = [row for row in published if row["suite"] == "abx3" and row["X"] in ("F", "Cl", "Br", "I")][:count]
    sha256 = locate(potential).sha256
    todo = [task_for("abx3", row["compound"], row["lattice_constant"], potential, sha256, PROTOCOL) for row in halides]
    return Campaign(STAGES["harmonic"], "abx3", potential, sha256, PROTOCOL, tuple(halides), tuple(todo), directory)


def rows(of: Campaign) -> dict[str, dict]:
    """The merged table without times."""
    listed = merge(of)[of.stage.table].to_pylist()
    return {row["compound"]: {key: value for key, value in row.items() if key not in TIMES} for row in listed}


def equal(value: object, within: float) -> object:
    """What compares equal to `value`; numbers, also those in a list, to 1e-6 of their size or to `within`."""
    number = isinstance(value, float) or (isinstance(value, list) and all(isinstance(one, float) for one in value))
    return pytest.approx(value, rel=1e-6, abs=within) if number else value


@pytest.fixture
def scheduler(tmp_path):
    """Address of a scheduler with two workers, each a process that nobody restarts, and a client of it."""
    from distributed import Client

    file = tmp_path / "scheduler.json"
    here = ["--scheduler-file", str(file)]
    worker = ["dask_worker", *here, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    commands = [["dask_scheduler", *here, "--port", "0", "--no-dashboard"], worker, worker]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]],
            cwd=ROOT,
            env={**os.environ, **SINGLE_THREADED},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        while not file.exists():
            assert processes[0].poll() is None
            time.sleep(0.1)
        with Client(scheduler_file=str(file), timeout="240s") as client:
            client.wait_for_workers(2, timeout=240)
            yield client.scheduler.address, client
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("potential", "count"),
    [
        (POTENTIAL, 24),
        pytest.param(POTENTIAL, 200, marks=pytest.mark.slow),
        # Each worker has an evaluator in the interpreter of SevenNet.
        pytest.param("sevennet-0", 200, marks=pytest.mark.slow),
    ],
)
def test_a_worker_killed_at_work_loses_its_chunk_and_no_row(published, tmp_path, scheduler, potential, count):
    if (environment := locate(potential).environment) and not environment.ready:
        pytest.skip(f"the packages of {potential} are not installed: softmode potentials install")
    undisturbed = campaign(published, count, tmp_path / "undisturbed", potential)
    compute(undisturbed, undisturbed.tasks, Here(), chunk=4)
    address, client = scheduler
    workers = client.run(os.getpid)
    assert len(workers) == 2
    killed: list[int] = []

    def kill_one_at_work(task, row) -> None:
        at_work = [workers[worker] for worker, tasks in client.processing().items() if tasks]
        if not killed and at_work:
            killed.append(at_work[0])
            os.kill(at_work[0], signal.SIGKILL)

    disturbed = campaign(published, count, tmp_path / "disturbed", potential)
    with executor(2, address) as pool:
        compute(disturbed, disturbed.tasks, pool, chunk=4, workers=2, progress=kill_one_at_work)
    assert killed
    assert set(client.run(os.getpid).values()) == set(workers.values()) - set(killed)
    assert status(disturbed).counts == status(undisturbed).counts
    assert sum(status(disturbed).counts.values()) == count
    wanted, found = rows(undisturbed), rows(disturbed)
    assert set(found) == set(wanted)
    for compound, row in wanted.items():
        for column, value in row.items():
            # The noise floor is the root of a difference of squares, which agree to 1e-6 THz².
            within = 1e-3 if column == "noise_floor_thz" else 1e-6
            assert found[compound][column] == equal(value, within), (compound, column)


def test_a_chunk_that_was_cut_short_does_only_what_is_left(published, tmp_path):
    here = campaign(published, 3, tmp_path)
    folder = here.shards.directory
    folder.mkdir(parents=True)
    here.shards.write(here.tasks[1].digest, here.tasks[1].compound, {"status": "ok", "omega_min_thz": 42.0})
    found = run_chunk(here.tasks, 1, None, str(folder))
    assert found[1] == {"status": "ok", "omega_min_thz": 42.0}, "present means done"
    assert [row["status"] for row in found] == ["ok"] * 3
    assert all(here.shards.has(task.digest) for task in here.tasks), "each row is kept by the worker itself"
    assert run_chunk(here.tasks[:1], 1, None, str(tmp_path / "elsewhere")), "another machine hands its rows back"
    assert not (tmp_path / "elsewhere").exists()


def test_chunks_keep_the_order_and_leave_work_for_every_worker(published, tmp_path):
    todo = campaign(published, 20, tmp_path).tasks
    assert [task for chunk in chunks(todo, 8) for task in chunk] == list(todo)
    assert [len(chunk) for chunk in chunks(todo, 8)] == [8, 8, 4]
    assert [len(chunk) for chunk in chunks(todo, 16, workers=2)] == [10, 10]
    assert chunks([], 16, workers=2) == []
