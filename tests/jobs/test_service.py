"""Live jobs: what can be asked for, caps, coalescing, cancelling, and the result of a real calculation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from compute import tables
from compute.jobs import calculation, service
from compute.jobs.abilities import Abilities
from compute.jobs.database import JOBS, SUBMISSIONS
from compute.jobs.expiry import forget_old
from compute.jobs.request import task_of
from compute.jobs.service import JobRequest
from compute.jobs.store import Store
from compute.potentials.registry import entry
from compute.structures.compounds import identify
from tests.conftest import ROOT
from tests.faults.conftest import compounds, workers
from tests.faults.harness import request as asked
from tests.faults.harness import wait_for
from tests.support.pair_potential import PairPotential

__all__ = ["compounds", "workers"]


def submit(compound: str, client: str = "me", **values: object) -> service.Job:
    return service.submit(asked(compound, **values), client)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"compound": "CsPbXq3"}, "not an element"),
        ({"compound": "NaCl"}, "not a"),
        ({"potential": "/tmp/my.model"}, "there is no potential"),
        ({"protocol": "fast"}, "it is published or converged or quick or one-shot"),
        ({"stage": "harmonic", "temperature": 300}, "no temperature"),
        ({"compound": None}, "one of the two"),
        ({"structure": "data_x"}, "one of the two"),
        ({"compound": None, "structure": "x" * 100_001}, "at most 100000"),
        ({"compound": None, "suite": None, "structure": "x", "protocol": "published"}, "it is converged or quick"),
        ({"compound": None, "suite": None, "structure": "x", "stage": "attribution"}, "no|none of an uploaded"),
        ({"temperature": 1}, "greater than or equal to 10"),
        ({"temperature": float("nan")}, "less than or equal to 1000"),
        ({"checkpoint": "x"}, "Extra inputs"),
    ],
)
def test_a_request_is_checked_where_it_is_made(values, sentence):
    with pytest.raises(ValidationError, match=sentence):
        asked(**{"compound": "CsPbBr3", **values})


def test_the_same_compound_typed_otherwise_is_the_same_task(compounds, tmp_path):
    data = tmp_path / "data"
    one, other = (task_of(asked(text), tables.read_manifest(data)) for text in ("CsPbBr3", "Br₃ Pb Cs"))
    assert one.digest == other.digest
    assert one.a == 5.0
    assert task_of(asked("CsPbBr3", temperature=200), tables.read_manifest(data)).digest != one.digest
    assert task_of(asked("CsPbBr3", temperature=300), tables.read_manifest(data)).digest == one.digest


def test_a_compound_outside_the_suites_is_relaxed_first(compounds, tmp_path):
    task = task_of(asked("RbGeCl3"), tables.read_manifest(tmp_path / "data"))
    assert (task.compound, task.a, task.protocol.geometry) == ("RbGeCl3", None, "relaxed")
    with pytest.raises(ValueError, match="use relaxed-geometry"):
        task_of(
            asked("RbGeCl3", stage="harmonic", protocol="reference-geometry"), tables.read_manifest(tmp_path / "data")
        )


def test_equal_requests_are_one_job(compounds):
    first, second = submit("CsPbBr3"), submit("PbCsBr3", client="you")
    assert first.id == second.id
    assert (first.state, first.ahead) == ("queued", 0)
    assert submit("CsPbI3").ahead == 1
    assert [job.compound for job in service.listed("me")] == ["CsPbI3", "CsPbBr3"]
    assert [job.compound for job in service.listed("you")] == ["CsPbBr3"]
    assert service.read("no such job") is None
    assert not service.worker_alive()


def test_caps_hold_across_threads(compounds, monkeypatch):
    monkeypatch.setenv("SOFTMODE_JOBS_PER_CLIENT", "2")
    monkeypatch.setenv("SOFTMODE_JOBS_IN_ALL", "3")
    submit(compounds[0])
    outcomes: list[str] = []

    def ask(number: int) -> None:
        try:
            outcomes.append(submit(compounds[number], client=f"client {number}").state)
        except service.TooManyJobs as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("queued") == 2
    assert sum("3 jobs are queued or running" in outcome for outcome in outcomes) == 3
    assert submit(compounds[0], client="another").state == "queued"
    monkeypatch.setenv("SOFTMODE_JOBS_IN_ALL", "20")
    submit(compounds[7])
    with pytest.raises(service.TooManyJobs, match="2 of your jobs"):
        submit(compounds[8])


def test_what_a_client_starts_within_an_hour_is_limited_though_it_cancels(compounds, monkeypatch):
    monkeypatch.setenv("SOFTMODE_JOBS_PER_HOUR", "3")
    for _ in range(3):
        service.cancel(submit("CsPbBr3").id, "me")
    with pytest.raises(service.TooManyJobs, match="3 jobs within an hour"):
        submit("CsPbBr3")
    assert submit("CsPbBr3", "you").state == "queued"
    assert submit("CsPbBr3", "me").joined


def test_a_job_is_cancelled_by_the_last_who_asked_for_it(compounds):
    id = submit("CsPbBr3", "me").id
    submit("CsPbBr3", "you")
    with pytest.raises(service.NotYours):
        service.cancel(id, "somebody")
    assert service.cancel(id, "me").state == "queued"
    assert service.listed("me") == []
    assert service.cancel(id, "you").state == "cancelled"
    assert service.cancel("no such job", "me") is None
    again = submit("CsPbBr3")
    assert (again.id, again.state, again.attempt) == (id, "queued", 2)


def test_old_jobs_are_forgotten_with_their_results(compounds, workers):
    workers.start()
    kept, gone = (submit(name) for name in ("CsPbBr3", "CsPbI3"))
    for job in (kept, gone):
        wait_for(job.id, "done")
    workers.stop()
    waiting = submit("CsSnI3")
    store = Store(service.JobSettings().url)
    assert forget_old(store, 1) == 0
    with store.engine.begin() as connection:
        for table in (JOBS, SUBMISSIONS):
            connection.execute(sa.update(table).values(submitted=time.time() - 100 * 86_400))
    submit("CsPbBr3", "you")
    for job in (kept, gone):
        os.utime(service.result_path(job.id), (0, 0))
    assert forget_old(store, 30) == 1
    assert [service.read(job.id) and service.read(job.id).state for job in (kept, gone, waiting)] == [
        "done",
        None,
        "queued",
    ]
    assert [service.result_path(job.id).exists() for job in (kept, gone)] == [True, False]
    again = submit("CsPbI3")
    assert (again.state, again.attempt, again.joined) == ("queued", 1, False)
    store.close()


def test_live_off_takes_nothing(compounds, monkeypatch):
    monkeypatch.setenv("SOFTMODE_LIVE", "off")
    with pytest.raises(service.LiveOff, match="published results only"):
        submit("CsPbBr3")
    assert service.listed("me") == []


def test_the_facade_needs_no_heavy_stack(compounds):
    code = (
        "import sys\nfrom compute.jobs import service\n"
        "service.submit(service.JobRequest(stage='sigma', compound='CsPbBr3', potential='chgnet-0.3.0'), 'me')\n"
        "print(sorted({'torch', 'ase', 'phonopy', 'pymatgen', 'scipy', 'chgnet'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_worker_does_jobs_cancels_kills_and_gives_up(compounds, workers, tmp_path, monkeypatch):
    var = tmp_path / "var"
    monkeypatch.setenv("FAKE_SECONDS", "1")
    workers.start()
    done = submit("CsPbBr3")
    job = wait_for(done.id, "done", "failed")
    assert job.state == "done"
    assert job.result["sigma"] == 5.0
    assert (job.result["run"], job.result["suite"], job.result["protocol"]) == (f"live-{job.id}", "abx3", "quick")
    assert job.progress.stage == "sampling"
    assert [sigma for _, sigma in job.progress.trace] == [0.5] * len(job.progress.trace) != []
    assert job.submitted <= job.finished
    kept = json.loads(service.result_path(job.id).read_text())
    assert kept["row"] == job.result
    assert kept["provenance"]["worker"] == "one"
    assert service.worker_alive()
    assert submit("CsPbBr3", "you").state == "done"

    slow = submit("CsPbI3", temperature=400)
    wait_for(slow.id, "running")
    assert service.cancel(slow.id, "me").state == "cancelled"
    assert not service.result_path(slow.id).exists()

    (var / "hang").touch()
    monkeypatch.setenv("SOFTMODE_JOB_SECONDS", "1")
    late = wait_for(submit("CsSnI3").id, "failed")
    assert "ran longer than" in late.error
    monkeypatch.delenv("SOFTMODE_JOB_SECONDS")
    (var / "hang").unlink()

    (var / "die").touch()
    assert "ended unexpectedly, twice" in wait_for(submit("KMgF3").id, "failed", "done").error
    (var / "die").unlink()
    assert wait_for(submit("KMgF3").id, "done").attempt == 2


def test_a_cancelled_calculation_frees_the_worker_for_the_next(compounds, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "1")
    workers.start()
    wait_for(submit("CsPbBr3").id, "done")
    long, after = submit("CsPbI3"), submit("CsSnI3")
    log = tmp_path / "var" / "started.log"
    while "CsPbI3 crystal" not in log.read_text():
        time.sleep(0.01)
    service.cancel(long.id, "me")
    assert wait_for(after.id, "done", "failed").state == "done"
    assert "CsPbI3 row" not in log.read_text()


def test_missing_weights_are_said_without_saying_where(compounds, tmp_path, capsys):
    task = task_of(
        asked("CsPbBr3", potential="mace-mpa-0-medium", stage="harmonic"), tables.read_manifest(tmp_path / "data")
    )
    row = calculation.compute("crystal", task.to_plain(), {}, calculation.Watch(_Pipe(), lambda: False))
    assert (row["status"], "crystal" in row) == ("error", False)
    assert "cannot load mace-mpa-0-medium" in row["reason"]
    assert str(tmp_path) not in row["reason"]
    assert str(tmp_path) in capsys.readouterr().err


class _Pipe:
    """The end of a pipe that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict]] = []

    def send(self, message: tuple[str, dict]) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("stage", ["harmonic", "sigma"])
def test_the_two_parts_give_the_row_of_a_campaign(stage, compounds, tmp_path, monkeypatch):

    potential = PairPotential()
    monkeypatch.setattr("compute.tasks.execute._loaded", lambda *_: potential)
    protocol = "relaxed-geometry" if stage == "harmonic" else "one-shot"
    task = task_of(
        JobRequest(stage=stage, compound="SrTiO3", potential="chgnet-0.3.0", protocol=protocol),
        tables.read_manifest(tmp_path),
    )
    from compute.tasks.execute import execute

    whole = execute(task)
    pipe = _Pipe()
    watch = calculation.Watch(pipe, lambda: False)
    first = json.loads(json.dumps(calculation.compute("crystal", task.to_plain(), {}, watch)))
    row = calculation.compute("row", task.to_plain(), first, watch)
    assert whole["status"] == "ok", whole
    times = ("seconds", "force_seconds")
    assert {k: v for k, v in row.items() if k not in times} == {k: v for k, v in whole.items() if k not in times}
    assert all(row[key] > 0 for key in times)
    assert {message["stage"] for kind, message in pipe.sent if kind == "progress"}
    stopped = calculation.Watch(pipe, lambda: True)
    with pytest.raises(calculation.Stopped):
        calculation.compute("row", task.to_plain(), first, stopped)


def test_what_no_worker_can_run_is_known_with_the_reason(compounds):
    service.prepare()
    store = Store(service.JobSettings().url)
    assert service.lacking() == {}
    for name, lacks in (("one", {"a": None, "b": "weights missing"}), ("two", {"a": "not installed", "b": "gone"})):
        store.beat(name, name, None)
        assert service.lacking() == {}, "a worker that has not told may have it"
        store.announce(name, lacks)
    assert list(service.lacking()) == ["b"]
    store.forget("one")
    assert service.lacking() == {"a": "not installed", "b": "gone"}
    store.forget("two")
    assert service.lacking() == {}


def test_a_worker_tells_what_its_machine_lacks(compounds, tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(tmp_path / "none"))
    service.prepare()
    store = Store(service.JobSettings().url)
    store.beat("worker", "token", None)
    abilities = Abilities("worker", elsewhere=False)
    abilities.tell(store)
    found = service.lacking()
    assert found["mace-mp-0-medium"] == "weights missing"
    assert found["m3gnet"] == "published results alone"
    assert "softmode-mace-distil-250" not in found
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / entry("mace-mp-0-medium").file).touch()
    abilities.tell(store)
    assert "mace-mp-0-medium" not in service.lacking()


def test_what_calculations_took_is_kept_with_their_jobs_alone(compounds):
    job = submit("CsPbBr3")
    store = Store(service.JobSettings().url)
    timing = service.Timing(potential="chgnet-0.3.0", protocol="quick", atoms=40, seconds=2.5)
    store.keep_timing(job.id, timing)
    assert service.timings() == [timing]
    store.cancel(job.id, "me")
    store.strike_old(-1)
    assert service.timings() == []


def test_a_batch_tells_how_far_it_is_and_a_relaxation_only_how_often():
    told: list[dict[str, object]] = []
    watch = calculation.Watch(
        type("Pipe", (), {"send": lambda self, message: told.append(message[1])})(), lambda: False
    )
    watch._told = -10.0
    potential = PairPotential({"Cs": 2.0, "Pb": 1.2, "Br": 1.8})
    atoms = identify("CsPbBr3", "abx3").structure(6.0)
    watched = calculation.Watched(potential, watch, "force constants")
    for n in (1, 1, 3):
        watch._told = -10.0
        assert len(watched.evaluate([atoms] * n)) == n
    assert [(t["stage"], t["done"], t["total"]) for t in told[:3]] == [
        ("geometry", 0, None),
        ("geometry", 1, None),
        ("force constants", 0, 3),
    ]
