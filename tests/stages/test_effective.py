"""Effective force constants of frames whose anharmonicity is known."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from compute.physics.phonons import THZ_PER_ROOT, sum_rule_residual
from compute.physics.stability import renormalised_labels
from compute.stages import effective as stage
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.suites import SUITES
from tests.support.pair_potential import PairPotential, as_atoms

BOLTZMANN = 8.617333e-5  # eV/K
PAIR = Atoms("CsCl", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=3 * [4.1], pbc=True)
REDUCED_MASS = np.prod(PAIR.get_masses()) / PAIR.get_masses().sum()
GAMMA = {"gamma": ((0.0, 0.0, 0.0),)}


@pytest.fixture(scope="module")
def pair() -> phonons.Plan:
    """Two atoms, one spring: cubic symmetry leaves Φ a single number, so each component is an oscillator."""
    return phonons.symmetric_plan(PAIR, 1, 0.01)


def oscillator(stretches: np.ndarray, k: float, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Displacements and forces of V = k d²/2 + q d⁴/4 per component of the `stretches` d (T, 3) of the pair."""
    pull = k * stretches + q * stretches**3
    return np.stack([stretches / 2, -stretches / 2], axis=1), np.stack([-pull, pull], axis=1)


def boltzmann(k: float, q: float, temperature: float, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Independent classical samples of d in V = k d²/2 + q d⁴/4."""
    grid = np.linspace(-2, 2, 20001)
    energy = k * grid**2 / 2 + q * grid**4 / 4
    weights = np.exp(-(energy - energy.min()) / (BOLTZMANN * temperature))
    cumulative = np.cumsum(weights) / weights.sum()
    return np.interp(np.random.default_rng(seed).random(shape), cumulative, grid)


def frequency(k: float) -> float:
    return float(np.sign(k) * np.sqrt(abs(k) / REDUCED_MASS) * THZ_PER_ROOT)


def fit(plan: phonons.Plan, u: np.ndarray, f: np.ndarray, seeds: np.ndarray | None = None) -> stage.Effective:
    return stage.effective(plan, u, f, np.zeros(len(u), int) if seeds is None else seeds)


@pytest.mark.parametrize(("k", "q"), [(1.0, 0.0), (1.0, 2.0), (-0.5, 3.0)])
def test_the_spring_of_a_quartic_oscillator_is_k_plus_q_u4_over_u2(pair, k, q):
    d = np.random.default_rng(1).normal(scale=0.3, size=(200, 3))
    found = fit(pair, *oscillator(d, k, q))
    spring = k + q * np.sum(d**4) / np.sum(d**2)
    assert found.force_constants[0, 0] == pytest.approx(spring * np.eye(3), abs=1e-10)
    assert found.force_constants[0, 1] == pytest.approx(-spring * np.eye(3), abs=1e-10)
    assert stage.renormalised(pair, PAIR, found, GAMMA).omegas["gamma"].value == pytest.approx(frequency(spring))
    expected = np.std(k * d + q * d**3 - spring * d) / np.std(k * d + q * d**3)
    assert found.sigma == pytest.approx(expected, rel=0.02, abs=1e-9)


def test_heat_makes_a_double_well_stable(pair):
    k, q, temperature = -0.5, 10.0, 900
    cold = np.random.default_rng(2).normal(scale=0.05, size=(400, 3))  # about the top of the barrier
    hot = boltzmann(k, q, temperature, (400, 3))
    top, high = (stage.renormalised(pair, PAIR, fit(pair, *oscillator(d, k, q)), GAMMA).omega_min for d in (cold, hot))
    assert renormalised_labels([top.value, high.value], 0.1, [top.se, high.se]).tolist() == ["unstable", "stable"]


def test_in_equilibrium_the_spring_is_temperature_over_mean_square(pair):
    d = boltzmann(-2.0, 10.0, 300, (20000, 3))
    found = stage.renormalised(pair, PAIR, fit(pair, *oscillator(d, -2.0, 10.0)), GAMMA).omega_min
    assert found.value == pytest.approx(frequency(BOLTZMANN * 300 / np.mean(d**2)), abs=3 * found.se)
    assert 0 < found.value < frequency(4.0) / 5  # far below ω of either well, V'' = −2k


def test_harmonic_frames_give_their_force_constants_back():
    compound, crystal = identify("SrTiO3", "abx3"), PairPotential()
    unit = compound.structure(3.9)
    plan = phonons.symmetric_plan(unit, 2, 0.01)
    exact = crystal.hessian(as_atoms(plan.template.supercell))
    u = np.random.default_rng(3).normal(scale=0.1, size=(150, 40, 3))
    f = -np.einsum("ijab,tjb->tia", exact, u)
    for frames in (slice(20), slice(None)):  # fewer and more frames than directions
        found = fit(plan, u[frames], f[frames])
        assert found.force_constants == pytest.approx(exact, abs=1e-9)
        assert found.sigma == pytest.approx(0, abs=1e-9)
    assert sum_rule_residual(found.force_constants).max() < 1e-9
    result = stage.renormalised(plan, unit, found, SUITES["abx3"].q_points)
    phonon = phonons.phonopy_of(unit, plan.template.supercell_matrix, symmetry=False)
    phonon.force_constants = exact
    for label, star in SUITES["abx3"].q_points.items():
        assert result.omegas[label].value == pytest.approx(phonons.softest(phonon, star)[0], abs=1e-6)
        assert result.omegas[label].se < 1e-6
    assert result.omega_min.value == pytest.approx(min(omega.value for omega in result.omegas.values()))


def test_the_order_of_the_atoms_does_not_matter(pair):
    u, f = oscillator(np.random.default_rng(4).normal(scale=0.3, size=(50, 3)), 0.5, 4.0)
    turned = PAIR[::-1]
    here = stage.renormalised(pair, PAIR, fit(pair, u, f), GAMMA).omega_min
    plan = phonons.symmetric_plan(turned, 1, 0.01)
    there = stage.renormalised(plan, turned, fit(plan, u[:, ::-1], f[:, ::-1]), GAMMA).omega_min
    assert (there.value, there.se) == pytest.approx((here.value, here.se))


def test_a_thermal_shift_of_the_free_coordinate_is_no_softening():
    compound = identify("Cs2AgBiBr6", "hdp")
    unit = compound.structure(11.3, 0.252)
    plan = phonons.symmetric_plan(unit, 1, 0.01)
    exact = PairPotential().hessian(unit)
    u = np.random.default_rng(5).normal(scale=0.05, size=(400, 10, 3))
    moved = compound.structure(11.3, 0.256).positions - unit.positions
    found = fit(plan, u + moved, -np.einsum("ijab,tjb->tia", exact, u))
    assert found.force_constants == pytest.approx(exact, abs=1e-9)
    assert found.shift == pytest.approx(moved, abs=0.01)
    assert np.ptp(np.linalg.norm(found.shift[4:], axis=1)) < 1e-12


def test_a_mean_that_breaks_the_symmetry_is_kept(pair):
    d = np.random.default_rng(6).normal(loc=(0.4, 0, 0), scale=0.02, size=(50, 3))
    found = fit(pair, *oscillator(d, -1.0, 6.25))  # frozen in one of the wells at ±0.4 Å
    assert np.abs(found.shift).max() < 1e-12
    assert found.force_constants[0, 0, 0, 0] < 0.2


def test_the_standard_error_covers_the_truth_at_its_nominal_rate(pair):
    k, q, temperature = 0.5, 20.0, 300
    spring = BOLTZMANN * temperature / np.mean(boltzmann(k, q, temperature, (1_000_000,)) ** 2)
    hits, ratios = 0, []
    for seed in range(100):
        frames = oscillator(boltzmann(k, q, temperature, (96, 3), seed), k, q)
        found = stage.renormalised(pair, PAIR, fit(pair, *frames, np.repeat([0, 1], 48)), GAMMA).omega_min
        hits += abs(found.value - frequency(spring)) < 2 * found.se
        ratios.append((found.value, found.se))
    assert hits >= 88  # 95 ± 2 expected of 100, a little less for a t distribution
    assert hits < 100
    values, errors = np.array(ratios).T
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.25)


def test_frames_of_one_trajectory_repeated_do_not_count_as_independent_seeds(pair):
    steps = np.random.default_rng(7).normal(size=(20, 3))
    slow = np.repeat(0.2 * steps, 20, axis=0)  # correlated over 20 frames
    u, f = oscillator(slow, 1.0, 5.0)
    together = stage.effective(pair, u, f, np.zeros(400, int), blocks=20)
    single = stage.effective(pair, u, f, np.zeros(400, int), blocks=400)
    errors = [stage.renormalised(pair, PAIR, found, GAMMA).omega_min.se for found in (together, single)]
    assert errors[1] == pytest.approx(errors[0] / np.sqrt(20), rel=0.3)


def test_an_error_larger_than_omega_is_undecidable_exactly_when_the_square_is(pair):
    rng = np.random.default_rng(8)
    outcomes = set()
    for mean in (0.0, 0.3, 1.0):
        d = rng.normal(scale=0.3, size=(64, 3))
        u, f = oscillator(d, mean, 0.0)
        noise = rng.normal(scale=0.3, size=(64, 3))
        f = f + np.stack([noise, -noise], axis=1)
        found = fit(pair, u, f)
        spring, refits = found.force_constants[0, 0, 0, 0], found.without_block[:, 0, 0, 0, 0]
        se = np.sqrt(15 / 16 * np.sum((refits - refits.mean()) ** 2))
        omega = stage.renormalised(pair, PAIR, found, GAMMA).omega_min
        undecided = renormalised_labels(omega.value, 0.0, omega.se).item() == "undecidable"
        assert undecided == (abs(spring) < 2 * se)
        outcomes.add(undecided)
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u, f, s: (u[:, :1], f, s), "shape"),
        (lambda u, f, s: (u, f * np.nan, s), "finite"),
        (lambda u, f, s: (u, f, s[:-1]), "seeds"),
        (lambda u, f, s: (u[:3], f[:3], s[:3]), "blocks"),
        (lambda u, f, s: (0 * u, f, s), "determine"),
    ],
)
def test_frames_that_cannot_be_fitted_are_refused(pair, change, words):
    u, f = oscillator(np.random.default_rng(9).normal(size=(20, 3)), 1.0, 1.0)
    with pytest.raises(ValueError, match=words):
        stage.effective(pair, *change(u, f, np.zeros(20, int)))
