"""Two potentials on the same compounds."""

from __future__ import annotations

import math
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest, rankdata

from compute.statistics import confusion
from compute.statistics.curves import roc
from compute.statistics.deviation import deviation
from compute.statistics.paired import difference_of_rmse, differences_of_counts, fair_coin, mcnemar, paired_difference
from compute.statistics.ranks import mean_ranks

STABLE, UNSTABLE = "stable", "unstable"
RNG = np.random.default_rng(0)


def rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    return deviation(prediction, truth).rmse


def accuracy(truth: np.ndarray, prediction: np.ndarray) -> float:
    return float(confusion.accuracy(confusion.counted_as_wrong(truth, prediction)))


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 5), st.integers(0, 5))
def test_mcnemar_is_the_binomial_tail_of_the_discordant_pairs(first_only, second_only, both, neither):
    n = first_only + second_only + both + neither
    right = np.repeat([(1, 0), (0, 1), (1, 1), (0, 0)], [first_only, second_only, both, neither], axis=0)
    first, second = (np.where(column, STABLE, UNSTABLE) for column in right.reshape(-1, 2).T)
    result = mcnemar([STABLE] * n, first, second)
    discordant = first_only + second_only
    tail = sum(comb(discordant, k) for k in range(min(first_only, second_only) + 1)) / 2**discordant
    assert (result.n, result.n_discordant) == (n, discordant)
    assert (result.first_only, result.second_only) == (first_only, second_only)
    assert result.p == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_counts_failures_as_wrong_and_leaves_out_what_has_no_truth():
    truth = [STABLE, UNSTABLE, UNSTABLE, "missing", "undecidable"]
    first = [STABLE, UNSTABLE, "missing", STABLE, STABLE]
    second = ["missing", "undecidable", "missing", UNSTABLE, UNSTABLE]
    result = mcnemar(truth, first, second)
    assert (result.n, result.first_only, result.second_only) == (3, 2, 0)


def test_a_shared_error_cancels():
    truth = RNG.normal(size=200)
    shared = RNG.normal(size=200)
    first, second = truth + shared, truth + 1.1 * shared
    paired = paired_difference(rmse, truth, first, second, keep_failures=False)
    assert paired.measurable
    assert paired.difference == pytest.approx(-0.1 * rmse(truth, first))
    # Ten percent is far within what either number alone is known to.
    apart = paired_difference(rmse, truth, first, truth + 1.1 * RNG.permutation(shared), keep_failures=False)
    assert apart.high - apart.low > 3 * (paired.high - paired.low)


def test_equal_potentials_have_no_measurable_difference():
    truth = RNG.normal(size=100)
    first = truth + RNG.normal(size=100)
    assert not paired_difference(rmse, truth, first, first, keep_failures=False).measurable


def test_a_difference_by_chance_is_rarely_called_measurable():
    called = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=80)
        first, second = truth + rng.normal(size=(2, 80))
        called += paired_difference(rmse, truth, first, second, keep_failures=False, draws=200).measurable
    assert called <= 12  # 5 ± 2 expected, percentile intervals being a little narrow


def test_failures_count_in_labels_and_are_counted_in_numbers():
    truth = np.array([STABLE, UNSTABLE] * 50)
    good, failing = truth.copy(), np.where(np.arange(100) < 30, "missing", truth)
    labels = paired_difference(accuracy, truth, good, failing, keep_failures=True)
    assert (labels.n, labels.n_left_out) == (100, 0)
    assert labels.difference == pytest.approx(0.3)
    assert labels.measurable
    numbers = paired_difference(rmse, [1.0, 2.0, math.nan], [1.0, math.nan, 1.0], [2.0, 1.0, 1.0], keep_failures=False)
    assert (numbers.n, numbers.n_left_out, numbers.first, numbers.second) == (1, 2, 0.0, 1.0)


def test_any_metric_can_be_compared():
    truth = np.array([STABLE] * 40 + [UNSTABLE] * 40)
    signal = np.repeat([1.0, -1.0], 40)
    sharp, blunt = signal + RNG.normal(size=80), 0.2 * signal + RNG.normal(size=80)
    area = paired_difference(lambda t, s: roc(t, s).area, truth, sharp, blunt, keep_failures=True, draws=200)
    assert area.measurable
    assert area.difference == pytest.approx(roc(truth, sharp).area - roc(truth, blunt).area)


def test_the_two_fast_differences_are_those_of_one_draw_at_a_time():
    truth = RNG.choice([STABLE, UNSTABLE, UNSTABLE, "no label"], 300)
    first, second = (
        np.where(RNG.random(300) < right, truth, RNG.choice([STABLE, UNSTABLE, "failed"], 300)) for right in (0.8, 0.6)
    )
    cation = RNG.integers(0, 20, 300)
    known = np.isin(truth, confusion.CLASSES)
    fast = differences_of_counts({"accuracy": confusion.accuracy}, truth, first, second, clusters=[cation])["accuracy"]
    slow = paired_difference(
        accuracy, truth[known], first[known], second[known], keep_failures=True, clusters=[cation[known]]
    )
    assert (fast.n, fast.n_left_out) == (slow.n, 300 - slow.n)
    assert (fast.first, fast.low, fast.high) == pytest.approx((slow.first, slow.low, slow.high))
    errors = RNG.normal(size=(2, 300))
    errors[0, 0] = math.nan
    quick = difference_of_rmse(*errors, clusters=[cation, cation % 7])
    plain = paired_difference(rmse, np.zeros(300), *errors, keep_failures=False, clusters=[cation, cation % 7])
    assert (quick.n, quick.n_left_out) == (plain.n, plain.n_left_out) == (299, 1)
    assert (quick.first, quick.low, quick.high) == pytest.approx((plain.first, plain.low, plain.high))


def test_nothing_in_common_is_not_a_difference():
    result = paired_difference(rmse, [1.0], [math.nan], [1.0], keep_failures=False)
    assert (result.n, result.n_left_out, result.measurable) == (0, 1, False)
    assert math.isnan(result.difference)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_coin_is_that_of_scipy(heads, tails):
    assume(heads + tails)
    assert fair_coin(heads, tails) == pytest.approx(binomtest(heads, heads + tails).pvalue)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_ranks_are_those_of_scipy(values):
    assert mean_ranks(values) == pytest.approx(rankdata(values))
