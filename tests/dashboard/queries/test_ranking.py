"""The order of potentials, against numbers by hand on the invented data set."""

import math

import numpy as np
import pytest

from compute import tables
from dashboard.dataset import Dataset
from dashboard.queries.ranking import ranking
from dashboard.ui.ranking import ranking as ranking_block
from tests.support.components import text_of
from tests.support.dashboard_data import CHGNET, MACE

NAMES = {CHGNET: "Chgnet", MACE: "Mace"}


def test_potentials_are_ordered_on_the_compounds_that_both_ran(dataset):
    first, second = ranking(dataset, "abx3")
    # CsPbI3, CsPbBr3, CsPbCl3 unstable, CsSrF3 and KMgF3 stable; CHGNet has CsPbCl3 wrong
    assert (first.potential, first.value, first.n) == (MACE, pytest.approx(1), 5)
    assert (second.potential, second.n) == (CHGNET, 5)
    assert second.value == pytest.approx((2 * 2 - 1 * 0) / math.sqrt(2 * 3 * 3 * 2))
    assert first.group == second.group == "a"  # five compounds do not tell them apart
    assert (second.n_failed, second.n_undecidable) == (0, 0)


def test_the_rmse_is_of_numbers_cut_at_zero_as_the_source_does(dataset):
    first, second = ranking(dataset, "abx3", "omega")
    assert first.value == pytest.approx(np.sqrt(np.mean(np.square([0.1, -0.05, -0.1, -0.02, 0.0]))))
    assert second.value == pytest.approx(np.sqrt(np.mean(np.square([-0.2, -0.6, -0.5, -0.02, 0.0]))))
    assert first.low <= first.value <= first.high


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
    assert "Mace (3)" in text_of(ranking_block([full, few], "abx3", NAMES))


def test_the_block_says_who_cannot_be_told_apart(dataset):
    text = text_of(ranking_block(ranking(dataset, "abx3"), "abx3", NAMES))
    assert "No measurable difference between Mace and Chgnet" in text
    assert "n = 5 compounds" in text


def test_without_results_the_command_is_named():
    text = text_of(ranking_block([], "hdp", NAMES))
    assert "softmode campaign run --suite hdp --potential chgnet-0.3.0 --stage sigma" in text


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
