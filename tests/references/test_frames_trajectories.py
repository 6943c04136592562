"""Reference frames of molecular dynamics: which forces belong to which positions, and what continues what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.io import write as write_atoms

from compute.references.readers import read
from compute.structures.frames import FramesError, joined
from tests.support.frames_files import POTENTIAL, STEPS, as_npz, as_vasp, images, truth, write_ideal, write_vasprun

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
