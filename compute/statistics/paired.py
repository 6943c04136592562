"""Two potentials on the same compounds: whether one is better, or no difference can be measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import STABLE, UNSTABLE
from compute.statistics.bootstrap import (
    DRAWS,
    Clusters,
    Indices,
    Interval,
    bootstrap,
    percentile_interval,
    resampled_sums,
)
from compute.statistics.confusion import Measure

Metric = Callable[[NDArray[Any], NDArray[Any]], float]
"""Truth (n,) and prediction (n,) to one number."""


@dataclass(frozen=True)
class McNemar:
    """Of n compounds, how many only the first and only the second potential gets right, and the two-sided p."""

    n: int
    first_only: int
    second_only: int
    p: float

    @property
    def n_discordant(self) -> int:
        """Compounds that exactly one of the two gets right: all that the test rests on."""
        return self.first_only + self.second_only


def mcnemar(truth: ArrayLike, first: ArrayLike, second: ArrayLike) -> McNemar:
    """McNemar's exact test (doi:10.1007/BF02295996) on stability labels (n,) of two potentials.

    Compounds whose truth is neither stable nor unstable are left out; a prediction that is neither is wrong. What
    was never run should not be passed. p is 1 where both are right on the same compounds.
    """
    true = np.asarray(truth)
    decided = np.isin(true, (STABLE, UNSTABLE))
    right = [np.asarray(labels)[decided] == true[decided] for labels in (first, second)]
    first_only, second_only = int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0]))
    return McNemar(int(decided.sum()), first_only, second_only, fair_coin(first_only, second_only))


def fair_coin(heads: int, tails: int) -> float:
    """Two-sided p of as uneven a result or more from a fair coin; exact."""
    n, fewer = heads + tails, min(heads, tails)
    extreme = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, float(Fraction(2 * extreme, 2**n)))


@dataclass(frozen=True)
class Difference:
    """A metric of two potentials on the same n compounds, and first − second with its 95 % bootstrap interval."""

    n: int
    n_left_out: int
    first: float
    second: float
    difference: float
    low: float
    high: float

    @property
    def interval(self) -> Interval:
        """The difference with its interval."""
        return Interval(self.difference, self.low, self.high)

    @property
    def measurable(self) -> bool:
        """Whether the interval excludes zero. If not, there is no measurable difference."""
        return self.interval.sign != 0


def paired_difference(
    metric: Metric,
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    keep_failures: bool,
    clusters: Clusters = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Difference:
    """Difference of `metric` between two potentials over compounds drawn together, so that what they share cancels.

    `truth` and the predictions are arrays (n,) of labels or numbers. With `keep_failures` the metric sees every
    compound and must count a failure against the potential; without, for metrics that skip a NaN, only compounds
    are used in which all three are finite. NaN where the metric is.
    """
    arrays = [np.asarray(values) for values in (truth, first, second)]
    n, ways = len(arrays[0]), [np.asarray(labels) for labels in clusters]
    if not keep_failures:
        known = np.all([np.isfinite(values) for values in arrays], axis=0)
        arrays, ways = [values[known] for values in arrays], [labels[known] for labels in ways]
    true, *predictions = arrays

    def both(drawn: Indices) -> NDArray[np.float64]:
        return np.array([metric(true[drawn], prediction[drawn]) for prediction in predictions])

    used = len(true)
    if used == 0:
        return Difference(0, n, *[np.nan] * 5)
    values = both(np.arange(used))
    samples = bootstrap(both, used, clusters=ways, draws=draws, seed=seed)
    low, high = percentile_interval(samples[:, 0] - samples[:, 1])
    return Difference(used, n - used, float(values[0]), float(values[1]), float(values[0] - values[1]), low, high)


def differences_of_counts(
    scores: Mapping[str, Measure],
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: Clusters = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Difference]:
    """`paired_difference` of scores of confusion counts (…, 2, 2), such as `confusion.mcc`, for labels (n,), by name.

    A compound enters such a score only by its truth and by which of the two is right: one of eight kinds, which are
    summed per cluster, so that all draws are one product. Compounds whose truth is neither stable nor unstable are left
    out; a prediction that is neither is wrong, as in `mcnemar`.
    """
    true = np.asarray(truth)
    decided = np.isin(true, (STABLE, UNSTABLE))
    used, n = int(decided.sum()), len(true)
    if used == 0:
        return dict.fromkeys(scores, Difference(0, n, *[np.nan] * 5))
    unstable = true[decided] == UNSTABLE
    right = [np.asarray(labels)[decided] == true[decided] for labels in (first, second)]
    kinds = np.zeros((used, 8))
    kinds[np.arange(used), 4 * unstable + 2 * right[0] + right[1]] = 1
    ways = [np.asarray(labels)[decided] for labels in clusters]
    drawn = resampled_sums(kinds, clusters=ways, draws=draws, seed=seed)
    # The first row is the data, the others are drawn.
    cube = np.vstack([kinds.sum(axis=0), drawn]).reshape(-1, 2, 2, 2)
    counts = [_confusion(cube.sum(axis)) for axis in (3, 2)]
    found = {}
    for name, score in scores.items():
        values = [score(side) for side in counts]
        difference = values[0] - values[1]
        low, high = percentile_interval(difference[1:])
        found[name] = Difference(
            used, n - used, float(values[0][0]), float(values[1][0]), float(difference[0]), low, high
        )
    return found


def difference_of_rmse(
    first: ArrayLike, second: ArrayLike, *, clusters: Clusters = (), draws: int = DRAWS, seed: int = 0
) -> Difference:
    """RMS of the errors (n,) of the first less that of the second, over the compounds in which both are finite."""
    errors = np.column_stack([np.asarray(first, float), np.asarray(second, float)])
    known = np.isfinite(errors).all(axis=1)
    used, n = int(known.sum()), len(errors)
    if used == 0:
        return Difference(0, n, *[np.nan] * 5)
    columns = np.column_stack([errors[known] ** 2, np.ones(used)])
    ways = [np.asarray(labels)[known] for labels in clusters]
    sums = np.vstack([columns.sum(axis=0), resampled_sums(columns, clusters=ways, draws=draws, seed=seed)])
    with np.errstate(invalid="ignore", divide="ignore"):
        rmse = np.sqrt(sums[:, :2] / sums[:, 2:])
    apart = rmse[:, 0] - rmse[:, 1]
    return Difference(
        used, n - used, float(rmse[0, 0]), float(rmse[0, 1]), float(apart[0]), *percentile_interval(apart[1:])
    )


def _confusion(right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Confusion counts (…, truth, prediction) from counts (…, truth, wrong or right)."""
    return np.stack([right[:, 0, ::-1], right[:, 1]], axis=1)
