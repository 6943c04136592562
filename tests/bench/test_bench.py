"""`softmode bench` runs both sides through everything it measures, on a few compounds."""

import json

import pytest
from typer.testing import CliRunner

from compute.cli import app
from tests.conftest import ROOT


@pytest.mark.slow
def test_every_part_is_measured_and_both_sides_do_the_same_work(tmp_path):
    file = tmp_path / "engine.json"
    small = "--rounds 1 --constants 4 --sigmas 4 --chunk 4 --keep 50 --medium 1 --largest 10".split()
    result = CliRunner().invoke(app, ["bench", *small, "--to", str(file), "--data", str(ROOT / "data" / "parquet")])
    assert result.exit_code == 0, result.output
    found = json.loads(file.read_text())
    for stage in ("force_constants", "sigma", "medium"):
        both = found[stage]["engine"], found[stage]["plain"]
        assert all(side["force_calls"] and side["compounds_per_hour"] > 0 for side in both)
        assert 0 < both[0]["share_outside_model"] < 1
        assert found[stage]["speed_ratio"] == pytest.approx(both[1]["seconds"] / both[0]["seconds"])
    assert [row["compounds"] for row in found["growth"]] == [10]
    assert len(found["workers"]["seconds"]) == 2
