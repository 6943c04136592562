"""How far predicted numbers are from reference numbers: σ, ω or ω².

A failed prediction has no deviation. It cannot be part of an average, so it is counted beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.phonons import signed_square
from compute.statistics.bootstrap import (
    DRAWS,
    Clusters,
    Indices,
    Interval,
    percentile_interval,
    resampled_sums,
    weights,
)
from compute.statistics.ranks import mean_ranks

Array = NDArray[np.float64]
THIRDS = ("soft", "middle", "hard")


@dataclass(frozen=True)
class Deviation:
    """Differences prediction − reference in the unit of the input; NaN when n is 0."""

    n: int
    rmse: float
    mae: float
    bias: float


@dataclass(frozen=True)
class Agreement:
    """Prediction against reference over n compounds; `n_failed` more have a reference and no prediction.

    `bias` is the mean of prediction − reference, in the unit of the input as are `rmse` and `mae`; `spearman` is the
    rank correlation, NaN where either side is constant.
    """

    n: int
    n_failed: int
    rmse: Interval
    mae: Interval
    bias: Interval
    spearman: Interval


def deviation(prediction: ArrayLike, reference: ArrayLike) -> Deviation:
    """RMSE, mean absolute error and bias (mean of prediction − reference) over the pairs where both are finite."""
    difference = np.asarray(prediction, float) - np.asarray(reference, float)
    difference = difference[np.isfinite(difference)]
    if difference.size == 0:
        return Deviation(0, np.nan, np.nan, np.nan)
    return Deviation(
        n=int(difference.size),
        rmse=float(np.sqrt(np.mean(difference**2))),
        mae=float(np.mean(np.abs(difference))),
        bias=float(np.mean(difference)),
    )


def square_deviation(omega_thz: ArrayLike, reference_thz: ArrayLike) -> Deviation:
    """`deviation` of ω² in THz², squares signed, from ω in THz with imaginary modes as negative.

    ω² is what forces and force constants fix; near zero ω magnifies its error without bound.
    """
    return deviation(signed_square(np.asarray(omega_thz, float)), signed_square(np.asarray(reference_thz, float)))


def agreement(
    prediction: ArrayLike,
    reference: ArrayLike,
    *,
    clusters: Clusters = (),
    stands_for: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Agreement:
    """RMSE, MAE, bias and Spearman correlation of arrays (n,), with bootstrap intervals; NaN where undefined.

    `clusters` has the labels (n,) of what is drawn together, as in `bootstrap`. `stands_for` (n,) is how many compounds
    of the suite each stands for, of a random sample as in `survey`: the means are then those of the suite, each over
    the sum of the weights of those that have a prediction (J. Hájek); the ranks are of the sample as it is.
    """
    predicted, known = np.asarray(prediction, float), np.asarray(reference, float)
    both = np.isfinite(predicted) & np.isfinite(known)
    p, r = predicted[both], known[both]
    n = len(p)
    if n:
        difference = p - r
        weight = np.ones(n) if stands_for is None else np.asarray(stands_for, float)[both]
        columns = np.stack([difference**2, np.abs(difference), difference], axis=1)
        square, size, bias = (np.average(column, weights=weight) for column in columns.T)
        values = np.array([np.sqrt(square), size, bias, spearman(p, r)])
        ways = _of(clusters, both)
        means = _means(columns, ways, draws, seed, weight)
        means[:, 0] = np.sqrt(means[:, 0])
        drawn = weights(n, clusters=ways, draws=draws, seed=seed)
        constant = np.isnan(values[-1])  # and so is every draw
        ranks = np.full(draws, np.nan) if constant else np.concatenate([_spearman_of_draws(p, r, w) for w in drawn])
        samples = np.column_stack([means, ranks])
    else:
        values, samples = np.full(4, np.nan), np.full((1, 4), np.nan)
    intervals = [
        Interval(float(value), *percentile_interval(sample)) for value, sample in zip(values, samples.T, strict=True)
    ]
    return Agreement(n, int(np.sum(np.isfinite(known) & ~np.isfinite(predicted))), *intervals)


def _of(clusters: Clusters, kept: NDArray[np.bool_]) -> list[NDArray[np.generic]]:
    """`clusters` of the compounds that are `kept` (n,)."""
    return [np.asarray(labels)[kept] for labels in clusters]


def _means(columns: Array, clusters: Clusters, draws: int, seed: int, weight: Array | None = None) -> Array:
    """Means (draws, m) of `columns` (n, m), by `weight` (n,), over the compounds drawn; NaN where none is."""
    each = np.ones((len(columns), 1)) if weight is None else weight[:, None]
    sums = resampled_sums(np.hstack([columns * each, each]), clusters=clusters, draws=draws, seed=seed)
    counts = sums[:, -1:]
    means: Array = np.divide(sums[:, :-1], counts, out=np.full(sums[:, :-1].shape, np.nan), where=counts > 0)
    return means


def _spearman_of_draws(x: Array, y: Array, times: Indices) -> Array:
    """`spearman` of x and y (n,), each taken `times` (draws, n), without sorting them again."""
    taken = np.ascontiguousarray(times.T, float)  # whole rows of it are picked, which is fast
    ranks = [_ranks_of_draws(values, taken) for values in (x, y)]
    each = [taken * rank for rank in ranks]
    sizes = [np.einsum("nd,nd->d", *both) for both in zip(each, ranks, strict=True)]
    product = np.einsum("nd,nd->d", each[0], ranks[1])
    scale = np.sqrt(sizes[0] * sizes[1])
    correlation: Array = np.divide(product, scale, out=np.full(len(product), np.nan), where=scale > 0)
    return correlation


def _ranks_of_draws(values: Array, times: Array) -> Array:
    """Ranks (n, draws) of `values` (n,) less their mean, where each is drawn `times` (n, draws); ties at their mean."""
    order = np.argsort(values, kind="stable")
    first = np.flatnonzero(np.diff(values[order], prepend=-np.inf))
    size = np.diff(first, append=values.size)
    upto = np.cumsum(times[order], axis=0)[first + size - 1]
    rank = upto / 2 - upto[-1] / 2
    rank[1:] += upto[:-1] / 2
    place = np.empty(values.size, dtype=np.int64)
    place[order] = np.repeat(np.arange(first.size), size)
    return np.asarray(rank[place])


def spearman(x: Array, y: Array) -> float:
    """Spearman's rank correlation of two arrays (n,), ties at their mean rank; NaN where either is constant."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    first, second = (mean_ranks(values) - (len(values) + 1) / 2 for values in (x, y))
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def rmse_difference(
    errors: ArrayLike,
    inside: ArrayLike,
    outside: ArrayLike,
    *,
    clusters: Clusters = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Interval:
    """RMS of the `errors` (n,) where `inside` (n,) less that where `outside`; NaN where either has no finite error.

    The two groups are drawn together, because compounds of both may share a cluster.
    """
    given = np.asarray(errors, float)
    known = np.isfinite(given)
    groups = [np.asarray(group, bool) & known for group in (inside, outside)]
    if not all(group.any() for group in groups):
        return Interval(np.nan, np.nan, np.nan)
    square = np.where(known, given, 0) ** 2
    columns = np.stack([column for group in groups for column in (square * group, group)], axis=1)

    def apart(sums: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(sums[:, 0] / sums[:, 1]) - np.sqrt(sums[:, 2] / sums[:, 3]))

    samples = apart(resampled_sums(columns, clusters=clusters, draws=draws, seed=seed))
    return Interval(float(apart(columns.sum(axis=0)[None])[0]), *percentile_interval(samples))


def mean_interval(values: ArrayLike, *, clusters: Clusters = (), draws: int = DRAWS, seed: int = 0) -> Interval:
    """Mean of the finite `values` (n,) with its interval over compounds; NaN where there is none."""
    given = np.asarray(values, float)
    finite = np.isfinite(given)
    known = given[finite]
    if not len(known):
        return Interval(np.nan, np.nan, np.nan)
    samples = _means(known[:, None], _of(clusters, finite), draws, seed)
    return Interval(float(known.mean()), *percentile_interval(samples))


def rms_interval(errors: ArrayLike, *, clusters: Clusters = (), draws: int = DRAWS, seed: int = 0) -> Interval:
    """Root mean square of the finite `errors` (n,) with its interval over compounds; NaN where there is none."""
    given = np.asarray(errors, float)
    finite = np.isfinite(given)
    squares = given[finite] ** 2
    if not len(squares):
        return Interval(np.nan, np.nan, np.nan)
    samples = np.sqrt(_means(squares[:, None], _of(clusters, finite), draws, seed))
    return Interval(float(np.sqrt(squares.mean())), *percentile_interval(samples))


def by_third(omega_thz: Array, reference_thz: Array) -> dict[str, Deviation]:
    """`deviation` of ω in THz over the soft, middle and hard third of the reference's modes, all q together."""
    order = np.argsort(reference_thz, axis=None, kind="stable")
    ours, theirs = omega_thz.ravel()[order], reference_thz.ravel()[order]
    return {
        name: deviation(part, known)
        for name, part, known in zip(THIRDS, np.array_split(ours, 3), np.array_split(theirs, 3), strict=True)
    }
