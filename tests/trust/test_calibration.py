"""Stated probabilities against what comes, and the area that tells errors from right answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from compute.trust.calibration import auroc, auroc_difference, brier, reliability

rng = np.random.default_rng(3)


def test_the_brier_score_of_the_true_probability_is_its_variance_and_no_other_is_lower():
    true = rng.random(200_000)
    came = rng.random(true.size) < true
    least = brier(true, came)
    assert least == pytest.approx(1 / 6, abs=0.003)  # ∫ p(1 − p) dp
    assert brier(np.full_like(true, 0.5), came) > least
    assert brier(true**2, came) > least
    assert np.isnan(brier([], []))


def test_a_reliability_curve_lies_on_the_diagonal_where_the_probability_is_true():
    true = rng.random(50_000)
    came = rng.random(true.size) < true
    found = reliability(true, came)
    assert found.n.tolist() == [5000] * 10
    assert found.observed == pytest.approx(found.stated, abs=0.03)
    assert reliability(np.sqrt(true), came).error > 0.1 > 0.02 > found.error


def test_equal_probabilities_share_a_bin():
    found = reliability([0.9] * 9 + [0.1], [1] * 9 + [0])
    assert found.n.tolist() == [1, 9]
    assert found.observed.tolist() == [0, 1]


def test_the_area_is_that_of_scikit_learn_with_ties_counted_half():
    positive = rng.random(500) < 0.1
    score = np.round(rng.normal(positive, 1.0), 1)
    assert auroc(score, positive) == pytest.approx(roc_auc_score(positive, score))
    assert auroc([1, 1, 1], [True, False, True]) == 0.5
    assert np.isnan(auroc([1, 2], [True, True]))


def test_a_better_score_is_told_apart_and_the_same_score_never_is():
    positive = rng.random(2000) < 0.2
    groups = rng.integers(0, 40, 2000)
    good, poor = rng.normal(2.0 * positive, 1), rng.normal(0.3 * positive, 1)
    better = auroc_difference(good, poor, positive, groups, draws=200)
    assert better.measurable
    assert better.low < better.difference < better.high
    same = auroc_difference(good, 3 * good + 1, positive, groups, draws=200)  # any rising function ranks alike
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert not same.measurable


def test_an_advantage_in_one_group_alone_is_not_measurable():
    groups = np.repeat(np.arange(20), 50)
    positive = rng.random(1000) < 0.5
    noise = rng.normal(0, 1, 1000)
    helped = np.where(groups == 0, noise + 5 * positive, noise)
    by_group = auroc_difference(helped, noise, positive, groups, draws=400)
    by_answer = auroc_difference(helped, noise, positive, np.arange(1000), draws=400)
    assert by_answer.high - by_answer.low < by_group.high - by_group.low
    assert not by_group.measurable


def test_too_few_groups_give_no_interval_and_no_measurable_difference():
    positive, groups = rng.random(400) < 0.5, np.arange(400) % 4
    found = auroc_difference(positive, ~positive, positive, groups, draws=50)
    assert found.difference == 1
    assert np.isnan([found.low, found.high]).all()
    assert not found.measurable
