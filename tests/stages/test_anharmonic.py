"""The σ stage on analytic crystals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from compute.physics import anharmonicity
from compute.physics.phonons import THZ_PER_ROOT, signed_square
from compute.protocols import Langevin, OneShot, SamplingProtocol
from compute.stages import phonons
from compute.stages.anharmonic import Anharmonic, anharmonic
from compute.stages.crystal import HarmonicCrystal, harmonic_crystal
from compute.stages.guard import SamplingError
from compute.stages.modes import optical_modes
from compute.structures.compounds import identify
from compute.suites import SUITES
from tests.support.bond_crystal import BondCrystal
from tests.support.pair_potential import PairPotential, as_atoms

COMPOUND, A = identify("CsPbBr3", "abx3"), 5.98
SOFT = PairPotential()
LANGEVIN = SamplingProtocol(
    name="test", sampler=Langevin(discard=200, keep=1000, longest=1000), replicas=2, dtype="float64"
)
ONE_SHOT = SamplingProtocol(name="test", sampler=OneShot(samples=60, imaginary="absolute"), replicas=2, dtype="float64")


def bonds(quartic: float = 0.0) -> BondCrystal:
    cell = COMPOUND.structure(A)
    supercell = phonons.phonopy_of(cell, 2 * np.eye(3, dtype=int)).supercell
    return BondCrystal([cell, as_atoms(supercell)], bond=4.3, spring=0.8, quartic=quartic)


@cache
def quartic() -> Anharmonic:
    return anharmonic(COMPOUND, bonds(6.0), LANGEVIN, A)


def test_a_harmonic_crystal_has_no_anharmonicity_anywhere():
    result = anharmonic(COMPOUND, bonds(), ONE_SHOT, A)
    assert result.sigma < 1e-6
    assert max(result.sites.values()) < 1e-6
    assert max(star.sigma.max() for star in result.modes.values()) < 1e-5


def test_a_harmonic_crystal_keeps_its_frequencies_at_temperature():
    short = LANGEVIN.model_copy(update={"sampler": Langevin(discard=20, keep=400, longest=400)})
    result = anharmonic(COMPOUND, bonds(), short, A)
    for label, star in result.modes.items():
        assert result.renormalised.omegas[label].value == pytest.approx(star.omega[0], abs=1e-4)


def test_harmonic_samples_renormalise_nothing():
    assert anharmonic(COMPOUND, bonds(6.0), ONE_SHOT, A).renormalised is None


def test_quartic_bonds_stiffen_with_heat():
    result = quartic()
    assert 0 < result.effective.sigma < result.sigma, "the best Φ leaves less than the harmonic one"
    assert all(result.renormalised.omegas[label].value > star.omega[0] for label, star in result.modes.items())


def test_sigma_grows_with_temperature_where_the_potential_is_quartic():
    def sigma(temperature: float) -> float:
        return anharmonic(COMPOUND, bonds(6.0), ONE_SHOT.model_copy(update={"temperature": temperature}), A).sigma

    cold, warm = sigma(50), sigma(300)
    assert 0 < cold < warm < 1


def test_the_parts_of_sigma_belong_to_the_same_frames():
    result = quartic()
    constants, trajectory = result.crystal.force_constants, result.trajectory
    assert result.sigma == pytest.approx(
        anharmonicity.sigma(trajectory.forces, trajectory.displacements, constants), rel=1e-12
    )
    assert result.trace.sigma[-1] == pytest.approx(result.sigma)
    assert result.trace.frames[-1] * 2 == len(trajectory.seeds)
    assert len(result.trace.sigma) == len(result.trace.times) <= 200
    assert (np.diff(result.trace.times) > 0).all()
    assert set(result.sites) == {"A", "B", "X"}
    assert min(result.sites.values()) < result.sigma < max(result.sites.values())
    assert 0 < result.sigma_se < 0.5
    assert 250 < trajectory.temperatures.mean() < 350


def test_all_optical_modes_at_the_commensurate_points_are_there():
    result = quartic()
    stars = SUITES["abx3"].q_points
    assert {label: len(star.omega) for label, star in result.modes.items()} == {"gamma": 12, "r": 15, "m": 15, "x": 15}
    assert {label: star.size for label, star in result.modes.items()} == {k: len(v) for k, v in stars.items()}
    lowest = min(star.omega.min() for star in result.modes.values())
    highest = max(star.omega.max() for star in result.modes.values())
    assert lowest < result.weighted_frequency < highest
    assert all(np.isfinite(star.sigma).all() for star in result.modes.values())


@cache
def elpasolite() -> HarmonicCrystal:
    compound = identify("Cs2AgBiBr6", "hdp")
    return harmonic_crystal(
        compound, PairPotential(), LANGEVIN.harmonic.model_copy(update={"geometry": "relaxed"}), 11.3
    )


def test_mode_patterns_are_the_supercells_own_eigenvectors():
    crystal = elpasolite()
    masses = crystal.supercell.get_masses()
    modes = optical_modes(crystal.phonon, phonons.commensurate_q(crystal.phonon))
    # Along a normal mode of Φ, and only there, the harmonic force is −m ω² u.
    u = modes.patterns / np.sqrt(masses)[None, :, None]
    forces = -np.einsum("ijab,tjb->tia", crystal.force_constants, u)
    square = signed_square(modes.omega / THZ_PER_ROOT)
    assert np.allclose(forces, -square[:, None, None] * masses[None, :, None] * u, atol=1e-6)
    assert len(u) == 3 * len(masses) - 3


def test_sites_are_named_as_in_the_formula():
    crystal = elpasolite()
    elements = dict(zip(crystal.sites, crystal.supercell.symbols, strict=True))
    assert elements == dict(crystal.compound.sites)
    assert [crystal.sites.count(site) for site in ("A", "B", "Bp", "X")] == [16, 8, 8, 48]


def test_the_same_seed_gives_the_same_digits():
    short = LANGEVIN.model_copy(update={"sampler": Langevin(discard=20, keep=100, longest=100)})
    first, again, other = (anharmonic(COMPOUND, bonds(6.0), short, A, seed=seed).sigma for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_target_that_is_not_reached_is_said():
    sampler = Langevin(discard=50, keep=200, longest=400)
    protocol = LANGEVIN.model_copy(update={"sampler": sampler, "target_se": 1e-6})
    result = anharmonic(COMPOUND, bonds(6.0), protocol, A)
    assert result.target_reached is False
    assert result.trajectory.times.max() == pytest.approx(450, abs=20)
    assert quartic().target_reached is None


def test_imaginary_modes_that_are_refused_end_in_an_error():
    refusing = ONE_SHOT.model_copy(update={"sampler": OneShot(samples=60, imaginary="refuse")})
    with pytest.raises(SamplingError, match="imaginary"):
        anharmonic(identify("SrTiO3", "abx3"), SOFT, refusing, 3.9)


def test_frames_of_another_checkpoint_are_refused():
    other = bonds()
    other.checkpoint_sha256 = "1" * 64
    with pytest.raises(ValueError, match="do not belong"):
        anharmonic(COMPOUND, bonds(), ONE_SHOT, A, dynamics=other)
