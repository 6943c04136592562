"""σ of frames whose anharmonicity is known, and its standard error."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics import anharmonicity as physics
from tests.conftest import SHARED

RNG = np.random.default_rng(3)
FRAMES, ATOMS = 40, 6


@pytest.fixture(scope="module")
def crystal() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """u, harmonic forces and Φ of a random stable crystal that obeys the acoustic sum rule."""
    root = RNG.normal(size=(3 * ATOMS, 3 * ATOMS))
    move = np.kron(np.eye(ATOMS) - 1 / ATOMS, np.eye(3))
    matrix = move @ (root @ root.T) @ move
    displacements = RNG.normal(scale=0.1, size=(FRAMES, ATOMS, 3))
    forces = -(displacements.reshape(FRAMES, -1) @ matrix).reshape(displacements.shape)
    return displacements, forces, matrix.reshape(ATOMS, 3, ATOMS, 3).transpose(0, 2, 1, 3)


def test_a_harmonic_crystal_has_no_anharmonicity(crystal):
    displacements, forces, constants = crystal
    assert physics.sigma(forces, displacements, constants) == pytest.approx(0, abs=1e-12)


def test_a_pure_quartic_well_without_force_constants_has_sigma_one():
    displacements = RNG.normal(size=(50, 1, 3))
    assert physics.sigma(-(displacements**3), displacements, np.zeros((1, 1, 3, 3))) == pytest.approx(1, abs=1e-12)


def test_force_constants_of_the_wrong_sign_give_two(crystal):
    displacements, forces, constants = crystal
    assert physics.sigma(forces, displacements, -constants) == pytest.approx(2, abs=1e-12)


@pytest.mark.parametrize("a", [-0.5, 0.3, 2.0])
def test_scaled_forces_give_a_over_one_plus_a(crystal, a):
    displacements, forces, constants = crystal
    assert physics.sigma((1 + a) * forces, displacements, constants) == pytest.approx(abs(a) / (1 + a), abs=1e-12)


def test_sigma_ignores_order_of_frames_and_atoms_and_a_rigid_shift(crystal):
    displacements, forces, constants = crystal
    forces = forces + RNG.normal(size=forces.shape)
    forces -= forces.mean(axis=1, keepdims=True)
    expected = physics.sigma(forces, displacements, constants)
    frames, atoms = RNG.permutation(FRAMES), RNG.permutation(ATOMS)
    mixed = physics.sigma(forces[frames][:, atoms], displacements[frames][:, atoms], constants[atoms][:, atoms])
    assert mixed == pytest.approx(expected, rel=1e-12)
    assert physics.sigma(forces, displacements + np.array([0.3, 0, -0.1]), constants) == pytest.approx(
        expected, rel=1e-9
    )


def test_parts_agree_with_the_whole(crystal):
    displacements, forces, constants = crystal
    forces = forces + RNG.normal(size=forces.shape)
    anharmonic = physics.anharmonic_forces(forces, displacements, constants)
    whole = physics.sigma_pooled(forces, anharmonic)
    assert physics.running_sigma(forces, anharmonic)[-1] == pytest.approx(whole, rel=1e-12)
    assert physics.sigma_by_label(forces, anharmonic, ["all"] * ATOMS)["all"] == pytest.approx(whole, rel=1e-12)
    per_atom = physics.sigma_by_label(forces, anharmonic, [str(i) for i in range(ATOMS)])
    expected = anharmonic.std(axis=(0, 2)) / forces.std(axis=(0, 2))
    assert list(per_atom.values()) == pytest.approx(expected, rel=1e-12)
    per_frame = [physics.sigma(forces[t : t + 1], displacements[t : t + 1], constants) for t in range(FRAMES)]
    assert physics.sigma_frame_mean(forces, anharmonic) == pytest.approx(np.mean(per_frame), rel=1e-12)
    assert physics.weighted_sigma(forces, anharmonic, np.full(FRAMES, 3.0)) == pytest.approx(whole, rel=1e-12)
    twice = np.r_[np.arange(FRAMES), 0, 0]
    assert physics.weighted_sigma(forces, anharmonic, np.r_[3.0, np.ones(FRAMES - 1)]) == pytest.approx(
        physics.sigma_pooled(forces[twice], anharmonic[twice]), rel=1e-12
    )


def test_an_anharmonic_mode_is_found_among_harmonic_ones(crystal):
    displacements, _, constants = crystal
    masses = np.linspace(1, 60, ATOMS)
    scaled = constants / np.sqrt(np.outer(masses, masses))[:, :, None, None]
    values, vectors = np.linalg.eigh(scaled.transpose(0, 2, 1, 3).reshape(3 * ATOMS, 3 * ATOMS))
    patterns = vectors.T.reshape(-1, ATOMS, 3)
    amplitudes = np.einsum("mia,tia->tm", patterns * np.sqrt(masses)[None, :, None], displacements)
    mode_forces = -values * amplitudes
    mode_forces[:, -1] *= 1.5  # F = −(1 + ½) k q in the last mode alone
    forces = np.einsum("tm,mia->tia", mode_forces, patterns * np.sqrt(masses)[None, :, None])
    anharmonic = physics.anharmonic_forces(forces, displacements, constants)
    found = physics.sigma_per_mode(forces, anharmonic, patterns, masses)
    assert found[3:] == pytest.approx([0.0] * (3 * ATOMS - 4) + [1 / 3], abs=1e-6)
    omega = np.arange(3.0 * ATOMS - 3)
    assert physics.sigma_weighted_frequency(omega, found[3:]) == pytest.approx(omega[-1], abs=1e-4)


def test_the_standard_error_of_correlated_frames_is_the_scatter_over_trajectories():
    frames, trials, memory = 1500, 200, 0.95

    def trajectory(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        # Two independent first-order processes: forces, and an anharmonic part whose size drifts slowly.
        noise = rng.normal(size=(2, frames, 1, 3)) * np.sqrt(1 - memory**2)
        values = np.zeros_like(noise)
        values[:, 0] = rng.normal(size=(2, 1, 3))
        for t in range(1, frames):
            values[:, t] = memory * values[:, t - 1] + noise[:, t]
        return values[0] + 0.5 * values[1], 0.5 * values[1]

    pairs = [trajectory(np.random.default_rng(seed)) for seed in range(trials)]
    scatter = np.std([physics.sigma_pooled(*pair) for pair in pairs])
    errors = [physics.standard_error(*pair, np.zeros(frames, int)) for pair in pairs[:60]]
    naive = physics.jackknife_error(physics.leave_one_out(*pairs[0], np.arange(frames)))
    assert naive < 0.4 * scatter
    assert 0.9 * scatter < np.median(errors) < 1.8 * scatter


def test_blocks_never_cross_seeds():
    labels = physics.block_labels(np.repeat([7, 3], [10, 5]), 4)
    assert labels.tolist() == [0] * 4 + [1] * 6 + [2] * 5
    assert np.isnan(physics.standard_error(np.ones((3, 1, 3)), np.ones((3, 1, 3)), np.zeros(3, int)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f, u, c: (f, u[:-1], c), "displacements must have shape"),
        (lambda f, u, c: (f, u, c[:-1]), "Φ must have shape"),
        (lambda f, u, c: (f * np.nan, u, c), "NaN"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(crystal, change, words):
    displacements, forces, constants = crystal
    with pytest.raises(ValueError, match=words):
        physics.sigma(*change(forces, displacements, constants))


def test_a_published_trajectory_gives_the_published_numbers():
    """FHI-vibes test data: CsPbI3, 135 atoms, FHI-aims PBEsol, 9 frames (doi:10.1103/PhysRevMaterials.4.083809)."""
    path = SHARED / "fixtures" / "cspbi3_aimd_700K.npz"
    if not path.exists():
        pytest.skip("the published trajectory is not beside this checkout")
    with np.load(path, allow_pickle=False) as archive:
        forces, displacements, constants = (archive[key] for key in ("forces", "displacements", "force_constants"))
        labels = [{55: "Cs", 82: "Pb", 53: "I"}[number] for number in archive["numbers"].tolist()]
    assert physics.sigma(forces, displacements, constants) == pytest.approx(0.6594159, abs=1e-6)
    anharmonic = physics.anharmonic_forces(forces, displacements, constants)
    expected = {"Cs": 0.8261619, "Pb": 0.6743109, "I": 0.6475134}
    assert physics.sigma_by_label(forces, anharmonic, labels) == pytest.approx(expected, abs=1e-6)
