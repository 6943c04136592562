"""The leaderboard: one table, the same on the command line, in the API, on the Overview and in the findings."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from compute.cli import app as cli
from compute.reports import mace
from compute.reports.markdown import ReportTables
from compute.statistics.leaderboard import leaderboard
from compute.tables import pairs
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.overview.leaderboard import answer
from dashboard.settings import Settings
from tests.support import against_dft_data as data
from tests.support.components import words


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return data.publish(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def board(directory):
    client = create_app(Settings(data=directory)).server.test_client()
    response = client.get("/api/v1/leaderboard?suite=alexandria50")
    assert response.status_code == 200
    return response.get_json()


def test_foundation_potentials_stand_in_one_table_and_distilled_ones_do_not(board):
    assert [row["potential"] for row in board["potentials"]] == [data.OWN, data.OTHER, data.TUNED]
    assert (board["n"], board["n_unstable"], board["n_clusters"], board["null_labels_right"]) == (12, 3, 3, 9)
    own, other, tuned = board["potentials"]
    # Twelve values, so the median is the mean of the two in the middle.
    assert own["constants_error"]["value"] == pytest.approx(0.03 * (1 + 2.718281828 ** (-1 / 3)) / 2, rel=1e-6)
    assert own["sigma_hessian"]["n"] == 9
    assert (other["n"], other["n_failed"], other["labels"]["n_right"]) == (11, 1, 11)
    assert (tuned["labels"]["missed"], tuned["labels"]["alarms"], tuned["labels"]["smaller_class"]) == (3, 0, 3)
    assert own["labels"]["n_right"] == 12
    assert own["speed_error"]["value"] is None


def test_pairs_are_tested_on_what_both_have(board):
    (pair,) = (
        pair for pair in board["pairs"]
        if pair["quantity"] == "constants_error" and {pair["first"], pair["second"]} == {data.OWN, data.OTHER}
    )  # fmt: skip
    assert pair["n"] == 11
    assert pair["ratio"] == pytest.approx(10 / 3)
    assert pair["measurable"]
    assert pair["n_alike"] == pair["n_clusters"] == 3


def test_the_command_line_prints_what_the_api_answers(directory, board):
    done = CliRunner().invoke(cli, ["score", "--suite", "alexandria50", "--data", str(directory), "--json"])
    assert json.loads(done.stdout) == {name: value for name, value in board.items() if name != "release"}
    refused = CliRunner().invoke(cli, ["score", "--suite", "abx3", "--data", str(directory)])
    assert refused.exit_code == 1


def test_the_overview_and_the_findings_say_the_same(directory):
    shown = words(answer(Dataset(directory)))
    assert "Mace-Own is nearest to DFT: its force constants are off by 3 % (median of 12 materials)" in shown
    assert "against 17 % for Mace-Tuned. Any two of them differ measurably." in shown
    assert "9/12" in shown
    with pairs.joined(directory) as connection:
        said = "\n".join(mace.sections(ReportTables(directory, connection)))
    assert "| mace-own\\* | invented | 12 | 0.026" in said
    assert "DFT calls 9 materials stable and 3 unstable" in said
    assert data.DISTILLED not in said


def test_a_potential_that_was_not_run_on_all_comes_last():
    rows = [
        {"compound": c, "potential": p, "status": s, "label": "stable", "dft_label": "stable", "constants_error": e}
        for p, e, statuses in (("whole", 0.2, ("ok", "ok")), ("part", 0.1, ("ok", "not-run")))
        for c, s in zip(("mp-1", "mp-2"), statuses, strict=True)
    ]
    whole, part = leaderboard(rows, {"mp-1": "O", "mp-2": "F"})
    assert (whole.potential, part.n_ok, part.n_not_run) == ("whole", 1, 1)


def test_without_any_result_it_says_how_to_compute(tmp_path):
    assert "softmode campaign run --suite alexandria50" in words(answer(Dataset(tmp_path)))
