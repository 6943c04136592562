"""The preset for the owners of weights, with small checkpoints under the published ids from a server."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compute import tables
from compute.campaigns.cost import sampling_calls
from compute.campaigns.plan import PlanError
from compute.campaigns.presets import PRESETS
from compute.cli import app
from compute.potentials.imports import mace_modules
from compute.potentials.registry import entries
from compute.protocols import SAMPLING_PROTOCOLS
from compute.tasks import execute
from tests.conftest import ROOT
from tests.support.here import Here
from tests.support.mace_model import train_small_mace

COMPOUNDS = {("abx3", "CsPbBr3"), ("hdp", "Cs2NaInCl6")}
BENCHMARK = [entry for entry in entries().values() if entry.benchmark]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    """Address of a server that has a file for each of the four models, all with other weights."""
    import torch

    mace_modules()  # before torch.load, which needs its classes

    folder = tmp_path_factory.mktemp("weights")
    model = torch.load(train_small_mace(folder / BENCHMARK[0].file, steps=20, indium=True), weights_only=False)
    for known in BENCHMARK[1:]:
        with torch.no_grad():
            for weights in model.parameters():
                weights *= 1.001
        torch.save(model, folder / known.file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def data(tmp_path, published) -> Path:
    """A folder with one compound of each suite."""
    rows = [row for row in published if (row["suite"], row["compound"]) in COMPOUNDS]
    assert len(rows) == 2
    tables.publish(tmp_path / "data", {"references": tables.from_rows("references", rows)})
    return tmp_path / "data"


@pytest.fixture
def here(monkeypatch, tmp_path):
    """Weights and runs of their own, tasks in this process, and a schedule of a few steps."""
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(tmp_path / "potentials"))
    monkeypatch.setenv("SOFTMODE_VAR", str(tmp_path / "var"))
    for name in ("published-abx3", "published-hdp"):
        protocol = SAMPLING_PROTOCOLS[name]
        short = protocol.sampler.model_copy(update={"steps": 8, "ramp_steps": 4})
        monkeypatch.setitem(SAMPLING_PROTOCOLS, name, protocol.model_copy(update={"sampler": short}))

    @contextmanager
    def executor(workers: int, address: str | None = None):
        yield Here()

    monkeypatch.setattr("compute.campaigns.dask_cluster.executor", executor)
    yield
    execute._loaded.cache_clear()  # which this process would take for the published models


def campaign(data: Path, *arguments: str):
    return CliRunner().invoke(app, ["campaign", "run", "--preset", "pccp2026", "--data", str(data), *arguments])


def test_four_models_over_both_suites_from_fetch_to_publication(mirror, data, here, tmp_path, monkeypatch):
    unread = campaign(data, "--mirror", mirror)
    assert unread.exit_code == 1
    assert "read https://github.com/gabor1/ASL" in unread.stderr
    assert tables.read(data, "harmonic").num_rows == 0, "nothing is computed before the licences are accepted"

    done = campaign(data, "--mirror", mirror, "--accept-licence", "--stage", "harmonic", "--json")
    assert done.exit_code == 0, done.stderr
    assert "hours" in done.stderr, "the cost is said before it starts"
    assert len(json.loads(done.stdout)) == 8
    one = BENCHMARK[-1].id
    assert campaign(data, "--stage", "sigma", "--potential", one).exit_code == 0, "licence and weights are there"
    harmonic, sigma = (tables.read(data, name).to_pylist() for name in ("harmonic", "anharmonic"))
    ids = {entry.id for entry in BENCHMARK}
    for rows, potentials in ((harmonic, ids), (sigma, {one})):
        found = {(row["suite"], row["compound"], row["potential"]) for row in rows}
        assert found == {(*compound, id) for compound in COMPOUNDS for id in potentials}
    assert all(row["status"] == "ok" for row in harmonic if row["suite"] == "abx3")
    # A hardly trained potential may let the crystal fall apart; what must not happen is a row without an end.
    assert {row["status"] for row in (*harmonic, *sigma)} <= {"ok", "not-relaxed", "exploded", "left-sites"}
    assert len({row["omega_r_thz"] for row in harmonic if row["suite"] == "abx3"}) == 4, "four different models"
    runs = tables.read(data, "runs").to_pylist()
    assert {run["protocol"] for run in runs} == {
        "reference-geometry", "relaxed-geometry", "published-abx3", "published-hdp",
    }  # fmt: skip
    listed = {row["potential"]: row["checkpoint_sha256"] for row in tables.read(data, "potentials").to_pylist()}
    assert {(run["potential"], run["checkpoint_sha256"]) for run in runs} == {(id, listed[id]) for id in ids}

    def started(*_: object) -> None:
        raise AssertionError("nothing is left, so nothing is started")

    monkeypatch.setattr("compute.campaigns.dask_cluster.executor", started)
    shards = {path: path.stat().st_mtime_ns for path in tmp_path.glob("var/runs/*/shards/*.json")}
    assert campaign(data, "--suite", "abx3", "--stage", "harmonic").exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in shards} == shards, "finished tasks are not done again"


def test_the_plan_says_the_cost_and_computes_nothing(mirror, data, here, tmp_path):
    nothing = campaign(data, "--plan")
    assert "its weights are not here" in nothing.stderr.replace("\n", " ")
    assert campaign(data, "--mirror", mirror, "--suite", "abx3", "--stage", "harmonic", "--accept-licence",
                    "--potential", "mace-mp-0b3-medium").exit_code == 0  # fmt: skip
    options = ("--suite", "hdp", "--potential", "mace-mp-0b3-medium", "--plan", "--json")
    harmonic, sigma = json.loads(campaign(data, *options).stdout)
    assert (harmonic["left"], sigma["left"]) == (1, 1)
    assert sigma["calls"] - harmonic["calls"] == sampling_calls(SAMPLING_PROTOCOLS["published-hdp"]) - 4
    assert sigma["seconds"] > 0
    assert sigma["hours"] == pytest.approx(sigma["left"] * sigma["seconds"] / 3600, rel=1)
    assert not list((tmp_path / "var").glob("runs/*hdp*"))


def test_force_calls_of_a_sampling():
    assert sampling_calls(SAMPLING_PROTOCOLS["published-abx3"]) == 900
    assert sampling_calls(SAMPLING_PROTOCOLS["published-hdp"]) == 2100
    assert sampling_calls(SAMPLING_PROTOCOLS["quick"]) == 1500
    assert sampling_calls(SAMPLING_PROTOCOLS["one-shot"]) == 50


def test_a_preset_is_narrowed_and_never_widened():
    preset = PRESETS["pccp2026"]
    assert len(preset.parts()) == 16
    assert {part.stage for part in preset.parts(suite="hdp", stage="sigma")} == {"sigma"}
    with pytest.raises(PlanError, match="mace-mpa-0-medium"):
        preset.parts(potential="chgnet-0.3.0")


@pytest.mark.slow
def test_the_same_as_its_owner_runs_it(mirror, data, tmp_path):
    command = [sys.executable, "-c", "from compute.cli import app; app()", "campaign", "run", "--preset", "pccp2026"]
    command += ["--mirror", mirror, "--accept-licence", "--data", str(data), "--json"]
    environment = {**os.environ, "SOFTMODE_POTENTIALS": str(tmp_path / "p"), "SOFTMODE_VAR": str(tmp_path / "v")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(summary["compounds"] == 1 for summary in json.loads(done.stdout))
    assert tables.read(data, "anharmonic").num_rows == 8
