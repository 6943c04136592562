"""A live result becomes part of a campaign's run by `softmode data promote`, and in no other way."""

import json

import pytest
from typer.testing import CliRunner

from compute import tables
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import publish
from compute.cli import app
from compute.files import write_atomic
from compute.jobs.promote import promote
from compute.jobs.request import task_of
from compute.jobs.service import JobRequest, result_path
from compute.potentials import store
from tests.faults.harness import published

SHA = "0" * 64


@pytest.fixture
def data(tmp_path):
    published(tmp_path / "data")
    return tmp_path / "data"


def done(data, status="ok", **asked) -> str:
    """The id of a job that is done, with its result where a worker writes it."""
    request = JobRequest(**{"stage": "harmonic", "compound": "CsPbBr3", "potential": "chgnet-0.3.0", **asked})
    task = task_of(request, tables.read_manifest(data))
    row = {
        "run": f"live-{task.digest}", "suite": "abx3", "compound": task.compound, "potential": task.potential,
        "protocol": task.protocol.name, "geometry": task.protocol.geometry, "omega_min_thz": -1.5, "seconds": 2.0,
        "status": status, "reason": None,
    }  # fmt: skip
    provenance = {
        "worker": "one", "code_commit": "c", "package_versions": {}, "hardware": "h", "checkpoint_sha256": SHA,
        "finished": "2026-11-22T20:00:00+00:00",
    }  # fmt: skip
    content = {"job": task.digest, "task": task.to_plain(), "row": row, "force_constants": [], "provenance": provenance}
    write_atomic(result_path(task.digest), json.dumps(content).encode())
    return task.digest


def test_a_promoted_result_is_published_by_the_campaign(data, tmp_path):
    id = done(data)
    planned, _ = promote(id, data, tmp_path / "runs")
    publish(planned, data)
    (row,) = tables.read_where(data, "harmonic", status="ok")
    assert (row["compound"], row["omega_min_thz"], row["run"]) == ("CsPbBr3", -1.5, planned.run)
    (run,) = tables.read(data, "runs").to_pylist()
    assert (run["n_ok"], run["code_commit"], run["checkpoint_sha256"]) == (1, "c", SHA)
    with pytest.raises(PlanError, match="already"):
        promote(id, data, tmp_path / "runs")


def test_what_else_is_on_this_machine_is_not_published(data, tmp_path):
    """A potential of the user's own is listed by a release that has results of it, and by no other."""
    record = {"family": "MACE", "sha256": SHA, "path": "own.model"}
    write_atomic(tmp_path / "potentials" / store.LOCAL, json.dumps({"own": record}).encode())
    assert "own" in [row["potential"] for row in store.rows()]
    planned, _ = promote(done(data), data, tmp_path / "runs")
    publish(planned, data)
    listed = {row["potential"] for row in tables.read(data, "potentials").to_pylist()}
    assert "chgnet-0.3.0" in listed
    assert "own" not in listed
    assert "own" in [row["potential"] for row in store.rows_with(["own"])]


def test_nothing_published_is_lost(data, tmp_path):
    first, _ = promote(done(data), data, tmp_path / "runs")
    publish(first, data)
    with pytest.raises(PlanError, match=r"1 compounds that .* has published are not computed in"):
        promote(done(data, compound="CsPbI3"), data, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"stage": "sigma", "temperature": 200}, "other than its preset"),
        ({"compound": "RbGeCl3"}, "no campaign computes this"),
        ({"compound": None, "structure": "data_x"}, "is of no campaign"),
        ({"status": "error"}, "ended with error"),
    ],
)
def test_what_no_campaign_computes_is_refused(data, tmp_path, asked, says):
    with pytest.raises(PlanError, match=says):
        promote(done(data, **asked), data, tmp_path / "runs")
    assert not list((tmp_path / "runs").rglob("*.json"))


def test_the_command_says_how_to_publish(data, tmp_path):
    said = CliRunner().invoke(app, ["data", "promote", done(data, stage="sigma"), "--data", str(data)])
    assert "campaign merge --stage sigma --suite abx3 --potential chgnet-0.3.0 --protocol quick" in said.output
    assert (tmp_path / "var" / "runs").exists()
    missing = CliRunner().invoke(app, ["data", "promote", "0" * 16, "--data", str(data)])
    assert missing.exit_code == 1
    assert "no result of job" in missing.output
