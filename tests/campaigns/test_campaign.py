"""Campaigns as a user runs them: a real process that is killed, real CHGNet, and commands that take it up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from compute import tables
from compute.campaigns import campaign as campaigns
from compute.campaigns import plan
from compute.campaigns.publish import publish
from compute.cli import app
from compute.physics import bands
from compute.protocols import HARMONIC_PROTOCOLS
from compute.tables import constants
from compute.tasks.execute import execute
from compute.tasks.task import stored_forces_task, task_for
from tests.conftest import ROOT
from tests.references.test_references import npz
from tests.support.here import Here

SOFTMODE = [sys.executable, "-c", "from compute.cli import app; app()"]
OPTIONS = ["--suite", "abx3", "--potential", "chgnet-0.3.0", "--json"]
SHA = "d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1"
# Large cells of soft halides: a second of force calls each.
COMPOUNDS = ("CsPbBr3", "CsPbI3", "CsSnI3", "RbPbI3", "KPbI3", "CsSnBr3")


def some_of(published: list[dict], compounds: Collection[str], folder: Path) -> Path:
    """Tables in `folder` with the published `compounds`, and CsPbF3, which no potential can describe."""
    rows = [row for row in published if row["compound"] in compounds and row["suite"] == "abx3"]
    apart = {**rows[0], "compound": "CsPbF3", "formula": "CsPbF3", "lattice_constant": 24.0, "X": "F"}
    tables.publish(folder, {"references": tables.from_rows("references", [*rows, apart])})
    return folder


@pytest.fixture
def data(tmp_path: Path, published) -> Path:
    return some_of(published, COMPOUNDS, tmp_path / "data")


def softmode(data: Path, *arguments: str) -> Result:
    """The command in this process, which has imported already what it needs."""
    return CliRunner().invoke(app, ["campaign", *arguments, "--data", str(data)])


def shards(directory: Path) -> list[Path]:
    return sorted(directory.glob("runs/*/shards/*.json"))


def test_killed_anywhere_it_resumes_and_publishes_every_compound(data):
    var = Path(os.environ["SOFTMODE_VAR"])
    command = [*SOFTMODE, "campaign", "run", *OPTIONS, "--workers", "1", "--data", str(data)]
    victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0)
    deadline = time.monotonic() + 240
    while len(shards(var)) < 2 and time.monotonic() < deadline and victim.poll() is None:
        time.sleep(0.05)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    survived = {path: path.read_bytes() for path in shards(var)}
    assert 2 <= len(survived) < 7
    assert tables.read(data, "harmonic").num_rows == 0, "a killed run publishes nothing"

    merged = softmode(data, "merge", *OPTIONS)
    assert merged.exit_code == 0, merged.stderr
    partial = tables.read(data, "harmonic").to_pylist()
    assert len(partial) == 7
    assert sum(row["status"] == "not-run" for row in partial) == 7 - len(survived)
    assert all(row["reason"] for row in partial if row["status"] != "ok")

    resumed = softmode(data, "run", *OPTIONS, "--workers", "1")
    assert resumed.exit_code == 0, resumed.stderr
    summary = json.loads(resumed.stdout)
    assert summary["status"] == {"not-described": 1, "ok": 6}
    assert 0 < summary["force_fraction"] <= 1
    assert {path: path.read_bytes() for path in survived} == survived, "finished tasks are not done again"

    rows = {row["compound"]: row for row in tables.read(data, "harmonic").to_pylist()}
    assert rows["CsPbF3"]["status"] == "not-described"
    assert "neighbour" in rows["CsPbF3"]["reason"]
    assert rows["CsPbBr3"]["label"] == "unstable"
    assert rows["CsPbBr3"]["geometry"] == "reference"
    stored = constants.read_where(tables.read_manifest(data), suite="abx3")
    constants_of = {row["compound"]: row for row in stored}
    assert set(constants_of) == {name for name, row in rows.items() if row["status"] == "ok"}
    for name, row in constants_of.items():
        n, repeats = len(row["masses"]), row["repeats"]
        shapes = {"lattice": (3, 3), "positions": (n, 3), "masses": (n,), "constants": (n, n, *[repeats] * 3, 3, 3)}
        crystal = bands.PrimitiveCrystal(
            **{key: np.array(row[key], float).reshape(shape) for key, shape in shapes.items()}
        )
        assert bands.frequencies(crystal, [(0.5, 0.5, 0.5)])[0, 0] == pytest.approx(rows[name]["omega_r_thz"], abs=5e-3)
    (run_row,) = tables.read(data, "runs").to_pylist()
    assert run_row["checkpoint_sha256"] == SHA
    assert (run_row["n_ok"], run_row["n_failed"], run_row["n_not_run"]) == (6, 1, 0)

    again = softmode(data, "retry", *OPTIONS)
    assert json.loads(again.stdout)["forgotten"] == 1
    assert len(shards(var)) == 6


def test_a_running_scheduler_takes_the_tasks_and_shards_add_up(data):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        engine = ["--engine", cluster.scheduler_address, "--limit", "2"]
        first = softmode(data, "run", *OPTIONS, *engine, "--shard", "1/2")
        assert json.loads(first.stdout)["status"] == {"not-run": 6, "ok": 1}, first.stderr
        assert tables.read(data, "harmonic").num_rows == 0, "a part alone publishes nothing"
        softmode(data, "run", *OPTIONS, *engine, "--shard", "2/2")
    merged = softmode(data, "merge", *OPTIONS)
    done = json.loads(merged.stdout)["status"]
    assert done["not-run"] == 5
    assert tables.read(data, "harmonic").num_rows == 7


def test_the_published_numbers_come_out_again(published):
    stored = tables.read(ROOT / "data" / "parquet", "harmonic").to_pylist()
    of = {"suite": "abx3", "compound": "CsPbI3", "geometry": "reference", "potential": "chgnet-0.3.0"}
    row = next(row for row in stored if of.items() <= row.items())
    a = next(r["lattice_constant"] for r in published if (r["suite"], r["compound"]) == ("abx3", "CsPbI3"))
    again = execute(task_for("abx3", "CsPbI3", a, "chgnet-0.3.0", SHA, HARMONIC_PROTOCOLS["reference-geometry"]))
    for key in ("omega_gamma_thz", "omega_r_thz", "omega_m_thz", "omega_x_thz", "omega_min_thz"):
        assert again[key] == pytest.approx(row[key], abs=1e-3)


def test_a_wrong_checkpoint_is_a_failed_row_not_a_number():
    row = execute(
        task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", "0" * 64, HARMONIC_PROTOCOLS["reference-geometry"])
    )
    assert row["status"] == "error"
    assert "checkpoint" in row["reason"]
    assert "Traceback" in row["traceback"]


def test_slices_are_disjoint_and_complete(published):
    rows = [row for row in published if row["suite"] == "abx3"][:50]
    tasks = plan.tasks(rows, "chgnet-0.3.0", SHA, HARMONIC_PROTOCOLS["reference-geometry"])
    parts = [plan.slice_of(tasks, part, 3) for part in (1, 2, 3)]
    assert sorted(task.compound for part in parts for task in part) == sorted(row["compound"] for row in rows)
    with pytest.raises(plan.PlanError, match="from 1 to 3"):
        plan.slice_of(tasks, 4, 3)


def test_only_some_anions(published):
    rows = [row for row in published if row["suite"] == "abx3"]
    tasks = plan.tasks(rows, "chgnet-0.3.0", SHA, HARMONIC_PROTOCOLS["reference-geometry"])
    halides = plan.with_anions(tasks, rows, ["Cl", "I"])
    assert {row["X"] for row in rows if row["compound"] in {task.compound for task in halides}} == {"Cl", "I"}
    assert halides == [task for task in tasks if task in halides], "in the same order"
    with pytest.raises(plan.PlanError, match="no compound of this suite has the anion Xx: it has Br, Cl, F"):
        plan.with_anions(tasks, rows, ["Xx"])


def test_only_some_compounds(published):
    rows = [row for row in published if row["suite"] == "abx3"]
    tasks = plan.tasks(rows, "chgnet-0.3.0", SHA, HARMONIC_PROTOCOLS["reference-geometry"])
    assert {task.compound for task in plan.of_compounds(tasks, ["CsPbBr3", "CsSnI3"])} == {"CsPbBr3", "CsSnI3"}
    assert {task.compound for task in plan.of_compounds(tasks, ["Br3PbCs", "CsSnI₃"])} == {"CsPbBr3", "CsSnI3"}
    with pytest.raises(plan.PlanError, match="not in this suite: XxYyZz3"):
        plan.of_compounds(tasks, ["CsPbBr3", "XxYyZz3"])


def test_every_beginning_of_the_order_is_balanced(published):
    rows = [row for row in published if row["suite"] == "hdp"]
    first = plan.stratified(rows)[:300]
    share = {X: sum(row["X"] == X for row in first) for X in ("F", "Cl", "Br", "I")}
    assert min(share.values()) > 40
    assert sum(row["sigma"] >= 1 for row in first) >= 50
    assert sum(row["sigma"] < 0.4 for row in first) > 30
    assert plan.stratified(rows) == plan.stratified(list(rows))


def test_a_digest_changes_with_all_that_changes_the_numbers():
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]
    base = task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", SHA, protocol)
    others = [
        task_for("abx3", "CsPbBr3", 5.984, "chgnet-0.3.0", SHA, protocol),
        task_for("abx3", "CsPbI3", 5.983, "chgnet-0.3.0", SHA, protocol),
        task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", "1" * 64, protocol),
        task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", SHA, protocol.model_copy(update={"displacement": 0.02})),
    ]
    assert len({task.digest for task in [base, *others]}) == 5


def test_stored_forces_are_known_by_their_content(tmp_path):
    protocol = HARMONIC_PROTOCOLS["published-forces"]
    here = stored_forces_task("mp0b3", npz(tmp_path / "mp-1.npz"), "mace-mp-0b3-medium", protocol)
    (tmp_path / "moved").mkdir()
    moved = tmp_path / "moved" / "mp-1.npz"
    moved.write_bytes((tmp_path / "mp-1.npz").read_bytes())
    assert stored_forces_task("mp0b3", moved, "mace-mp-0b3-medium", protocol).digest == here.digest
    changed = stored_forces_task("mp0b3", npz(tmp_path / "mp-1.npz", shuffle=True), "mace-mp-0b3-medium", protocol)
    assert changed.digest != here.digest


def test_stored_forces_become_rows_of_the_potential(tmp_path):
    from compute.campaigns.published.import_references import Wanted, imported, publish_references

    source, data, var = tmp_path / "npz", tmp_path / "data", tmp_path / "runs"
    source.mkdir()
    npz(source / "mp-1.npz")
    publish_references(data, "mp0b3", imported("mp0b3", Wanted(source, var / "stored-phonons")))
    planned = campaigns.campaign("mp0b3", "mace-mp-0b3-medium", None, "published-forces", data, var, source)
    campaigns.compute(planned, planned.tasks, Here())
    publish(planned, data)
    (row,) = tables.read(data, "harmonic").to_pylist()
    assert row["status"] == "ok", row["reason"]
    assert row["potential"] == "mace-mp-0b3-medium"
    assert 0.01 < row["omega_rmse_thz"] < 3
    (reference,) = tables.read(data, "references").to_pylist()
    assert reference["formula"] == "SrTiO3"
    with pytest.raises(plan.PlanError, match="mace-mp-0b3-medium only"):
        campaigns.campaign("mp0b3", "chgnet-0.3.0", None, "published-forces", data, var, source)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--suite", "perovskites", "--potential", "chgnet-0.3.0"], "No suite perovskites"),
        (["--suite", "abx3", "--potential", "chgnet-9"], "chgnet-0.3.0"),
        (["--suite", "abx3", "--potential", "mace-mp-0b3-medium"], "softmode potentials fetch mace-mp-0b3-medium"),
        (["--suite", "abx3", "--potential", "chgnet-0.3.0", "--protocol", "fast"], "reference-geometry"),
        (["--suite", "abx3", "--potential", "chgnet-0.3.0", "--shard", "2"], "1/4"),
        (["--suite", "abx3", "--potential", "chgnet-0.3.0", "--protocol", "published-forces"], "reference-geometry"),
        (["--suite", "hdp", "--potential", "chgnet-0.3.0"], "softmode reference import"),
        (["--suite", "abx3", "--potential", "chgnet-0.3.0", "--stage", "both"], "harmonic or sigma"),
        (["--suite", "abx3", "--potential", "chgnet-0.3.0", "--stage", "sigma", "--protocol", "fast"], "one-shot"),
        (["--suite", "mp0b3", "--potential", "chgnet-0.3.0", "--stage", "sigma"], "stored forces only"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_sentence(data, arguments, says):
    done = CliRunner().invoke(app, ["campaign", "run", *arguments, "--data", str(data)])
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output
