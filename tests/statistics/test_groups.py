"""Scores of several potentials on the same compounds, and the letters of those that cannot be told apart."""

import numpy as np
import pytest

from compute.statistics.confusion import bootstrap_interval, counted_as_wrong, mcc
from compute.statistics.groups import letters, mcc_scores, rmse_scores
from compute.statistics.paired import paired_difference

rng = np.random.default_rng(3)
TRUTH = np.where(rng.random(400) < 0.7, "unstable", "stable")
FLIP = {"stable": "unstable", "unstable": "stable"}


def answers(share_wrong: float) -> np.ndarray:
    wrong = rng.random(TRUTH.size) < share_wrong
    given = np.array([FLIP[t] if w else t for t, w in zip(TRUTH, wrong, strict=True)], dtype="<U11")
    given[:10] = "undecidable"
    return given


def test_correlations_and_intervals_are_those_of_one_potential_at_a_time():
    given = np.column_stack([answers(0.05), answers(0.3)])
    scores = mcc_scores(np.append(TRUTH, "missing"), np.vstack([given, ["stable", "stable"]]))
    assert scores.n == 400
    for i in range(2):
        counts = counted_as_wrong(TRUTH, given[:, i])
        assert scores.values[i] == pytest.approx(float(mcc(counts)))
        assert scores.interval(i) == pytest.approx(bootstrap_interval(counts, "mcc"), abs=0.03)


def test_paired_intervals_agree_with_the_bootstrap_of_compounds():
    errors = np.column_stack([rng.normal(0, 1, 300), rng.normal(0, 1.2, 300)])
    errors[0, 1] = np.nan
    scores = rmse_scores(errors)
    reference = paired_difference(
        lambda truth, value: float(np.sqrt(np.mean((value - truth) ** 2))),
        np.zeros(300), errors[:, 0], errors[:, 1], keep_failures=False,
    )  # fmt: skip
    assert (scores.n, *scores.values) == pytest.approx((299, reference.first, reference.second))
    assert scores.difference(0, 1) == pytest.approx((reference.low, reference.high))
    assert scores.measurable().tolist() == [[False, True], [True, False]]


def test_shared_errors_cancel_in_the_difference():
    shared = rng.normal(0, 1, 200)
    scores = rmse_scores(np.column_stack([shared, 1.05 * shared]))
    assert scores.interval(0)[1] > scores.interval(1)[0]  # the intervals overlap
    assert scores.measurable()[0, 1]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], ["a", "a", "a"]),
        ([(0, 1), (0, 2), (1, 2)], ["a", "b", "c"]),
        ([(0, 2)], ["a", "ab", "b"]),  # the middle one is told apart from neither
        ([(0, 1), (0, 2)], ["a", "b", "b"]),
        ([(1, 2)], ["ab", "a", "b"]),
    ],
)
def test_two_potentials_share_a_letter_exactly_where_no_difference_is_measurable(pairs, expected):
    measurable = np.zeros((3, 3), bool)
    for one, other in pairs:
        measurable[one, other] = measurable[other, one] = True
    assert letters(measurable) == expected


def test_letters_of_many_potentials_say_what_the_matrix_says():
    for _ in range(20):
        matrix = np.triu(rng.random((8, 8)) < 0.5, 1)
        matrix |= matrix.T
        found = letters(matrix)
        for i in range(8):
            for j in range(8):
                assert i == j or bool(set(found[i]) & set(found[j])) != matrix[i, j]


def test_without_compounds_nothing_is_scored():
    assert mcc_scores([], np.empty((0, 2), dtype="<U8")).n == 0
    scores = rmse_scores(np.full((3, 2), np.nan))
    assert scores.n == 0
    assert np.isnan(scores.interval(0)).all()
    assert not scores.measurable().any()
