"""Which of several potentials can be told apart: letters, from the pairs whose difference is measurable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def letters(measurable: NDArray[np.bool_]) -> list[str]:
    """Letters of p potentials, best first: two share one exactly where `measurable` (p, p) is false.

    Insert and absorb (H.-P. Piepho, doi:10.1198/1061860043515). A potential may carry several letters, because not
    being told apart is not transitive.
    """
    p = len(measurable)
    groups: list[frozenset[int]] = [frozenset(range(p))]
    for one, other in zip(*np.nonzero(np.triu(measurable)), strict=True):
        split = [
            part
            for group in groups
            for part in ((group - {int(one)}, group - {int(other)}) if {one, other} <= group else (group,))
        ]
        groups = [part for part in dict.fromkeys(split) if not any(part < whole for whole in split)]
    ordered = sorted(groups, key=sorted)
    return ["".join(chr(ord("a") + place) for place, group in enumerate(ordered) if i in group) for i in range(p)]
