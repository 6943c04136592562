"""Intervals that hold for a new compound of a new group, whatever the distribution of the errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def quantile(scores: ArrayLike, level: float) -> float:
    """The score (n,) that a new one stays below with probability `level`: the ⌈(n + 1) level⌉-th; infinite for few.

    Split conformal prediction, V. Vovk et al., doi:10.1007/978-3-031-06649-8; scores must not come from data that made
    the prediction. Raises `ValueError` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"the level must be between 0 and 1: {level}")
    ordered = np.sort(np.asarray(scores, float))
    place = math.ceil((ordered.size + 1) * level)
    return float(ordered[place - 1]) if 0 < place <= ordered.size else np.inf


def group_quantile(scores: ArrayLike, groups: ArrayLike, level: float) -> float:
    """The score (n,) that one of a *new* group stays below with probability `level`, where `groups` (n,) are alike.

    Every group has the same weight, however many compounds it has: pooling the distributions of groups, R. Dunn et al.,
    doi:10.1080/01621459.2022.2060112, for many groups; G of them promise G `level`/(G + 1). Infinite without scores.
    Raises `ValueError` as of `quantile`.
    """
    if not 0 < level < 1:
        raise ValueError(f"the level must be between 0 and 1: {level}")
    values = np.asarray(scores, float)
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    if values.size == 0:
        return np.inf
    counts = np.bincount(codes)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(1 / (counts[codes[order]] * counts.size))
    return float(values[order[int(np.searchsorted(reached, level - 1e-12))]])


@dataclass(frozen=True)
class GroupCoverage:
    """Of n intervals in `group`, the share that held, and their median width."""

    group: str
    n: int
    covered: float
    width: float


def coverage(error: ArrayLike, bound: ArrayLike, groups: ArrayLike) -> list[GroupCoverage]:
    """Per group, in their order, how often |`error`| (n,) was at most `bound` (n,), and the median bound."""
    size, most, labels = np.abs(np.asarray(error, float)), np.asarray(bound, float), np.asarray(groups).astype(str)
    found = []
    for group in np.unique(labels):
        inside = labels == group
        held = float(np.mean(size[inside] <= most[inside]))
        found.append(GroupCoverage(str(group), int(inside.sum()), held, float(np.median(most[inside]))))
    return found
