"""What a campaign publishes beside and in place of what is published: nothing finished is lost."""

from __future__ import annotations

import pytest

from compute import tables
from compute.campaigns.campaign import Campaign, campaign, note_start
from compute.campaigns.plan import PlanError
from compute.campaigns.publish import publish
from tests.faults.harness import COMPOUNDS, published

OTHER = "1" * 64


@pytest.fixture
def data(tmp_path):
    published(tmp_path / "data")
    return tmp_path / "data"


def planned(data, directory, checkpoint: str = "0" * 64, potential: str = "chgnet-0.3.0") -> Campaign:
    return campaign("abx3", potential, checkpoint, "reference-geometry", data, directory)


def compute(run: Campaign, *compounds: str, **row) -> None:
    """Write the shards of `compounds`, as a campaign does."""
    note_start(run)
    for task in run.tasks:
        if task.compound in compounds:
            constants = {"kind": "harmonic", "symbols": ["Cs"], "masses": [1.0], "positions": [0.0] * 3}
            constants |= {"lattice": [1.0] * 9, "repeats": 1, "constants": [0.0] * 9}
            content = {"omega_min_thz": -1.0, "seconds": 2.0, "force_constants": [constants], "status": "ok", **row}
            run.shards.write(task.digest, task.compound, content)


def finished(data, **values) -> set[str]:
    return {row["compound"] for row in tables.read_where(data, "harmonic", status="ok", **values)}


def test_a_part_of_a_run_is_added_to_what_is_published_of_it(data, tmp_path):
    whole, part = planned(data, tmp_path / "there"), planned(data, tmp_path / "here")
    compute(whole, *COMPOUNDS[:8])
    publish(whole, data)
    compute(part, COMPOUNDS[0], COMPOUNDS[9], omega_min_thz=-2.0)
    publish(part, data)
    assert finished(data) == {*COMPOUNDS[:8], COMPOUNDS[9]}
    rows = {row["compound"]: row for row in tables.read(data, "harmonic").to_pylist()}
    assert (rows[COMPOUNDS[0]]["omega_min_thz"], rows[COMPOUNDS[1]]["omega_min_thz"]) == (-2.0, -1.0)
    assert set(tables.read(data, "force_constants")["compound"].to_pylist()) == finished(data)
    (run,) = tables.read(data, "runs").to_pylist()
    assert (run["n_ok"], run["n_not_run"], run["seconds"]) == (9, 1, 18.0)


def test_another_run_with_fewer_compounds_is_refused_and_one_with_all_takes_the_place(data, tmp_path):
    old, new = planned(data, tmp_path), planned(data, tmp_path, checkpoint=OTHER)
    compute(old, *COMPOUNDS[:3])
    publish(old, data)
    compute(new, *COMPOUNDS[:2])
    before = (data / tables.MANIFEST).read_bytes()
    with pytest.raises(PlanError, match=f"1 compounds that {old.run} has published are not computed in {new.run}"):
        publish(new, data)
    assert (data / tables.MANIFEST).read_bytes() == before
    compute(new, *COMPOUNDS[2:4])
    publish(new, data)
    for name in ("harmonic", "force_constants", "runs"):
        assert set(tables.read(data, name)["run"].to_pylist()) == {new.run}, name
    assert finished(data) == set(COMPOUNDS[:4])


def test_publishing_a_run_leaves_the_files_of_the_others(data, tmp_path):
    for potential in ("chgnet-0.3.0", "chgnet-0.2.0"):
        run = planned(data, tmp_path, potential=potential)
        compute(run, *COMPOUNDS[:2])
        before = {path: path.stat().st_mtime_ns for path in data.rglob("*.parquet")}
        publish(run, data)
        kept = {path: path.stat().st_mtime_ns for path in before if path.exists() and path.parent.name != "potentials"}
        assert kept == {path: time for path, time in before.items() if path in kept}
    assert finished(data, potential="chgnet-0.3.0") == finished(data, potential="chgnet-0.2.0") == set(COMPOUNDS[:2])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"row": 1}'])
def test_a_broken_shard_is_named(data, tmp_path, content):
    run = planned(data, tmp_path)
    compute(run, COMPOUNDS[0])
    (shard,) = run.shards.directory.glob("*.json")
    shard.write_bytes(content)
    with pytest.raises(PlanError, match=r"the shard .*json is broken: remove it"):
        publish(run, data)
