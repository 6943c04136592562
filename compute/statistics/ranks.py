"""Ranks of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks (n,) of `values` from 1, ties at their mean rank."""
    _, place, times = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = np.cumsum(times) - (times - 1) / 2
    return ranks[place]
