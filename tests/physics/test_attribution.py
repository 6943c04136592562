"""Error attribution on crystals whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from compute.physics import anharmonicity
from compute.physics.attribution import (
    BOLTZMANN,
    CORNERS,
    Sample,
    attribution,
    effective_sample_size,
    model_error,
    weights,
)

ATOMS = 4


def constants(seed: int, scale: float = 1.0) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(3 * ATOMS, 3 * ATOMS))
    move = np.kron(np.eye(ATOMS) - 1 / ATOMS, np.eye(3))
    matrix = scale * move @ (root @ root.T + 3 * np.eye(3 * ATOMS)) @ move
    return matrix.reshape(ATOMS, 3, ATOMS, 3).transpose(0, 2, 1, 3)


REFERENCE = constants(1)
MODEL = 0.8 * REFERENCE + constants(2, 0.05)


def forces(displacements: np.ndarray, phi: np.ndarray, quartic: float) -> np.ndarray:
    found = -np.einsum("ijab,tjb->tia", phi, displacements)
    cubed = displacements**3
    return found - quartic * (cubed - cubed.mean(axis=1, keepdims=True))


def sample(seed: int, spread: float, frames: int = 60, *, reference: bool = True, model: bool = True) -> Sample:
    u = np.random.default_rng(seed).normal(scale=spread, size=(frames, ATOMS, 3))
    return Sample(
        u,
        forces(u, REFERENCE, 40.0) if reference else None,
        forces(u, MODEL, 25.0) if model else None,
        np.zeros(frames, int),
    )


def test_all_eight_corners_are_the_score_itself():
    frames = {"r": sample(1, 0.2), "m": sample(2, 0.25)}
    result = attribution(frames["r"], frames["m"], REFERENCE, MODEL)
    assert tuple(result.corners) == CORNERS
    assert not result.missing
    for corner, value in result.corners.items():
        here = frames[corner[0]]
        given = {"r": here.reference_forces, "m": here.model_forces}[corner[1]]
        phi = {"r": REFERENCE, "m": MODEL}[corner[2]]
        assert value.value == pytest.approx(anharmonicity.sigma(given, here.displacements, phi), rel=1e-12)


def test_contributions_add_up_to_the_total_error():
    result = attribution(sample(1, 0.2), sample(2, 0.25), REFERENCE, MODEL)
    assert result.n_orders == 6
    assert abs(result.total.value) > 0.01
    for split in (result.path, result.shapley):
        assert sum(step.value for step in split.values()) == pytest.approx(result.total.value, rel=1e-10)


def test_a_perfect_model_has_no_error():
    frames = sample(1, 0.2)
    perfect = Sample(frames.displacements, frames.reference_forces, frames.reference_forces, frames.seeds)
    result = attribution(perfect, perfect, REFERENCE, REFERENCE)
    differences = [result.total, *result.path.values(), *result.shapley.values(), *result.interactions.values()]
    assert [step.value for step in differences] == pytest.approx([0.0] * len(differences), abs=1e-12)
    errors = model_error(perfect, REFERENCE, REFERENCE)
    assert (errors.slope.value, errors.force_rmse.value, errors.constants_error) == pytest.approx((1, 0, 0))


@pytest.mark.parametrize("softening", [0.5, 0.8, 1.3])
def test_a_pure_softening_leaves_sigma_alone_once_forces_and_hessian_are_both_replaced(softening):
    frames = sample(1, 0.2, model=False)
    soft = Sample(frames.displacements, frames.reference_forces, softening * frames.reference_forces, frames.seeds)
    result = attribution(soft, None, REFERENCE, softening * REFERENCE)
    truth = result.corners["rrr"].value
    assert result.corners["rmm"].value == pytest.approx(truth, rel=1e-12)
    assert abs(result.corners["rmr"].value - truth) > 0.02
    assert result.interactions["forces_hessian"].value == pytest.approx(
        2 * truth - result.corners["rmr"].value - result.corners["rrm"].value, rel=1e-10
    )
    errors = model_error(soft, REFERENCE, softening * REFERENCE)
    assert errors.slope.value == pytest.approx(softening)
    assert errors.slope_constants == pytest.approx(softening)
    assert errors.amplification.value == pytest.approx(1)
    assert errors.sigma_rescaled.value == pytest.approx(truth)


def test_an_error_of_the_hessian_alone_is_found_there():
    frames = sample(1, 0.2, model=False)
    same = Sample(frames.displacements, frames.reference_forces, frames.reference_forces, frames.seeds)
    result = attribution(same, same, REFERENCE, MODEL)
    assert result.path["forces"].value == result.path["sampling"].value == 0
    assert result.shapley["hessian"].value == pytest.approx(result.total.value)
    assert result.total.value != 0


def test_what_is_missing_is_named_and_nothing_is_made_up():
    alone = attribution(sample(1, 0.2), None, REFERENCE, MODEL)
    assert set(alone.corners) == {"rrr", "rrm", "rmr", "rmm"}
    assert set(alone.path) == {"forces", "hessian"}
    assert alone.total is None
    assert (alone.shapley, alone.n_orders) == ({}, 0)
    assert "sampled by the model" in alone.missing["mmm"]
    without = attribution(sample(1, 0.2), sample(2, 0.25, reference=False), REFERENCE, MODEL)
    assert set(without.missing) == {"mrr", "mrm"}
    assert "DFT" in without.missing["mrr"]
    assert without.n_orders == 3
    assert sum(step.value for step in without.shapley.values()) == pytest.approx(without.total.value)
    assert set(without.interactions) == {"forces_hessian", "hessian_sampling_given_forces"}
    no_constants = attribution(sample(1, 0.2), None, None, MODEL)
    assert set(no_constants.corners) == {"rrm", "rmm"}
    assert not no_constants.path


def test_errors_are_the_scatter_over_repetitions_and_shared_frames_cancel():
    results = [
        attribution(sample(seed, 0.2, 24), sample(1000 + seed, 0.25, 24), REFERENCE, MODEL) for seed in range(120)
    ]
    for pick in (
        lambda result: result.corners["rrr"],
        lambda result: result.path["forces"],
        lambda result: result.path["sampling"],
        lambda result: result.shapley["hessian"],
    ):
        scatter = np.std([pick(result).value for result in results])
        claimed = np.median([pick(result).se for result in results])
        assert 0.7 * scatter < claimed < 2.2 * scatter
    one = results[0]
    independent = np.hypot(one.corners["rmr"].se, one.corners["rrr"].se)
    assert one.path["forces"].se < 0.5 * independent


def test_too_few_frames_give_a_value_without_an_error():
    result = attribution(sample(1, 0.2, 3), None, REFERENCE, MODEL)
    assert np.isfinite(result.corners["rrr"].value)
    assert np.isnan(result.corners["rrr"].se)
    assert np.isnan(model_error(sample(1, 0.2, 3), REFERENCE, MODEL).slope.se)


def test_reweighting_turns_one_harmonic_ensemble_into_the_other():
    temperature, stiff, soft = 300.0, 2.0, 1.4
    kt = BOLTZMANN * temperature
    x = np.random.default_rng(5).normal(scale=np.sqrt(kt / soft), size=40_000)
    found = weights(0.5 * stiff * x**2 + 7.0, 0.5 * soft * x**2, temperature)
    assert np.sum(found * x**2) == pytest.approx(kt / stiff, rel=0.03)
    # ∫p_r²/p_m in closed form gives the share of frames that is left.
    share = np.sqrt(soft * (2 * stiff - soft)) / stiff
    assert effective_sample_size(found) / len(x) == pytest.approx(share, rel=0.02)
    assert effective_sample_size(weights(x, x + 3, temperature)) == pytest.approx(len(x))
