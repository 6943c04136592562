"""extxyz files as others write them, and an ideal structure that is none."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from compute.references.readers import read
from compute.structures.frames import Frames
from compute.structures.sites import FramesError
from tests.support.frames_files import STEPS, as_extxyz, from_positions, images, sigma_of, truth, write_ideal


def found(folder: Path, change, **options) -> Frames:
    """The frames of the file whose text `change` makes of the one that ASE writes."""
    given = as_extxyz(folder)
    given["path"].write_text(change(given["path"].read_text()))
    return read(**given | options)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n40\n", "\n\n40\n"),
        lambda text: "\n\n" + text + "\n  \n\n",
        lambda text: text.replace("Lattice=", "lattice="),
        lambda text: text.replace("Properties=", "properties=").replace("Lattice=", "LATTICE="),
        lambda text: re.sub(r"(\d\.\d{6,})(?=\s)", r"\1D+00", text),
        lambda text: text.replace("Properties=", 'units="eV/Angstrom" Properties='),
    ],
    ids=["blank lines", "blank ends", "lattice", "properties", "Fortran", "units"],
)
def test_every_frame_is_read_however_it_is_spelled(change, tmp_path):
    """A reader that stops at a blank line takes one frame for the trajectory."""
    frames = found(tmp_path, change)
    assert len(frames) == STEPS
    assert sigma_of(frames) == pytest.approx(sigma_of(truth()), rel=1e-6)


@pytest.mark.parametrize("stated", ["force_unit=Ha/bohr", "units=Ry/au", "forces_units=kcal/mol/Ang", "unit=meV/A"])
def test_other_units_that_the_file_states_are_refused(stated, tmp_path):
    with pytest.raises(FramesError, match=rf"frame 1 states {stated.replace('=', ' = ')}: give .* eV/Å"):
        found(tmp_path, lambda text: text.replace("Properties=", f"{stated} Properties="))


def test_deuterium_is_hydrogen(tmp_path):
    """Forces know no mass."""
    known = truth()
    light = np.where(known.numbers == 8, 1, known.numbers)
    frames = [Atoms(light, known.ideal + u, cell=known.cell, pbc=True) for u in known.displacements]
    for atoms, forces in zip(frames, known.forces, strict=True):
        atoms.calc = SinglePointCalculator(atoms, forces=forces)
    write(tmp_path / "run.extxyz", frames)
    heavy = re.sub(r"^H ", "D ", (tmp_path / "run.extxyz").read_text(), flags=re.M)
    (tmp_path / "run.extxyz").write_text(heavy)
    write(tmp_path / "POSCAR", Atoms(light, known.ideal, cell=known.cell, pbc=True), format="vasp")
    found = read(tmp_path / "run.extxyz", ideal=tmp_path / "POSCAR")
    assert set(found.symbols) == {"Sr", "Ti", "H"}
    assert np.allclose(found.forces, known.forces, atol=1e-7)


def test_energies_that_are_no_numbers_are_none(tmp_path):
    frames = found(tmp_path, lambda text: re.sub(r"energy=\S+", "energy=nan", text))
    assert frames.energies is None
    assert np.allclose(frames.forces, truth().forces, atol=1e-7)


def test_a_database_of_ase_is_a_trajectory(tmp_path):
    write(tmp_path / "run.db", images(truth()))
    frames = read(tmp_path / "run.db", ideal=write_ideal(tmp_path / "POSCAR"))
    assert np.allclose(frames.forces, truth().forces)
    assert np.allclose(frames.energies, truth().energies)


def test_frames_that_are_there_twice_are_said():
    known = truth()
    twice = [*range(STEPS), 3, 4, 5]
    frames = from_positions((known.ideal + known.displacements)[twice], known.forces[twice])
    assert [note for note in frames.notes if "repeat" in note] == [
        "3 of 15 frames repeat others: a standard error takes them for new ones."
    ]
    assert not any("repeat" in note for note in from_positions(known.ideal + known.displacements).notes)


# What an ideal structure is not.


@pytest.mark.parametrize("name", ["run.extxyz", "run.traj"])
def test_a_trajectory_is_no_ideal_structure(name, tmp_path):
    """Its last frame, which a reader of structures takes, gives a σ several times too large."""
    write(tmp_path / name, images(truth()))
    with pytest.raises(FramesError, match=rf"{name} holds {STEPS} structures: give a file with the ideal one alone"):
        read(tmp_path / name, ideal=tmp_path / name)


def test_a_frame_is_no_ideal_structure(tmp_path):
    write(tmp_path / "run.traj", images(truth()))
    write(tmp_path / "CONTCAR", truth().atoms()[7], format="vasp")
    with pytest.raises(FramesError, match="Frame 8, whose atoms are on the ideal sites, bears forces"):
        read(tmp_path / "run.traj", ideal=tmp_path / "CONTCAR")
    with pytest.raises(FramesError, match="The first frame, declared to be the ideal structure, bears forces"):
        read(tmp_path / "run.traj", first_is_ideal=True)


def test_a_run_may_start_on_the_ideal_sites():
    """There is no force there by symmetry; nor is a small displacement the ideal structure itself."""
    known = truth()
    positions = np.concatenate([known.ideal[None], known.ideal + known.displacements])
    frames = from_positions(positions, np.concatenate([np.zeros((1, 40, 3)), known.forces]))
    assert len(frames) == STEPS + 1
    small = from_positions(known.ideal + 1e-3 * known.displacements, 1e-3 * known.forces)
    assert len(small) == STEPS


def test_fractions_are_no_positions():
    known = truth()
    with pytest.raises(FramesError, match=r"Two atoms of the ideal structure are 0\.25 Å apart.* positions in Å"):
        from_positions((known.ideal + known.displacements) / 7.8, ideal=known.ideal / 7.8, force_constants=None)
