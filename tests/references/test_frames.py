"""Reference frames: the same physics from every file, however its atoms are written."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.io.vasp import write_vasp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from compute.references.readers import read
from compute.references.readers.npz import write_npz
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.structures.force_constants import full_force_constants
from compute.structures.frames import FramesError
from compute.structures.sites import Crystal, minimum_image
from tests.support.frames_files import (
    LAYOUTS,
    POTENTIAL,
    STEPS,
    as_extxyz,
    as_npz,
    as_traj,
    as_vasp,
    from_positions,
    phonopy_crystal,
    sigma_of,
    truth,
)
from tests.support.pair_potential import PairPotential, as_atoms


@pytest.mark.parametrize("write", LAYOUTS)
def test_every_layout_holds_the_same_physics(write, tmp_path):
    frames = read(**write(tmp_path))
    known = truth()
    assert np.abs(frames.displacements - known.displacements).max() < 1e-7
    assert np.abs(frames.forces - known.forces).max() < 1e-7
    assert np.abs(frames.force_constants - known.force_constants).max() < 1e-9
    assert sigma_of(frames) == pytest.approx(sigma_of(known), rel=1e-6)
    assert 0.05 < sigma_of(known) < 2


@pytest.mark.parametrize("write", [as_npz, as_extxyz, as_traj])
def test_energies_are_kept(write, tmp_path):
    assert np.allclose(read(**write(tmp_path)).energies, truth().energies)


@pytest.mark.parametrize("write", LAYOUTS)
def test_a_potential_meets_each_frame_where_its_forces_were_computed(write, tmp_path):
    frames = read(**write(tmp_path))
    met = np.array([result.forces for result in POTENTIAL.evaluate(frames.atoms())])
    assert np.abs(met - frames.forces).max() < 1e-5


def test_our_file_keeps_everything_to_the_last_bit(tmp_path):
    known = replace(truth(), notes=("one", "two"))
    write_npz(known, tmp_path / "a.npz")
    again = read(tmp_path / "a.npz")
    for name, value in vars(known).items():
        assert np.array_equal(getattr(again, name), value), name
    bare = replace(known, force_constants=None, energies=None, temperature=None, notes=())
    write_npz(bare, tmp_path / "a.npz")
    again = read(tmp_path / "a.npz")
    assert (again.force_constants, again.energies, again.temperature, again.notes) == (None, None, None, ())


def test_published_trajectory_of_cspbi3(shared):
    file = shared / "fixtures" / "cspbi3_aimd_700K.npz"
    if not file.is_file():
        pytest.skip("the molecular dynamics of CsPbI3 is not beside this checkout")
    frames = read(file)
    assert sigma_of(frames) == pytest.approx(0.6594159, abs=1e-6)
    assert len(frames) == 9
    assert any("time_fs" in note for note in frames.notes)


# The same atoms, written differently.


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_atoms_in_the_frames_does_not_matter(seed):
    known = truth()
    order = np.random.default_rng(seed).permutation(len(known.numbers))
    frames = from_positions(
        (known.ideal + known.displacements)[:, order], known.forces[:, order], frame_numbers=known.numbers[order]
    )
    assert np.allclose(frames.displacements, known.displacements)
    assert sigma_of(frames) == pytest.approx(sigma_of(known))


@pytest.mark.parametrize("compact", [False, True])
def test_the_order_of_atoms_in_the_force_constants_does_not_matter(compact):
    known = truth()
    order = np.random.default_rng(0).permutation(len(known.numbers))
    ideal = Crystal(known.numbers[order], known.cell, known.ideal[order])
    values, rows = known.force_constants, None
    if compact:
        rows = phonopy_crystal().primitive.p2s_map
        values = values[rows]
    found = full_force_constants(values, ideal, known.crystal, rows)
    assert np.allclose(found, known.force_constants[np.ix_(order, order)])
    frames = from_positions(
        known.ideal + known.displacements,
        numbers=ideal.numbers,
        ideal=ideal.positions,
        frame_numbers=known.numbers,
        force_constants=values,
        force_constants_crystal=known.crystal,
        force_constants_rows=rows,
    )
    assert sigma_of(frames) == pytest.approx(sigma_of(known))


def test_a_folder_whose_structure_file_sorts_the_atoms_takes_the_order_from_the_yaml(tmp_path):
    given = as_vasp(tmp_path)
    order = np.argsort(truth().numbers, kind="stable")
    write_vasp(tmp_path / "SPOSCAR", truth().ideal_atoms()[order], direct=True)
    with pytest.raises(FramesError, match="another order"):
        read(**given)
    phonopy_crystal().save(tmp_path / "phonopy_disp.yaml")
    assert sigma_of(read(**given)) == pytest.approx(sigma_of(truth()), rel=1e-6)


def test_atoms_that_cross_the_boundary_do_not_matter():
    known = truth()
    frames = known.atoms()
    shifts = np.random.default_rng(1).integers(-2, 3, size=known.displacements.shape)
    wrapped = np.array([atoms.get_positions(wrap=True) for atoms in frames])
    assert np.abs(wrapped - known.ideal - known.displacements).max() > 5
    for positions in (wrapped, wrapped + shifts @ known.cell):
        assert np.allclose(from_positions(positions).displacements, known.displacements)


def test_a_crystal_that_drifts_as_a_whole_is_the_same_crystal():
    known = truth()
    drift = np.linspace(0, 2.5, STEPS)[:, None, None] * np.array([0.6, 0.0, 0.8])
    frames = from_positions(known.ideal + known.displacements + drift)
    assert sigma_of(frames) == pytest.approx(sigma_of(known))
    assert any("as a whole" in note for note in frames.notes)


@settings(max_examples=60)
@given(
    hnp.arrays(float, (3, 3), elements=st.floats(-6, 6)).filter(lambda cell: abs(np.linalg.det(cell)) > 20),
    hnp.arrays(float, (4, 3), elements=st.floats(-9, 9)),
)
def test_no_periodic_image_is_shorter(cell, vectors):
    found = minimum_image(vectors, cell)
    moved = (found - vectors) @ np.linalg.inv(cell)
    assert np.allclose(moved, np.rint(moved), atol=1e-6)
    others = found[:, None] + np.array(list(product(range(-3, 4), repeat=3))) @ cell
    assert (np.linalg.norm(found, axis=1) <= np.linalg.norm(others, axis=2).min(axis=1) + 1e-9).all()


# Force constants in the forms of phonopy.


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize(
    ("matrix", "primitive"),
    [
        (2 * np.eye(3), "P"),
        (2 * np.eye(3), "auto"),
        ([[-1, 1, 1], [1, -1, 1], [1, 1, -1]], "P"),
        (np.diag([1, 2, 3]), "P"),
    ],
)
def test_the_compact_form_is_the_full_one(matrix, primitive, rows):
    from phonopy.harmonic.force_constants import full_fc_to_compact_fc

    potential = PairPotential()
    atoms = identify("Cs2AgBiBr6", "hdp").structure(11.3, 0.252)
    phonon = phonons.phonopy_of(atoms, np.array(matrix, int), phonopy_matrix(atoms, primitive), symmetry=False)
    cell = phonon.supercell
    crystal = Crystal(cell.numbers, cell.cell, cell.positions)
    full = potential.hessian(crystal.atoms())
    compact = full_fc_to_compact_fc(phonon.primitive, full)
    assert len(compact) == 10
    found = full_force_constants(compact, crystal, rows=phonon.primitive.p2s_map if rows else None)
    assert np.allclose(found, full, atol=1e-10)


def phonopy_matrix(atoms: Atoms, primitive: str):
    from phonopy.structure.cells import guess_primitive_matrix

    if primitive != "auto":
        return primitive
    return guess_primitive_matrix(phonons.phonopy_of(atoms, np.eye(3, dtype=int), symmetry=False).unitcell)


def test_force_sets_give_the_hessian(tmp_path):
    as_vasp(tmp_path)
    (tmp_path / "force_constants.hdf5").unlink()
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.generate_displacements(distance=1e-3)
    phonon.forces = [POTENTIAL.evaluate([as_atoms(cell)])[0].forces for cell in phonon.supercells_with_displacements]
    from phonopy.file_IO import write_FORCE_SETS

    write_FORCE_SETS(phonon.dataset, tmp_path / "FORCE_SETS")
    frames = read(tmp_path)
    assert np.abs(frames.force_constants - truth().force_constants).max() < 1e-3
    assert sigma_of(frames) == pytest.approx(sigma_of(truth()), rel=1e-3)
    first = phonon.dataset["first_atoms"]
    write_FORCE_SETS({"natom": 40, "first_atoms": first[:1]}, tmp_path / "FORCE_SETS")
    with pytest.raises(FramesError, match="do not determine"):
        read(tmp_path)


def test_single_displacements_are_frames_that_are_nearly_harmonic(tmp_path):
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.generate_displacements(distance=0.01)
    phonon.save(tmp_path / "phonopy_disp.yaml")
    with pytest.raises(FramesError, match="FORCE_SETS"):
        read(tmp_path)
    phonon.forces = [POTENTIAL.evaluate([as_atoms(cell)])[0].forces for cell in phonon.supercells_with_displacements]
    from phonopy.file_IO import write_FORCE_SETS

    write_FORCE_SETS(phonon.dataset, tmp_path / "FORCE_SETS")
    (tmp_path / "BORN").write_text("not for us\n")
    frames = read(tmp_path)
    assert len(frames) == 3
    assert sigma_of(frames) < 0.05
    assert "single atoms" in frames.sampler
    assert any("same frames" in note for note in frames.notes)


def test_all_atoms_displaced_at_once_give_force_constants_too(tmp_path):
    rng = np.random.default_rng(2)
    small = 0.005 * rng.normal(size=(6, 40, 3))
    ideal = truth().ideal_atoms()
    met = POTENTIAL.evaluate([Atoms(ideal.symbols, ideal.positions + u, cell=ideal.cell, pbc=True) for u in small])
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.dataset = {"displacements": small, "forces": np.array([result.forces for result in met])}
    phonon.save(tmp_path / "phonopy_params.yaml")
    frames = read(tmp_path / "phonopy_params.yaml")
    assert sigma_of(frames) < 0.05
    assert np.abs(frames.force_constants - truth().force_constants).max() < 0.05


def test_atomic_units_are_converted(tmp_path):
    from ase.units import Bohr, Ry
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    known = truth()
    cell = PhonopyAtoms(numbers=known.numbers, cell=known.cell / Bohr, positions=known.ideal / Bohr)
    phonon = Phonopy(cell, np.eye(3, dtype=int), primitive_matrix="P", calculator="qe")
    phonon.dataset = {"displacements": known.displacements / Bohr, "forces": known.forces / (Ry / Bohr)}
    phonon.force_constants = known.force_constants / (Ry / Bohr**2)
    phonon.save(tmp_path / "phonopy_params.yaml", settings={"force_constants": True})
    frames = read(tmp_path)
    assert np.allclose(frames.cell, known.cell, atol=1e-6)
    assert np.allclose(frames.displacements, known.displacements, atol=1e-6)
    assert np.allclose(frames.forces, known.forces, atol=1e-6)
    assert np.allclose(frames.force_constants, known.force_constants, atol=1e-5)
    assert frames.method == "functional not stated, qe"
