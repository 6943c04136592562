"""The order of potentials, against numbers by hand on the invented data set."""

import math

import numpy as np
import pytest

from compute import tables
from compute.potentials.registry import preselected
from compute.statistics.bootstrap import Interval
from dashboard.dataset import Dataset
from dashboard.queries import coverage
from dashboard.queries.ranking import Null, newest_first, nulls, preferred, ranking
from dashboard.ui.ranking import ranking as ranking_block
from tests.conftest import ROOT
from tests.support.components import text_of
from tests.support.dashboard_data import CHGNET, MACE

NAMES = {CHGNET: "Chgnet", MACE: "Mace"}


def test_each_potential_has_its_own_score_and_pairs_are_told_apart_on_what_both_ran(dataset):
    first, second = ranking(dataset, "abx3")
    # CsPbI3, CsPbBr3, CsPbCl3 unstable, CsSrF3 and KMgF3 stable: all that MACE ran
    assert (first.potential, first.value, first.n, first.n_smaller) == (MACE, pytest.approx(1), 5, 2)
    # CHGNet: CsPbCl3, RbCaF3 and KMnF3 wrong, BaTiO3 failed
    assert (second.potential, second.n, second.n_smaller) == (CHGNET, 8, 3)
    assert second.value == pytest.approx((2 * 2 - 1 * 3) / math.sqrt(3 * 5 * 5 * 3))
    assert first.group == second.group == "a"  # five compounds do not tell them apart
    assert (second.n_failed, second.n_undecidable) == (1, 1)


def test_what_knows_no_forces_is_beside_the_order(dataset):
    (constant,) = nulls(dataset, "abx3", "sigma")
    dft = np.array([1.3, 1.1, 1.05, 0.6, 0.5, 0.7, 0.9])
    assert constant.score.value == pytest.approx(dft.std())
    assert constant.n == 7
    assert math.isnan(nulls(dataset, "abx3")[0].score.value)


def test_the_rmse_is_of_numbers_cut_at_zero_as_the_source_does(dataset):
    first, second = ranking(dataset, "abx3", "omega")
    assert first.value == pytest.approx(np.sqrt(np.mean(np.square([0.1, -0.05, -0.1, -0.02, 0.0]))))
    own = [0.2, 0.6, 0.5, 0.02, 0.0, -0.2, 0.28]  # and RbCaF3 and KMnF3
    assert second.value == pytest.approx(np.sqrt(np.mean(np.square(own))))


def test_failures_are_counted_beside_the_score(dataset):
    (only,) = ranking(dataset, "abx3", "sigma")
    # seven were run, one melted
    assert (only.potential, only.n, only.n_failed, only.protocol) == (CHGNET, 6, 1, "published-abx3")
    assert only.value == pytest.approx(np.sqrt(np.mean(np.square([0.2, 0.4, 0.45, 0.1, 0.05, 0.6]))))


def test_the_rmse_over_a_mesh_is_pooled(dataset):
    (only,) = ranking(dataset, "mp0b3")
    assert only.value == pytest.approx(np.sqrt((0.01 + 0.09 + 0.04) / 3))
    assert ranking(dataset, "hdp") == []


def test_a_potential_with_few_compounds_is_named_and_does_not_narrow_the_rest(directory, tmp_path):
    rows = tables.read(directory, "harmonic").to_pylist()
    kept = ("CsPbI3", "CsPbBr3", "CsPbCl3")
    rows = [row for row in rows if row["potential"] != MACE or row["compound"] in kept]
    names = ("references", "runs", "potentials")
    tables.publish(
        tmp_path,
        {"harmonic": tables.from_rows("harmonic", rows)} | {name: tables.read(directory, name) for name in names},
    )
    full, few = ranking(Dataset(tmp_path), "abx3")
    assert (full.potential, full.n, full.n_failed, full.n_undecidable) == (CHGNET, 8, 1, 1)
    assert (few.potential, few.complete, few.n, few.group) == (MACE, False, 3, "")
    assert "run on fewer than half of the compounds of the most complete: Mace." in text_of(
        ranking_block([full, few], "abx3", NAMES)
    )


def test_the_block_says_who_cannot_be_told_apart(dataset):
    text = text_of(ranking_block(ranking(dataset, "abx3"), "abx3", NAMES))
    assert "too few for a statement" in text
    assert "n = 5 to 8 compounds" in text
    rmse = text_of(ranking_block(ranking(dataset, "abx3", "omega"), "abx3", NAMES))
    assert "No measurable difference between Mace and Chgnet" in rmse


def test_a_potential_that_a_constant_equals_is_not_said_to_come_first(dataset):
    entries = ranking(dataset, "abx3", "omega")
    constant = Null("null: the mean of DFT", Interval(0.01, np.nan, np.nan), 8)
    text = text_of(ranking_block(entries, "abx3", NAMES, [constant]))
    assert "No potential is better than the mean of DFT, which knows no forces" in text


def test_a_distilled_potential_is_in_no_ranking(directory, tmp_path):
    rows = tables.read(directory, "potentials").to_pylist()
    taught = [{**row, "category": "distilled", "teacher": CHGNET} if row["potential"] == MACE else row for row in rows]
    kept = {name: tables.read(directory, name) for name in ("harmonic", "references", "runs")}
    tables.publish(tmp_path, {"potentials": tables.from_rows("potentials", taught)} | kept)
    dataset = Dataset(tmp_path)
    for metric in ("mcc", "omega"):
        assert [entry.potential for entry in ranking(dataset, "abx3", metric)] == [CHGNET]


def test_without_results_the_command_is_named():
    text = text_of(ranking_block([], "hdp", NAMES))
    assert f"softmode campaign run --suite hdp --potential {preselected()} --stage sigma" in text


def test_another_functional_is_said_where_potentials_are_ranked(directory, tmp_path):
    functionals = {CHGNET: "r2SCAN", MACE: "PBE(+U)"}
    rows = {name: tables.read(directory, name).to_pylist() for name in ("references", "potentials")}
    changed = {
        "references": [{**row, "functional": "PBE (VASP)"} for row in rows["references"]],
        "potentials": [{**row, "functional": functionals.get(row["potential"], "PBE")} for row in rows["potentials"]],
    }
    kept = {name: tables.read(directory, name) for name in ("harmonic", "runs")}
    tables.publish(tmp_path, {name: tables.from_rows(name, given) for name, given in changed.items()} | kept)
    found = ranking(Dataset(tmp_path), "abx3")
    assert {entry.potential: entry.level for entry in found} == {CHGNET: "r2SCAN", MACE: ""}
    assert "than DFT’s: Chgnet (r2SCAN)" in text_of(ranking_block(found, "abx3", NAMES))


def test_a_score_of_a_part_of_the_suite_is_named_unweighted(dataset):
    first, second = ranking(dataset, "abx3")
    # DFT labels nine; MACE ran five of them, CHGNet all but SrTiO3.
    assert (first.n_not_run, second.n_not_run) == (4, 1)
    said = text_of(ranking_block(ranking(dataset, "abx3"), "abx3", NAMES))
    assert "4 not run: as run, unweighted" in said


def test_the_newest_of_a_family_stands_first_where_the_family_stands():
    given = ["chgnet-0.2.0", "sevennet-0", "chgnet-0.3.0", "chgnet-r2scan"]
    assert newest_first(given) == ["chgnet-0.3.0", "chgnet-0.2.0", "sevennet-0", "chgnet-r2scan"]


def test_what_is_shown_unasked_is_the_best_of_the_functional_of_dft_and_never_distilled():
    published = Dataset(ROOT / "data" / "parquet")
    given = coverage.potentials_with_results(published, "abx3")
    order = preferred(published, "abx3", given)
    assert sorted(order) == sorted(given)
    distilled = set(coverage.distilled(published))
    assert [p in distilled for p in order] == sorted(p in distilled for p in order)
    foundation = [p for p in order if p not in distilled]
    assert "r2scan" in foundation[-1]
    assert foundation.index("chgnet-0.3.0") < foundation.index("chgnet-0.2.0")
