"""A campaign over a random sample of a suite: drawn before it runs, kept when it goes on, weighted to the whole."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from compute import tables
from compute.campaigns import campaign as campaigns
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import publish
from compute.campaigns.sample import Draw, keep, kept, members
from compute.cli import app
from compute.physics.stability import sigma_outcomes
from compute.tables import pairs
from tests.campaigns.test_campaign import SHA
from tests.conftest import ROOT
from tests.support.here import Here


@pytest.fixture(scope="module")
def abx3(published) -> list[dict]:
    return [row for row in published if row["suite"] == "abx3"]


@pytest.fixture
def data(tmp_path: Path, abx3) -> Path:
    """A suite of a hundred compounds whose cells are so wide that no potential describes them: every task is short."""
    wide = [{**row, "lattice_constant": 28.0} for row in abx3[:100]]
    tables.publish(tmp_path / "data", {"references": tables.from_rows("references", wide)})
    return tmp_path / "data"


def test_a_sample_stands_for_its_suite(abx3):
    drawn = members(abx3, Draw(n=300, seed=5))
    assert len({member.compound for member in drawn}) == 300
    assert sum(member.weight for member in drawn) == pytest.approx(len(abx3))
    anion = {row["compound"]: row["X"] for row in abx3}
    label = {row["compound"]: row["omega_min_thz"] for row in abx3}
    for member in drawn:
        said, _, rest = member.stratum.partition(", ")
        assert said == anion[member.compound]
        omega = label[member.compound]
        assert rest == ("no harmonic label" if omega is None else "stable" if omega > -0.1 else "unstable")
    # What the weights are for: the share of each anion in the suite comes back exactly.
    share = Counter()
    for member in drawn:
        share[anion[member.compound]] += member.weight
    assert share == pytest.approx(Counter(anion.values()))


def test_the_same_seed_draws_the_same_and_more_extends_it(abx3):
    few, many, other = (members(abx3, Draw(n=n, seed=seed)) for n, seed in ((50, 1), (80, 1), (50, 2)))
    assert [m.compound for m in many[:50]] == [m.compound for m in few]
    assert {m.compound for m in other} != {m.compound for m in few}
    halides = members(abx3, Draw(n=50, seed=1, anions=("Cl", "Br")))
    assert {m.stratum.split(",")[0] for m in halides} == {"Cl", "Br"}
    assert sum(m.weight for m in halides) == pytest.approx(sum(row["X"] in ("Cl", "Br") for row in abx3))
    with pytest.raises(PlanError, match="no compound of this suite has the anion Xx"):
        members(abx3, Draw(n=5, seed=1, anions=("Xx",)))


def test_a_draw_is_fixed_before_the_run_and_can_only_grow(tmp_path):
    assert kept(tmp_path) is None
    for n in (20, 20, 30):
        keep(tmp_path, Draw(n=n, seed=4))
        assert kept(tmp_path) == Draw(n=n, seed=4)
    for other in (Draw(n=30, seed=5), Draw(n=29, seed=4), Draw(n=40, seed=4, anions=("Cl",))):
        with pytest.raises(PlanError, match="can only be extended"):
            keep(tmp_path, other)
    assert kept(tmp_path) == Draw(n=30, seed=4)


def test_a_run_that_is_interrupted_or_extended_keeps_its_draw_and_publishes_weights(data, abx3):
    def planned() -> campaigns.Campaign:
        return campaigns.campaign("abx3", "chgnet-0.3.0", SHA, "published", data, data / "runs", stage="sigma")

    def published() -> dict[str, dict]:
        publish(planned(), data)
        return {row["compound"]: row for row in tables.read(data, "anharmonic").to_pylist()}

    campaign = planned()
    draw = Draw(n=8, seed=3)
    keep(campaign.directory / campaign.run, draw)
    drawn = members(campaign.references, draw)
    tasks = {task.compound: task for task in campaign.tasks}
    campaigns.compute(campaign, [tasks[m.compound] for m in drawn[:3]], Here())
    rows = published()
    assert len(rows) == 100
    assert {name: row["weight"] for name, row in rows.items() if row["weight"]} == {
        m.compound: pytest.approx(m.weight) for m in drawn
    }
    assert {row["status"] for name, row in rows.items() if name in {m.compound for m in drawn[3:]}} == {"not-run"}
    assert sum(row["status"] != "not-run" for row in rows.values()) == 3

    keep(campaign.directory / campaign.run, Draw(n=12, seed=3))
    rows = published()
    assert sum(row["weight"] or 0 for row in rows.values()) == pytest.approx(100)
    (run,) = tables.read(data, "runs").to_pylist()
    assert json.loads(run["sample"]) == {"n": 12, "seed": 3, "anions": []}

    campaigns.compute(campaign, campaign.tasks, Here())
    assert {(row["weight"], row["stratum"]) for row in published().values()} == {(None, None)}, "each stands for itself"


def test_the_command_draws_its_sample(data, monkeypatch, tmp_path):
    monkeypatch.setenv("SOFTMODE_VAR", str(tmp_path / "var"))
    monkeypatch.setattr("compute.campaigns.dask_cluster.executor", lambda *_: nullcontext(Here()))
    options = ["--suite", "abx3", "--potential", "chgnet-0.3.0", "--stage", "sigma", "--data", str(data)]
    both = CliRunner().invoke(app, ["campaign", "run", *options, "--sample", "5", "--limit", "2"])
    assert both.exit_code == 1
    assert "leave out --limit" in both.stderr
    done = CliRunner().invoke(
        app, ["campaign", "run", *options, "--sample", "5", "--seed", "7", "--workers", "1", "--json"]
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["status"] == {"not-described": 5, "not-run": 95}
    rows = [row for row in tables.read(data, "anharmonic").to_pylist() if row["weight"]]
    references = tables.read(data, "references").to_pylist()
    assert {row["compound"] for row in rows} == {m.compound for m in members(references, Draw(n=5, seed=7))}
    again = CliRunner().invoke(app, ["campaign", "run", *options, "--sample", "5", "--seed", "8"])
    assert "seed 7" in again.stderr


def test_the_outcome_in_sql_is_that_of_the_formula():
    connection = pairs.joined(ROOT / "data" / "parquet")
    found = connection.execute(
        f"SELECT n.sigma, n.status, n.threshold, {pairs.OUTCOME} AS outcome FROM anharmonic n"
    ).df()
    again = sigma_outcomes(found["sigma"].to_numpy(float), found["status"], found["threshold"].to_numpy(float))
    assert np.array_equal(found["outcome"].fillna("missing").to_numpy(str), again)
    assert set(again) == {"below", "above", "leaves-sites", "missing"}
