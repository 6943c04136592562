"""How far predicted numbers are from reference numbers: σ, ω or ω².

A failed prediction has no deviation. It cannot be part of an average, so it is counted beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.bootstrap import DRAWS, Indices, bootstrap, percentile_interval
from compute.physics.phonons import signed_square

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Deviation:
    """Differences prediction − reference in the unit of the input; NaN when n is 0."""

    n: int
    rmse: float
    mae: float
    bias: float


@dataclass(frozen=True)
class Interval:
    """A number and its 95 % bootstrap interval over compounds."""

    value: float
    low: float
    high: float


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


def agreement(prediction: ArrayLike, reference: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Agreement:
    """RMSE, MAE, bias and Spearman correlation of arrays (n,), with bootstrap intervals; NaN where undefined."""
    predicted, known = np.asarray(prediction, float), np.asarray(reference, float)
    both = np.isfinite(predicted) & np.isfinite(known)
    p, r = predicted[both], known[both]

    def statistics(drawn: Indices) -> Array:
        difference = p[drawn] - r[drawn]
        return np.array(
            [
                np.sqrt(np.mean(difference**2)),
                np.mean(np.abs(difference)),
                np.mean(difference),
                spearman(p[drawn], r[drawn]),
            ]
        )

    n = len(p)
    values = statistics(np.arange(n)) if n else np.full(4, np.nan)
    samples = bootstrap(statistics, n, draws=draws, seed=seed) if n else np.full((1, 4), np.nan)
    intervals = [
        Interval(float(value), *percentile_interval(sample)) for value, sample in zip(values, samples.T, strict=True)
    ]
    return Agreement(n, int(np.sum(np.isfinite(known) & ~np.isfinite(predicted))), *intervals)


def spearman(x: Array, y: Array) -> float:
    """Spearman's rank correlation of two arrays (n,), ties at their mean rank; NaN where either is constant."""
    from scipy.stats import rankdata

    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
