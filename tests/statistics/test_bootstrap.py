"""Compounds of one cluster are drawn together, so that an interval is as long as what they share makes it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from compute.statistics.bootstrap import Interval, bootstrap, percentile_interval, resampled_sums, weights
from compute.statistics.deviation import agreement, mean_interval
from tests.conftest import ROOT

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("ways", [0, 1, 2])
def test_sums_are_those_of_the_compounds_drawn(ways):
    clusters = [RNG.integers(0, size, 60) for size in (9, 6)[:ways]]
    columns = RNG.normal(size=(60, 3))
    drawn = np.concatenate(list(weights(60, clusters=clusters, draws=250)))
    assert drawn.shape == (250, 60)
    assert resampled_sums(columns, clusters=clusters, draws=250) == pytest.approx(drawn @ columns)
    one_at_a_time = bootstrap(lambda at: columns[at].sum(axis=0), 60, clusters=clusters, draws=250)
    kept = drawn.any(axis=1)
    assert one_at_a_time[kept] == pytest.approx((drawn @ columns)[kept])


def test_a_cluster_is_drawn_whole():
    cation = RNG.integers(0, 8, 50)
    for block in weights(50, clusters=[cation], draws=30):
        for one in range(8):
            assert (np.ptp(block[:, cation == one], axis=1) == 0).all()


@pytest.mark.parametrize("ways", [1, 2])
def test_the_interval_of_what_clusters_share_covers_the_truth_and_the_plain_one_does_not(ways):
    covered = {"plain": 0, "clustered": 0}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        cations = [rng.integers(0, 25, 250) for _ in range(ways)]
        errors = 0.3 + sum(rng.normal(0, 1, 25)[cation] for cation in cations) + rng.normal(0, 0.5, 250)
        for name, clusters in (("plain", []), ("clustered", cations)):
            found = mean_interval(errors, clusters=clusters, draws=300)
            covered[name] += found.low <= 0.3 <= found.high
    assert covered["plain"] < 100
    assert covered["clustered"] >= 130


def test_too_few_clusters_have_no_interval():
    cation = np.repeat(["Pb", "Sn", "Ge", "Ca"], 20)
    found = agreement(RNG.normal(size=80), RNG.normal(size=80), clusters=[cation])
    assert np.isfinite(found.rmse.value)
    assert np.isnan([found.rmse.low, found.bias.high, found.spearman.low]).all()


def test_without_clusters_every_compound_is_one():
    errors = RNG.normal(size=80)
    plain, by_itself = mean_interval(errors), mean_interval(errors, clusters=[np.arange(80)])
    assert plain.high - plain.low == pytest.approx(by_itself.high - by_itself.low, rel=0.1)
    assert np.isnan(percentile_interval(np.full(3, np.nan))).all()


def test_a_difference_is_measurable_by_one_rule_that_nothing_says_for_itself():
    assert [Interval(1, *ends).sign for ends in ((0.5, 2), (-2, -0.5), (-1, 2), (0, 2), (np.nan, np.nan))] == [
        1, -1, 0, 0, 0,
    ]  # fmt: skip
    itself = re.compile(r"\.low > 0|\.high < 0")
    places = {
        f"{path.name}: {line.strip()}"
        for room in ("compute", "dashboard")
        for path in (ROOT / room).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if itself.search(line)
    }
    assert places == {"bootstrap.py: return int(self.low > 0) - int(self.high < 0)"}
