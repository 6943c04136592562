"""The frozen softest mode at several amplitudes: against energies known in closed form, and against exact Hessians."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.physics.ladder import ladder, parts
from compute.physics.phonons import THZ_PER_ROOT, signed_root, signed_square, softest_pattern
from compute.potentials.load import load
from compute.potentials.store import add
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol, SamplingProtocol, sampling_protocol
from compute.stages.harmonic import harmonic
from compute.stages.rows import harmonic_row
from compute.structures.compounds import identify
from tests.support.mace_model import train_small_mace
from tests.support.pair_potential import PairPotential

REFERENCE = HARMONIC_PROTOCOLS["reference-geometry"]
AMPLITUDES = np.array([0.01, 0.03, 0.05])
MASSES = np.array([10.0, 40.0])
PATTERN = np.array([[1.0, 0, 0], [-0.25, 0, 0]])


def climbed(curvature: float, cusp: float, quartic: float):
    """The ladder of E = ½kA² + c|A| + ¼qA⁴ along `PATTERN`."""
    heights = np.array([0, *AMPLITUDES])
    energies = curvature * heights**2 / 2 + cusp * heights + quartic * heights**4 / 4
    along = -(curvature * heights + cusp * np.sign(heights) + quartic * heights**3)
    # Any forces with this F·e.
    forces = along[:, None, None] * PATTERN / np.sum(PATTERN**2)
    return ladder(PATTERN, MASSES, AMPLITUDES, energies, forces)


@given(st.floats(-5, 5), st.floats(-0.1, 0.1), st.floats(-500, 500))
def test_curvature_cusp_and_quartic_term_are_told_apart(curvature, cusp, quartic):
    found = climbed(curvature, cusp, quartic)
    mass = np.sum(MASSES[:, None] * PATTERN**2)
    wanted = np.array([curvature, cusp / AMPLITUDES[0]]) / mass * THZ_PER_ROOT**2
    assert signed_square(np.array([found.smooth, found.cusp])) == pytest.approx(wanted, abs=1e-6)


def test_each_rung_has_the_energy_and_the_force_of_its_amplitude():
    found = climbed(-2.0, 0.05, 300.0)
    heights = AMPLITUDES
    assert found.energies == pytest.approx(-(heights**2) + 0.05 * heights + 75 * heights**4)
    assert found.forces == pytest.approx(2 * heights - 0.05 - 300 * heights**3)
    mass = np.sum(MASSES[:, None] * PATTERN**2)
    assert found.omegas == pytest.approx(signed_root(-found.forces / heights / mass) * THZ_PER_ROOT)


def test_two_amplitudes_do_not_show_a_cusp():
    with pytest.raises(ValueError, match="3 amplitudes"):
        parts(AMPLITUDES[:2], np.array([1.0, 2.0]))


def test_a_ladder_begins_at_the_displacement_and_rises():
    for rungs in ((2, 3, 5), (1, 5, 3), (1, 3, 3), (1, 3)):
        with pytest.raises(ValueError, match=r"ladder|at least 3"):
            HarmonicProtocol(name="wrong", geometry="reference", ladder=rungs)


def test_settings_without_a_ladder_keep_the_digest_that_they_had():
    # Of the release of 2026-11-23.
    known = {"reference-geometry": "6aecfde9edf11868", "relaxed-geometry": "a8feb258a4670f8a"}
    for name, digest in known.items():
        assert HARMONIC_PROTOCOLS[name].model_copy(update={"ladder": None}).digest == digest
        assert HARMONIC_PROTOCOLS[name].digest != digest


def test_sigma_climbs_no_ladder_and_keeps_its_digest():
    sampled = sampling_protocol("published", "abx3")
    bare = sampled.model_copy(update={"harmonic": sampled.harmonic.model_copy(update={"ladder": None})})
    assert sampled.digest == bare.digest
    assert SamplingProtocol.model_validate_json(sampled.model_dump_json()).digest == sampled.digest


def test_a_smooth_crystal_says_the_same_on_every_rung():
    compound, pairs = identify("SrTiO3", "abx3"), PairPotential()
    result = harmonic(compound, pairs, REFERENCE, a=3.9)
    found = result.ladder
    assert found.amplitudes == pytest.approx(AMPLITUDES)
    assert result.omega_frozen == found.omegas[0]
    assert abs(found.cusp) < 0.05
    phonon = result.crystal.phonon
    pattern = softest_pattern(phonon.force_constants, phonon.supercell.masses, 1.0)
    exact = np.einsum("ia,ijab,jb->", pattern, pairs.hessian(result.crystal.supercell), pattern)
    mass = np.sum(phonon.supercell.masses[:, None] * pattern**2)
    assert found.smooth == pytest.approx(signed_root(exact / mass) * THZ_PER_ROOT, abs=0.02)
    # −dE/dA, by the energies of neighbouring amplitudes.
    fit = np.polynomial.Polynomial.fit(np.square([0, *found.amplitudes]), [0, *found.energies], 3)
    slopes = -2 * found.amplitudes * fit.deriv()(np.square(found.amplitudes))
    assert found.forces == pytest.approx(slopes, rel=1e-3)
    row = harmonic_row(result, REFERENCE)
    assert row["label_ladder"] == row["label"]
    assert row["undecidable"] is False
    assert row["rung_label"] == [row["label"]] * 3


def test_without_a_ladder_there_are_no_such_columns():
    bare = REFERENCE.model_copy(update={"ladder": None})
    result = harmonic(identify("SrTiO3", "abx3"), PairPotential(), bare, a=3.9)
    assert result.ladder is None
    row = harmonic_row(result, bare)
    assert not [name for name in row if name.startswith("rung_") or name in ("label_ladder", "undecidable")]
    climbed = harmonic(identify("SrTiO3", "abx3"), PairPotential(), REFERENCE, a=3.9)
    assert climbed.omega_frozen == pytest.approx(result.omega_frozen, abs=1e-9)


def test_the_ladder_of_mace_leads_down_to_its_exact_hessian(tmp_path):
    from mace.calculators import MACECalculator

    file = train_small_mace(tmp_path / "small.model")
    add(file, id="small-mace", directory=tmp_path / "checkpoints")
    potential = load("small-mace", device="cpu", directory=tmp_path / "checkpoints")
    result = harmonic(identify("CsPbBr3", "abx3"), potential, REFERENCE, a=5.9)
    atoms, masses = result.crystal.supercell, result.crystal.phonon.supercell.masses
    pattern = softest_pattern(result.crystal.phonon.force_constants, masses, 1.0)
    hessian = MACECalculator(str(file), device="cpu", default_dtype="float64").get_hessian(atoms)
    curvature = pattern.ravel() @ np.reshape(hessian, (pattern.size, -1)) @ pattern.ravel()
    exact = float(signed_root(curvature / np.sum(masses[:, None] * pattern**2)) * THZ_PER_ROOT)
    found = result.ladder
    assert found.smooth == pytest.approx(exact, abs=0.005)
    assert abs(found.cusp) < 0.05
    # The higher the rung, the further from the limit.
    off = np.abs(signed_square(found.omegas) - signed_square(exact))
    assert (np.diff(off) > 0).all()
