"""Samples drawn by chance: every choice equally likely within a stratum, and weights that give the whole back."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.statistics.survey import draw_order, inclusion

SIZES = {"F": 400, "Cl": 100, "I": 16, "At": 1}
STRATA = [name for name, size in SIZES.items() for _ in range(size)]
NAMES = [f"{stratum}{index}" for index, stratum in enumerate(STRATA)]
VALUES = np.random.default_rng(0).normal(size=len(STRATA)) + np.array([len(stratum) for stratum in STRATA])


@given(st.integers(1, len(STRATA) - 1), st.integers(0, 5))
def test_a_larger_sample_holds_the_smaller_and_no_share_shrinks(n, seed):
    order = draw_order(NAMES, STRATA, seed)
    assert sorted(order) == list(range(len(STRATA)))
    before, after = (Counter(STRATA[i] for i in order[:size]) for size in (n, n + 1))
    assert after - before == Counter([STRATA[order[n]]])


def test_shares_lie_between_equal_and_proportional_ones():
    taken = Counter(STRATA[i] for i in draw_order(NAMES, STRATA, 1)[:72])
    assert taken["At"] == 1
    assert taken["F"] / taken["Cl"] == pytest.approx(2, rel=0.1)
    assert taken["Cl"] / taken["I"] == pytest.approx(2.5, rel=0.1)


def test_what_is_drawn_of_a_stratum_does_not_hang_on_the_others_or_on_their_order():
    alone = [i for i, stratum in enumerate(STRATA) if stratum == "Cl"]
    order = draw_order([NAMES[i] for i in alone], ["Cl"] * len(alone), 3)
    among = [NAMES[i] for i in draw_order(NAMES, STRATA, 3) if STRATA[i] == "Cl"]
    assert [NAMES[alone[i]] for i in order] == among
    turned = draw_order(NAMES[::-1], STRATA[::-1], 3)
    assert [NAMES[::-1][i] for i in turned] == [NAMES[i] for i in draw_order(NAMES, STRATA, 3)]


def test_weighted_means_are_those_of_all():
    n, estimates, seen = 60, [], np.zeros(len(STRATA))
    for seed in range(400):
        drawn = draw_order(NAMES, STRATA, seed)[:n]
        weights = 1 / inclusion(STRATA, drawn)
        assert weights.sum() == pytest.approx(len(STRATA))
        estimates.append(np.sum(weights * VALUES[drawn]) / weights.sum())
        seen[drawn] += 1
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - VALUES.mean()) < 4 * error
    # Without weights the small strata count for too much.
    assert (
        abs(np.mean([VALUES[draw_order(NAMES, STRATA, s)[:n]].mean() for s in range(50)]) - VALUES.mean()) > 20 * error
    )
    chance = dict(zip(drawn, inclusion(STRATA, drawn), strict=True))
    for index, p in chance.items():
        assert abs(seen[index] - 400 * p) < 5 * np.sqrt(400 * p * (1 - p)) + 1e-9
