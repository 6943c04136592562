"""A number becomes a label in one place, and a missing number never becomes a verdict."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.physics.stability import (
    LABELS,
    harmonic_labels,
    ladder_labels,
    renormalised_labels,
    sigma_labels,
    sigma_outcomes,
)

finite = st.floats(-20, 20)


def test_stable_needs_omega_above_minus_tolerance():
    labels = harmonic_labels([0.5, -0.05, -0.1, -0.2], tolerance_thz=0.1)
    assert labels.tolist() == ["stable", "stable", "unstable", "unstable"]


def test_nan_never_passes_a_comparison():
    values = [math.nan, math.inf, -math.inf]
    assert set(harmonic_labels(values, 0.1)) == {"missing"}
    assert set(sigma_labels(values)) == {"missing"}


def test_below_the_noise_floor_is_undecidable():
    labels = harmonic_labels([0.02, -0.02, 0.2, math.nan], 0.1, [0.05, 0.05, 0.05, 0.05])
    assert labels.tolist() == ["undecidable", "undecidable", "stable", "missing"]


def test_an_unknown_noise_floor_makes_nothing_undecidable():
    assert harmonic_labels([0.0, -1.0], 0.1, [math.nan, math.nan]).tolist() == ["stable", "unstable"]


def test_sigma_is_stable_below_the_threshold_only():
    assert sigma_labels([0.99, 1.0, 1.2]).tolist() == ["stable", "unstable", "unstable"]
    assert sigma_labels([1.2], threshold=1.5).tolist() == ["stable"]


def test_sigma_within_two_standard_errors_is_undecidable():
    assert sigma_labels([0.95, 0.9], 1.0, [0.04, 0.04]).tolist() == ["undecidable", "stable"]


def test_a_run_of_sigma_has_one_of_three_outcomes_or_failed():
    sigma, status = [0.9, 1.0, math.nan, math.nan, math.nan, 0.5], ["ok", "ok", "left-sites", "exploded", "ok", "error"]
    found = sigma_outcomes(sigma, status).tolist()
    assert found == ["below", "above", "leaves-sites", "missing", "missing", "missing"]
    assert sigma_outcomes([1.2], ["ok"], [1.5]).tolist() == ["below"]


def test_a_renormalised_frequency_at_the_tolerance_is_stable():
    labels = renormalised_labels([0.5, -0.1, -0.11, -2.0], 0.1, [0.01, 0.01, 0.01, 0.01])
    assert labels.tolist() == ["stable", "stable", "unstable", "unstable"]


def test_a_renormalised_frequency_within_its_error_or_noise_is_undecidable():
    assert renormalised_labels([0.5, -0.5, 0.5], 0.1, [0.3, 0.3, 0.2]).tolist() == ["undecidable"] * 2 + ["stable"]
    assert renormalised_labels([0.5, 0.5], 0.1, [0.0, 0.0], [0.6, math.nan]).tolist() == ["undecidable", "stable"]


def test_a_renormalised_frequency_without_a_number_or_an_error_is_missing():
    assert set(renormalised_labels([math.nan, math.inf, 1.0], 0.1, [0.0, 0.0, math.nan])) == {"missing"}


def test_a_label_that_the_displacement_turns_is_undecidable():
    rungs = [[-1.0, -1.1, -1.2], [0.5, 0.5, 0.6], [-1.0, -0.3, 0.2], [0.3, 0.2, -0.5]]
    assert ladder_labels([-1.0, 0.5, -1.0, 0.3], rungs, 0.1).tolist() == ["unstable", "stable", *["undecidable"] * 2]


def test_the_force_constants_are_a_rung_too():
    assert ladder_labels([-0.2], [[-0.05, 0.1, 0.2]], 0.1).tolist() == ["undecidable"]
    assert ladder_labels([-0.05], [[-0.05, 0.1, 0.2]], 0.1).tolist() == ["stable"]


def test_a_ladder_below_the_noise_floor_is_undecidable_and_none_is_missing():
    rungs = [[0.3, 0.3, 0.3], [0.3, 0.3, 0.3], [math.nan] * 3, [0.3, math.nan, 0.3]]
    assert ladder_labels([0.3, 0.3, 0.3, 0.3], rungs, 0.1, [0.4, math.nan, 0.1, 0.1]).tolist() == [
        "undecidable",
        "stable",
        "missing",
        "missing",
    ]


@given(finite, st.lists(finite, min_size=3, max_size=3), st.floats(0, 5), st.floats(0, 5))
def test_a_ladder_never_says_more_than_its_first_rung(omega, rungs, tolerance, floor):
    whole, alone = ladder_labels(omega, rungs, tolerance, floor), harmonic_labels(omega, tolerance, floor)
    assert whole in (alone, "undecidable")


def test_impossible_settings_raise():
    for tolerance in (-0.1, math.nan):
        with pytest.raises(ValueError, match="tolerance"):
            harmonic_labels([1.0], tolerance)
        with pytest.raises(ValueError, match="tolerance"):
            renormalised_labels([1.0], tolerance, [0.1])
    with pytest.raises(ValueError, match="threshold"):
        sigma_labels([1.0], threshold=0.0)


def test_shape_is_kept():
    assert harmonic_labels(np.zeros((2, 3)), 0.1).shape == (2, 3)


@given(finite, st.floats(0, 5), st.floats(0, 5))
def test_a_wider_tolerance_never_makes_a_compound_unstable(omega, tolerance, extra):
    narrow = harmonic_labels(omega, tolerance)
    wide = harmonic_labels(omega, tolerance + extra)
    assert not (narrow == "stable" and wide == "unstable")


@given(st.floats(), st.floats(0, 5), st.floats())
def test_every_number_gets_exactly_one_known_label(omega, tolerance, noise):
    assert harmonic_labels(omega, tolerance, noise).item() in LABELS
