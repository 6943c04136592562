"""Slices with larger errors: nothing is found in noise, what is planted is found, and the statistics are scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, mannwhitneyu, norm, t

from compute.statistics.slices import LEAST, false_discovery, slice_tests, student_z

N = 400


def labels_at_random(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "A": rng.choice([f"a{i}" for i in range(20)], N),
        "B": rng.choice([f"b{i}" for i in range(30)], N),
        "X": rng.choice(["F", "Cl", "Br", "I"], N),
    }


def test_q_values_are_those_of_scipy():
    p = np.random.default_rng(0).uniform(0, 0.2, 50)
    p[:3] = 1e-6
    assert false_discovery(p) == pytest.approx(false_discovery_control(p, method="bh"))


def test_a_slice_has_its_own_numbers_and_the_p_value_of_mann_and_whitney():
    rng = np.random.default_rng(1)
    errors = rng.normal(size=N).round(1)  # with ties
    labels = labels_at_random(rng)
    found = next(s for s in slice_tests(errors, labels) if s.labels == (("X", "Cl"),))
    inside = labels["X"] == "Cl"
    assert (found.n, found.n_rest) == (inside.sum(), N - inside.sum())
    assert (found.rmse, found.rmse_rest) == pytest.approx(
        [np.sqrt(np.mean(errors[part] ** 2)) for part in (inside, ~inside)]
    )
    assert (found.mae, found.mae_rest) == pytest.approx([np.mean(np.abs(errors[part])) for part in (inside, ~inside)])
    theirs = mannwhitneyu(
        np.abs(errors[inside]), np.abs(errors[~inside]), use_continuity=False, method="asymptotic"
    ).pvalue
    assert found.p == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("skewed", [False, True])
def test_noise_gives_a_discovery_no_oftener_than_the_level(skewed):
    rng = np.random.default_rng(2)
    draw = rng.lognormal if skewed else rng.normal
    pairs = (("A", "B"), ("A", "X"), ("B", "X"))
    tries = [slice_tests(draw(0, 1.2, N), labels_at_random(rng), pairs) for _ in range(200)]
    assert min(len(tested) for tested in tries) > 50
    # 5 % of 200 tries are 10; twice that would be 3.2 standard deviations above
    assert sum(any(s.found for s in tested) for tested in tries) <= 20


def test_a_planted_slice_is_found_and_is_the_first():
    rng = np.random.default_rng(3)
    labels = labels_at_random(rng)
    errors = rng.normal(size=N)
    errors[labels["B"] == "b7"] *= 6
    tested = slice_tests(errors, labels, (("A", "X"), ("B", "X")))
    first = tested[0]
    assert first.labels[0] == ("B", "b7")
    assert (first.found, first.worse) == (True, True)
    assert first.rmse > 3 * first.rmse_rest
    good = slice_tests(np.where(labels["X"] == "F", 0.01, 1) * rng.normal(size=N), labels)[0]
    assert (good.labels, good.found, good.worse) == ((("X", "F"),), True, False)


def test_a_pair_that_is_a_single_slice_again_is_left_out_and_so_are_small_slices():
    a = np.repeat(["K", "Cs", "Rb"], [20, 20, LEAST - 1])
    x = np.concatenate([np.repeat("F", 20), np.tile(["Cl", "Br"], 10), np.repeat("Br", LEAST - 1)])
    errors = np.random.default_rng(4).normal(size=a.size)
    keys = {s.labels for s in slice_tests(errors, {"A": a, "X": x}, [("A", "X")])}
    # K only with F; Cl only with Cs; Rb has too few; Cs with Br is a slice of its own
    assert keys == {
        (("A", "K"),), (("A", "Cs"),), (("X", "F"),), (("X", "Cl"),), (("X", "Br"),), (("A", "Cs"), ("X", "Br")),
    }  # fmt: skip


def test_compounds_without_a_label_are_in_no_slice_of_it():
    errors = np.arange(40.0)
    tested = slice_tests(errors, {"Bp": np.repeat(["", "In"], 20), "X": np.repeat(["F", "Cl"], 20)}, [("Bp", "X")])
    assert {s.labels for s in tested} == {(("Bp", "In"),), (("X", "F"),), (("X", "Cl"),)}


def test_equal_errors_differ_nowhere_and_few_are_not_tested():
    labels = {"X": np.repeat(["F", "Cl"], 20)}
    assert [s.p for s in slice_tests(np.full(40, 0.3), labels)] == [1.0, 1.0]
    assert slice_tests(np.arange(15.0), {"X": np.repeat("F", 15)}) == []


def test_the_normal_of_student_is_that_of_scipy():
    size, freedom = (grid.ravel() for grid in np.meshgrid([-3.0, 0.0, 1.0, 3.0], [4.0, 10.0, 40.0]))
    assert student_z(size, freedom) == pytest.approx(norm.isf(t.sf(size, freedom)), abs=0.01)


@pytest.mark.parametrize("ways", [1, 2])
def test_errors_that_clusters_share_are_no_discovery_of_a_slice(ways):
    """All compounds of a cation err together; X is drawn per cation, so that it separates errors by chance alone."""
    rng = np.random.default_rng(4)
    tries = {"plain": 0, "clustered": 0}
    for _ in range(100):
        cations = [rng.integers(0, 30, N) for _ in range(ways)]
        errors = sum(rng.lognormal(0, 1, 30)[cation] for cation in cations) + rng.lognormal(0, 0.2, N)
        labels = {"X": rng.choice(["F", "Cl", "Br"], 30)[cations[0]]}
        tries["plain"] += any(s.found for s in slice_tests(errors, labels))
        tries["clustered"] += any(s.found for s in slice_tests(errors, labels, clusters=cations))
    assert tries["plain"] > 60
    assert tries["clustered"] <= 15  # 5 expected; few clusters make the variance a little small


def test_a_slice_of_one_cluster_is_not_tested():
    rng = np.random.default_rng(5)
    labels = labels_at_random(rng)
    errors = np.where(labels["B"] == "b7", 6, 1) * rng.normal(size=N)
    tested = slice_tests(errors, labels, clusters=[labels["B"]])
    assert {name for s in tested for name, _ in s.labels} == {"A", "X"}


def test_a_slice_with_the_smaller_printed_number_is_not_called_worse():
    """One far outlier outside: the ranks inside are larger, the root mean square is not."""
    errors = np.append(np.repeat([2.0, 1.0], 100), 500.0)
    anion = np.append(np.repeat(["Cl", "F"], 100), "F")
    inside = next(s for s in slice_tests(errors, {"X": anion}) if s.labels == (("X", "Cl"),))
    assert inside.found
    assert inside.z > 0
    assert not inside.worse
