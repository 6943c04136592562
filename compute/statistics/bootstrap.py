"""Bootstrap over compounds: what a number could have been with other compounds of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

DRAWS = 1000
BLOCK = 100  # draws at a time: few enough to stay in the cache


def bootstrap(statistics: Callable[[Indices], Array], n: int, *, draws: int = DRAWS, seed: int = 0) -> Array:
    """`statistics` (draws, …) of `draws` samples of n compounds with replacement; it takes the indices (n,) drawn.

    B. Efron, doi:10.1214/aos/1176344552. The same seed draws the same compounds.
    """
    rng = np.random.default_rng(seed)
    return np.array([statistics(rng.integers(0, n, n)) for _ in range(draws)], dtype=float)


def resamples(n: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[Indices]:
    """The indices that `bootstrap` draws, in blocks (b, n) that add up to `draws` rows."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, BLOCK):
        yield rng.integers(0, n, (min(BLOCK, draws - start), n))


def percentile_interval(values: Array) -> tuple[float, float]:
    """95 % percentile interval of the finite `values`; NaN when none is."""
    defined = values[np.isfinite(values)]
    if defined.size == 0:
        return (np.nan, np.nan)
    low, high = np.quantile(defined, (0.025, 0.975))
    return (float(low), float(high))
