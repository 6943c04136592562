"""Which kinds of compound have larger errors than the rest, when many kinds are looked at.

Every slice is tested against the compounds outside it, and the p values are corrected together: of many slices of pure
chance, one in twenty would pass a plain 5 % test. Slices share compounds, so their tests go together; where they do so
positively, as shared compounds make them, the correction still holds (doi:10.1214/aos/1013699998).

The test is of the ranks of |error|. Errors are skewed, and a t test of their mean fails on skewed numbers: compounds
that chance made good have hardly any spread, and so look certain.

Compounds of one cation err together. With clusters, the variance of the difference of mean ranks is that of the sums
over clusters, for two ways of clustering V1 + V2 − V12 (A. C. Cameron, J. B. Gelbach and D. L. Miller,
doi:10.1198/jbes.2010.07136), and the quotient is Student's t with as many degrees of freedom as there are clusters
inside the slice, less one. A slice with too few clusters, such as that of one B in abx3, cannot be tested at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.statistics.bootstrap import FEWEST_CLUSTERS, Clusters
from compute.statistics.ranks import mean_ranks

Array = NDArray[np.float64]

LEAST = 8
"""Fewest compounds that a slice, and what lies outside it, is tested with."""
LEVEL = 0.05
"""Share of the slices found that may be false."""


@dataclass(frozen=True)
class Slice:
    """Compounds with the given labels, such as (("A", "Cs"), ("X", "I")), against all `n_rest` others.

    RMSE and mean absolute error are in the unit of the errors. `z` is positive where errors inside rank as larger; `p`
    says how often chance would have them rank as far out; `q` is p after the correction for all slices tested.
    """

    labels: tuple[tuple[str, str], ...]
    n: int
    n_rest: int
    rmse: float
    rmse_rest: float
    mae: float
    mae_rest: float
    z: float
    p: float
    q: float

    @property
    def found(self) -> bool:
        """Whether the slice is among those that differ at `LEVEL`."""
        return self.q <= LEVEL

    @property
    def worse(self) -> bool:
        """Whether errors are larger inside than outside: in rank, in root mean square and in mean size alike."""
        return self.z > 0 and self.rmse > self.rmse_rest and self.mae > self.mae_rest

    @property
    def better(self) -> bool:
        """Whether errors are smaller inside than outside, by all three."""
        return self.z < 0 and self.rmse < self.rmse_rest and self.mae < self.mae_rest


def slice_tests(
    errors: ArrayLike,
    labels: Mapping[str, ArrayLike],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    clusters: Clusters = (),
    least: int = LEAST,
) -> list[Slice]:
    """Every slice of one label, and of two for each of `pairs`, with at least `least` compounds inside and outside.

    `errors` is an array (n,), finite; `labels` gives per name the label (n,) of each compound, empty where it has none;
    `clusters` the labels (n,) of what errs together: a slice needs `FEWEST_CLUSTERS` of them too, inside and outside.
    A pair that holds the same compounds as one of its labels is that slice again and is left out. Smallest p first.
    """
    size = np.abs(np.asarray(errors, float))
    if size.size < 2 * least:
        return []
    ranks = mean_ranks(size)
    known = {name: np.unique(np.asarray(values).astype(str), return_inverse=True) for name, values in labels.items()}
    keys: list[tuple[tuple[str, str], ...]] = []
    sums: list[Array] = []
    t: list[Array] = []
    counts: dict[tuple[str, str], float] = {}
    for name, (words, codes) in known.items():
        totals = _sums(codes, len(words), size, ranks)
        robust = cluster_t(codes, len(words), ranks, clusters) if len(clusters) else None
        for place, (word, total) in enumerate(zip(words.tolist(), totals, strict=True)):
            counts[name, word] = total[0]
            keys.append(((name, word),))
            sums.append(total)
            t.append(robust[place] if robust is not None else np.empty(0))
    for first, second in pairs:
        (words, codes), (other_words, other_codes) = known[first], known[second]
        joint, n_joint = codes * len(other_words) + other_codes, len(words) * len(other_words)
        totals = _sums(joint, n_joint, size, ranks)
        robust = cluster_t(joint, n_joint, ranks, clusters) if len(clusters) else None
        for place in np.flatnonzero(totals[:, 0]).tolist():
            one, other = words[place // len(other_words)], other_words[place % len(other_words)]
            if totals[place, 0] not in (counts[first, one], counts[second, other]):
                keys.append(((first, str(one)), (second, str(other))))
                sums.append(totals[place])
                t.append(robust[place] if robust is not None else np.empty(0))
    tested = [
        i
        for i, (key, total) in enumerate(zip(keys, sums, strict=True))
        if least <= total[0] <= size.size - least
        and all(word for _, word in key)
        and (not len(clusters) or np.isfinite(t[i]).all())
    ]
    if not tested:
        return []
    inside = np.array([sums[i] for i in tested])
    n, n_rest = inside[:, 0], size.size - inside[:, 0]
    mae, square = (inside[:, 1:3] / n[:, None]).T
    mae_rest, square_rest = ((_totals(size, ranks) - inside)[:, 1:3] / n_rest[:, None]).T
    z = student_z(*np.array([t[i] for i in tested]).T) if len(clusters) else rank_z(inside[:, 3] / n, n, ranks)
    p = two_sided(z)
    q = false_discovery(p)
    return [
        Slice(
            labels=keys[tested[i]],
            n=int(n[i]),
            n_rest=int(n_rest[i]),
            rmse=float(np.sqrt(square[i])),
            rmse_rest=float(np.sqrt(square_rest[i])),
            mae=float(mae[i]),
            mae_rest=float(mae_rest[i]),
            z=float(z[i]),
            p=float(p[i]),
            q=float(q[i]),
        )
        for i in np.argsort(p, kind="stable").tolist()
    ]


def cluster_t(codes: NDArray[np.int64], n_codes: int, ranks: Array, clusters: Clusters) -> Array:
    """t of mean rank inside − outside, and its degrees of freedom, (codes, 2); NaN with too few clusters.

    `codes` (n,) says which of `n_codes` groups a compound is in; each is tested against all others.
    """
    ways = [np.unique(np.asarray(labels).astype(str), return_inverse=True)[1] for labels in clusters]
    within = [_by_cluster(codes, n_codes, ranks, way) for way in ways]
    variance = sum(one[0] for one in within)
    if len(ways) == 2:
        both = np.unique(np.stack(ways), axis=1, return_inverse=True)[1].ravel()
        variance = variance - _by_cluster(codes, n_codes, ranks, both)[0]
    fewest = np.min([one[1] for one in within], axis=0)
    outside = np.min([one[2] for one in within], axis=0)
    n = np.bincount(codes, minlength=n_codes).astype(float)
    total = np.bincount(codes, ranks, n_codes)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = total / n - (ranks.sum() - total) / (ranks.size - n)
        t = np.where(apart == 0, 0.0, apart / np.sqrt(np.where(variance > 0, variance, np.nan)))
    enough = (fewest >= FEWEST_CLUSTERS) & (outside >= FEWEST_CLUSTERS)
    return np.stack([np.where(enough, t, np.nan), fewest - 1.0], axis=1)


def _by_cluster(
    codes: NDArray[np.int64], n_codes: int, ranks: Array, way: NDArray[np.int64]
) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """Variance (codes,) of the difference of mean ranks from one way of clustering, and the clusters in and out."""
    n_ways = int(way.max()) + 1
    cell = codes * n_ways + way
    inside = np.bincount(cell, minlength=n_codes * n_ways).reshape(n_codes, n_ways).astype(float)
    sums = np.bincount(cell, ranks, n_codes * n_ways).reshape(n_codes, n_ways)
    outside, rest = inside.sum(axis=0) - inside, sums.sum(axis=0) - sums
    with np.errstate(invalid="ignore", divide="ignore"):
        influence = [
            (part - part.sum(axis=1, keepdims=True) / count.sum(axis=1, keepdims=True) * count)
            / count.sum(axis=1, keepdims=True)
            for part, count in ((sums, inside), (rest, outside))
        ]
    each = influence[0] - influence[1]
    return n_ways / max(n_ways - 1, 1) * np.sum(each**2, axis=1), (inside > 0).sum(axis=1), (outside > 0).sum(axis=1)


def student_z(t: Array, freedom: Array) -> Array:
    """Standard normal z (m,) as far out as Student's t with so many degrees of `freedom`.

    D. L. Wallace, Ann. Math. Stat. 30, 1121 (1959): within 0.01 of the exact z for |t| up to 3, from four degrees of
    freedom on.
    """
    shrink = (8 * freedom + 1) / (8 * freedom + 3)
    z: Array = np.sign(t) * shrink * np.sqrt(freedom * np.log1p(t**2 / freedom))
    return z


def _columns(size: Array, ranks: Array) -> tuple[Array, ...]:
    return np.ones_like(size), size, size**2, ranks


def _totals(size: Array, ranks: Array) -> Array:
    return np.array([column.sum() for column in _columns(size, ranks)])


def _sums(codes: NDArray[np.int64], n_codes: int, size: Array, ranks: Array) -> Array:
    """Count and sums of |error|, its square and its rank, (codes, 4), over the compounds of each code (n,)."""
    return np.stack([np.bincount(codes, column, n_codes) for column in _columns(size, ranks)], axis=1)


def rank_z(mean: Array, n: Array, ranks: Array) -> Array:
    """How many standard deviations the `mean` rank (m,) of n compounds is above that of all; 0 where all are equal.

    The statistic of Mann and Whitney, doi:10.1214/aoms/1177730491. The variance is exact for ranks drawn without
    replacement, ties included.
    """
    variance = np.var(ranks) * (ranks.size - n) / (n * (ranks.size - 1))
    above = mean - ranks.mean()
    z: Array = np.divide(above, np.sqrt(variance), out=np.zeros_like(above), where=variance > 0)
    return z


def two_sided(z: Array) -> Array:
    """Two-sided p (m,) of standard normal z (m,)."""
    return np.array([math.erfc(abs(value) / math.sqrt(2)) for value in z])


def false_discovery(p: ArrayLike) -> Array:
    """q (m,): the smallest share of false discoveries at which each of the p values (m,) would be one.

    Y. Benjamini and Y. Hochberg, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    values = np.asarray(p, float)
    order = np.argsort(values)
    scaled = values[order] * values.size / np.arange(1, values.size + 1)
    q = np.empty_like(values)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return q
