"""Screening with trust: the potential's label where the trust is at least t, DFT elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LEVELS: Array = np.append(np.round(np.arange(0, 1, 0.01), 2), [0.995, 1.01])
"""Levels of the trust that a screen is tried at: from trust in all to DFT on all."""


@dataclass(frozen=True)
class Screened:
    """What is kept and saved over n compounds at each of the `levels` (k,) of the trust.

    `recall`: share of DFT's stable compounds that end as stable. `false_stable`: compounds that wrongly do. `dft_runs`:
    compounds that DFT computes. `cost` in DFT runs: those runs, plus the price of either mistake.
    """

    n: int
    n_stable: int
    levels: Array
    recall: Array
    false_stable: NDArray[np.int64]
    dft_runs: NDArray[np.int64]
    cost: Array


def screened(
    trust: ArrayLike,
    says_stable: ArrayLike,
    dft_stable: ArrayLike,
    levels: ArrayLike,
    *,
    false_stable: float = 1.0,
    false_unstable: float = 50.0,
) -> Screened:
    """The screen of n compounds by one potential, `trust`, `says_stable` and `dft_stable` (n,).

    A NaN trust, of a calculation that failed, is never accepted. A level above 1 is DFT on all, 0 is trust in all.
    `false_stable` and `false_unstable` are the costs of accepting a wrong label, in DFT runs.
    """
    given = np.nan_to_num(np.asarray(trust, float), nan=-1.0)
    says, truth, steps = np.asarray(says_stable, bool), np.asarray(dft_stable, bool), np.asarray(levels, float)
    accepted = given[None, :] >= steps[:, None]
    ends_stable = np.where(accepted, says, truth)
    n_stable = int(truth.sum())
    lost = np.sum(truth & ~ends_stable, axis=1)
    wrong = np.sum(~truth & ends_stable, axis=1)
    runs = np.sum(~accepted, axis=1)
    recall = 1 - lost / n_stable if n_stable else np.full(len(steps), np.nan)
    cost = runs + false_stable * wrong + false_unstable * lost
    return Screened(len(given), n_stable, steps, np.asarray(recall), wrong, runs, np.asarray(cost, float))
