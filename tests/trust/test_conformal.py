"""Conformal intervals cover as often as they say, for new compounds and for new groups."""

from __future__ import annotations

import numpy as np
import pytest

from compute.trust.conformal import coverage, group_quantile, quantile

rng = np.random.default_rng(5)


def test_new_scores_stay_below_as_often_as_stated_and_never_less():
    held = [rng.exponential(1, 200) <= quantile(rng.exponential(1, 49), 0.9) for _ in range(1000)]
    assert np.mean(held) == pytest.approx(0.9, abs=0.015)  # 49 scores: exactly 45/50


def test_the_place_of_the_quantile_is_exact():
    assert quantile(np.arange(1, 10), 0.9) == 9
    assert quantile(np.arange(1, 9), 0.9) == np.inf  # eight scores cannot promise nine in ten
    with pytest.raises(ValueError, match="level"):
        quantile([1.0], 1.0)


def test_a_new_group_is_covered_where_groups_differ_and_the_plain_quantile_falls_short():
    plain, by_group = [], []
    for _ in range(300):
        scales = np.exp(rng.normal(0, 1, 31))
        sizes = rng.integers(2, 80, 30)
        sizes[scales[:30] < 1] *= 5  # the large groups are the easy ones
        groups = np.repeat(np.arange(30), sizes)
        scores = scales[groups] * np.abs(rng.normal(0, 1, groups.size))
        new = scales[30] * np.abs(rng.normal(0, 1, 100))
        plain.append(np.mean(new <= quantile(scores, 0.9)))
        by_group.append(np.mean(new <= group_quantile(scores, groups, 0.9)))
    assert np.mean(by_group) == pytest.approx(0.9 * 30 / 31, abs=0.02)
    assert np.mean(plain) < np.mean(by_group) - 0.015


def test_groups_have_equal_weight_whatever_their_size():
    scores, groups = [*([1.0] * 98), 2.0, 3.0], [*(["many"] * 98), "one", "two"]
    assert group_quantile(scores, groups, 0.5) == 2.0  # a third each
    assert group_quantile(scores, groups, 0.3) == 1.0
    assert group_quantile(scores, groups, 0.8) == 3.0
    assert group_quantile([], [], 0.9) == np.inf


def test_coverage_counts_each_group_apart():
    found = coverage([0.1, -0.3, 0.5, 2.0], [0.2, 0.2, 1.0, 1.0], ["a", "a", "b", "b"])
    assert [(c.group, c.n, c.covered, c.width) for c in found] == [("a", 2, 0.5, 0.2), ("b", 2, 0.5, 1.0)]
