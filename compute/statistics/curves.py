"""How well a score, such as ω_min or −σ, ranks stable above unstable compounds, whatever the threshold.

A compound whose truth is neither stable nor unstable is left out. A failed prediction, NaN, stands as the most wrong
score there is: below all others where the truth is stable, above all others where it is unstable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import STABLE, UNSTABLE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RankingCurve:
    """Points (k,) of a curve in x and y, and its area; without points and NaN where the truth has only one class.

    `n` compounds were ranked, `n_positive` of them truly of the class sought; `n_failed` had no prediction.
    """

    x: Array
    y: Array
    area: float
    n: int
    n_positive: int
    n_failed: int


def roc(truth: ArrayLike, score: ArrayLike) -> RankingCurve:
    """False positive rate (x) and true positive rate (y) of "stable" as the threshold on `score` (n,) falls.

    The area is the chance that a stable compound scores above an unstable one, ties counted half.
    """
    positive, values, counts = _ranked(truth, score, STABLE)
    if len(set(positive.tolist())) < 2:
        return RankingCurve(np.empty(0), np.empty(0), np.nan, *counts)
    right, wrong = _as_the_threshold_falls(positive, values)
    x, y = wrong / wrong[-1], right / right[-1]
    return RankingCurve(x, y, float(np.trapezoid(y, x)), *counts)


def precision_recall(truth: ArrayLike, score: ArrayLike, sought: str = UNSTABLE) -> RankingCurve:
    """Recall (x) and precision (y) of the class `sought`; a high `score` (n,) means stable whichever it is.

    The area is the average precision Σ (R_k − R_k−1) P_k, which unlike the trapezoid is not optimistic. A score that
    says nothing gets the share of the class, n_positive / n. Equal scores share one precision, that at the end of the
    tie, so that a failure can raise the area by breaking one up. Raises `ValueError` for a class that is not one.
    """
    if sought not in (STABLE, UNSTABLE):
        raise ValueError(f"sought must be {STABLE} or {UNSTABLE}, not {sought}")
    positive, values, counts = _ranked(truth, score, sought)
    if len(set(positive.tolist())) < 2:
        return RankingCurve(np.empty(0), np.empty(0), np.nan, *counts)
    right, wrong = _as_the_threshold_falls(positive, values)
    x = right / right[-1]
    y = np.append(1.0, right[1:] / (right[1:] + wrong[1:]))
    return RankingCurve(x, y, float(np.sum(np.diff(x) * y[1:])), *counts)


def _as_the_threshold_falls(positive: NDArray[np.bool_], values: Array) -> tuple[Array, Array]:
    """Compounds called positive that are (k,) and are not (k,), from none to all; equal values are called together."""
    order = np.argsort(-values, kind="stable")
    right = np.cumsum(positive[order], dtype=float)
    last = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    return np.append(0.0, right[last]), np.append(0.0, last + 1 - right[last])


def _ranked(truth: ArrayLike, score: ArrayLike, sought: str) -> tuple[NDArray[np.bool_], Array, tuple[int, int, int]]:
    """Whether each decided compound is of the class sought, its score for that class, and the counts of the curve."""
    labels, values = np.asarray(truth), np.asarray(score, float)
    decided = np.isin(labels, (STABLE, UNSTABLE))
    positive, values = labels[decided] == sought, values[decided]
    if sought == UNSTABLE:
        values = -values
    failed = np.isnan(values)
    # Ranks, so that an infinite score is one like any other.
    _, ranks = np.unique(values, return_inverse=True)
    worst = np.where(positive, -1, len(values))
    return positive, np.where(failed, worst, ranks).astype(float), (len(values), int(positive.sum()), int(failed.sum()))
