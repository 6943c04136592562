"""Potentials in one table: medians, labels with nothing left out, and pairs that are tested together."""

from __future__ import annotations

import numpy as np
import pytest

from compute.statistics import leaderboard as board
from compute.statistics.bootstrap import bootstrap, percentile_interval

ANIONS = ["O", "F", "S", "N", "Cl"]


def rows(potential: str, factor: float, n: int = 40, seed: int = 0, **changes) -> list[dict]:
    """n materials whose errors are those of `seed` times `factor`, times noise of the potential's own."""
    rng, own = np.random.default_rng(seed), np.random.default_rng(sum(map(ord, potential)))
    made = []
    for place in range(n):
        error = factor * rng.lognormal(0, 1) * own.lognormal(0, 0.1)
        made.append(
            {
                "compound": f"mp-{place}", "potential": potential, "status": "ok", "reason": None,
                "label": "stable", "dft_label": "stable" if place % 4 else "unstable",
                "constants_error": error, "omega_rmse_thz": 2 * error, "sigma_hessian": error if place % 4 else None,
                "slope_constants": 1 - factor, **changes,
            }
        )  # fmt: skip
    return made


CLUSTERS = {f"mp-{place}": ANIONS[place % 5] for place in range(40)}


def test_the_better_comes_first_and_every_material_is_counted():
    worse, better = rows("worse", 0.2), rows("better", 0.1)
    worse[0] |= {"status": "not-described", "label": None, "constants_error": None}
    worse[1] |= {"status": "not-run", "label": None, "constants_error": None}
    first, second = board.leaderboard(worse + better, CLUSTERS)
    assert (first.potential, second.potential) == ("better", "worse")
    assert (second.n_ok, second.n_failed, second.n_not_run) == (38, 1, 1)
    # mp-0 is unstable by DFT and failed: wrong, and not forgotten.
    assert (second.labels.n_unstable, second.labels.missed, second.labels.n_failed) == (10, 9, 1)
    assert second.labels.n_right == second.labels.n_stable == 29
    assert first.labels.smaller_class == 10
    median = first.medians["constants_error"]
    assert median.value == pytest.approx(np.median([row["constants_error"] for row in better]))
    assert median.low < median.value < median.high
    assert first.medians["sigma_hessian"].n == 30
    assert np.isnan(first.medians["speed_error"].value)


def test_a_pair_shares_what_makes_materials_hard():
    """The spread over materials is a factor of e, the ratio of the pair a few per cent: only pairs can see it."""
    found = board.pairs(rows("a", 0.11) + rows("b", 0.1) + rows("c", 0.1), CLUSTERS)
    by_name = {(pair.first, pair.second): pair for pair in found if pair.quantity == "constants_error"}
    assert by_name["a", "b"].ratio == pytest.approx(1.1, rel=0.06)
    assert by_name["a", "b"].measurable
    assert by_name["a", "b"].n_alike >= 4
    assert not by_name["b", "c"].measurable
    assert by_name["b", "c"].low < 1 < by_name["b", "c"].high
    assert {pair.quantity for pair in found} == set(board.TESTED)


def test_materials_are_drawn_as_everywhere_else():
    """Every interval is that of the one bootstrap, over the same anions; with too few of them there is none."""
    here = rows("a", 0.1) + rows("b", 0.12)
    errors = {p: np.array([row["constants_error"] for row in here if row["potential"] == p]) for p in "ab"}
    anions = [list(CLUSTERS.values())]

    def ends(statistic) -> tuple[float, float]:
        return percentile_interval(bootstrap(statistic, 40, clusters=anions))

    (line, _), (pair,) = board.leaderboard(here, CLUSTERS), board.pairs(here, CLUSTERS)[:1]
    median = line.medians["constants_error"]
    assert (median.low, median.high) == pytest.approx(ends(lambda drawn: np.median(errors["a"][drawn])))
    logs = np.log(errors["a"] / errors["b"])
    assert (pair.low, pair.high) == pytest.approx(np.exp(ends(lambda drawn: logs[drawn].mean())))
    few = {compound: "O" if place % 2 else "F" for place, compound in enumerate(CLUSTERS)}
    (line, _), (pair,) = board.leaderboard(here, few), board.pairs(here, few)[:1]
    assert np.isnan([line.medians["constants_error"].low, pair.low]).all()
    assert line.medians["constants_error"].value == median.value


def test_equal_potentials_are_told_apart_no_more_often_than_stated():
    """Under the null the corrected test rejects any of the pairs in about one of twenty tables, not more."""
    rejected = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = [board.sign_flip(rng.normal(size=20), flips=2000, seed=seed) for _ in range(6)]
        rejected += min(board.holm(p)) < 0.05
    assert rejected <= 8


def test_holm_by_hand():
    assert board.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert board.holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert board.holm([]) == []


def test_signs_by_chance():
    assert board.sign_flip(np.ones(3), flips=4000) == pytest.approx(0.25, abs=0.03)
    assert board.sign_flip(np.array([1.0, -1.0])) == 1.0


@pytest.mark.parametrize(
    ("symbols", "cluster"),
    [(["Cs", "Ag", "Cl"], "Cl"), (["Ba", "Ti", "O"], "O"), (["Na", "H", "O"], "O"), (["Pd", "Rb"], "metal")],
)
def test_the_cluster_is_the_anion(symbols, cluster):
    assert board.anion(symbols) == cluster
