"""Scores agree with scikit-learn where it defines them, and are NaN where nothing can be said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from compute.statistics import confusion

labels = st.lists(st.tuples(*[st.sampled_from(("stable", "unstable"))] * 2), min_size=1, max_size=60)


def test_confusion_by_hand():
    truth = ["stable", "stable", "stable", "unstable", "unstable", "missing", "stable"]
    answer = ["stable", "stable", "unstable", "unstable", "stable", "stable", "undecidable"]
    assert confusion.confusion_counts(truth, answer).tolist() == [[2, 1], [1, 1]]


def test_scores_by_hand():
    counts = [[6, 2], [1, 3]]
    assert confusion.accuracy(counts) == pytest.approx(9 / 12)
    assert confusion.recall(counts) == pytest.approx([6 / 8, 3 / 4])
    assert confusion.precision(counts) == pytest.approx([6 / 7, 3 / 5])
    assert confusion.f1(counts) == pytest.approx([12 / 15, 6 / 9])
    assert confusion.balanced_accuracy(counts) == pytest.approx(0.75)
    assert confusion.mcc(counts) == pytest.approx((6 * 3 - 2 * 1) / math.sqrt(8 * 4 * 7 * 5))


@given(labels)
def test_scores_agree_with_scikit_learn(pairs):
    truth, answer = zip(*pairs, strict=True)
    counts = confusion.confusion_counts(truth, answer)
    assert counts.tolist() == reference.confusion_matrix(truth, answer, labels=list(confusion.CLASSES)).tolist()
    assert confusion.accuracy(counts) == pytest.approx(reference.accuracy_score(truth, answer))
    if len(set(truth)) == 2:
        assert confusion.balanced_accuracy(counts) == pytest.approx(reference.balanced_accuracy_score(truth, answer))
    if len(set(truth)) == 2 and len(set(answer)) == 2:
        assert confusion.mcc(counts) == pytest.approx(reference.matthews_corrcoef(truth, answer), abs=1e-12)
        wanted = reference.precision_recall_fscore_support(truth, answer, labels=list(confusion.CLASSES))
        for ours, theirs in zip((confusion.precision, confusion.recall, confusion.f1), wanted, strict=False):
            assert ours(counts) == pytest.approx(theirs)


def test_undefined_is_nan_not_a_number():
    empty = np.zeros((2, 2), int)
    one_class = [[5, 0], [0, 0]]
    assert math.isnan(confusion.accuracy(empty))
    assert math.isnan(confusion.mcc(one_class))
    assert math.isnan(confusion.balanced_accuracy(one_class))
    assert np.isnan(confusion.f1(one_class)).tolist() == [False, True]


def test_what_is_not_answered_counts_as_wrong():
    truth = ["stable", "stable", "unstable", "unstable", "missing"]
    answer = ["stable", "missing", "unstable", "undecidable", "missing"]
    assert confusion.confusion_counts(truth, answer).tolist() == [[1, 0], [0, 1]]
    assert confusion.counted_as_wrong(truth, answer).tolist() == [[1, 1], [1, 1]]


def test_scores_take_a_sweep_at_once():
    sweep = np.array([[[6, 2], [1, 3]], [[5, 0], [0, 5]]])
    assert confusion.mcc(sweep) == pytest.approx([float(confusion.mcc(sweep[0])), 1.0])
    assert confusion.recall(sweep).shape == (2, 2)
