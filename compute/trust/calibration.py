"""Whether a stated probability of being right comes true, and whether it tells errors from right answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.statistics.bootstrap import DRAWS, percentile_interval, weights
from compute.statistics.paired import Difference

Array = NDArray[np.float64]

BINS = 10


def brier(probability: ArrayLike, right: ArrayLike) -> float:
    """Mean squared difference of the `probability` (n,) of being right and of what came, 1 or 0 (n,); NaN for none.

    G. W. Brier, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. Proper: the true probabilities have the least.
    """
    stated, came = np.asarray(probability, float), np.asarray(right, float)
    return float(np.mean((stated - came) ** 2)) if stated.size else np.nan


@dataclass(frozen=True)
class Reliability:
    """Per bin (k,), in order of the stated probability: answers, mean stated probability, share that was right."""

    n: NDArray[np.int64]
    stated: Array
    observed: Array

    @property
    def error(self) -> float:
        """Expected calibration error: mean |observed − stated| over the answers; NaN for none."""
        return float(np.average(np.abs(self.observed - self.stated), weights=self.n)) if self.n.size else np.nan


def reliability(probability: ArrayLike, right: ArrayLike, bins: int = BINS) -> Reliability:
    """Reliability curve of `probability` (n,) against what came (n,), in `bins` of equally many answers.

    Equal probabilities stay in one bin, so there may be fewer. Bins of equal width would leave nearly all of a lopsided
    sample in one of them.
    """
    stated, came = np.asarray(probability, float), np.asarray(right, float)
    if stated.size == 0:
        return Reliability(np.empty(0, np.int64), np.empty(0), np.empty(0))
    edges = np.unique(np.quantile(stated, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.unique(np.searchsorted(edges, stated, side="left"), return_inverse=True)[1]
    n = np.bincount(place)
    return Reliability(n, np.bincount(place, stated) / n, np.bincount(place, came) / n)


def auroc(score: ArrayLike, positive: ArrayLike) -> float:
    """Chance that a positive (n,) has the higher `score` (n,) of the two, ties counted half; NaN with one class."""
    return float(_areas(np.asarray(score, float), np.asarray(positive, bool), np.ones((1, np.size(score))))[0])


def auroc_difference(
    first: ArrayLike,
    second: ArrayLike,
    positive: ArrayLike,
    groups: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Difference:
    """Area of `first` (n,) less that of `second` for the same answers, with a paired bootstrap over `groups` (n,).

    Compounds of one element share their errors, so they are drawn together, as everywhere: `statistics.bootstrap`. No
    interval with too few groups.
    """
    sought = np.asarray(positive, bool)
    labels = np.asarray(groups).astype(str)
    scores = [np.asarray(score, float) for score in (first, second)]
    value = [float(_areas(score, sought, np.ones((1, sought.size)))[0]) for score in scores]
    drawn = [
        areas[0] - areas[1]
        for block in weights(sought.size, clusters=[labels], draws=draws, seed=seed)
        for areas in [[_areas(score, sought, block.astype(float)) for score in scores]]
    ]
    low, high = percentile_interval(np.concatenate(drawn))
    return Difference(sought.size, 0, value[0], value[1], value[0] - value[1], low, high)


def _areas(score: Array, positive: NDArray[np.bool_], weights: Array) -> Array:
    """Area under the ROC curve (d,) for each row of `weights` (d, n)."""
    order = np.argsort(score, kind="stable")
    ranked, sought, weight = score[order], positive[order], weights[:, order]
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) if ranked.size else np.empty(0, np.int64)
    up, down = (np.cumsum(weight * mask, axis=1)[:, ends] for mask in (sought, ~sought))
    if ends.size == 0:
        return np.full(len(weights), np.nan)
    below = np.diff(down, axis=1, prepend=0.0)
    rises = np.diff(up, axis=1, prepend=0.0)
    won = np.sum(rises * (down - below / 2), axis=1)
    total = up[:, -1] * down[:, -1]
    area: Array = np.divide(won, total, out=np.full(len(weights), np.nan), where=total > 0)
    return area
