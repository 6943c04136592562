"""A campaign that takes on published rows and adds to them what they lack, with real CHGNet."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from compute import tables
from compute.campaigns import campaign as campaigns
from compute.campaigns import plan
from compute.campaigns.publish import publish
from compute.tasks.execute import Means, execute
from tests.campaigns.test_campaign import SHA, some_of
from tests.support.here import Here

COMPOUNDS = ("CsPbI3", "KMgF3")


@pytest.fixture(scope="module")
def bare(tmp_path_factory, published) -> Path:
    """Tables with both compounds, computed without a ladder."""
    folder = some_of(published, COMPOUNDS, tmp_path_factory.mktemp("bare") / "data")
    planned = campaign(folder)
    settings = planned.protocol.model_copy(update={"ladder": None})
    tasks = tuple(replace(task, protocol=settings) for task in planned.tasks)
    before = replace(planned, protocol=settings, tasks=tasks, known={})
    campaigns.compute(before, before.tasks, Here())
    publish(before, folder)
    return folder


@pytest.fixture
def data(bare: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return shutil.copytree(bare, tmp_path / "data")


def campaign(data: Path, extend: bool = True, protocol: str = "reference-geometry", stage: str = "harmonic"):
    return campaigns.campaign(
        "abx3", "chgnet-0.3.0", SHA, protocol, data, data.parent / "runs", stage=stage, extend=extend
    )


def harmonic(data: Path) -> dict[str, dict]:
    return {row["compound"]: row for row in tables.read(data, "harmonic").to_pylist()}


def test_an_extended_row_is_that_of_a_fresh_run_and_the_others_stay_as_published(data):
    before = harmonic(data)
    assert before["KMgF3"]["label_ladder"] is None
    planned = campaign(data)
    (chosen,) = plan.of_compounds(planned.tasks, ["KMgF3"])
    campaigns.compute(planned, [chosen], Here())
    publish(planned, data)

    after = harmonic(data)
    assert {name: row["status"] for name, row in after.items()} == {
        "CsPbI3": "ok",
        "KMgF3": "ok",
        "CsPbF3": "not-described",
    }
    kept = {name: value for name, value in after["CsPbI3"].items() if name != "run"}
    assert kept == {name: value for name, value in before["CsPbI3"].items() if name != "run"}
    fresh = execute(chosen)
    assert after["KMgF3"]["rung_omega_thz"] == pytest.approx(fresh["rung_omega_thz"], abs=0.01)
    assert after["KMgF3"]["omega_min_thz"] == before["KMgF3"]["omega_min_thz"]
    assert after["KMgF3"]["noise_floor_thz"] == pytest.approx(fresh["noise_floor_thz"], abs=0.01)
    # CHGNet's cusp at the straight bonds of a fluoride: unstable at 0.01 Å, stable at 0.05 Å.
    assert after["KMgF3"]["rung_label"] == fresh["rung_label"] == ["unstable", "stable", "stable"]
    assert after["KMgF3"]["label_ladder"] == "undecidable"
    constants = {row["compound"]: row["run"] for row in tables.read(data, "force_constants").to_pylist()}
    assert constants == dict.fromkeys(COMPOUNDS, planned.run)
    (listed,) = tables.read(data, "runs").to_pylist()
    assert (listed["run"], listed["n_ok"], listed["n_failed"], listed["n_not_run"]) == (planned.run, 2, 1, 0)

    # Whoever goes on elsewhere, without these shards, keeps what was extended.
    again = replace(campaign(data), directory=data.parent / "elsewhere")
    campaigns.compute(again, plan.of_compounds(again.tasks, ["CsPbI3"]), Here())
    publish(again, data)
    assert harmonic(data)["KMgF3"] == after["KMgF3"]
    assert harmonic(data)["CsPbI3"]["label_ladder"] == "unstable"


def test_rows_of_other_settings_are_not_taken_on(data):
    assert set(campaign(data).known) == {*COMPOUNDS, "CsPbF3"}
    assert not campaign(data, protocol="relaxed-geometry").known
    assert not campaign(data, extend=False).known
    assert not campaigns.campaign(
        "abx3", "chgnet-0.3.0", "1" * 64, "reference-geometry", data, data.parent / "runs", extend=True
    ).known
    with pytest.raises(plan.PlanError, match="only the stage harmonic"):
        campaign(data, protocol="published", stage="sigma")


def test_force_constants_of_another_crystal_are_refused(data):
    planned = campaign(data)
    (chosen,) = plan.of_compounds(planned.tasks, ["KMgF3"])
    wrong = {**planned.known["KMgF3"], "force_constants": planned.known["CsPbI3"]["force_constants"]}
    row = execute(chosen, Means(known=wrong))
    assert row["status"] == "error"
    assert "force constants" in row["reason"]


def test_a_row_without_force_constants_is_computed_anew(data):
    before = harmonic(data)["KMgF3"]
    planned = campaign(data)
    (chosen,) = plan.of_compounds(planned.tasks, ["KMgF3"])
    bare = {**planned.known, "KMgF3": {**planned.known["KMgF3"], "force_constants": []}}
    campaigns.compute(replace(planned, known=bare), [chosen], Here())
    publish(planned, data)

    after = harmonic(data)["KMgF3"]
    assert after["status"] == "ok"
    assert after["label_ladder"] == "undecidable"
    assert after["omega_min_thz"] == pytest.approx(before["omega_min_thz"], abs=0.01)
    assert "KMgF3" in {row["compound"] for row in tables.read(data, "force_constants").to_pylist()}


def test_a_failure_to_extend_leaves_the_published_row(data):
    before = harmonic(data)
    planned = campaign(data)
    (chosen,) = plan.of_compounds(planned.tasks, ["KMgF3"])
    wrong = {**planned.known["KMgF3"], "force_constants": planned.known["CsPbI3"]["force_constants"]}
    campaigns.compute(replace(planned, known={**planned.known, "KMgF3": wrong}), [chosen], Here())
    assert campaigns.status(planned).counts["error"] == 1
    publish(planned, data)

    assert {name: row["omega_min_thz"] for name, row in harmonic(data).items()} == {
        name: row["omega_min_thz"] for name, row in before.items()
    }
    assert harmonic(data)["KMgF3"]["status"] == "ok"
    assert "KMgF3" in {row["compound"] for row in tables.read(data, "force_constants").to_pylist()}
