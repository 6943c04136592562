"""Campaigns of the stage sigma, with real CHGNet and the shortest protocol."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compute import tables
from compute.campaigns import campaign as campaigns
from compute.campaigns.publish import publish
from compute.cli import app
from compute.protocols import sampling_protocol
from compute.tasks.execute import execute
from compute.tasks.task import SigmaTask, task_for
from tests.campaigns.test_campaign import SHA, SOFTMODE, some_of
from tests.conftest import ROOT
from tests.support.here import Here

COMPOUNDS = ("CsPbBr3", "CsSnI3", "RbPbI3")


@pytest.fixture
def data(tmp_path: Path, published) -> Path:
    return some_of(published, COMPOUNDS, tmp_path / "data")


def planned(data: Path, stage: str, protocol: str) -> campaigns.Campaign:
    return campaigns.campaign("abx3", "chgnet-0.3.0", SHA, protocol, data, data / "runs", stage=stage)


def only(campaign: campaigns.Campaign, *compounds: str) -> list[SigmaTask]:
    return [task for task in campaign.tasks if task.compound in compounds]


def test_a_campaign_of_sigma_fills_its_table_and_leaves_the_others(data):
    harmonic = planned(data, "harmonic", "reference-geometry")
    campaigns.compute(harmonic, only(harmonic, "CsPbBr3"), Here())
    publish(harmonic, data)
    sigma = planned(data, "sigma", "one-shot")
    campaigns.compute(sigma, only(sigma, "CsPbBr3", "CsPbF3"), Here())
    publish(sigma, data)
    other = planned(data, "sigma", "published")
    campaigns.compute(other, [], Here())
    publish(other, data)

    rows = tables.read(data, "anharmonic").to_pylist()
    assert {(row["protocol"], row["compound"]) for row in rows} == {
        (protocol, compound) for protocol in ("one-shot", "published-abx3") for compound in (*COMPOUNDS, "CsPbF3")
    }
    found = {row["compound"]: row for row in rows if row["protocol"] == "one-shot"}
    assert {compound: row["status"] for compound, row in found.items()} == {
        "CsPbBr3": "ok",
        "CsPbF3": "not-described",
        "CsSnI3": "not-run",
        "RbPbI3": "not-run",
    }
    assert all(row["reason"] for row in rows if row["status"] != "ok")
    row = found["CsPbBr3"]
    assert 0 < row["sigma"] < 2
    assert row["sigma_bp"] is None
    assert row["trace_sigma"][-1] == pytest.approx(row["sigma"])
    assert len(row["mode_q"]) == len(row["mode_omega_thz"]) == len(row["mode_sigma"]) == 12 + 3 * 15
    assert row["timestep"] is row["temperature_mean"] is row["renormalised_min_thz"] is None
    assert row["dtype"] == "float32"
    assert [row["status"] for row in tables.read(data, "harmonic").to_pylist()].count("ok") == 1
    runs = {row["run"]: row for row in tables.read(data, "runs").to_pylist()}
    assert {row["stage"] for row in runs.values()} == {"harmonic", "sigma"}
    assert set(runs) == {harmonic.run, sigma.run, other.run}
    assert json.loads(runs[sigma.run]["protocol_json"])["sampler"]["imaginary"] == "absolute"


def test_a_task_gives_the_same_digits_again():
    protocol = sampling_protocol("one-shot", "abx3")
    short = protocol.model_copy(update={"sampler": protocol.sampler.model_copy(update={"samples": 4})})
    task = task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", SHA, short)
    first, again = execute(task), execute(task)
    assert first["status"] == "ok", first["reason"]
    assert (first["sigma"], first["seed"]) == (again["sigma"], task.seed)
    colder = task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", SHA, short.model_copy(update={"temperature": 299}))
    assert colder.seed != task.seed


def test_a_crystal_that_is_refused_is_a_row_with_its_status():
    protocol = sampling_protocol("one-shot", "abx3")
    refusing = protocol.model_copy(update={"sampler": protocol.sampler.model_copy(update={"imaginary": "refuse"})})
    row = execute(task_for("abx3", "CsPbBr3", 5.983, "chgnet-0.3.0", SHA, refusing))
    assert row["status"] == "imaginary"
    assert "modes are imaginary" in row["reason"]
    assert "sigma" not in row


def test_the_command_resumes(data):
    options = ["--suite", "abx3", "--potential", "chgnet-0.3.0", "--stage", "sigma", "--protocol", "one-shot"]
    command = ["campaign", "run", *options, "--workers", "1", "--limit", "1", "--data", str(data), "--json"]
    done = subprocess.run([*SOFTMODE, *command], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0, again.stderr
    for summary in (json.loads(done.stdout), json.loads(again.stdout)):
        assert summary["compounds"] == 4
        assert summary["status"]["not-run"] == 3
        assert summary["run"].startswith("sigma-abx3-chgnet-0.3.0-one-shot-")
