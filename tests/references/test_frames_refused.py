"""Reference frames that are wrong or incomplete are refused in a sentence, by the reader and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.io import read as read_atoms
from ase.io import write as write_atoms
from typer.testing import CliRunner

from compute.cli import app
from compute.references.readers import read
from compute.structures.compounds import identify
from compute.structures.frames import Frames, FramesError
from tests.support.frames_files import (
    STEPS,
    as_npz,
    as_traj,
    as_vasp,
    from_positions,
    images,
    sigma_of,
    truth,
    write_hdf5,
    write_ideal,
)


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


@pytest.mark.parametrize(
    ("factor", "says"),
    [(25.711 / 48.587, None), (1 / 25.711, "another unit"), (48.587, "another unit"), (0.7, None), (1.5, None)],
)
def test_forces_and_force_constants_in_different_units_are_said(factor, says):
    """Φ in Ry/bohr² read as eV/Å², and the like; a soft or stiff crystal is none of it."""
    known = truth()
    found = from_positions(known.ideal + known.displacements, force_constants=known.force_constants * factor)
    assert [says in note for note in found.notes] == ([True] if says else [])


@pytest.mark.parametrize("factor", [0.0, -1.0])
def test_force_constants_without_a_positive_sum_of_squares_are_refused(factor):
    with pytest.raises(FramesError, match="zero, or of the wrong sign"):
        from_positions(truth().ideal + truth().displacements, force_constants=truth().force_constants * factor)


def test_forces_of_the_other_sign_are_said():
    """Gradients in place of forces."""
    known = truth()
    found = from_positions(known.ideal + known.displacements, forces=-known.forces)
    assert any("of another sign" in note for note in found.notes)
