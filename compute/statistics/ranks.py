"""Ranks of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks (n,) of `values` from 1, ties at their mean rank."""
    given = np.asarray(values, float)
    order = np.argsort(given)
    first = np.flatnonzero(np.diff(given[order], prepend=np.nan))
    times = np.diff(first, append=given.size)
    ranks = np.empty(given.size)
    ranks[order] = np.repeat(first + (times + 1) / 2, times)
    return ranks
