"""The ideal structure in a file: the formats that are read, and one sentence for whatever is no structure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.io import write
from typer.testing import CliRunner

from compute.cli import app
from compute.references.readers import read
from compute.references.readers.source import crystal_in
from compute.structures.sites import FramesError
from tests.support.frames_files import as_traj, images, sigma_of, truth, write_hdf5, write_ideal, write_vasprun


@pytest.mark.parametrize(
    "name", ["POSCAR", "CONTCAR", "ideal.vasp", "ideal.cif", "ideal.extxyz", "ideal.json", "ideal.traj"]
)
def test_every_format_gives_the_same_supercell_in_the_same_order(name, tmp_path):
    file = tmp_path / name
    write(file, truth().ideal_atoms(), **({} if "." in name else {"format": "vasp"}))
    found = crystal_in(file)
    assert found.numbers.tolist() == truth().numbers.tolist()
    apart = (found.positions - truth().ideal) @ np.linalg.inv(truth().cell)
    assert np.allclose(apart, np.rint(apart), atol=1e-6)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_encodings_do_not_matter(mark, tmp_path):
    file = write_ideal(tmp_path / "POSCAR")
    lines = file.read_text().splitlines()
    file.write_bytes(mark + "\r\n".join(["Müller", *lines[1:], ""]).encode("utf-8" if mark else "latin-1"))
    assert len(crystal_in(file).numbers) == 40


def truncated_vasprun(file: Path) -> None:
    write_vasprun(file, truth().atoms(), truth().forces)
    file.write_bytes(file.read_bytes()[:2000])


FOREIGN = {
    "CONTCAR": lambda file: file.write_bytes(b""),
    "POSCAR": lambda file: file.write_text("SrTiO3\n1.0\n"),
    "SPOSCAR": lambda file: file.write_text("from SrTiO3\n1\n4 0 0\n0 4 0\n0 0 4\n1 1 3\nDirect\n" + 5 * "0 0 0\n"),
    "OUTCAR": lambda file: file.write_text(" vasp.6.3.2\n"),
    "vasprun.xml": truncated_vasprun,
    "ideal.cif": lambda file: file.write_text("data_x\nloop_\n"),
    "ideal.json": lambda file: file.write_text('{"a": 1}'),
    "ideal.xyz": lambda file: file.write_text("3\n\nSr 0 0 0\n"),
    "ideal.extxyz": lambda file: file.write_text("-1\nx\n"),
    "ideal.traj": lambda file: file.write_bytes(b"\x80\x04\x95nonsense"),
    "phonopy.yaml": lambda file: file.write_text("- 1\n- 2\n"),
    "ideal.yaml": lambda file: file.write_text("a: [1, 2\n"),
    "INCAR": lambda file: file.write_text("ENCUT = 500\n"),
    "notes.txt": lambda file: file.write_text("Dear colleague,\n"),
    "script.py": lambda file: file.write_text("import os\n"),
    "picture.png": lambda file: file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "geometry.in": lambda file: file.write_text("lattice_vector 1 2\natom 0 0 0 Sr\n"),
    "qe.out": lambda file: file.write_text("Program PWSCF v.7\n"),
    "ideal.npz": lambda file: np.savez(file, a=np.zeros(3)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FOREIGN))
def test_a_file_that_is_no_structure_is_one_sentence(name, tmp_path):
    FOREIGN[name](tmp_path / name)
    with pytest.raises(FramesError, match=name.split(".")[0]) as error:
        crystal_in(tmp_path / name)
    assert 20 < len(str(error.value)) < 400
    assert "\n" not in str(error.value)


def test_a_file_that_ends_early_is_said_to(tmp_path):
    truncated_vasprun(tmp_path / "vasprun.xml")
    with pytest.raises(FramesError, match=r"^vasprun\.xml cannot be read as a structure: it is cut short"):
        crystal_in(tmp_path / "vasprun.xml")


@pytest.mark.parametrize("name", ["CONTCAR", "OUTCAR", "vasprun.xml", "picture.png"])
def test_the_command_line_says_it_too(name, tmp_path):
    given = as_traj(tmp_path)
    (tmp_path / "ideal").mkdir()
    FOREIGN[name](tmp_path / "ideal" / name)
    done = CliRunner().invoke(app, ["frames", "info", str(given["path"]), "--ideal", str(tmp_path / "ideal" / name)])
    assert done.exit_code == 1
    assert name in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("name", ["force_constants.hdf5", "FORCE_CONSTANTS", "FORCE_SETS", "phonopy.yaml", "fc.dat"])
@pytest.mark.parametrize("content", [b"", b"Dear colleague,\n", b"40 40\n1 1\n0 0\n", bytes(range(256))])
def test_a_foreign_file_of_force_constants_is_one_sentence(name, content, tmp_path):
    write(tmp_path / "run.traj", images(truth()))
    folder = tmp_path / "constants"
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(FramesError, match=name.split(".")[0]) as error:
        read(tmp_path / "run.traj", ideal=write_ideal(tmp_path / "POSCAR"), force_constants=folder / name)
    assert "\n" not in str(error.value)


def test_and_the_right_one_is_read(tmp_path):
    write(tmp_path / "run.traj", images(truth()))
    constants = write_hdf5(tmp_path, compact=False)
    frames = read(tmp_path / "run.traj", ideal=write_ideal(tmp_path / "POSCAR"), force_constants=constants)
    assert sigma_of(frames) == pytest.approx(sigma_of(truth()), abs=1e-5)
