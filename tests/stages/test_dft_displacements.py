"""A potential on DFT's displaced supercells: residual forces, the kept force constants, and errors that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compute.stages import dft_displacements as stage
from compute.stages import phonons
from compute.stages.stored import symmetrised
from compute.structures import reference_phonons as kept_phonons
from compute.structures.compounds import identify
from tests.support.pair_potential import PairPotential, as_atoms

PAIRS = PairPotential()


@pytest.fixture(scope="module")
def polar():
    """SrTiO3 with Ti off its site: five sites of low symmetry, at none of which the pair potential is at rest."""
    atoms = identify("SrTiO3", "abx3").structure(4.3, None)
    atoms.positions[atoms.get_chemical_symbols().index("Ti")] += (0, 0, 0.1)
    phonon = phonons.phonopy_of(atoms, np.diag([2, 2, 1]))
    phonon.generate_displacements(distance=0.01)
    return phonon


@pytest.fixture(scope="module")
def kept(polar):
    forces = stage.evaluated(PAIRS, polar)
    for each, found in zip(polar.dataset["first_atoms"], forces, strict=True):
        each["forces"] = found
    symmetrised(polar)
    return kept_phonons.reduced(polar, 1e-5)


def test_the_kept_rows_give_all_force_constants_back(polar, kept):
    assert len(kept.rows) < len(polar.supercell) / 3
    again = kept_phonons.from_row(kept_phonons.to_row(kept))
    crystal = stage.crystal(again)
    full = kept_phonons.expanded(again, crystal)
    assert np.allclose(full, polar.force_constants, atol=1e-6)
    # They are the derivatives of the forces of the potential that made them, to the order of the displacement.
    exact = PAIRS.hessian(as_atoms(crystal.supercell))
    assert np.abs(full - exact).max() < 1e-2 * np.abs(exact).max()
    with pytest.raises(ValueError, match="every atom"):
        kept_phonons.expanded(replace(again, rows=again.rows[:-1], constants=again.constants[:-1]), crystal)


def test_residual_forces_are_no_part_of_the_force_constants(kept):
    crystal = stage.crystal(kept)
    rest = PAIRS.evaluate(phonons.displaced(crystal, np.zeros((1, len(crystal.supercell), 3))))[0].forces
    assert np.abs(rest).max() > 0.1
    without = stage.potential_phonons(crystal, stage.evaluated(PAIRS, crystal), at_rest_removed=True)
    raw = stage.evaluated(PAIRS, crystal) + rest
    assert not stage.one_sided(crystal)
    within = stage.potential_phonons(crystal, raw, at_rest_removed=False)
    assert np.allclose(without.constants, within.constants, atol=1e-6)
    # Without its partner on the other side a displacement would take the residual forces for a part of Φ.
    partners = [
        (a, b)
        for a in range(len(kept.atoms))
        for b in range(a)
        if kept.atoms[a] == kept.atoms[b] and np.allclose(kept.displacements[a], -kept.displacements[b])
    ]
    left = np.delete(np.arange(len(kept.atoms)), partners[0][0])
    lame = stage.crystal(replace(kept, atoms=kept.atoms[left], displacements=kept.displacements[left]))
    assert stage.one_sided(lame)
    with pytest.raises(ValueError, match="one side"):
        stage.potential_phonons(lame, raw[left], at_rest_removed=False)


def test_a_softened_potential_is_found_to_be_one(kept):
    crystal = stage.crystal(kept)
    softened = replace(kept, constants=np.float32(0.8) * kept.constants)
    reference, model = (stage.dft_phonons(each, crystal) for each in (kept, softened))
    error = stage.hessian_error(crystal, model, reference)
    assert (error.relative, error.slope) == (pytest.approx(0.2, abs=1e-5), pytest.approx(0.8, abs=1e-5))
    assert error.soft.overlap == pytest.approx(1, abs=1e-4)
    assert error.soft.omega == pytest.approx(np.sqrt(0.8) * error.soft.reference, rel=1e-4)
    assert error.thirds["soft"].bias > error.thirds["middle"].bias > error.thirds["hard"].bias
    assert error.sigma == pytest.approx(0.2, abs=1e-4)
    assert error.amplification == pytest.approx(1, abs=1e-3)
    assert error.reason is None


def test_an_unstable_reference_makes_no_sigma(kept):
    crystal = stage.crystal(kept)
    turned = stage.dft_phonons(replace(kept, constants=-kept.constants), crystal)
    right = stage.dft_phonons(kept, crystal)
    error = stage.hessian_error(crystal, right, turned)
    assert error.sigma is None
    assert error.amplification is None
    assert error.reason.startswith("DFT is unstable in this supercell: -")
