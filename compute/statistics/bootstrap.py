"""Bootstrap over compounds: what a number could have been with other compounds of the same kind.

Compounds that share a cation are not independent: a potential that has it wrong has it wrong in all of them. So whole
clusters are drawn, not compounds (A. C. Davison and D. V. Hinkley, doi:10.1017/CBO9780511802843, section 3.8). Where
compounds are crossed by two cations, M and M' of a double perovskite, the two are drawn independently and a compound is
taken as often as the product says: the pigeonhole bootstrap (A. B. Owen, doi:10.1214/07-AOAS122), which errs on the
side of a longer interval. Without clusters every compound is one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.suites import SUITES

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Clusters = Sequence[ArrayLike]
"""Per way of clustering the label (n,) of each compound; empty: every compound by itself."""

DRAWS = 1000
BLOCK = 100  # draws at a time: few enough to stay in the cache
FEWEST_CLUSTERS = 5
"""With fewer clusters in any way an interval would be far too short: it is not defined."""


@dataclass(frozen=True)
class Interval:
    """A number and its 95 % bootstrap interval over compounds; NaN ends where none is defined."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or −1 where the interval is on that side of zero, 0 where it holds zero or is not defined.

        The one rule by which a difference is called measurable.
        """
        return int(self.low > 0) - int(self.high < 0)


def clusters_of(rows: Mapping[str, ArrayLike], suite: str) -> list[NDArray[np.str_]]:
    """The labels by which compounds of `suite` are drawn together, from the columns of `rows`, such as B in abx3."""
    ways = SUITES[suite].clusters if suite in SUITES else ()
    return [np.asarray(rows[way]).astype(str) for way in ways]


def bootstrap(
    statistics: Callable[[Indices], Array | float],
    n: int,
    *,
    clusters: Clusters = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Array:
    """`statistics` (draws, …) of `draws` samples of n compounds with replacement; it takes the indices drawn.

    B. Efron, doi:10.1214/aos/1176344552. The same seed draws the same compounds. NaN with too few clusters.
    """
    everything = np.arange(n)
    return np.array(
        [
            statistics(np.repeat(everything, one)) if one.any() else np.full(np.shape(statistics(everything)), np.nan)
            for block in weights(n, clusters=clusters, draws=draws, seed=seed)
            for one in block
        ],
        dtype=float,
    )


def weights(n: int, *, clusters: Clusters = (), draws: int = DRAWS, seed: int = 0) -> Iterator[Indices]:
    """How often each of n compounds is in each draw, in blocks (b, n) that add up to `draws` rows."""
    ways = _codes(n, clusters)
    times = _times(ways, draws, seed)
    for start in range(0, draws, BLOCK):
        block = np.ones((min(BLOCK, draws - start), n), np.int64)
        for codes, drawn in zip(ways, times, strict=True):
            block *= drawn[start : start + BLOCK, codes]
        yield block


def resampled_sums(columns: ArrayLike, *, clusters: Clusters = (), draws: int = DRAWS, seed: int = 0) -> Array:
    """Sums (draws, m) of `columns` (n, m) over the compounds that `weights` draws with the same arguments."""
    values = np.asarray(columns, float)
    n, m = values.shape
    ways = _codes(n, clusters)
    times = _times(ways, draws, seed)
    if not ways or n == 0:
        return np.zeros((draws, m))
    sizes = [drawn.shape[1] for drawn in times]
    cells = np.zeros((int(np.prod(sizes)), m))
    np.add.at(cells, np.ravel_multi_index(tuple(ways), tuple(sizes)), values)
    sums = times[0] @ cells.reshape(sizes[0], -1)
    for drawn in times[1:]:
        sums = np.einsum("dk,dkr->dr", drawn, sums.reshape(draws, drawn.shape[1], -1))
    return np.asarray(sums, float)


def _codes(n: int, clusters: Clusters) -> list[Indices]:
    """Number of the cluster of each compound (n,), per way."""
    if not len(clusters):
        return [np.arange(n)]
    arrays = [np.asarray(labels) for labels in clusters]
    named = [labels.astype(str) if labels.dtype == object else labels for labels in arrays]
    found = [np.unique(labels, return_inverse=True)[1].astype(np.int64) for labels in named]
    if any(codes.size != n for codes in found):
        raise ValueError(f"{n} compounds need as many labels of their clusters")
    return found


def _times(ways: Sequence[Indices], draws: int, seed: int) -> list[Indices]:
    """How often each cluster is drawn, (draws, clusters) per way; never where there are too few to draw from."""
    rng = np.random.default_rng(seed)
    sizes = [int(codes.max()) + 1 if codes.size else 0 for codes in ways]
    return [
        rng.multinomial(size, np.full(size, 1 / size), size=draws)
        if size and (size == ways[0].size or min(sizes) >= FEWEST_CLUSTERS)
        else np.zeros((draws, size), np.int64)
        for size in sizes
    ]


def percentile_interval(values: Array) -> tuple[float, float]:
    """95 % percentile interval of the finite `values`; NaN when none is."""
    defined = values[np.isfinite(values)]
    if defined.size == 0:
        return (np.nan, np.nan)
    low, high = np.quantile(defined, (0.025, 0.975))
    return (float(low), float(high))
