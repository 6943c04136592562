"""Several potentials on the same compounds: every score with its interval, and which differences can be measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import STABLE, UNSTABLE
from compute.statistics import confusion
from compute.statistics.bootstrap import DRAWS, Indices, bootstrap, percentile_interval

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """One score per potential, `values` (p,), and those of bootstrap `samples` (draws, p) of the same compounds."""

    n: int
    values: Array
    samples: Array

    def interval(self, potential: int) -> tuple[float, float]:
        """95 % interval of one score."""
        return percentile_interval(self.samples[:, potential])

    def difference(self, one: int, other: int) -> tuple[float, float]:
        """95 % interval of the difference of two scores, compounds drawn together."""
        return percentile_interval(self.samples[:, one] - self.samples[:, other])

    def measurable(self) -> NDArray[np.bool_]:
        """Whether the interval of each difference (p, p) excludes zero."""
        p = len(self.values)
        found = np.zeros((p, p), bool)
        for one in range(p):
            for other in range(one):
                low, high = self.difference(one, other)
                found[one, other] = found[other, one] = low > 0 or high < 0
        return found


def mcc_scores(truth: ArrayLike, answers: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Scores:
    """Matthews correlation of the labels `answers` (n, p) with `truth` (n,).

    Compounds whose truth is neither stable nor unstable are left out; an answer that is neither is wrong.
    """
    true, given = np.asarray(truth), np.asarray(answers)
    decided = np.isin(true, (STABLE, UNSTABLE))
    unstable = true[decided] == UNSTABLE
    wrong = given[decided] != true[decided, None]
    n, p = wrong.shape
    if n == 0:
        return Scores(0, np.full(p, np.nan), np.full((1, p), np.nan))
    # Compounds with the same truth and the same potentials right are drawn as one: a multinomial draw of few counts.
    patterns, counts = np.unique(np.column_stack([unstable, wrong]), axis=0, return_counts=True)
    cell = np.zeros((len(patterns), p, 2, 2))
    rows, columns = np.indices((len(patterns), p))
    says = patterns[:, :1] ^ patterns[:, 1:]
    cell[rows, columns, patterns[:, :1].astype(int), says.astype(int)] = 1
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=draws)
    samples = confusion.mcc(np.tensordot(drawn, cell, axes=1))
    return Scores(n, confusion.mcc(np.tensordot(counts, cell, axes=1)), samples)


def rmse_scores(errors: ArrayLike, *, draws: int = DRAWS, seed: int = 0) -> Scores:
    """Root mean square of `errors` (n, p) over the compounds in which those of all potentials are finite."""
    given = np.asarray(errors, float)
    squares = given[np.isfinite(given).all(axis=1)] ** 2
    n, p = squares.shape
    if n == 0:
        return Scores(0, np.full(p, np.nan), np.full((1, p), np.nan))

    def rmse(drawn: Indices) -> Array:
        return np.asarray(np.sqrt(np.bincount(drawn, minlength=n) @ squares / n))

    return Scores(n, rmse(np.arange(n)), bootstrap(rmse, n, draws=draws, seed=seed))


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
