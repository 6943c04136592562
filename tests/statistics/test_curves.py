"""Ranking agrees with scikit-learn and with what a rank can say, and a failure never helps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn import metrics as reference

from compute.statistics.curves import precision_recall, roc

ranked = st.lists(st.tuples(st.sampled_from(("stable", "unstable")), st.integers(-5, 5)), min_size=2, max_size=40)


@given(ranked)
def test_areas_agree_with_scikit_learn_and_the_rank_sum(pairs):
    truth, score = map(np.array, zip(*pairs, strict=True))
    assume(len(set(truth.tolist())) == 2)
    stable = truth == "stable"
    curve = roc(truth, score)
    assert curve.area == pytest.approx(reference.roc_auc_score(stable, score))
    pairs_won = mannwhitneyu(score[stable], score[~stable]).statistic
    assert curve.area == pytest.approx(pairs_won / (stable.sum() * (~stable).sum()))
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area)
    for sought, sign in (("stable", 1), ("unstable", -1)):
        expected = reference.average_precision_score(truth == sought, sign * score)
        assert precision_recall(truth, score, sought).area == pytest.approx(expected)


@given(ranked)
def test_only_the_order_of_the_scores_counts(pairs):
    truth, score = map(np.array, zip(*pairs, strict=True))
    first, second = roc(truth, score), roc(truth, np.exp(score / 2.0))
    assert (first.n, first.n_positive) == (len(pairs), np.sum(truth == "stable"))
    assert first.area == pytest.approx(second.area, nan_ok=True)


def test_a_perfect_ranking_and_its_reverse():
    truth = ["unstable", "unstable", "stable", "stable"]
    assert roc(truth, [-2, -1, 1, 2]).area == 1
    assert roc(truth, [2, 1, -1, -2]).area == 0
    assert precision_recall(truth, [-2, -1, 1, 2]).area == 1


def test_a_score_that_says_nothing():
    truth = ["unstable"] + ["stable"] * 3
    assert roc(truth, [0.0] * 4).area == 0.5
    assert precision_recall(truth, [0.0] * 4, "unstable").area == 0.25


@given(ranked, st.data())
def test_a_failure_never_ranks_better_than_an_answer(pairs, data):
    truth, score = zip(*pairs, strict=True)
    assume(len(set(truth)) == 2)
    index = data.draw(st.integers(0, len(pairs) - 1))
    failed = [math.nan if i == index else value for i, value in enumerate(score)]
    assert roc(truth, failed).area <= roc(truth, score).area + 1e-12
    if len(set(score)) == len(score):  # a tie has one precision for all: breaking it up may raise the average
        assert precision_recall(truth, failed).area <= precision_recall(truth, score).area + 1e-12
    assert roc(truth, failed).n_failed == 1
    assert roc(truth, failed).n == len(pairs)


def test_failures_alone_rank_worst():
    assert roc(["stable", "unstable"], [math.nan, math.nan]).area == 0


def test_an_infinite_score_is_only_the_highest():
    assert roc(["stable", "unstable", "unstable"], [math.inf, -math.inf, 3.0]).area == 1


def test_what_has_no_truth_is_left_out():
    curve = roc(["stable", "unstable", "missing", "undecidable"], [1.0, 0.0, -9.0, -9.0])
    assert (curve.n, curve.n_positive, curve.area) == (2, 1, 1)


def test_one_class_has_no_curve():
    for curve in (roc(["stable"], [1.0]), precision_recall([], [])):
        assert math.isnan(curve.area)
        assert curve.x.size == 0
    with pytest.raises(ValueError, match="sought"):
        precision_recall(["stable"], [1.0], "undecidable")
