"""Reference frames: the same physics from every file, and a refusal where the physics would be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read as read_atoms
from ase.io import write as write_atoms
from ase.io.vasp import write_vasp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from typer.testing import CliRunner

from compute.cli import app
from compute.physics.anharmonicity import sigma
from compute.references.readers import read
from compute.references.readers.npz import write_npz
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.structures.force_constants import full_force_constants
from compute.structures.frames import Frames, FramesError, frames_from_positions, joined
from compute.structures.sites import Crystal, minimum_image
from tests.frames_files import write_vasprun
from tests.pair_potential import PairPotential

POTENTIAL = PairPotential({"Sr": 1.35, "Ti": 0.55, "O": 1.4})
STEPS = 12


@cache
def phonopy_crystal():
    """phonopy's 40-atom supercell, which has atoms on its boundary."""
    atoms = identify("SrTiO3", "abx3").structure(3.9)
    return phonons.phonopy_of(atoms, 2 * np.eye(3, dtype=int))


@cache
def truth() -> Frames:
    """A smooth trajectory in the analytic crystal, its exact forces and its exact Hessian."""
    cell = phonopy_crystal().supercell
    ideal = Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True)
    rng = np.random.default_rng(5)
    waves, phases = rng.normal(scale=0.12, size=(2, len(ideal), 3))
    time = np.arange(STEPS)[:, None, None]
    displacements = waves * np.sin(0.15 * time + 20 * phases)
    frames = [Atoms(ideal.symbols, ideal.positions + u, cell=ideal.cell, pbc=True) for u in displacements]
    results = POTENTIAL.evaluate(frames)
    return Frames(
        numbers=ideal.numbers,
        cell=ideal.cell.array,
        ideal=ideal.positions,
        displacements=displacements,
        forces=np.array([result.forces for result in results]),
        seeds=np.zeros(STEPS, np.int64),
        force_constants=POTENTIAL.hessian(ideal),
        energies=np.array([result.energy for result in results]),
        source="made here",
        method="pair potential",
        sampler="sine waves",
        temperature=300.0,
    )


def sigma_of(frames: Frames) -> float:
    return sigma(frames.forces, frames.displacements, frames.force_constants)


def from_positions(positions, forces=None, **changed) -> Frames:
    known = truth()
    names = ("numbers", "cell", "ideal", "force_constants")
    given = {name: getattr(known, name) for name in names} | changed
    ideal = [given.pop(name) for name in names[:3]]
    return frames_from_positions(*ideal, positions, known.forces if forces is None else forces, **given)


def images(known: Frames) -> list[Atoms]:
    found = known.atoms()
    for atoms, force, energy in zip(found, known.forces, known.energies, strict=True):
        atoms.calc = SinglePointCalculator(atoms, forces=force, energy=energy)
    return found


# Layouts: each writes the same frames into a folder and returns what `read` is given.


def as_npz(folder: Path) -> dict:
    write_npz(truth(), folder / "frames.npz")
    return {"path": folder / "frames.npz"}


def as_foreign_npz(folder: Path) -> dict:
    known = truth()
    size = 3 * len(known.numbers)
    np.savez(
        folder / "theirs.npz",
        atomic_numbers=known.numbers,
        lattice=known.cell,
        reference_positions=known.ideal,
        positions=known.ideal + known.displacements,
        forces=known.forces,
        hessian=known.force_constants.transpose(0, 2, 1, 3).reshape(size, size),
    )
    return {"path": folder / "theirs.npz"}


def write_ideal(path: Path) -> Path:
    write_vasp(path, truth().ideal_atoms(), direct=True)
    return path


def write_hdf5(folder: Path, *, compact: bool, rows: bool = True) -> Path:
    from phonopy.file_IO import write_force_constants_to_hdf5
    from phonopy.harmonic.force_constants import full_fc_to_compact_fc

    primitive = phonopy_crystal().primitive
    values = truth().force_constants
    write_force_constants_to_hdf5(
        full_fc_to_compact_fc(primitive, values) if compact else values,
        filename=folder / "force_constants.hdf5",
        p2s_map=primitive.p2s_map if rows else None,
    )
    return folder / "force_constants.hdf5"


def as_extxyz(folder: Path) -> dict:
    write_atoms(folder / "run.extxyz", images(truth()))
    return {
        "path": folder / "run.extxyz",
        "ideal": write_ideal(folder / "POSCAR"),
        "force_constants": write_hdf5(folder, compact=False),
    }


def as_traj(folder: Path) -> dict:
    write_atoms(folder / "run.traj", [truth().ideal_atoms(), *images(truth())])
    return {
        "path": folder / "run.traj",
        "first_is_ideal": True,
        "force_constants": write_hdf5(folder, compact=True),
    }


def as_vasp(folder: Path) -> dict:
    write_ideal(folder / "SPOSCAR")
    write_hdf5(folder, compact=True, rows=False)
    cut = STEPS // 2
    for number, part in ((2, slice(0, cut)), (10, slice(cut, None))):
        steps = truth().atoms()[part]
        write_vasprun(folder / "MD" / f"vasprun_prod_{number}.xml", steps, truth().forces[part])
    return {"path": folder}


def as_phonopy(folder: Path, *, with_constants: bool = True) -> dict:
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.dataset = {"displacements": truth().displacements, "forces": truth().forces}
    if with_constants:
        phonon.force_constants = truth().force_constants
    phonon.save(folder / "phonopy_params.yaml", settings={"force_constants": with_constants})
    return {"path": folder}


LAYOUTS = [as_npz, as_foreign_npz, as_extxyz, as_traj, as_vasp, as_phonopy]


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


@settings(max_examples=60, deadline=None)
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

    potential = PairPotential({"Cs": 1.8, "Ag": 1.1, "Bi": 1.0, "Br": 1.8})
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


def as_atoms(cell) -> Atoms:
    return Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True)


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


# Molecular dynamics with VASP.


def test_forces_belong_to_the_positions_of_their_own_step(tmp_path):
    steps = truth().atoms()
    write_vasprun(tmp_path / "vasprun.xml", steps, truth().forces)
    text = (tmp_path / "vasprun.xml").read_text(encoding="latin-1")
    assert text.count('name="positions"') == STEPS + 2
    frames = read(tmp_path / "vasprun.xml", ideal=write_ideal(tmp_path / "SPOSCAR"))
    met = np.array([result.forces for result in POTENTIAL.evaluate(frames.atoms())])
    mismatch = np.abs(met - frames.forces).max(axis=(1, 2))
    assert len(frames) == STEPS
    assert mismatch.max() < 1e-6
    # One step off would be seen: neighbouring steps differ by far more.
    assert np.abs(np.diff(met, axis=0)).max(axis=(1, 2)).min() > 1e-2
    assert frames.energies.tolist() == [-number for number in range(STEPS)]


def test_segments_are_one_trajectory_in_the_order_of_their_numbers(tmp_path):
    frames = read(**as_vasp(tmp_path))
    assert frames.seeds.tolist() == [0] * STEPS
    assert np.allclose(frames.displacements, truth().displacements, atol=1e-7)
    assert frames.method == "PBE, VASP 6.3.2, 500 eV"
    assert frames.sampler == "AIMD, Andersen thermostat, 2 fs"
    assert frames.temperature == 300
    assert frames.notes == ()


def test_a_segment_that_starts_elsewhere_is_a_trajectory_of_its_own(tmp_path):
    given = as_vasp(tmp_path)
    steps = truth().atoms()[::-1]
    write_vasprun(tmp_path / "MD" / "vasprun_prod_11.xml", steps[STEPS // 2 :], truth().forces[::-1][STEPS // 2 :])
    frames = read(**given)
    assert frames.seeds.tolist() == [0] * STEPS + [1] * (STEPS // 2)
    assert any("vasprun_prod_11.xml does not continue vasprun_prod_10.xml" in note for note in frames.notes)


def test_the_first_steps_of_every_file_can_be_left_out(tmp_path):
    given = as_vasp(tmp_path)
    kept = [2, 4, 8, 10]
    assert np.allclose(read(**given, skip=2, every=2).forces, truth().forces[kept])
    assert np.allclose(read(**as_npz(tmp_path), skip=2, every=2).forces, truth().forces[2::2])
    with pytest.raises(FramesError, match="No frames are left"):
        read(**given, skip=6)


def test_a_killed_run_gives_its_complete_steps_and_says_so(tmp_path):
    given = as_vasp(tmp_path)
    last = tmp_path / "MD" / "vasprun_prod_10.xml"
    text = last.read_text(encoding="latin-1")
    third = [index for index in range(len(text)) if text.startswith("<calculation>", index)][2]
    last.write_text(text[: third + 900], encoding="latin-1")
    frames = read(**given)
    assert len(frames) == STEPS // 2 + 2
    assert np.allclose(frames.forces, truth().forces[: STEPS // 2 + 2], atol=1e-9)
    assert any("vasprun_prod_10.xml ends before its run did: its 2 complete steps" in note for note in frames.notes)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('<varray name="forces">', '<varray name="stress">', "step 1: the forces are missing"),
        ('<varray name="forces">\n<v> ', '<varray name="forces">\n<v> *****', "the forces are not numbers"),
        ("<c>Ti</c>", "<c>Tx</c>", "“Tx” is not an element"),
        ("<modeling>", "<nothing>", "not a vasprun.xml"),
    ],
)
def test_a_vasprun_that_is_not_sound_is_refused(old, new, says, tmp_path):
    as_vasp(tmp_path)
    file = tmp_path / "MD" / "vasprun_prod_2.xml"
    text = file.read_text(encoding="latin-1")
    if new == "<nothing>":
        text = "<nothing></nothing>"
    file.write_text(text.replace(old, new), encoding="latin-1")
    with pytest.raises(FramesError, match=says):
        read(tmp_path)


def test_a_ramp_has_no_temperature(tmp_path):
    write_vasprun(tmp_path / "vasprun.xml", truth().atoms(), truth().forces, {"TEBEG": "10"})
    frames = read(tmp_path / "vasprun.xml", ideal=write_ideal(tmp_path / "SPOSCAR"))
    assert frames.temperature is None
    assert any("from 10 to 300 K" in note for note in frames.notes)


# Several trajectories.


def test_each_trajectory_file_is_a_seed(tmp_path):
    write_ideal(tmp_path / "SPOSCAR")
    for number, part in ((1, slice(0, 5)), (2, slice(5, None))):
        write_atoms(tmp_path / f"run_{number}.traj", images(truth())[part])
    frames = read(tmp_path)
    assert frames.seeds.tolist() == [0] * 5 + [1] * (STEPS - 5)
    assert np.allclose(frames.displacements, truth().displacements)
    assert np.allclose(read(tmp_path, skip=4).forces, truth().forces[[4, *range(9, STEPS)]])


def test_frames_of_different_crystals_are_not_joined():
    other = replace(truth(), cell=1.01 * truth().cell)
    with pytest.raises(FramesError, match="same ideal structure"):
        joined([truth(), other])


def test_constraints_do_not_take_forces_away(tmp_path):
    from ase.constraints import FixAtoms

    frames = images(truth())
    for atoms in frames:
        atoms.set_constraint(FixAtoms([0, 1]))
    write_atoms(tmp_path / "run.traj", frames)
    found = read(tmp_path / "run.traj", ideal=write_ideal(tmp_path / "POSCAR"))
    assert np.allclose(found.forces, truth().forces)


# What is refused, each with a sentence.


def swapped_in_time() -> Frames:
    known = truth()
    positions = known.ideal + known.displacements
    a, b = np.flatnonzero(known.numbers == 8)[:2]
    positions[3, [a, b]] = positions[3, [b, a]]
    return from_positions(positions)


def with_value(name: str, value: float) -> Frames:
    known = truth()
    arrays = {"positions": known.ideal + known.displacements, "forces": known.forces.copy()}
    arrays[name][4, 7, 1] = value
    return from_positions(arrays["positions"], arrays["forces"])


def other_supercell() -> Frames:
    known, small = truth(), identify("SrTiO3", "abx3").structure(3.9)
    return from_positions(
        known.ideal + known.displacements,
        numbers=small.numbers,
        cell=small.cell.array,
        ideal=small.positions,
        force_constants=None,
        frame_numbers=known.numbers,
        frame_cells=known.cell,
    )


def moved(**changed) -> Frames:
    return from_positions(truth().ideal + truth().displacements, **changed)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (swapped_in_time, "Frame 4: the O of site .* change places between frames"),
        (lambda: with_value("positions", np.nan), "positions hold a NaN or infinity, first in frame 5"),
        (lambda: with_value("forces", np.inf), "forces hold a NaN or infinity, first in frame 5"),
        (other_supercell, "40 atoms, 7.800 × 7.800 × 7.800 Å.*; the ideal structure 5, 3.900"),
        (lambda: moved(frame_cells=truth().cell * 1.001), "cell of frame 1.* by up to 0.0078 Å"),
        (lambda: moved(frame_cells=np.diag([7.8, 7.8, 8.1])), "7.800 × 7.800 × 8.100 Å"),
        (
            lambda: moved(frame_cells=truth().cell * (1 + 0.001 * (np.arange(STEPS) == 6))[:, None, None]),
            "cell of frame 7",
        ),
        (lambda: moved(frame_numbers=np.where(truth().numbers == 8, 16, truth().numbers)), "S24.*O24"),
        (
            lambda: moved(frame_numbers=np.stack([truth().numbers] * 2 + [truth().numbers[::-1]] * (STEPS - 2))),
            "Frame 3 lists its atoms in another order",
        ),
        (lambda: moved(ideal=truth().ideal * [1, 1, 0.5]), "the ideal structure is another one"),
        (lambda: moved(ideal=truth().ideal[np.random.default_rng(0).permutation(40)]), "does not fit the ideal"),
        (lambda: moved(force_constants=truth().force_constants[:7]), "force constants have shape"),
        (lambda: moved(force_constants=truth().force_constants[:8]), "no primitive cell of as many"),
        (lambda: moved(force_constants=np.triu(np.ones((40, 40)))[:, :, None, None] * np.eye(3)), "not symmetric"),
        (lambda: moved(force_constants=np.full((40, 40, 3, 3), np.nan)), "force constants hold a NaN"),
        (lambda: moved(seeds=np.arange(STEPS) % 2), "must stand together"),
        (lambda: moved(temperature=-1.0), "temperature must be positive"),
        (lambda: from_positions(np.zeros((0, 40, 3)), np.zeros((0, 40, 3))), "No frames"),
        (lambda: from_positions(truth().ideal + truth().displacements, truth().forces[:3]), "forces have shape"),
    ],
)
def test_wrong_frames_are_refused(make, says):
    with pytest.raises(FramesError, match=says):
        make()


def test_force_constants_in_another_order_than_their_structure_are_refused():
    order = np.random.default_rng(0).permutation(40)
    with pytest.raises(FramesError, match="another order"):
        moved(force_constants=truth().force_constants[np.ix_(order, order)])


def nothing(folder: Path) -> None:
    pass


def only_text(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")


def no_sposcar(folder: Path) -> None:
    as_vasp(folder)
    (folder / "SPOSCAR").unlink()


def no_runs(folder: Path) -> None:
    as_vasp(folder)
    for file in (folder / "MD").iterdir():
        file.unlink()


def no_ideal(folder: Path) -> None:
    write_atoms(folder / "run.extxyz", images(truth()))


def no_forces(folder: Path) -> None:
    write_ideal(folder / "SPOSCAR")
    write_atoms(folder / "run.extxyz", truth().atoms())


@pytest.mark.parametrize(
    ("prepare", "name", "says"),
    [
        (nothing, "absent", "does not exist"),
        (nothing, "", "but nothing. Readable are"),
        (only_text, "", "but notes.txt. Readable are: a folder with SPOSCAR and MD/vasprun_prod"),
        (only_text, "notes.txt", "a file of another kind"),
        (no_sposcar, "", "has no SPOSCAR"),
        (no_runs, "", "no MD/vasprun_prod_"),
        (no_ideal, "run.extxyz", "has no ideal structure"),
        (no_forces, "", "run.extxyz, frame 1 has no forces"),
    ],
)
def test_what_is_missing_is_said(prepare, name, says, tmp_path):
    prepare(tmp_path)
    with pytest.raises(FramesError, match=says):
        read(tmp_path / name)


def test_an_npz_says_what_it_lacks_and_what_contradicts_itself(tmp_path):
    known, file = truth(), tmp_path / "theirs.npz"
    whole = {"numbers": known.numbers, "cell": known.cell, "ideal": known.ideal, "forces": known.forces}
    np.savez(file, forces=known.forces, displacements=known.displacements)
    with pytest.raises(FramesError, match="has no numbers, no cell, no ideal; it holds forces, displacements"):
        read(file)
    np.savez(file, **whole, displacements=known.displacements, positions=known.ideal + 1.1 * known.displacements)
    with pytest.raises(FramesError, match="contradict"):
        read(file)
    np.savez(file, **whole, displacements=known.displacements, extra=np.array({"a": 1}, dtype=object))
    with pytest.raises(FramesError, match="pickled"):
        read(file)
    np.savez(file, forces=known.forces, displacements=known.displacements)
    frames = read(file, ideal=write_ideal(tmp_path / "POSCAR"), force_constants=write_hdf5(tmp_path, compact=True))
    assert sigma_of(frames) == pytest.approx(sigma_of(known))


def test_options_that_contradict_the_layout_are_refused(tmp_path):
    with pytest.raises(FramesError, match="only a trajectory"):
        read(**as_npz(tmp_path), first_is_ideal=True)
    given = as_traj(tmp_path)
    with pytest.raises(FramesError, match="not both"):
        read(**given, ideal=write_ideal(tmp_path / "POSCAR"))
    with pytest.raises(FramesError, match="skip must not be negative"):
        read(**given, skip=-1)


# The command line.


def softmode(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_line_says_what_a_folder_holds(tmp_path):
    as_vasp(tmp_path)
    done = softmode("frames", "info", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["frames"] == STEPS
    assert found["atoms"] == 40
    assert found["sigma"] == pytest.approx(sigma_of(truth()), rel=1e-6)
    assert set(found["sigma_by_element"]) == {"Sr", "Ti", "O"}
    assert "PBE, VASP" in softmode("frames", "info", tmp_path).stdout


def test_the_command_line_does_not_invent_sigma(tmp_path):
    as_vasp(tmp_path)
    (tmp_path / "force_constants.hdf5").unlink()
    assert json.loads(softmode("frames", "info", tmp_path, "--json").stdout)["sigma"] is None
    assert "σ is not computed" in softmode("frames", "info", tmp_path).stdout


def test_the_command_line_converts(tmp_path):
    as_vasp(tmp_path)
    out = tmp_path / "frames.npz"
    done = softmode(
        "frames", "convert", tmp_path, out, "--skip", 1, "--method", "PBEsol, FHI-aims", "--temperature", 310
    )
    assert done.exit_code == 0, done.output
    frames = read(out)
    assert len(frames) == STEPS - 2
    assert (frames.method, frames.temperature) == ("PBEsol, FHI-aims", 310)
    assert str(tmp_path.parent) not in frames.source
    for arguments in (["convert", out, out], ["convert", tmp_path, "frames.txt"], ["info", tmp_path / "absent"]):
        refused = softmode("frames", *arguments)
        assert refused.exit_code == 1
        assert "Traceback" not in refused.output
    assert read_atoms(tmp_path / "SPOSCAR").numbers.tolist() == frames.numbers.tolist()
