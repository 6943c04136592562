"""Files of force constants as phonopy and others write them: text, HDF5 and npz."""

from __future__ import annotations

import io
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from phonopy.file_IO import write_FORCE_CONSTANTS
from phonopy.harmonic.force_constants import full_fc_to_compact_fc
from phonopy.physical_units import get_physical_units

from compute.references.readers import constants, read
from compute.structures.sites import FramesError
from tests.support.frames_files import phonopy_crystal, truth

UNITS = get_physical_units()


def compact() -> np.ndarray:
    return full_fc_to_compact_fc(phonopy_crystal().primitive, truth().force_constants)


def text_of(folder: Path, *, whole: bool = True, rows: bool = True) -> str:
    """FORCE_CONSTANTS of all atoms, or of a primitive cell's with their numbers in the supercell or without."""
    primitive = phonopy_crystal().primitive
    if whole:
        write_FORCE_CONSTANTS(truth().force_constants, folder / "written")
    else:
        write_FORCE_CONSTANTS(compact(), folder / "written", p2s_map=primitive.p2s_map if rows else None)
    return (folder / "written").read_text()


def constants_of(folder: Path, content: str, encoding: str = "utf-8") -> np.ndarray:
    (folder / "FORCE_CONSTANTS").write_bytes(content.encode(encoding))
    return constants.read(folder / "FORCE_CONSTANTS", truth().crystal)[0]


def blocks(text: str) -> tuple[str, list[str]]:
    head, *lines = text.strip().split("\n")
    return head, ["\n".join(lines[start : start + 4]) for start in range(0, len(lines), 4)]


def shuffled(text: str) -> str:
    head, pairs = blocks(text)
    return "\n".join([head, *np.random.default_rng(0).permutation(pairs)])


@pytest.mark.parametrize(
    ("whole", "rows", "change", "encoding"),
    [
        (True, True, lambda text: text, "utf-8"),
        (False, True, lambda text: text, "utf-8"),
        (False, False, lambda text: text, "utf-8"),
        (True, True, shuffled, "utf-8"),
        (False, True, shuffled, "utf-8"),
        (True, True, lambda text: text.replace("40   40", "40", 1), "utf-8"),
        (True, True, lambda text: text.replace("\n", "\r\n"), "utf-8-sig"),
        (True, True, lambda text: re.sub(r"(\.\d+)", r"\1D+00", text), "utf-8"),
    ],
    ids=["full", "compact", "compact without numbers", "shuffled", "compact shuffled", "old", "Windows", "Fortran"],
)
def test_every_pair_is_put_where_the_file_says(whole, rows, change, encoding, tmp_path):
    found = constants_of(tmp_path, change(text_of(tmp_path, whole=whole, rows=rows)), encoding)
    assert np.allclose(found, truth().force_constants, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "FORCE_CONSTANTS is empty"),
        (lambda text: text[: len(text) // 2], "says that it holds 40 × 40 pairs of atoms; it has numbers for 80"),
        (lambda text: text.replace("\n1 2\n", "\n1 1\n"), "does not list every pair of atoms once"),
        (lambda text: text.replace("\n1 2\n", "\n1 41\n"), "does not list every pair of atoms once"),
        (lambda text: re.sub(r"\d+\.\d+", "********", text, count=2), r"could not convert string to float: '\*{8}'"),
        (lambda text: "Cs Pb Br\n" + text, "“Cs Pb Br” is not how many atoms"),
    ],
)
def test_a_damaged_text_says_what_is_wrong(change, says, tmp_path):
    with pytest.raises(FramesError, match=says):
        constants_of(tmp_path, change(text_of(tmp_path)))


def of_hdf5(folder: Path, **held: object) -> np.ndarray:
    with h5py.File(folder / "force_constants.hdf5", "w") as file:
        for name, value in held.items():
            file[name] = value
    return constants.read(folder / "force_constants.hdf5", truth().crystal)[0]


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        (np.array([b"eV/angstrom^2"]), 1.0),
        ("eV/angstrom^2", 1.0),
        (np.array([b"Ry/au^2"]), UNITS.Rydberg / UNITS.Bohr**2),
        (np.array([b"hartree/au^2"]), UNITS.Hartree / UNITS.Bohr**2),
    ],
)
def test_the_unit_that_a_file_states_is_taken(unit, size, tmp_path):
    found = of_hdf5(tmp_path, force_constants=truth().force_constants / size, physical_unit=unit)
    assert np.allclose(found, truth().force_constants, atol=1e-9)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"force_constants": np.eye(3), "physical_unit": "furlong"}, "in furlong, a unit that is not known"),
        ({"force_constants": np.array([b"a"])}, r"they are \|S1, not real numbers"),
        ({"force_constants": np.ones((2, 2)) * 1j}, "they are complex128, not real numbers"),
        ({"fc3": np.zeros(3), "p2s_map": [0]}, "holds no force constants, but fc3, p2s_map"),
        ({}, "holds no force constants, but nothing"),
        ({"force_constants": truth().force_constants.transpose(0, 2, 1, 3)}, r"shape \(40, 3, 40, 3\)"),
    ],
)
def test_what_is_no_force_constants_is_named(held, says, tmp_path):
    with pytest.raises(FramesError, match=says):
        of_hdf5(tmp_path, **held)


def npz(**changed: object) -> bytes:
    known = truth()
    arrays = {"numbers": known.numbers, "cell": known.cell, "ideal": known.ideal, "forces": known.forces}
    stream = io.BytesIO()
    np.savez(stream, **arrays | {"positions": known.ideal + known.displacements} | changed)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (npz()[:1500], "cannot be read as npz"),
        (npz(forces=truth().forces.astype(str)), "forces holds <U.*, not real numbers"),
        (npz(forces=1j * truth().forces), "forces holds complex128, not real numbers"),
        (npz(numbers=np.array(["Sr"] * 40)), "numbers holds <U2, not real numbers"),
        (npz(temperature="300 K"), "temperature holds <U5, not real numbers"),
    ],
    ids=["truncated", "text", "complex", "symbols", "temperature"],
)
def test_an_npz_of_something_else_is_one_sentence(content, says, tmp_path):
    (tmp_path / "theirs.npz").write_bytes(content)
    with pytest.raises(FramesError, match=says):
        read(tmp_path / "theirs.npz")
