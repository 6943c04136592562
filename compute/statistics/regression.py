"""How much of the error in σ the harmonic errors explain, without a single frame.

Over compounds, σ_potential − σ_DFT is regressed on the errors of ω² (squares signed) of the softest modes at Γ, R, M
and X. What remains is sampling, anharmonic forces, stiffer modes and noise. The regression says what goes together, not
what causes what: the four errors are correlated with each other, so their joint share is firmer than any coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.phonons import signed_square
from compute.statistics.bootstrap import DRAWS, Indices, Interval, bootstrap, percentile_interval
from compute.statistics.comparable import comparable
from compute.statistics.deviation import spearman

Array = NDArray[np.float64]

PLACES = ("gamma", "r", "m", "x")
LEAST = 40
"""Fewest compounds that a regression is made from: ten per coefficient."""
FOLDS = 10


@dataclass(frozen=True)
class Explained:
    """Shares of the variance of the σ error that a linear function of the ω² errors explains, over n compounds.

    `r2` flatters: it grows with every coefficient. `r2_adjusted` allows for their number. `r2_cross_validated` predicts
    each tenth of the compounds from the others, and is negative where the mean would have done better.
    `coefficients` are standardised: change of the σ error, in its standard deviations, per standard deviation of the
    ω² error. `magnitude` is Spearman's correlation of |σ error| with the largest |ω² error|. `n_left_out` compounds
    lack one of the numbers. With n below `LEAST` all shares are NaN: too few.
    """

    n: int
    n_left_out: int
    r2: float
    r2_adjusted: float
    r2_cross_validated: float
    coefficients: dict[str, Interval]
    magnitude: Interval

    @property
    def too_few(self) -> bool:
        """Whether n is below `LEAST`, so that nothing was fitted."""
        return self.n < LEAST


def square_errors(potential: Mapping[str, ArrayLike], reference: Mapping[str, ArrayLike], suite: str) -> Array:
    """ω² errors (n, 4) in THz², potential − reference, from ω (n,) in THz at each of `PLACES`."""

    def square(omegas: Mapping[str, ArrayLike], place: str) -> Array:
        return signed_square(comparable(omegas[place], suite, place))

    return np.stack([square(potential, place) - square(reference, place) for place in PLACES], axis=1)


def explained(sigma_error: ArrayLike, errors: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Explained:
    """The regression of `sigma_error` (n,) on ω² `errors` (n, 4), in the order of `PLACES`, with an intercept.

    Intervals are 95 % bootstrap intervals over compounds. A coefficient is NaN where its error does not vary.
    """
    y, x = np.asarray(sigma_error, float), np.asarray(errors, float)
    if x.shape != (len(y), len(PLACES)):
        raise ValueError(f"{len(y)} σ errors need ω² errors of shape {(len(y), len(PLACES))}, not {x.shape}")
    known = np.isfinite(y) & np.isfinite(x).all(axis=1)
    left_out = int(np.sum(~known))
    y, x = y[known], x[known]
    n = len(y)
    if n < LEAST:
        undefined = Interval(np.nan, np.nan, np.nan)
        return Explained(n, left_out, np.nan, np.nan, np.nan, dict.fromkeys(PLACES, undefined), undefined)

    def statistics(drawn: Indices) -> Array:
        magnitude = spearman(np.abs(y[drawn]), np.abs(x[drawn]).max(axis=1))
        return np.append(_standardised(x[drawn], y[drawn]), magnitude)

    intervals = [
        Interval(float(value), *percentile_interval(sample))
        for value, sample in zip(
            statistics(np.arange(n)), bootstrap(statistics, n, draws=draws, seed=seed).T, strict=True
        )
    ]
    r2, adjusted, cross_validated = _shares(x, y, seed)
    return Explained(
        n=n,
        n_left_out=left_out,
        r2=r2,
        r2_adjusted=adjusted,
        r2_cross_validated=cross_validated,
        coefficients=dict(zip(PLACES, intervals[:-1], strict=True)),
        magnitude=intervals[-1],
    )


def _standardised(x: Array, y: Array) -> Array:
    """Coefficients (k,) of the regression of y / std(y) on x / std(x); NaN for a column that does not vary."""
    spread = x.std(axis=0)
    varies = spread > 0
    coefficients = np.full(x.shape[1], np.nan)
    if np.ptp(y) > 0:
        scaled = (x[:, varies] - x[:, varies].mean(axis=0)) / spread[varies]
        coefficients[varies] = np.linalg.lstsq(scaled, (y - y.mean()) / y.std())[0]
    return coefficients


def _shares(x: Array, y: Array, seed: int) -> tuple[float, float, float]:
    """R² plain, adjusted and of predictions by ten-fold cross-validation; NaN where y does not vary."""
    total = np.sum((y - y.mean()) ** 2)
    if total == 0:
        return np.nan, np.nan, np.nan
    scaled = x / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    design = np.column_stack([np.ones(len(y)), scaled])
    coefficients, _, rank, _ = np.linalg.lstsq(design, y)
    predictions = np.empty_like(y)
    for fold in np.array_split(np.random.default_rng(seed).permutation(len(y)), FOLDS):
        others = np.setdiff1d(np.arange(len(y)), fold)
        predictions[fold] = design[fold] @ np.linalg.lstsq(design[others], y[others])[0]
    fitted, predicted = (
        1 - float(np.sum((y - values) ** 2) / total) for values in (design @ coefficients, predictions)
    )
    return fitted, 1 - (1 - fitted) * (len(y) - 1) / (len(y) - rank), predicted
