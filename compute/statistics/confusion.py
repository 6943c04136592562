"""How well one set of stability labels reproduces another.

The scores work on confusion counts with any leading axes, so a sweep over tolerances or a bootstrap is one call;
scikit-learn takes one pair of label lists at a time, and the tests hold these formulas to it. A score whose
denominator is zero is NaN, "not defined", and never 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import STABLE, UNSTABLE

CLASSES = (STABLE, UNSTABLE)

Counts = NDArray[np.int64]
"""Shape (…, 2, 2): truth × prediction, both in the order of `CLASSES`."""


Measure = Callable[[ArrayLike], NDArray[np.float64]]
"""A score of counts of shape (…, 2, 2)."""


def confusion_counts(truth: ArrayLike, prediction: ArrayLike) -> Counts:
    """Counts [truth, prediction] of the pairs in which both are stable or unstable; the rest is left out."""
    true, predicted = np.asarray(truth), np.asarray(prediction)
    return np.array([[np.sum((true == t) & (predicted == p)) for p in CLASSES] for t in CLASSES], np.int64)


def counted_as_wrong(truth: ArrayLike, prediction: ArrayLike) -> Counts:
    """Counts in which every prediction that is neither stable nor unstable stands as the wrong answer."""
    true, predicted = np.asarray(truth), np.asarray(prediction)
    decided = np.isin(predicted, CLASSES)
    opposite = np.where(true == STABLE, UNSTABLE, STABLE)
    return confusion_counts(true, np.where(decided, predicted, opposite))


def accuracy(counts: ArrayLike) -> NDArray[np.float64]:
    """Share of right answers."""
    c = np.asarray(counts, float)
    return _ratio(np.trace(c, axis1=-2, axis2=-1), c.sum((-2, -1)))


def recall(counts: ArrayLike) -> NDArray[np.float64]:
    """Per class of the truth, the share that is found; shape (…, 2)."""
    c = np.asarray(counts, float)
    return _ratio(np.diagonal(c, axis1=-2, axis2=-1), c.sum(-1))


def precision(counts: ArrayLike) -> NDArray[np.float64]:
    """Per predicted class, the share that is right; shape (…, 2)."""
    c = np.asarray(counts, float)
    return _ratio(np.diagonal(c, axis1=-2, axis2=-1), c.sum(-2))


def f1(counts: ArrayLike) -> NDArray[np.float64]:
    """Per class, the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); shape (…, 2)."""
    c = np.asarray(counts, float)
    return _ratio(2 * np.diagonal(c, axis1=-2, axis2=-1), c.sum(-1) + c.sum(-2))


def balanced_accuracy(counts: ArrayLike) -> NDArray[np.float64]:
    """Mean recall of the two classes; NaN when the truth has only one."""
    return np.asarray(recall(counts).mean(-1))


def mcc(counts: ArrayLike) -> NDArray[np.float64]:
    """Matthews correlation coefficient, −1 to 1 and 0 for guessing; NaN when either side has only one class."""
    c = np.asarray(counts, float)
    determinant = c[..., 0, 0] * c[..., 1, 1] - c[..., 0, 1] * c[..., 1, 0]
    return _ratio(determinant, np.sqrt(c.sum(-1).prod(-1)) * np.sqrt(c.sum(-2).prod(-1)))


def _ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    top, bottom = np.asarray(numerator, float), np.asarray(denominator, float)
    ratio: NDArray[np.float64] = np.divide(
        top, bottom, out=np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan), where=bottom != 0
    )
    return ratio
