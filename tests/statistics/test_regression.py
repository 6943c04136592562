"""The share of σ beyond that of DFT which ω² errors explain, on data whose share is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compute.statistics.comparable import comparable
from compute.statistics.regression import LEAST, PLACES, explained, square_errors


def data(share: float, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """σ (n,) and σ of DFT (n,), beyond which ω² errors (n, 4) explain `share` of the variance, by R and M alone."""
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=[1, 20, 5, 3], size=(n, 4))
    signal = np.sqrt(share / 2) * (x[:, 1] / 20 - x[:, 2] / 5)
    dft = rng.uniform(0.2, 1.8, size=n)
    return 0.1 + 0.6 * dft + 0.3 * (signal + np.sqrt(1 - share) * rng.normal(size=n)), dft, x


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_known_share_is_found_with_its_coefficients(share):
    result = explained(*data(share, 4000), draws=200)
    for r2 in (result.r2, result.r2_adjusted, result.r2_cross_validated):
        assert r2 == pytest.approx(share, abs=0.03)
    expected = dict(zip(PLACES, [0, np.sqrt(share / 2), -np.sqrt(share / 2), 0], strict=True))
    for place, coefficient in result.coefficients.items():
        assert coefficient.value == pytest.approx(expected[place], abs=0.05)
        assert coefficient.low <= coefficient.value <= coefficient.high
    assert not result.coefficients["gamma"].low > 0
    assert result.coefficients["r"].low > 0 > result.coefficients["m"].high
    assert result.r2_null < 0.02
    assert result.p_value < 0.01


def test_what_the_same_dft_puts_on_both_sides_explains_nothing():
    rng = np.random.default_rng(4)
    dft = rng.uniform(0.2, 1.8, size=400)
    # The softer DFT's modes the larger its σ, while the potential answers the same for every compound, with noise.
    sigma = 0.86 + 0.1 * rng.normal(size=400)
    errors = rng.normal(size=(400, 4)) + 3 * dft[:, None]
    assert np.corrcoef(sigma - dft, errors[:, 0])[0, 1] ** 2 > 0.5, "the difference is explained all the same"
    result = explained(sigma, dft, errors, draws=20)
    assert result.r2 < result.r2_null + 0.02
    assert result.r2_cross_validated < 0.01
    assert result.p_value > 0.01


def test_all_is_explained_when_the_error_is_a_linear_function():
    _, dft, x = data(0.5, 60)
    result = explained(3 - dft + x @ [1.0, -2.0, 0.5, 0.0], dft, x, draws=50)
    assert (result.r2, result.r2_cross_validated) == pytest.approx((1, 1))


def test_only_the_plain_share_flatters():
    shares = [explained(*data(0, LEAST, seed), draws=1) for seed in range(60)]
    plain, adjusted, validated = (
        np.mean([getattr(result, name) for result in shares]) for name in ("r2", "r2_adjusted", "r2_cross_validated")
    )
    assert plain == pytest.approx(4 / (LEAST - 2), abs=0.03)
    assert adjusted == pytest.approx(0, abs=0.03)
    assert validated < -0.05
    assert np.mean([result.p_value < 0.05 for result in shares]) == pytest.approx(0.05, abs=0.1)
    assert np.mean([result.r2 < result.r2_null for result in shares]) > 0.85


def test_units_and_offsets_do_not_matter():
    y, dft, x = data(0.5, 200)
    here = explained(y, dft, x, draws=50)
    there = explained(7 - 100 * y, 3 * dft - 1, 4 + x * [1e-3, 2, 50, 1], draws=50)
    assert there.r2 == pytest.approx(here.r2)
    assert there.r2_cross_validated == pytest.approx(here.r2_cross_validated)
    assert there.coefficients["r"].value == pytest.approx(-here.coefficients["r"].value)


def test_an_error_that_does_not_vary_explains_nothing():
    y, dft, x = data(0.5, 200)
    x[:, 0] = 0  # no compound imaginary at Γ on either side
    result = explained(y, dft, x, draws=50)
    assert math.isnan(result.coefficients["gamma"].value)
    assert result.r2 == pytest.approx(explained(*data(0.5, 200), draws=1).r2, abs=0.02)
    flat = explained(dft, dft, x, draws=5)
    assert math.isnan(flat.r2)


def test_large_errors_go_with_large_errors_whatever_their_sign():
    rng = np.random.default_rng(1)
    size = rng.exponential(size=500)
    y = size * rng.choice([-1, 1], 500)
    dft = rng.uniform(size=500)
    result = explained(y, dft, np.outer(size * rng.choice([-1, 1], 500), [0, 1, 0, 0]), draws=50)
    assert result.magnitude.value > 0.9
    assert result.r2 < 0.05


def test_too_few_compounds_give_no_share():
    y, dft, x = data(0.9, LEAST + 1)
    y[0], x[1, 2] = math.nan, math.nan
    result = explained(y, dft, x)
    assert (result.n, result.n_left_out, result.too_few) == (LEAST - 1, 2, True)
    assert math.isnan(result.r2)
    assert math.isnan(result.magnitude.low)
    assert not explained(*data(0.9, LEAST), draws=1).too_few
    with pytest.raises(ValueError, match="shape"):
        explained(y, dft, x[:, :3])


def test_square_errors_are_signed_and_cut_at_gamma_alone():
    potential = {"gamma": [2.0, -1.0], "r": [2.0, -1.0], "m": [0.0, 0.0], "x": [1.0, math.nan]}
    dft = {"gamma": [0.0, -2.0], "r": [-1.0, -2.0], "m": [0.0, 1.0], "x": [1.0, 1.0]}
    errors = square_errors(potential, dft, "abx3")
    assert errors[0].tolist() == [0, 5, 0, 0]
    assert errors[1, :3].tolist() == [3, 3, -1]
    assert math.isnan(errors[1, 3])


def test_a_missing_frequency_stays_missing_where_both_sides_are_cut():
    assert comparable([1.0, -1.0], "abx3", "min").tolist() == [0, -1]
    assert comparable([1.0], "hdp", "gamma").tolist() == [1]
    assert math.isnan(comparable([math.nan], "abx3", "gamma")[0])
