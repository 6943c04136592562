"""One score: who is in the denominator, what counts as wrong, and what the other conventions would say."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics.stability import harmonic_labels
from compute.statistics import confusion, verdicts
from compute.statistics.verdicts import DECIDED, SCORE, SMALLEST_CLASS, STRICT, answers, crosstab, score, truth_labels

TRUTH = truth_labels(harmonic_labels([1.0, 1.0, 1.0, -1.0, -1.0, -1.0, np.nan, 1.0], 0.1))
OMEGA = np.array([0.5, -0.5, np.nan, -0.5, 0.3, 0.5, 0.5, 0.5])
FLOOR = np.array([0.1, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1])
STATUS = np.array(["ok", "ok", "exploded", "ok", "ok", "ok", "ok", "not-run"])
ANSWER = answers(harmonic_labels(OMEGA, 0.1), harmonic_labels(OMEGA, 0.1, FLOOR), STATUS)


def test_the_raw_label_counts_a_failure_is_wrong_and_what_was_not_run_is_left_out():
    found = score(TRUTH, ANSWER)
    # stable: one found, one called unstable, one failed; unstable: one found, two called stable, one of them in doubt
    assert verdicts.counts(TRUTH, ANSWER).tolist() == [[1, 2], [2, 1]]
    assert (found.n, found.n_smaller, found.n_undecidable, found.n_failed) == (6, 3, 1, 1)
    assert found.mcc.value == pytest.approx(float(confusion.mcc([[1, 2], [2, 1]])))
    assert found.balanced_accuracy.value == pytest.approx(1 / 3)
    assert found.rule == SCORE


def test_the_other_conventions_take_out_or_turn_round():
    assert verdicts.counts(TRUTH, ANSWER, DECIDED).tolist() == [[1, 1], [1, 1]]
    assert score(TRUTH, ANSWER, rule=DECIDED).n == 4
    assert verdicts.counts(TRUTH, ANSWER, STRICT).tolist() == [[1, 2], [2, 1]]
    right = answers(["unstable"], ["undecidable"], ["ok"])
    assert score(np.array(["unstable"]), right).accuracy.value == 1
    assert score(np.array(["unstable"]), right, rule=STRICT).accuracy.value == 0
    with pytest.raises(ValueError, match="no rule"):
        score(TRUTH, ANSWER, rule="kind")


def test_doubt_is_shown_beside_the_score_and_in_every_count():
    assert ANSWER.shown.tolist()[4:6] == ["undecidable", "stable"]
    assert crosstab(TRUTH, ANSWER.shown).sum() == len(TRUTH)


def test_the_constant_answer_has_no_correlation_and_half_the_balanced_accuracy():
    truth = np.array(["stable"] * 4 + ["unstable"] * 96)
    constant = answers(["unstable"] * 100, ["unstable"] * 100, ["ok"] * 100)
    found = score(truth, constant)
    assert np.isnan(found.mcc.value)
    assert (found.balanced_accuracy.value, found.accuracy.value, found.n_smaller) == (0.5, 0.96, 4)
    assert found.enough == (SMALLEST_CLASS <= 4)


def test_the_interval_of_a_score_is_that_of_its_clusters():
    rng = np.random.default_rng(0)
    cation = rng.integers(0, 12, 600)
    truth = np.where(rng.random(600) < 0.4, "stable", "unstable")
    opposite = np.where(truth == "stable", "unstable", "stable")
    wrong = rng.random(12)[cation] < 0.3  # a cation is right or wrong as one
    said = answers(*[np.where(wrong, opposite, truth)] * 2, np.repeat("ok", 600))
    plain, clustered = score(truth, said), score(truth, said, clusters=[cation])
    assert plain.mcc.value == clustered.mcc.value
    assert clustered.mcc.high - clustered.mcc.low > 3 * (plain.mcc.high - plain.mcc.low)
    again = score(truth, said, clusters=[cation])
    assert (again.mcc, again.accuracy) == (clustered.mcc, clustered.accuracy)
