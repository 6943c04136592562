"""Where a potential stands for DFT: the smooth compounds first, and forces and Hessian as one step."""

from __future__ import annotations

import re

import pytest

from compute.reports import sources
from compute.reports.markdown import ReportTables
from compute.statistics.bootstrap import FEWEST_CLUSTERS
from compute.tables import pairs
from tests.conftest import ROOT

DATA = ROOT / "data" / "parquet"


@pytest.fixture(scope="module")
def rows():
    with pairs.joined(DATA) as connection:
        said = sources.surrogate(ReportTables(DATA, connection))
    lines = [line.strip("|").split("|") for line in said.splitlines() if line.startswith("| softmode")]
    return [[cell.strip() for cell in line] for line in lines]


def test_the_compounds_where_the_reference_is_smooth_come_first(rows):
    smooth = [row[0].endswith("B–X ≥ 3 Å") for row in rows]
    assert smooth == sorted(smooth, reverse=True)
    assert set(smooth) == {True, False}


def test_forces_and_hessian_as_one_step_are_no_more_than_the_two(rows):
    for row in rows:
        forces, hessian, net = (float(row[i].split()[0]) for i in (2, 3, 5))
        assert net <= forces + hessian + 0.002  # rounded


def test_few_compounds_have_a_mean_and_no_interval(rows):
    for row in rows:
        assert bool(re.search(r"\[", row[2])) == (int(row[1].replace(",", "")) >= FEWEST_CLUSTERS)
