"""Which kinds of compound have larger errors than the rest, when many kinds are looked at.

Every slice is tested against the compounds outside it, and the p values are corrected together: of many slices of pure
chance, one in twenty would pass a plain 5 % test. Slices share compounds, so their tests go together; where they do so
positively, as shared compounds make them, the correction still holds (doi:10.1214/aos/1013699998).

The test is of the ranks of |error|. Errors are skewed, and a t test of their mean fails on skewed numbers: compounds
that chance made good have hardly any spread, and so look certain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
    says how often compounds drawn at random would rank as far out; `q` is p after the correction for all slices tested.
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
        """Whether errors are larger inside than outside."""
        return self.z > 0


def slice_tests(
    errors: ArrayLike,
    labels: Mapping[str, ArrayLike],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    least: int = LEAST,
) -> list[Slice]:
    """Every slice of one label, and of two for each of `pairs`, with at least `least` compounds inside and outside.

    `errors` is an array (n,), finite; `labels` gives per name the label (n,) of each compound, empty where it has none.
    A pair that holds the same compounds as one of its labels is that slice again and is left out. Smallest p first.
    """
    size = np.abs(np.asarray(errors, float))
    if size.size < 2 * least:
        return []
    ranks = mean_ranks(size)
    known = {name: np.unique(np.asarray(values).astype(str), return_inverse=True) for name, values in labels.items()}
    keys: list[tuple[tuple[str, str], ...]] = []
    sums: list[Array] = []
    counts: dict[tuple[str, str], float] = {}
    for name, (words, codes) in known.items():
        totals = _sums(codes, len(words), size, ranks)
        for word, total in zip(words.tolist(), totals, strict=True):
            counts[name, word] = total[0]
            keys.append(((name, word),))
            sums.append(total)
    for first, second in pairs:
        (words, codes), (other_words, other_codes) = known[first], known[second]
        totals = _sums(codes * len(other_words) + other_codes, len(words) * len(other_words), size, ranks)
        for place in np.flatnonzero(totals[:, 0]).tolist():
            one, other = words[place // len(other_words)], other_words[place % len(other_words)]
            if totals[place, 0] not in (counts[first, one], counts[second, other]):
                keys.append(((first, str(one)), (second, str(other))))
                sums.append(totals[place])
    tested = [
        i
        for i, (key, total) in enumerate(zip(keys, sums, strict=True))
        if least <= total[0] <= size.size - least and all(word for _, word in key)
    ]
    if not tested:
        return []
    inside = np.array([sums[i] for i in tested])
    n, n_rest = inside[:, 0], size.size - inside[:, 0]
    mae, square = (inside[:, 1:3] / n[:, None]).T
    mae_rest, square_rest = ((_totals(size, ranks) - inside)[:, 1:3] / n_rest[:, None]).T
    z = rank_z(inside[:, 3] / n, n, ranks)
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
