"""Files that gzip, xz or bzip2 packed are read as they are; what is damaged or an archive says so."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.io import write
from phonopy.file_IO import write_FORCE_CONSTANTS

from compute.references.readers import read
from compute.references.readers.source import crystal_in
from compute.structures.sites import FramesError
from tests.support.frames_files import STEPS, as_extxyz, as_vasp, images, sigma_of, truth, write_ideal

PACK = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


def packed(file: Path, ending: str) -> Path:
    """The file in its packed form, which takes its place."""
    there = file.with_name(file.name + ending)
    there.write_bytes(PACK[ending](file.read_bytes()))
    file.unlink()
    return there


@pytest.mark.parametrize("ending", PACK)
def test_a_trajectory_its_ideal_structure_and_force_constants_may_be_packed(ending, tmp_path):
    given = as_extxyz(tmp_path)
    write_FORCE_CONSTANTS(truth().force_constants, tmp_path / "FORCE_CONSTANTS")
    files = {"path": given["path"], "ideal": given["ideal"], "force_constants": tmp_path / "FORCE_CONSTANTS"}
    frames = read(**{name: packed(file, ending) for name, file in files.items()})
    assert sigma_of(frames) == pytest.approx(sigma_of(truth()), rel=1e-6)


@pytest.mark.parametrize("ending", PACK)
def test_a_trajectory_of_ase_may_be_packed_and_its_database_says_that_it_may_not(ending, tmp_path):
    for name in ("run.traj", "run.db"):
        write(tmp_path / name, images(truth()))
    ideal = write_ideal(tmp_path / "POSCAR")
    found = read(packed(tmp_path / "run.traj", ending), ideal=ideal)
    assert np.allclose(found.forces, truth().forces)
    with pytest.raises(FramesError, match=rf"run\.db\{ending} is a packed database.*: unpack it"):
        read(packed(tmp_path / "run.db", ending), ideal=ideal)


def test_a_run_of_vasp_may_be_packed(tmp_path):
    as_vasp(tmp_path)
    for file in (tmp_path / "SPOSCAR", *(tmp_path / "MD").iterdir()):
        packed(file, ".gz")
    frames = read(tmp_path)
    assert len(frames) == STEPS
    assert sigma_of(frames) == pytest.approx(sigma_of(truth()), rel=1e-6)
    last = tmp_path / "MD" / "vasprun_prod_10.xml.gz"
    last.write_bytes(last.read_bytes()[:-3000])
    cut = read(tmp_path)
    assert STEPS // 2 < len(cut) < STEPS
    assert any("vasprun_prod_10.xml.gz ends before its run did" in note for note in cut.notes)


def test_a_packed_file_may_have_the_name_of_one_that_is_not(tmp_path):
    given = as_extxyz(tmp_path)
    packed(given["path"], ".gz").rename(given["path"])
    assert np.allclose(read(**given).forces, truth().forces, atol=1e-7)


@pytest.mark.parametrize("ending", PACK)
def test_a_packed_file_that_ends_early_is_named(ending, tmp_path):
    given = as_extxyz(tmp_path)
    file = packed(given["path"], ending)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(FramesError, match=rf"{file.name} cannot be read as extxyz: .*unpacked"):
        read(**given | {"path": file})
    ideal = packed(given["ideal"], ending)
    ideal.write_bytes(ideal.read_bytes()[:-20])
    with pytest.raises(FramesError, match=rf"{ideal.name} cannot be read as a structure"):
        crystal_in(ideal)


def test_an_archive_is_to_be_unpacked(tmp_path):
    (tmp_path / "run.tar.gz").write_bytes(gzip.compress(bytes(1024)))
    with pytest.raises(FramesError, match=r"run\.tar\.gz is an archive: unpack it"):
        read(tmp_path / "run.tar.gz")
    given = as_extxyz(tmp_path)
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        archive.write(given["path"], "run.extxyz")
    with pytest.raises(FramesError, match=r"run\.zip is an archive: unpack it"):
        read(tmp_path / "run.zip")
