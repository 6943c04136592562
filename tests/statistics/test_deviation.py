"""Deviations of numbers, with intervals that hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from compute.statistics.bootstrap import bootstrap, percentile_interval
from compute.statistics.deviation import agreement, deviation, spearman, square_deviation
from compute.statistics.strata import anharmonicity_strata


def test_deviation_by_hand_skips_missing_pairs():
    result = deviation([1.0, 2.0, math.nan, 5.0], [2.0, 4.0, 1.0, math.nan])
    assert (result.n, result.bias, result.mae) == (2, -1.5, 1.5)
    assert result.rmse == pytest.approx(math.sqrt(2.5))
    assert deviation([math.nan], [1.0]).n == 0


def test_squares_keep_the_sign_of_the_frequency():
    result = square_deviation([1.0, -1.0], [-1.0, -2.0])
    assert (result.n, result.bias, result.mae) == (2, 2.5, 2.5)
    assert result.rmse == pytest.approx(math.sqrt((2**2 + 3**2) / 2))


def test_agreement_holds_the_plain_deviation_and_counts_failures():
    rng = np.random.default_rng(0)
    known, predicted = rng.normal(size=(2, 50))
    predicted[:3] = math.nan
    known[3] = math.nan
    result, plain = agreement(predicted, known), deviation(predicted, known)
    assert (result.n, result.n_failed) == (46, 3)
    assert (result.rmse.value, result.mae.value, result.bias.value) == (plain.rmse, plain.mae, plain.bias)
    for part in (result.rmse, result.mae, result.bias, result.spearman):
        assert part.low < part.value < part.high
    assert agreement(predicted, known) == result


@pytest.mark.parametrize("n", [2, 9, 250])
def test_the_bootstrap_of_agreement_is_that_of_one_draw_at_a_time(n):
    rng = np.random.default_rng(n)
    reference = rng.normal(size=n)
    prediction = reference + rng.normal(size=n)
    prediction[::3], reference[::4] = 0, 0  # ties
    found = agreement(prediction, reference)

    def plain(drawn):
        p, r = prediction[drawn], reference[drawn]
        return np.array([deviation(p, r).rmse, deviation(p, r).mae, deviation(p, r).bias, spearman(p, r)])

    for interval, samples in zip(
        (found.rmse, found.mae, found.bias, found.spearman), bootstrap(plain, n).T, strict=True
    ):
        assert (interval.low, interval.high) == pytest.approx(percentile_interval(samples))


def test_agreement_of_nothing_is_not_defined():
    result = agreement([math.nan], [1.0])
    assert (result.n, result.n_failed) == (0, 1)
    assert math.isnan(result.rmse.value)
    assert math.isnan(result.spearman.low)


def test_a_bootstrap_interval_covers_the_truth_at_its_nominal_rate():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        errors = rng.normal(0.3, 0.5, size=60)
        low, high = percentile_interval(bootstrap(lambda drawn, errors=errors: errors[drawn].mean(), 60, draws=300))
        covered += low <= 0.3 <= high
    assert 180 <= covered < 200


def test_rank_correlation_agrees_with_scipy_and_needs_variation():
    x, y = np.random.default_rng(2).integers(0, 6, size=(2, 40)).astype(float)  # with ties
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert math.isnan(spearman(x, np.ones(40)))


def test_strata_by_published_sigma():
    strata = anharmonicity_strata([0.2, 0.5, 1.0, 1.01, math.nan])
    assert strata.tolist() == ["weak", "middle", "middle", "strong", "missing"]
    assert anharmonicity_strata([0.2], (0.1, 0.15)).tolist() == ["strong"]
    with pytest.raises(ValueError, match="rise"):
        anharmonicity_strata([0.2], (1.0, 1.0))


def test_the_means_of_a_sample_are_those_of_the_suite_by_its_weights():
    """Weights that repeat compounds give the numbers of the repeated list; a failed one carries its weight away."""
    rng = np.random.default_rng(5)
    known, predicted = rng.normal(size=30), rng.normal(size=30)
    predicted[0] = np.nan
    times = rng.integers(1, 5, 30)
    weighted = agreement(predicted, known, stands_for=times)
    repeated = agreement(np.repeat(predicted, times), np.repeat(known, times))
    assert weighted.n == 29
    for name in ("rmse", "mae", "bias"):
        assert getattr(weighted, name).value == pytest.approx(getattr(repeated, name).value)
    assert weighted.bias.low < weighted.bias.value < weighted.bias.high
    alike, plain = agreement(predicted, known, stands_for=np.full(30, 7.0)).bias, agreement(predicted, known).bias
    assert (alike.value, alike.low, alike.high) == pytest.approx((plain.value, plain.low, plain.high))
