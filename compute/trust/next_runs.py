"""Which compound DFT should compute next: the one from which the trust model would learn most.

A candidate is worth what its answer takes from the part of the Brier score that comes from uncertain coefficients, over
the compounds that matter: expected error reduction by A. I. Schein and L. H. Ungar, doi:10.1007/s10994-007-5019-5.
Compounds are chosen one after another, each knowing of those before, so that a batch is not of one kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from compute.structures.compounds import ABX3_ANIONS, perovskite_charges
from compute.trust.features import of_composition
from compute.trust.model import NextRun, logistic
from compute.trust.training import PENALTY, Examples, first_rows

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

STRATEGIES = ("random", "uncertainty", "expected error")
START, BATCH, STEPS = 100, 50, 8
LISTED = 200


@dataclass(frozen=True)
class Replay:
    """Brier score (repeats, STEPS + 1) over compounds never offered, after `n` (STEPS + 1,) DFT runs, by strategy."""

    n: NDArray[np.int64]
    brier: dict[str, Array]
    n_tested: int


def compounds(data: Examples) -> tuple[Array, NDArray[np.bool_], Examples]:
    """One row per compound: standardised features of the formula with a leading one (n, k), DFT's label (n,)."""
    one = data.chosen(first_rows(data))
    return _design(one.features, one.features), one.dft_stable, one


def replay(data: Examples, seeds: Iterator[int]) -> Replay:
    """Publish DFT again, `BATCH` compounds at a time, each strategy choosing for itself; one repeat per seed.

    A third of the compounds is never offered and tests what was learnt. All strategies start from the same `START`.
    """
    x, y, _ = compounds(data)
    found: dict[str, list[list[float]]] = {name: [] for name in STRATEGIES}
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        tested, pool = order[: len(y) // 3], order[len(y) // 3 :]
        for name in STRATEGIES:
            rng = np.random.default_rng(seed)
            known, scores = pool[:START], []
            for step in range(STEPS + 1):
                beta = _fitted(x[known], y[known])
                scores.append(float(np.mean((logistic(x[tested] @ beta) - y[tested]) ** 2)))
                if step < STEPS:
                    left = np.setdiff1d(pool, known)
                    known = np.append(known, left[_chosen(name, x, known, left, beta, rng)])
            found[name].append(scores)
    n = START + BATCH * np.arange(STEPS + 1)
    return Replay(n, {name: np.array(scores) for name, scores in found.items()}, len(y) // 3)


def _chosen(name: str, x: Array, known: Rows, left: Rows, beta: Array, rng: np.random.Generator) -> Rows:
    """The next `BATCH` of `left`, as places in it."""
    if name == "random":
        return rng.choice(len(left), BATCH, replace=False)
    if name == "uncertainty":
        return np.argsort(np.abs(x[left] @ beta), kind="stable")[:BATCH]
    return chosen_for_variance(x[left], x[left], x[known], beta, BATCH)[0]


def chosen_for_variance(candidates: Array, matter: Array, known: Array, beta: Array, n: int) -> tuple[Rows, Array]:
    """Places of the `n` best of `candidates` (c, k), one after another, and by how much each lowers the error expected.

    The error is the mean over the rows `matter` (m, k) of (q(1 − q))² xᵀ H⁻¹ x, what the uncertainty of `beta` (k,)
    adds to the Brier score; H is the information of the rows `known` (n, k) and of those chosen. Every first column is
    one.
    """
    q = logistic(known @ beta)
    information = (known * (q * (1 - q))[:, None]).T @ known + PENALTY * np.diag([1e-6, *np.ones(len(beta) - 1)])
    inverse = np.linalg.inv(information)
    p, r = logistic(candidates @ beta), logistic(matter @ beta)
    weight, counts = p * (1 - p), (r * (1 - r)) ** 2
    moment = (matter * counts[:, None]).T @ matter / len(matter)
    places, gains, free = [], [], np.ones(len(candidates), bool)
    for _ in range(min(n, len(candidates))):
        reach = candidates @ inverse
        gain = weight * np.einsum("ck,kl,cl->c", reach, moment, reach)
        gain /= 1 + weight * np.einsum("ck,ck->c", reach, candidates)
        place = int(np.argmax(np.where(free, gain, -np.inf)))
        free[place] = False
        places.append(place)
        gains.append(float(gain[place]))
        x = candidates[place]
        inverse -= weight[place] * np.outer(inverse @ x, x @ inverse) / (1 + weight[place] * x @ inverse @ x)
    return np.array(places, np.int64), np.array(gains)


def next_runs(data: Examples, listed: pd.DataFrame) -> tuple[NextRun, ...]:
    """The `LISTED` compounds worth most to the model of the formula.

    `listed` has every compound of the suite, as `features.LISTED`. Offered are those without a
    published frequency, and the charge-balanced ones of the same elements on the same sites that the suite lacks.
    """
    x, y, one = compounds(data)
    beta = _fitted(x, y)
    offered = _offered(data, listed)
    rows = _design(of_composition(offered), one.features)
    places, gains = chosen_for_variance(rows, rows, x, beta, LISTED)
    q = logistic(rows @ beta)
    suite = set(listed["compound"])
    return tuple(
        NextRun(
            formula=str(offered["compound"].iloc[i]),
            in_suite=offered["compound"].iloc[i] in suite,
            probability_stable=float(q[i]),
            expected_reduction=float(gain),
        )
        for i, gain in zip(places.tolist(), gains.tolist(), strict=True)
    )


def _offered(data: Examples, listed: pd.DataFrame) -> pd.DataFrame:
    without = listed[listed["dft_omega_min_thz"].isna()]
    names = set(listed["compound"])
    others = [
        {"compound": f"{A}{B}{X}3", "A": A, "B": B, "X": X, "lattice_constant": np.nan}
        for A, B, X in product(np.unique(data.a).tolist(), np.unique(data.b).tolist(), ABX3_ANIONS)
        if A != B and f"{A}{B}{X}3" not in names and any(a < b for a, b in perovskite_charges(A, B, X))
    ]
    columns = ["compound", "A", "B", "X", "lattice_constant"]
    return pd.concat([without[columns], pd.DataFrame(others, columns=columns)], ignore_index=True)


def _design(features: pd.DataFrame, fitted: pd.DataFrame) -> Array:
    """Features of the formula, standardised as those of `fitted`, behind a column of ones; 0 for a missing one."""
    names = list(of_composition(pd.DataFrame(columns=["A", "B", "X", "lattice_constant"])).columns)
    given, reference = features[names].to_numpy(float), fitted[names].to_numpy(float)
    spread = np.nanstd(reference, axis=0)
    scaled = (given - np.nanmean(reference, axis=0)) / np.where(spread > 0, spread, 1)
    return np.column_stack([np.ones(len(given)), np.nan_to_num(scaled, nan=0.0)])


def _fitted(x: Array, y: NDArray[np.bool_]) -> Array:
    """Coefficients (k,) of a logistic regression, the first of the column of ones."""
    if len(np.unique(y)) < 2:
        share = (y.sum() + 1) / (len(y) + 2)
        return np.append(np.log(share / (1 - share)), np.zeros(x.shape[1] - 1))
    regression = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky").fit(x[:, 1:], y)
    return np.append(regression.intercept_, regression.coef_[0])
