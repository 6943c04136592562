"""How much of a potential's σ, DFT's σ being given, the harmonic errors explain, without a single frame.

Over compounds, σ_potential is regressed on σ_DFT and on the errors of ω² (squares signed) of the softest modes at Γ,
R, M and X; what counts is what the errors add to σ_DFT. A difference σ_potential − σ_DFT must not be regressed on
differences of the same DFT: both hold its scatter with the same sign, and a constant σ would be "explained" too. A
permutation says what chance alone would give. The regression says what goes together, not what causes what: the four
errors are correlated with each other, so their joint share is firmer than any coefficient.
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
PERMUTATIONS = 200


@dataclass(frozen=True)
class Explained:
    """Shares of the variance of σ that σ_DFT leaves and a linear function of ω² errors explains, over n compounds.

    `r2` flatters: it grows with every coefficient. `r2_adjusted` allows for their number. `r2_cross_validated` predicts
    each tenth of the compounds from the others, and is negative where σ_DFT alone would have done better. `r2_null` is
    what `r2` stays below in 95 % of permutations that deal the ω² errors to other compounds, and `p_value` the share
    of them that reach it. `coefficients` are standardised: change of what σ_DFT leaves of σ, in its standard
    deviations, per standard deviation of what it leaves of the ω² error. `magnitude` is Spearman's correlation of the
    sizes of both, the largest ω² error of a compound counting. `n_left_out` compounds lack one of the numbers. With n
    below `LEAST` all shares are NaN: too few.
    """

    n: int
    n_left_out: int
    r2: float
    r2_adjusted: float
    r2_cross_validated: float
    r2_null: float
    p_value: float
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


def explained(sigma: ArrayLike, given: ArrayLike, errors: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Explained:
    """The regression of `sigma` (n,) on ω² `errors` (n, 4), in the order of `PLACES`, DFT's σ being `given` (n,).

    Intervals are 95 % bootstrap intervals over compounds. A coefficient is NaN where its error does not vary.
    """
    y, g, x = np.asarray(sigma, float), np.asarray(given, float), np.asarray(errors, float)
    if x.shape != (len(y), len(PLACES)) or g.shape != y.shape:
        raise ValueError(f"{len(y)} σ need ω² errors of shape {(len(y), len(PLACES))}, not {x.shape}, and σ of DFT")
    known = np.isfinite(y) & np.isfinite(g) & np.isfinite(x).all(axis=1)
    left_out = int(np.sum(~known))
    y, g, x = y[known], g[known], x[known]
    n = len(y)
    if n < LEAST:
        undefined = Interval(np.nan, np.nan, np.nan)
        nothing = dict.fromkeys(PLACES, undefined)
        return Explained(n, left_out, np.nan, np.nan, np.nan, np.nan, np.nan, nothing, undefined)

    both = np.column_stack([y, x])

    def statistics(drawn: Indices) -> Array:
        left = _beyond(g[drawn], both[drawn])
        sizes = np.abs(left)
        return np.append(_standardised(left[:, 1:], left[:, 0]), spearman(sizes[:, 0], sizes[:, 1:].max(axis=1)))

    intervals = [
        Interval(float(value), *percentile_interval(sample))
        for value, sample in zip(
            statistics(np.arange(n)), bootstrap(statistics, n, draws=draws, seed=seed).T, strict=True
        )
    ]
    r2, adjusted, cross_validated = _shares(x, g, y, seed)
    null, p_value = _null(x, g, y, r2, seed)
    return Explained(
        n=n,
        n_left_out=left_out,
        r2=r2,
        r2_adjusted=adjusted,
        r2_cross_validated=cross_validated,
        r2_null=null,
        p_value=p_value,
        coefficients=dict(zip(PLACES, intervals[:-1], strict=True)),
        magnitude=intervals[-1],
    )


def _beyond(given: Array, values: Array) -> Array:
    """What a line in `given` (n,) leaves of `values` (n,) or (n, k)."""
    x, left = given - given.mean(), values - values.mean(axis=0)
    return np.asarray(left - np.multiply.outer(x, x @ left / (x @ x))) if np.ptp(given) > 0 else left


def _share(left: Array, errors: Array) -> float:
    """R² of `left` (n,) on `errors` (n, k), both without mean."""
    scaled = errors / np.where(errors.std(axis=0) > 0, errors.std(axis=0), 1)
    return 1 - float(np.sum((left - scaled @ np.linalg.lstsq(scaled, left)[0]) ** 2) / np.sum(left**2))


def _null(x: Array, g: Array, y: Array, r2: float, seed: int) -> tuple[float, float]:
    """The 95 % quantile of R² when the errors are dealt to other compounds, and the share of permutations ≥ `r2`."""
    if np.isnan(r2):
        return np.nan, np.nan
    left, errors, rng = _beyond(g, y), _beyond(g, x), np.random.default_rng(seed)
    found = np.array([_share(left, errors[rng.permutation(len(left))]) for _ in range(PERMUTATIONS)])
    return float(np.quantile(found, 0.95)), float((1 + np.sum(found >= r2)) / (1 + PERMUTATIONS))


def _standardised(x: Array, y: Array) -> Array:
    """Coefficients (k,) of the regression of y / std(y) on x / std(x); NaN for a column that does not vary."""
    spread = x.std(axis=0)
    varies = spread > 0
    coefficients = np.full(x.shape[1], np.nan)
    if np.ptp(y) > 0:
        scaled = (x[:, varies] - x[:, varies].mean(axis=0)) / spread[varies]
        coefficients[varies] = np.linalg.lstsq(scaled, (y - y.mean()) / y.std())[0]
    return coefficients


def _shares(x: Array, g: Array, y: Array, seed: int) -> tuple[float, float, float]:
    """R² plain, adjusted and of predictions by ten-fold cross-validation; NaN where σ_DFT leaves nothing."""
    left = _beyond(g, y)
    if not np.sum(left**2) > 1e-12 * max(np.sum(y**2), 1e-300):
        return np.nan, np.nan, np.nan
    scaled = x / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    alone = np.column_stack([np.ones(len(y)), g])
    design = np.column_stack([alone, scaled])
    rank = int(np.linalg.matrix_rank(design)) - 2
    predictions, without = np.empty_like(y), np.empty_like(y)
    for fold in np.array_split(np.random.default_rng(seed).permutation(len(y)), FOLDS):
        others = np.setdiff1d(np.arange(len(y)), fold)
        predictions[fold] = design[fold] @ np.linalg.lstsq(design[others], y[others])[0]
        without[fold] = alone[fold] @ np.linalg.lstsq(alone[others], y[others])[0]
    fitted = _share(left, _beyond(g, x))
    predicted = 1 - float(np.sum((y - predictions) ** 2) / np.sum((y - without) ** 2))
    return fitted, 1 - (1 - fitted) * (len(y) - 2) / (len(y) - 2 - rank), predicted
