"""Whether a stated probability of being right comes true, and whether it tells errors from right answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.statistics.bootstrap import DRAWS, percentile_interval

Array = NDArray[np.float64]

BINS = 10
_BLOCK = 50


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


@dataclass(frozen=True)
class AreaDifference:
    """Area of `first` and of `second` over n answers of which `n_positive` are positive, in `clusters` groups.

    `difference` is first − second with its 95 % interval from whole groups drawn with replacement, the same for both.
    """

    n: int
    n_positive: int
    clusters: int
    first: float
    second: float
    difference: float
    low: float
    high: float

    @property
    def measurable(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


def auroc_difference(
    first: ArrayLike,
    second: ArrayLike,
    positive: ArrayLike,
    groups: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> AreaDifference:
    """Areas of two scores (n,) of the same answers, with a paired bootstrap over `groups` (n,).

    Compounds of one element share their errors, so they are drawn together: A. C. Cameron et al.,
    doi:10.1162/rest.90.3.414.
    """
    sought = np.asarray(positive, bool)
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    n_groups = int(codes.max()) + 1 if codes.size else 0
    rng = np.random.default_rng(seed)
    whole = np.ones((1, sought.size))
    value = [float(_areas(np.asarray(score, float), sought, whole)[0]) for score in (first, second)]
    drawn = []
    for start in range(0, draws if n_groups else 0, _BLOCK):
        counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=min(_BLOCK, draws - start))
        weights = counts[:, codes].astype(float)
        areas = [_areas(np.asarray(score, float), sought, weights) for score in (first, second)]
        drawn.append(areas[0] - areas[1])
    low, high = percentile_interval(np.concatenate(drawn)) if drawn else (np.nan, np.nan)
    better = value[0] - value[1]
    return AreaDifference(sought.size, int(sought.sum()), n_groups, value[0], value[1], better, low, high)


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
