"""The harmonic stage against an analytic crystal, and against what must hold for any crystal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from compute.physics import phonons as physics
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol
from compute.stages import phonons
from compute.stages.harmonic import harmonic
from compute.stages.relax import RelaxationError, relax
from compute.structures.compounds import identify
from compute.structures.prototypes import cubic_perovskite, elpasolite
from compute.suites import SUITES
from tests.support.pair_potential import PairPotential, as_atoms

REFERENCE, RELAXED = HARMONIC_PROTOCOLS["reference-geometry"], HARMONIC_PROTOCOLS["relaxed-geometry"]
PAIRS = PairPotential()


def exact_frequencies(phonon, q: np.ndarray) -> np.ndarray:
    """ω (THz) at a commensurate q straight from the exact Hessian of the supercell, without phonopy."""
    cell = phonon.supercell
    atoms = as_atoms(cell)
    phi = PAIRS.hessian(atoms)
    first = phonon.primitive.p2s_map
    kind = np.searchsorted(first, phonon.primitive.s2p_map)
    masses, n = cell.masses, len(first)
    dynamical = np.zeros((n, n, 3, 3), dtype=complex)
    cart = 2 * np.pi * np.linalg.inv(phonon.primitive.cell) @ q
    for row, i in enumerate(first):
        for j in range(len(atoms)):
            phase = np.exp(1j * cart @ (atoms.positions[j] - atoms.positions[first[kind[j]]]))
            dynamical[row, kind[j]] += phi[i, j] / np.sqrt(masses[i] * masses[j]) * phase
    eigenvalues = np.linalg.eigvalsh(dynamical.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n))
    return np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues)) * physics.THZ_PER_ROOT


@pytest.mark.parametrize(
    ("compound", "a", "x"), [(identify("SrTiO3", "abx3"), 3.9, None), (identify("Cs2AgBiBr6", "hdp"), 11.3, 0.252)]
)
def test_frequencies_are_those_of_the_exact_hessian(compound, a, x):
    plan = phonons.symmetric_plan(compound.structure(a, x), 2, 0.001)
    phonon = phonons.phonopy_of(compound.structure(a, x), plan.template.supercell_matrix, symmetry=False)
    forces = [r.forces for r in PAIRS.evaluate(phonons.displaced(phonon, plan.displacements))]
    phonon.force_constants = phonons.solve(plan, np.array(forces)).values
    for q in phonons.commensurate_q(phonon):
        found = np.sort(phonons.frequencies(phonon, [q])[0])
        exact = exact_frequencies(phonon, q)
        # ω² is what the force constants fix; near zero ω is its square root.
        assert np.allclose(physics.signed_square(found), physics.signed_square(exact), atol=2e-3)


def test_the_commensurate_points_are_those_of_the_suite():
    compound = identify("Cs2AgBiBr6", "hdp")
    phonon = phonons.phonopy_of(compound.structure(11.0, 0.25), 2 * np.eye(3), symmetry=False)
    listed = {tuple(np.mod(q, 1)) for star in SUITES["hdp"].q_points.values() for q in star}
    assert {tuple(np.mod(np.round(q, 9), 1)) for q in phonons.commensurate_q(phonon)} == listed


def test_symmetrised_force_constants_obey_their_rules():
    compound = identify("SrTiO3", "abx3")
    plan = phonons.symmetric_plan(compound.structure(3.9), 2, 0.02)
    phonon = phonons.phonopy_of(compound.structure(3.9), plan.template.supercell_matrix, symmetry=False)
    forces = np.array([r.forces for r in PAIRS.evaluate(phonons.displaced(phonon, plan.displacements))])
    constants = phonons.solve(plan, forces)
    assert physics.sum_rule_residual(constants.values).max() < 1e-9
    assert np.allclose(constants.values, constants.values.transpose(1, 0, 3, 2), atol=1e-10)
    assert physics.sum_rule_residual(constants.raw).max() > 1e-6
    phonon.force_constants = constants.values
    assert np.abs(np.sort(np.abs(phonons.frequencies(phonon, [(0, 0, 0)])[0]))[:3]).max() < 1e-3


@pytest.mark.parametrize(
    "cell", [cubic_perovskite("Cs", "Pb", "Br", 5.9), elpasolite("Cs", "Ag", "Bi", "Cl", 10.0, 0.24)]
)
def test_finite_differences_are_those_of_phonopy(cell):
    from phonopy.interface.fc_calculator import get_fc2

    plan = phonons.symmetric_plan(cell, 2, 0.01)
    # Forces without any symmetry: both must weigh all operations alike.
    forces = np.random.default_rng(5).normal(size=plan.displacements.shape)
    template = plan.template
    first = [{**entry, "forces": f} for entry, f in zip(template.dataset["first_atoms"], forces, strict=True)]
    dataset = {**template.dataset, "first_atoms": first}
    wanted = get_fc2(template.supercell, dataset, primitive=template.primitive, symmetry=template.symmetry)
    np.testing.assert_allclose(phonons.solve(plan, forces).raw, wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("compound", "a", "x"), [(identify("SrTiO3", "abx3"), 3.9, None), (identify("Cs2AgBiBr6", "hdp"), 11.3, 0.252)]
)
def test_a_fit_to_frames_is_that_of_symfc(compound, a, x):
    from symfc import Symfc
    from symfc.utils.utils import SymfcAtoms

    plan = phonons.symmetric_plan(compound.structure(a, x), 2, 0.01)
    cell = plan.template.supercell
    rng = np.random.default_rng(0)
    u = 0.1 * rng.normal(size=(60, len(cell), 3))
    f = -2 * u + 0.3 * rng.normal(size=u.shape)
    atoms = SymfcAtoms(cell=cell.cell, scaled_positions=cell.scaled_positions, numbers=cell.numbers)
    theirs = Symfc(atoms)
    theirs.displacements, theirs.forces = u, f
    theirs.run(max_order=2, is_compact_fc=False)
    assert np.allclose(phonons.fit(plan, u, f), theirs.force_constants[2], atol=1e-10)


def test_only_inequivalent_displacements_are_evaluated():
    plan = phonons.symmetric_plan(identify("SrTiO3", "abx3").structure(3.9), 2, 0.01)
    assert plan.displacements.shape == (3, 40, 3)
    assert np.allclose(np.linalg.norm(plan.displacements, axis=2).max(axis=1), 0.01)


def test_the_result_does_not_depend_on_the_supercell_that_holds_it():
    compound = identify("SrTiO3", "abx3")
    gamma = [
        harmonic(compound, PAIRS, REFERENCE.model_copy(update={"supercell": n, "ladder": None}), a=3.9).omegas["gamma"]
        for n in (2, 4)
    ]
    # Both cells hold the 6.5 Å range of the pairs only when images are summed, as the exact Φ at Γ demands.
    assert gamma[0] == pytest.approx(gamma[1], abs=1e-3)


def test_a_frozen_phonon_tells_a_rough_potential_from_a_smooth_one():
    compound = identify("SrTiO3", "abx3")
    smooth = harmonic(compound, PAIRS, REFERENCE, a=3.9)
    rough = harmonic(compound, PairPotential(rounding=1e-2), REFERENCE, a=3.9)
    assert smooth.noise_floor < 0.3
    assert rough.noise_floor > 3 * smooth.noise_floor


def test_the_softest_pattern_has_the_softest_frequency():
    compound = identify("SrTiO3", "abx3")
    result = harmonic(compound, PAIRS, REFERENCE.model_copy(update={"displacement": 1e-3}), a=3.9)
    assert result.omega_frozen == pytest.approx(result.omega_min, abs=5e-3)


def test_the_last_digit_of_force_constants_does_not_choose_among_degenerate_modes():
    phonon = harmonic(identify("SrTiO3", "abx3"), PAIRS, REFERENCE, a=3.9).crystal.phonon
    masses = phonon.supercell.masses
    omegas, _ = physics.normal_modes(phonon.force_constants, masses)
    assert np.ptp(omegas[:2]) < 1e-5, "degenerate"
    pattern = physics.softest_pattern(phonon.force_constants, masses, 0.01)
    noise = np.random.default_rng(1).normal(scale=1e-12, size=phonon.force_constants.shape)
    assert physics.softest_pattern(phonon.force_constants + noise, masses, 0.01) == pytest.approx(pattern, abs=1e-8)


def test_single_precision_forces_raise_the_sum_rule_noise():
    compound = identify("SrTiO3", "abx3")
    plan = phonons.symmetric_plan(compound.structure(3.9), 2, 1e-4)
    phonon = phonons.phonopy_of(compound.structure(3.9), plan.template.supercell_matrix, symmetry=False)
    exact = np.array([r.forces for r in PAIRS.evaluate(phonons.displaced(phonon, plan.displacements))])
    rounded = np.round(exact, 6)
    floors = [
        physics.noise_floor_from_sum_rule(phonons.solve(plan, forces).raw, phonon.supercell.masses)
        for forces in (exact, rounded)
    ]
    assert floors[1] > 3 * floors[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_forces_that_are_not_finite_are_refused(bad):
    plan = phonons.symmetric_plan(identify("SrTiO3", "abx3").structure(3.9), 2, 0.01)
    with pytest.raises(ValueError, match="finite"):
        phonons.solve(plan, np.full(plan.displacements.shape, bad))


def test_an_optical_mode_softer_than_the_acoustic_ones_is_kept():
    assert physics.without_acoustic(np.array([-3.0, -1e-4, 1e-5, 2e-4, 5.0])).tolist() == [-3.0, 5.0]


@given(hnp.arrays(float, 8, elements=st.floats(-50, 50)))
def test_signed_square_keeps_order(omegas):
    order = np.argsort(omegas, kind="stable")
    assert (np.diff(physics.signed_square(omegas)[order]) >= 0).all()


@pytest.mark.parametrize(
    ("compound", "a", "x"), [(identify("SrTiO3", "abx3"), 3.7, None), (identify("Cs2AgBiBr6", "hdp"), 11.0, 0.26)]
)
def test_relaxation_ends_at_a_minimum_of_the_energy(compound, a, x):
    relaxed = relax(compound, PAIRS, RELAXED, a, x)

    def energy(da: float, dx: float) -> float:
        anion = None if relaxed.x is None else relaxed.x + dx
        return PAIRS.evaluate([compound.structure(relaxed.a + da, anion)])[0].energy

    assert relaxed.max_force < RELAXED.max_force
    assert abs(relaxed.pressure) < RELAXED.max_pressure
    assert abs(energy(1e-4, 0) - energy(-1e-4, 0)) / 2e-4 < 1e-3
    assert min(energy(0.02, 0), energy(-0.02, 0)) > energy(0, 0)
    if relaxed.x is not None:
        assert min(energy(0, 0.002), energy(0, -0.002)) > energy(0, 0)


def test_a_relaxation_that_does_not_converge_is_an_error():
    compound = identify("SrTiO3", "abx3")
    hurried = HarmonicProtocol(name="hurried", geometry="relaxed", max_relax_steps=1)
    with pytest.raises(RelaxationError, match="not converged"):
        relax(compound, PAIRS, hurried, 3.6, None)
    with pytest.raises(RelaxationError, match="left"):
        relax(compound, PairPotential({"Sr": 3.5, "Ti": 3.5, "O": 3.5}), RELAXED, 3.9, None)


def test_a_suite_without_published_geometry_needs_relaxation():
    with pytest.raises(ValueError, match="relaxed-geometry"):
        harmonic(identify("Cs2AgBiBr6", "hdp"), PAIRS, REFERENCE)


def test_chgnets_cusp_at_straight_bonds_is_its_three_body_terms():
    from compute.potentials.load import load

    potential = load("chgnet-0.3.0", device="cpu")
    compound, a = identify("RbMgCl3", "abx3"), 5.02
    whole = harmonic(compound, potential, REFERENCE, a)
    potential._model.graph_converter.bond_graph_cutoff = 1.0  # no bond is that short, so no angle is left
    pairs_only = harmonic(compound, potential, REFERENCE, a)
    assert whole.noise_floor > 2
    assert pairs_only.noise_floor < 0.3
    # A cusp makes ω² as large as the displacement is small.
    squares = physics.signed_square(np.array([whole.ladder.cusp, pairs_only.ladder.cusp]))
    assert abs(squares[0]) > 20 * abs(squares[1])
