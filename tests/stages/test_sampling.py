"""Samplers against what statistical mechanics says exactly."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics import anharmonicity, dynamics, thermal
from compute.physics.phonons import normal_modes
from compute.protocols import SAMPLING_PROTOCOLS, Andersen, Langevin, OneShot, SamplingProtocol, sampling_protocol
from compute.stages.guard import Guard, LeftSites, SamplingError
from compute.stages.sampling import Trajectory, langevin_timestep, sample, standard_error
from compute.structures.prototypes import cubic_perovskite
from compute.tasks.execute import outcome
from tests.support.bond_crystal import BondCrystal

SUPERCELL = cubic_perovskite("Cs", "Pb", "Br", 5.98).repeat(2)
MASSES = SUPERCELL.get_masses()
BOND = 4.3  # Å: B–X and A–X
KT = thermal.BOLTZMANN * 300
HARMONIC = BondCrystal([SUPERCELL], BOND, spring=0.8)
QUARTIC = BondCrystal([SUPERCELL], BOND, spring=0.8, quartic=6.0)


def langevin(**changes) -> SamplingProtocol:
    sampler = Langevin(**{"discard": 500, "keep": 3000, "longest": 3000, **changes})
    return SamplingProtocol(name="test", sampler=sampler, replicas=8)


def andersen(probability: float) -> SamplingProtocol:
    sampler = Andersen(timestep=2, probability=probability, ramp_from=300, ramp_steps=500, steps=1500)
    return SamplingProtocol(name="test", sampler=sampler, replicas=8)


def run(potential: BondCrystal, protocol: SamplingProtocol, **options) -> Trajectory:
    return sample(potential, SUPERCELL, potential.force_constants(40), protocol, **options)


def by_replica(trajectory: Trajectory, values: np.ndarray) -> tuple[float, float]:
    """Mean over replicas and its standard error."""
    means = np.array([values[trajectory.seeds == seed].mean() for seed in np.unique(trajectory.seeds)])
    return means.mean(), means.std(ddof=1) / np.sqrt(len(means))


@pytest.mark.parametrize("protocol", [langevin(), andersen(0.02)], ids=["langevin", "andersen"])
def test_an_anharmonic_crystal_reaches_equipartition(protocol):
    trajectory = run(QUARTIC, protocol)
    temperature, error = by_replica(trajectory, trajectory.temperatures)
    assert error < 8
    assert abs(temperature - 300) < 4 * error
    # Virial theorem: ⟨u·∂V/∂u⟩ = k_B T for every direction but the three of the centre of mass.
    virial = thermal.virial_ratio(trajectory.forces, trajectory.displacements, 300)
    mean, error = by_replica(trajectory, virial)
    assert error < 0.04
    assert abs(mean - 1) < 4 * error


def test_a_harmonic_crystal_has_no_anharmonicity_and_a_quartic_one_has():
    for potential, low, high in ((HARMONIC, 0, 1e-10), (QUARTIC, 0.1, 1)):
        trajectory = run(potential, langevin(keep=300, longest=300))
        score = anharmonicity.sigma(trajectory.forces, trajectory.displacements, potential.force_constants(40))
        assert low <= score < high


def test_a_seed_gives_the_same_digits_and_another_seed_others():
    protocols = [langevin(keep=50, longest=50), andersen(0.5), sampling_protocol("one-shot", "abx3")]
    protocols[1] = protocols[1].model_copy(
        update={"sampler": protocols[1].sampler.model_copy(update={"ramp_steps": 5, "steps": 20})}
    )
    for protocol in protocols:
        first, again, other = (run(QUARTIC, protocol, seed=seed) for seed in (3, 3, 4))
        assert np.array_equal(first.displacements, again.displacements)
        assert np.array_equal(first.forces, again.forces)
        assert np.abs(first.displacements - other.displacements).max() > 0.01
        replicas = [first.displacements[first.seeds == seed] for seed in (0, 1)]
        assert np.abs(replicas[0] - replicas[1]).max() > 0.01


def test_displacements_have_no_drift_though_the_crystal_moves():
    trajectory = run(QUARTIC, langevin(keep=500, longest=500))
    assert np.abs(np.einsum("i,tia->ta", MASSES, trajectory.displacements)).max() < 1e-9 * MASSES.sum()


def test_frames_of_a_replica_are_together_and_in_order_of_time():
    trajectory = run(HARMONIC, langevin(keep=100, longest=100))
    assert trajectory.seeds.tolist() == sorted(trajectory.seeds)
    times = trajectory.times[trajectory.seeds == 2]
    assert times[0] > 500
    assert np.allclose(np.diff(times), 5 * trajectory.timestep)
    assert len(times) == 10


def oscillators(omega: np.ndarray, n: int):
    """Masses and force field of `n` independent oscillators of mass 80 u for each ω in THz, along three directions."""
    masses = np.full(len(omega) * n, 80.0)
    stiffness = masses * (2e-3 * np.pi * np.repeat(omega, n)) ** 2 / thermal.ACCELERATION
    return masses, stiffness, lambda u: (np.zeros(len(u)), -stiffness[:, None] * u)


def andersen_covariance(omega: float, timestep: float, probability: float, steps: int, ramp: int) -> float:
    """k ⟨u²⟩ / k_B T of one oscillator after a ramp from 10 to 300 K and `steps`: the covariance of (u, v), exactly."""
    square = (2e-3 * np.pi * omega) ** 2
    kick, drift = np.array([[1, 0], [-timestep / 2 * square, 1]]), np.array([[1, timestep], [0, 1]])
    verlet = kick @ drift @ kick
    covariance = np.diag([0, 10 / 300])
    for step in range(1, ramp + steps + 1):
        covariance = verlet @ covariance @ verlet.T
        covariance[0, 1] *= 1 - probability
        covariance[1, 0] *= 1 - probability
        bath = (10 + min(step / ramp, 1) * 290) / 300
        covariance[1, 1] += probability * (bath - covariance[1, 1])
    return square * covariance[0, 0]


@pytest.mark.parametrize(("suite", "shares"), [("hdp", (0.06, 0.21, 0.62)), ("abx3", (0.10, 0.33, 0.80))])
def test_the_published_schedule_leaves_soft_modes_cold(suite, shares):
    sampler = sampling_protocol("published", suite).sampler
    omega, n = np.array([0.5, 1.0, 2.0]), 1500
    masses, stiffness, force_field = oscillators(omega, n)
    generators = [np.random.default_rng(11)]
    start = np.zeros((1, len(masses), 3))
    state = dynamics.state(start, thermal.thermal_velocities(masses, 10, generators), force_field)
    for step in range(1, sampler.ramp_steps + sampler.steps + 1):
        bath = 10 + min(step / sampler.ramp_steps, 1) * 290
        state = dynamics.andersen_step(
            state, force_field, masses, sampler.timestep, bath, sampler.probability, generators
        )
    measured = (stiffness[:, None] * state.displacements[0] ** 2 / KT).reshape(len(omega), -1)
    exact = [
        andersen_covariance(w, sampler.timestep, sampler.probability, sampler.steps, sampler.ramp_steps) for w in omega
    ]
    assert exact == pytest.approx(shares, abs=0.006)
    error = measured.std(axis=1) / np.sqrt(measured.shape[1])
    assert (np.abs(measured.mean(axis=1) - exact) < 4 * error).all()
    kinetic = thermal.kinetic_temperature(state.velocities, masses)[0]
    assert kinetic == pytest.approx(300, abs=10), "the thermometer shows nothing of it"


def test_langevin_starts_and_keeps_soft_modes_warm():
    masses, stiffness, force_field = oscillators(np.array([0.5, 1.0, 2.0]), 500)
    generators = [np.random.default_rng(5)]
    width = np.sqrt(KT / stiffness)[:, None]
    state = dynamics.state(
        width * thermal.normals(generators, len(masses)),
        thermal.thermal_velocities(masses, 300, generators),
        force_field,
    )
    for _ in range(1000):
        state = dynamics.baoab_step(state, force_field, masses, 2.0, 300, 200, generators)
    share = (stiffness[:, None] * state.displacements[0] ** 2 / KT).reshape(3, -1)
    error = share.std(axis=1) / np.sqrt(share.shape[1])
    assert (np.abs(share.mean(axis=1) - 1) < 4 * error).all()


def one_shot(imaginary: str, samples: int = 2000) -> SamplingProtocol:
    sampler = OneShot(samples=samples, imaginary=imaginary)
    return SamplingProtocol(name="test", sampler=sampler, replicas=1)


def test_harmonic_samples_have_the_covariance_of_the_crystal():
    trajectory = run(HARMONIC, one_shot("refuse"))
    omega, patterns = normal_modes(HARMONIC.force_constants(40), MASSES)
    coordinates = np.einsum("sia,tia,i->ts", patterns, trajectory.displacements, np.sqrt(MASSES))
    expected = KT * 15.633302**2 / omega**2
    # The variance of T samples has a relative error of √(2/T).
    assert (np.abs(coordinates.var(axis=0) / expected - 1) < 5 * np.sqrt(2 / 2000)).all()
    correlation = np.corrcoef(coordinates.T) - np.eye(len(omega))
    assert np.abs(correlation).max() < 5.5 / np.sqrt(2000)
    assert np.isnan(trajectory.temperatures).all()
    assert trajectory.timestep is None
    u, f = trajectory.displacements, trajectory.forces
    assert thermal.virial_ratio(f, u, 300).mean() == pytest.approx(1, rel=0.02)
    assert thermal.virial_ratio(f, u, 150).mean() == pytest.approx(2, rel=0.02)
    by_mode = thermal.virial_ratio_per_mode(f, u, patterns, MASSES, 300)
    assert by_mode.mean() == pytest.approx(thermal.virial_ratio(f, u, 300).mean()), "the parts add up"
    assert (np.abs(by_mode - 1) < 5 * np.sqrt(2 / 2000)).all()


def with_an_imaginary_mode() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Φ of the springs with the sign of its softest mode turned, that mode's coordinate vector, and ω."""
    omega, patterns = normal_modes(HARMONIC.force_constants(40), MASSES)
    soft = patterns[0] * np.sqrt(MASSES)[:, None]
    turned = HARMONIC.force_constants(40) - 2 * (omega[0] / 15.633302) ** 2 * np.einsum("ia,jb->ijab", soft, soft)
    return turned, patterns[0], omega


def test_each_policy_for_imaginary_modes_does_what_it_says():
    turned, soft, omega = with_an_imaginary_mode()
    assert normal_modes(turned, MASSES)[0][0] == pytest.approx(-omega[0])

    def width(imaginary: str) -> float:
        trajectory = sample(HARMONIC, SUPERCELL, turned, one_shot(imaginary, 400))
        return float(np.einsum("ia,tia,i->t", soft, trajectory.displacements, np.sqrt(MASSES)).std())

    assert width("absolute") == pytest.approx(np.sqrt(KT) * 15.633302 / omega[0], rel=0.15)
    assert width("freeze") < 1e-10
    with pytest.raises(SamplingError, match="1 of 117 modes are imaginary") as refused:
        width("refuse")
    assert refused.value.status == "imaginary"


def test_no_mode_is_wider_than_the_floor_allows():
    amplitudes = thermal.thermal_amplitudes(np.array([1e-6, 0.1, 0.2, 2.0]), 300, "refuse", 0.2)
    assert amplitudes[:3] == pytest.approx([amplitudes[2]] * 3)
    assert amplitudes[3] == pytest.approx(amplitudes[2] / 10)


def test_an_optical_mode_at_zero_is_not_taken_for_a_translation():
    turned, _, omega = with_an_imaginary_mode()
    half = (HARMONIC.force_constants(40) + turned) / 2  # the softest mode lies at zero exactly
    found, patterns = normal_modes(half, MASSES)
    assert len(found) == 3 * len(MASSES) - 3
    assert abs(found[np.abs(found).argmin()]) < 1e-5
    assert np.abs(np.einsum("sia,i->sa", patterns, np.sqrt(MASSES))).max() < 1e-10
    assert np.sort(np.abs(found))[1] == pytest.approx(omega[1], rel=1e-6)


def test_the_timestep_follows_the_stiffest_mode():
    sampler = Langevin(discard=1, keep=1, longest=1)
    assert langevin_timestep(sampler, 5) == 2
    assert langevin_timestep(sampler, 40) == pytest.approx(0.95)
    assert 2e-3 * np.pi * 40 * langevin_timestep(sampler, 40) <= sampler.phase


def test_tilts_stay_but_atoms_that_leave_their_sites_are_told():
    guard = Guard.of(SUPERCELL, 300)
    quiet, cool = np.zeros((1, 40, 3)), np.array([300.0])
    tilted = np.zeros((1, 40, 3))
    tilted[0, 2:5] = 0.9
    assert guard.left(tilted) is None
    bromine = next(i for i, symbol in enumerate(SUPERCELL.symbols) if symbol == "Br")
    lead = next(i for i, symbol in enumerate(SUPERCELL.symbols) if symbol == "Pb")
    apart = SUPERCELL.get_distance(bromine, lead, mic=True, vector=True)
    gone = np.zeros((1, 40, 3))
    gone[0, bromine] = 0.52 * apart
    assert guard.left(gone) == "Br is nearer to a site of Pb than to its own"
    assert guard.left(np.concatenate([quiet, gone])) == guard.left(gone), "in one replica of two"
    gone[0, bromine] = 0.48 * apart
    assert guard.left(gone) is None
    guard.check(quiet, cool, "now")
    for forces, heat in ((np.full((1, 40, 3), 60.0), cool), (np.full((1, 40, 3), np.nan), cool), (quiet, 5 * cool)):
        with pytest.raises(SamplingError) as exploded:
            guard.check(forces, heat, "now")
        assert exploded.value.status == "exploded"


def test_a_crystal_that_leaves_its_sites_is_an_answer_with_a_censored_sigma():
    soft = BondCrystal([SUPERCELL], BOND, spring=0.02, quartic=0.002)
    protocol = SamplingProtocol(
        name="test",
        sampler=Andersen(timestep=4, probability=0.05, ramp_from=10, ramp_steps=20, steps=2000),
        temperature=900,
    )
    with pytest.raises(LeftSites) as left:
        run(soft, protocol)
    error = left.value
    assert error.n_frames == round(error.after / 4) - 20 - 1 > 0
    # The same crystal at rest in 20 + n steps has that σ.
    kept = Andersen(timestep=4, probability=0.05, ramp_from=10, ramp_steps=20, steps=error.n_frames)
    before = run(soft, protocol.model_copy(update={"sampler": kept}))
    assert error.sigma == anharmonicity.sigma(before.forces, before.displacements, soft.force_constants(40))

    row = outcome(lambda: run(soft, protocol))
    assert (row["status"], row["outcome"]) == ("left-sites", "leaves-sites")
    assert row["sigma_on_sites"] == error.sigma
    assert "sigma" not in row
    assert "is nearer to a site of" in row["reason"]
    assert (
        outcome(lambda: run(BondCrystal([SUPERCELL], BOND, spring=0.8, quartic=-2000.0), protocol)).get("outcome")
        is None
    )


def test_a_crystal_without_a_minimum_ends_in_an_error():
    runaway = BondCrystal([SUPERCELL], BOND, spring=0.8, quartic=-20.0)
    with pytest.raises(SamplingError) as error:
        run(runaway, langevin())
    assert error.value.status in ("exploded", "left-sites")
    undescribed = BondCrystal([SUPERCELL], BOND, spring=0.8, limit=0.1)
    with pytest.raises(SamplingError, match="on top of one another") as error:
        run(undescribed, langevin())
    assert error.value.status == "exploded"


def test_sampling_ends_when_the_error_is_small_enough_or_says_that_it_is_not():
    def frames(target: float | None) -> int:
        protocol = langevin(discard=50, keep=300, longest=1500).model_copy(update={"target_se": target})
        return len(run(QUARTIC, protocol).seeds) // protocol.replicas

    assert frames(0.5) == 30
    assert frames(1e-6) == 150
    assert frames(None) == 30


def test_progress_counts_up_and_can_end_the_run():
    heard: list[tuple[int, int, float, float]] = []
    trajectory = run(QUARTIC, langevin(keep=500, longest=500), progress=lambda *row: heard.append(row))
    done, planned, sigmas, errors = zip(*heard, strict=True)
    assert list(done) == sorted(set(done))
    assert done[-1] == planned[-1] == 100
    assert np.isnan([sigmas[0], errors[0]]).all()
    constants = QUARTIC.force_constants(40)
    assert sigmas[-1] == pytest.approx(anharmonicity.sigma(trajectory.forces, trajectory.displacements, constants))
    assert errors[-1] == pytest.approx(standard_error(trajectory, constants))

    def cancel(done: int, planned: int, sigma: float, error: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(QUARTIC, langevin(), progress=cancel)


def test_published_names_the_suites_own_schedule():
    hdp, abx3 = (sampling_protocol("published", suite) for suite in ("hdp", "abx3"))
    assert (hdp.name, hdp.sampler.timestep, hdp.sampler.steps) == ("published-hdp", 1, 2000)
    assert (abx3.name, abx3.sampler.timestep, abx3.sampler.steps) == ("published-abx3", 2, 800)
    assert (hdp.geometry, abx3.geometry) == ("relaxed", "reference")
    with pytest.raises(ValueError, match="stored forces only"):
        sampling_protocol("published", "mp0b3")


def test_the_digest_holds_all_that_decides_the_numbers():
    base = SAMPLING_PROTOCOLS["converged"]
    changed = [
        base,
        base.model_copy(update={"temperature": 400.0}),
        base.model_copy(update={"sampler": base.sampler.model_copy(update={"keep": 11_000.0})}),
        base.model_copy(update={"harmonic": base.harmonic.model_copy(update={"displacement": 0.02})}),
        SAMPLING_PROTOCOLS["quick"],
    ]
    assert len({protocol.digest for protocol in changed}) == len(changed)


@pytest.mark.parametrize(
    "settings",
    [{"friction_time": 10}, {"keep": 10, "longest": 5}, {"timestep": 9}, {"imaginary": "refuse"}, {"unknown": 1}],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="validation error"):
        langevin(**settings)
