"""The σ that an error of the force constants alone makes: analytic cases, and the closed form against frames."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics import hessian_error as he
from compute.physics.anharmonicity import sigma
from compute.physics.phonons import normal_modes
from compute.physics.thermal import BOLTZMANN, thermal_amplitudes, thermal_displacements
from compute.statistics.deviation import THIRDS, by_third

N = 6
MASSES = np.linspace(10.0, 120.0, N)


def crystal(seed: int) -> np.ndarray:
    """Random springs between all pairs of N atoms: symmetric, translation invariant, every other curvature positive."""
    rng = np.random.default_rng(seed)
    constants = np.zeros((N, N, 3, 3))
    for i in range(N):
        for j in range(i):
            half = rng.normal(size=(3, 3))
            spring = half @ half.T + 0.1 * np.eye(3)
            for a, b, sign in ((i, j, -1), (j, i, -1), (i, i, 1), (j, j, 1)):
                constants[a, b] += sign * spring
    return constants


def test_a_softened_crystal_errs_by_its_softening():
    reference = crystal(1)
    for slope in (0.6, 1.3):
        assert he.sigma_hessian(slope * reference, reference) == pytest.approx(abs(slope - 1), rel=1e-9)
        assert he.softening_slope(slope * reference, reference) == pytest.approx(slope)


def test_an_error_along_one_curvature_counts_by_its_inverse_root():
    reference, delta = crystal(2), 0.07
    curvatures, vectors = np.linalg.eigh(he.matrix(reference))
    trace = np.trace(he.matrix(reference))
    for mode in (3, 10, -1):
        along = np.outer(vectors[:, mode], vectors[:, mode]).reshape(N, 3, N, 3).transpose(0, 2, 1, 3)
        expected = delta / np.sqrt(curvatures[mode] * trace)
        assert he.sigma_hessian(reference + delta * along, reference) == pytest.approx(expected, rel=1e-8)
        assert he.sigma_hessian(reference - delta * along, reference) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("kelvin", [50.0, 300.0])
def test_the_closed_form_is_what_harmonic_frames_give(kelvin):
    reference = crystal(3)
    model = reference + 0.2 * crystal(4) - 0.1 * crystal(5)
    omega, patterns = normal_modes(reference, MASSES)
    amplitudes = thermal_amplitudes(omega, kelvin, "refuse", 1e-6)
    generators = [np.random.default_rng(seed) for seed in range(4000)]
    frames = thermal_displacements(patterns, amplitudes, MASSES, generators)
    forces = -np.einsum("ijab,tjb->tia", reference, frames)
    assert sigma(forces, frames, model) == pytest.approx(he.sigma_hessian(model, reference), rel=0.02)


def test_quantum_frames_differ_from_classical_ones_only_when_cold():
    reference = crystal(6)
    model = reference + 0.1 * crystal(7)
    classical = he.sigma_hessian(model, reference)
    hot = he.quantum_covariance(reference, MASSES, 1e5)
    # ⟨F Fᵀ⟩: which point stays at rest, the centre of mass or that of the sites, makes no force.
    right = he.matrix(reference)
    assert np.allclose(right @ hot @ right, BOLTZMANN * 1e5 * right, rtol=1e-4, atol=1e-4)
    assert he.sigma_hessian(model, reference, hot) == pytest.approx(classical, rel=1e-3)
    cold = he.quantum_covariance(reference, MASSES, 10.0)
    assert abs(he.sigma_hessian(model, reference, cold) / classical - 1) > 0.01


def test_an_unstable_reference_has_no_answer():
    reference = crystal(8) - 3 * crystal(9)
    for covariance in (lambda: None, lambda: he.quantum_covariance(reference, MASSES, 300.0)):
        with pytest.raises(he.UnstableReference, match="softest"):
            he.sigma_hessian(crystal(8), reference, covariance())
    with pytest.raises(ValueError, match="shapes"):
        he.sigma_hessian(crystal(8)[:2, :2], crystal(8))


def test_thirds_split_the_modes_by_the_reference():
    reference = np.array([[3.0, 1.0, 2.0], [5.0, 4.0, 6.0]])
    error = np.array([[0.0, -1.0, -1.0], [0.0, 0.0, 2.0]])
    found = by_third(reference + error, reference)
    assert [found[name].n for name in THIRDS] == [2, 2, 2]
    assert (found["soft"].bias, found["middle"].rmse, found["hard"].bias) == (-1.0, 0.0, 1.0)


def test_soft_modes_are_found_by_their_pattern():
    reference = crystal(10)
    omega, patterns = normal_modes(reference, MASSES)
    same = he.soft_modes(reference, reference, MASSES)
    assert (same.overlap, same.omega) == (pytest.approx(1), pytest.approx(omega[0]))
    # Harden the softest mode above the next: by order another pattern would be compared.
    root = np.repeat(np.sqrt(MASSES), 3)
    shape = patterns[0].ravel() * root
    stiffer = np.outer(shape, shape) * (3 * omega[1] ** 2 / he.THZ_PER_ROOT**2)
    moved = he.soft_modes(reference + stiffer.reshape(N, 3, N, 3).transpose(0, 2, 1, 3), reference, MASSES)
    assert moved.overlap == pytest.approx(1)
    assert moved.omega > omega[1]
    assert moved.reference == pytest.approx(omega[0])
