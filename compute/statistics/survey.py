"""Drawing some of many by chance, so that what they say holds for all: stratified random samples and their weights.

W. G. Cochran, Sampling Techniques (Wiley, 1977), chapter 5. Within each stratum every choice of as many items is
equally likely, and an item's weight is one over its chance to be in the sample (D. G. Horvitz and D. J. Thompson,
doi:10.1080/01621459.1952.10483446).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def draw_order(names: Sequence[str], strata: Sequence[str], seed: int) -> list[int]:
    """The indices of all items in the order in which they are drawn: the first n are the sample of size n.

    A larger sample of the same seed therefore holds the smaller ones. A stratum of N items has a share of every sample
    in proportion to √N, between equal shares and proportional ones, so that small strata are not lost; shares are
    filled by highest averages, which never take one back as the sample grows. `names` (n,) tell items apart, and with
    the `seed` give each its random number: what else is in the list does not change it.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index, stratum in enumerate(strata):
        members[stratum].append(index)
    places: list[tuple[float, str, int]] = []
    for stratum, listed in members.items():
        shuffled = sorted(listed, key=lambda index: _random(names[index], seed))
        places += [((place + 0.5) / len(listed) ** 0.5, stratum, index) for place, index in enumerate(shuffled)]
    return [index for _, _, index in sorted(places)]


def inclusion(strata: Sequence[str], drawn: Sequence[int]) -> NDArray[np.float64]:
    """The chance of each of the `drawn` items to be in a sample with as many of its stratum; `strata` are of all."""
    sizes, taken = Counter(strata), Counter(strata[index] for index in drawn)
    return np.array([taken[strata[index]] / sizes[strata[index]] for index in drawn], float)


def to_the_suite(weights: ArrayLike, used: ArrayLike) -> NDArray[np.float64] | None:
    """The `weights` (n,) with which compounds stand for the suite; None where one that is `used` (n,) has none.

    Then they are no random sample, and what is said of them holds for themselves alone.
    """
    found, needed = np.asarray(weights, float), np.asarray(used, bool)
    return np.nan_to_num(found) if needed.any() and np.isfinite(found[needed]).all() else None


def _random(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {name}".encode()).digest()
