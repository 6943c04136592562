"""Force constants that are made from displacements and forces: held against their own data before they are used."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from phonopy.file_IO import write_FORCE_SETS

from compute.references.readers import constants
from compute.references.readers.fitted import fitted
from compute.stages import phonons
from compute.structures.compounds import identify
from compute.structures.sites import FramesError
from tests.support.frames_files import POTENTIAL, phonopy_crystal, truth
from tests.support.pair_potential import as_atoms

SIZE = 40


@cache
def single() -> dict:
    """Displacements of single atoms that suffice, with their forces."""
    phonon = phonons.phonopy_of(identify("SrTiO3", "abx3").structure(3.9), 2 * np.eye(3, dtype=int))
    phonon.generate_displacements(distance=0.01)
    phonon.forces = [POTENTIAL.evaluate([as_atoms(cell)])[0].forces for cell in phonon.supercells_with_displacements]
    return phonon.dataset


def at_once(count: int, amplitude: float = 0.02, ideal: Atoms | None = None) -> dict:
    """`count` displacements of all atoms, normally distributed, with their forces."""
    ideal = truth().ideal_atoms() if ideal is None else ideal
    moved = amplitude * np.random.default_rng(count).normal(size=(count, len(ideal), 3))
    met = POTENTIAL.evaluate([Atoms(ideal.symbols, ideal.positions + u, cell=ideal.cell, pbc=True) for u in moved])
    return {"displacements": moved, "forces": np.array([result.forces for result in met])}


def reordered(dataset: dict, order: np.ndarray) -> dict:
    """The same data with atom order[i] of before in row i."""
    if "first_atoms" not in dataset:
        return {name: values[:, order] for name, values in dataset.items()}
    row = np.argsort(order)
    entries = [
        {"number": int(row[entry["number"]]), "displacement": entry["displacement"], "forces": entry["forces"][order]}
        for entry in dataset["first_atoms"]
    ]
    return {"natom": dataset["natom"], "first_atoms": entries}


def within_elements(seed: int) -> np.ndarray:
    """A permutation of the atoms that leaves the blocks of the elements as they are."""
    order = np.arange(SIZE)
    for element in set(truth().numbers.tolist()):
        block = np.flatnonzero(truth().numbers == element)
        order[block] = np.random.default_rng(seed).permutation(block)
    return order


def swapped(first: int, second: int) -> np.ndarray:
    order = np.arange(SIZE)
    order[[first, second]] = second, first
    return order


def z_before_x() -> np.ndarray:
    """Cells of the supercell counted along z first where phonopy counts along x first."""
    cells = np.arange(8).reshape(2, 2, 2).transpose(2, 1, 0).ravel()
    return np.concatenate([8 * block + cells for block in range(5)])


def read_sets(folder: Path, dataset: dict) -> np.ndarray:
    write_FORCE_SETS(dataset, folder / "FORCE_SETS")
    return constants.read(folder / "FORCE_SETS", truth().crystal)[0]


@pytest.mark.parametrize("dataset", [single, lambda: at_once(2)], ids=["single atoms", "all at once"])
def test_sets_in_the_order_of_the_structure_give_the_hessian(dataset, tmp_path):
    found = read_sets(tmp_path, dataset())
    known = truth().force_constants
    assert np.linalg.norm(found - known) < 0.05 * np.linalg.norm(known)
    assert fitted(truth().crystal, dataset()).left < 0.1


@pytest.mark.parametrize("order", [within_elements(0), within_elements(1), z_before_x()])
@pytest.mark.parametrize("dataset", [single, lambda: at_once(4), lambda: at_once(4, 0.1)])
def test_sets_in_another_order_within_the_elements_are_refused(dataset, order, tmp_path):
    """Each element keeps its block, so that counts and formula say nothing."""
    with pytest.raises(FramesError, match=r"another order|do not determine"):
        read_sets(tmp_path, reordered(dataset(), order))


@pytest.mark.parametrize("amplitude", [0.02, 0.1])
def test_few_data_hide_no_other_order(amplitude, tmp_path):
    """A fit to one displaced supercell follows its forces, whatever they are, by as much as it follows noise."""
    dataset = at_once(1, amplitude)
    assert fitted(truth().crystal, dataset).left < 0.25
    with pytest.raises(FramesError, match="another order"):
        read_sets(tmp_path, reordered(dataset, z_before_x()))


def read_yaml(folder: Path, dataset: dict, **kept: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    phonon = phonopy_crystal()
    phonon.dataset = dataset
    if kept:
        phonon.force_constants = truth().force_constants
    phonon.save(folder / "phonopy_params.yaml", settings={"force_sets": True, "displacements": True, **kept})
    return constants.read(folder / "phonopy_params.yaml", truth().crystal)


def mismatched(dataset: dict) -> dict:
    """Forces in another order of atoms than the displacements beside them."""
    order = within_elements(0)
    if "first_atoms" not in dataset:
        return dataset | {"forces": dataset["forces"][:, order]}
    return dataset | {"first_atoms": [one | {"forces": one["forces"][order]} for one in dataset["first_atoms"]]}


@pytest.mark.parametrize("dataset", [single, lambda: at_once(1), lambda: at_once(4)])
def test_a_yaml_whose_forces_are_those_of_other_atoms_is_refused(dataset, tmp_path):
    assert read_yaml(tmp_path, dataset())[1] == ()
    with pytest.raises(FramesError, match=r"phonopy_params\.yaml leave .* another order than the displacements"):
        read_yaml(tmp_path, mismatched(dataset()))


def test_what_large_displacements_leave_is_said(tmp_path):
    """Φ of a yaml with its own order may be an effective one, of a crystal at some temperature."""
    _, notes = read_yaml(tmp_path, at_once(4, 0.2))
    assert any("of its own forces unexplained" in note for note in notes)


def test_uncertain_force_constants_are_said(tmp_path):
    _, notes = read_yaml(tmp_path, at_once(1, 0.1))
    assert any("determine the force constants to about" in note for note in notes)


def test_stored_force_constants_are_held_against_the_forces_beside_them(tmp_path):
    stored = {"force_constants": True}
    assert read_yaml(tmp_path, single(), **stored)[1] == ()
    _, notes = read_yaml(tmp_path, mismatched(single()), **stored)
    assert any("stored in phonopy_params.yaml leave" in note for note in notes)


@pytest.mark.parametrize("order", [swapped(0, 1), swapped(8, 9), swapped(16, 17), swapped(30, 31)])
@pytest.mark.parametrize("dataset", [single, lambda: at_once(4)], ids=["single atoms", "all at once"])
def test_two_atoms_in_each_others_place_are_refused_unless_they_hardly_matter(dataset, order, tmp_path):
    wanted = truth().force_constants
    with suppress(FramesError):
        found = read_sets(tmp_path, reordered(dataset(), order))
        assert np.linalg.norm(found - wanted) < 0.1 * np.linalg.norm(wanted)


def test_a_symmetry_of_the_crystal_is_no_other_order(tmp_path):
    """Rows moved by a lattice translation describe the same crystal."""
    cells = np.arange(8).reshape(2, 2, 2)[:, :, ::-1].ravel()
    order = np.concatenate([8 * block + cells for block in range(5)])
    found = read_sets(tmp_path, reordered(single(), order))
    known = truth().force_constants
    assert np.linalg.norm(found - known) < 0.01 * np.linalg.norm(known)


def test_the_yaml_beside_them_says_the_order(tmp_path):
    order = within_elements(1)
    ideal = truth().crystal
    shuffled = type(ideal)(ideal.numbers[order], ideal.cell, ideal.positions[order])
    write_FORCE_SETS(single(), tmp_path / "FORCE_SETS")
    with pytest.raises(FramesError, match="another order"):
        constants.read(tmp_path / "FORCE_SETS", shuffled)
    phonopy_crystal().save(tmp_path / "phonopy_disp.yaml")
    found, _ = constants.read(tmp_path / "FORCE_SETS", shuffled)
    known = truth().force_constants[np.ix_(order, order)]
    assert np.linalg.norm(found - known) < 0.01 * np.linalg.norm(known)


def without_symmetry() -> Atoms:
    atoms = identify("SrTiO3", "abx3").structure(3.9).repeat((2, 1, 1))
    atoms.rattle(0.02, seed=3)
    return atoms


@pytest.mark.parametrize("count", [1, 3, 20])
def test_too_few_displacements_of_all_atoms_are_refused(count):
    """10 atoms without symmetry move in 27 ways besides translation, and force constants answer to each."""
    atoms = without_symmetry()
    with pytest.raises(FramesError, match="do not determine"):
        fitted(truth().crystal.of(atoms), at_once(count, 0.01, atoms))


def test_enough_of_them_give_force_constants_back():
    atoms = without_symmetry()
    known = POTENTIAL.hessian(atoms)
    moved = at_once(28, 0.01, atoms)["displacements"]
    forces = -np.einsum("ijab,tjb->tia", known, moved)
    found = fitted(truth().crystal.of(atoms), {"displacements": moved, "forces": forces}).values
    assert np.linalg.norm(found - known) < 1e-6 * np.linalg.norm(known)


def test_displacements_along_one_axis_of_all_atoms_are_refused():
    data = at_once(6)
    data["displacements"] = data["displacements"] * [1, 0, 0]
    atoms = without_symmetry()
    along = {name: values[:, :10] for name, values in data.items()}
    with pytest.raises(FramesError, match="do not determine"):
        fitted(truth().crystal.of(atoms), along)


def zero_displacement() -> dict:
    known = single()
    first, *rest = known["first_atoms"]
    return {**known, "first_atoms": [first | {"displacement": np.zeros(3)}, *rest]}


def test_a_zero_displacement_is_named(tmp_path):
    with pytest.raises(FramesError, match="Displacement 1 is zero"):
        read_sets(tmp_path, zero_displacement())


def written_across_the_boundary() -> dict:
    """Each atom in the image that lies in the cell, as positions of an output are: 7.79 Å for −0.01 Å."""
    data = at_once(2)
    ideal = truth().ideal
    return data | {"displacements": np.mod(ideal + data["displacements"], 7.8) - ideal}


def test_a_displacement_may_be_that_of_any_image(tmp_path):
    assert np.abs(written_across_the_boundary()["displacements"]).max() > 7
    assert np.allclose(read_sets(tmp_path, written_across_the_boundary()), read_sets(tmp_path, at_once(2)), atol=1e-8)


def columns_exchanged() -> dict:
    data = at_once(4)
    return {"displacements": data["forces"] / 50, "forces": data["displacements"]}


def positions_for_displacements() -> dict:
    data = at_once(4)
    return data | {"displacements": truth().ideal + data["displacements"]}


def with_nan() -> dict:
    data = at_once(2)
    data["forces"][1, 3, 2] = np.nan
    return data


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (columns_exchanged, "do not add up to zero"),
        (positions_for_displacements, r"displacements are \d\.\d\d Å long .* positions, or in another unit"),
        (with_nan, "hold a NaN or infinity"),
    ],
)
def test_other_columns_than_displacements_and_forces_are_named(make, says):
    with pytest.raises(FramesError, match=says):
        fitted(truth().crystal, make())


def test_numbers_and_notes_may_be_written_as_others_do(tmp_path):
    write_FORCE_SETS(single(), tmp_path / "FORCE_SETS")
    known = constants.read(tmp_path / "FORCE_SETS", truth().crystal)[0]
    text = re.sub(r"(\d\.\d+)", r"\1D+00", (tmp_path / "FORCE_SETS").read_text())
    (tmp_path / "FORCE_SETS").write_text("# displacements of SrTiO3\n" + text)
    assert np.allclose(constants.read(tmp_path / "FORCE_SETS", truth().crystal)[0], known)


def without_line(text: str, line: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[:line] + lines[line + 1 :])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "", "FORCE_SETS is empty"),
        (lambda text: "\n \n", "FORCE_SETS is empty"),
        (lambda text: "Cs Pb Br\n1 1 3\n", "first line has 3 words"),
        (lambda text: text.replace("40", "20", 1), "not one for a supercell of 40 atoms: it says 20"),
        (lambda text: text[: len(text) // 2], "displacement 2 of 3.*(ends before|components|not a number)"),
        (lambda text: text.splitlines()[0], "how many displacements"),
        (lambda text: without_line(text, 9), "displacement 1 of 3: the force on atom 40 .*is a row missing"),
        (lambda text: without_line(text, len(text.splitlines()) - 1), "displacement 3 of 3: the file ends before"),
        (lambda text: text + "1\n", "goes on for 1 rows"),
        (lambda text: text.replace("0.0100", "abcdef", 1), "displacement 1 of 3: not a number"),
        (lambda text: text.replace("0.0100000000000000", "nan", 1), "not finite"),
    ],
)
def test_a_damaged_file_says_where(change, says, tmp_path):
    write_FORCE_SETS(single(), tmp_path / "FORCE_SETS")
    text = (tmp_path / "FORCE_SETS").read_text()
    (tmp_path / "FORCE_SETS").write_text(change(text))
    with pytest.raises(FramesError, match=says):
        constants.read(tmp_path / "FORCE_SETS", truth().crystal)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_numbers(encoding, tmp_path):
    write_FORCE_SETS(single(), tmp_path / "FORCE_SETS")
    text = (tmp_path / "FORCE_SETS").read_text()
    (tmp_path / "FORCE_SETS").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    assert len(constants.read(tmp_path / "FORCE_SETS", truth().crystal)[0]) == SIZE
