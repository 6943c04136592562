"""Which forces of a trajectory are meant: by their usual name, by the name that is given, never by chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.io import write
from typer.testing import CliRunner

from compute.cli import app
from compute.references.readers import read
from compute.structures.frames import FramesError
from tests.support.frames_files import as_npz, as_vasp, images, truth, write_ideal

OTHER = 0.5 * truth().forces


def trajectory(folder: Path, keys: dict[str, np.ndarray], energies: dict | None = None) -> dict:
    """A trajectory whose frames hold forces under the names of `keys`, each (T, N, 3)."""
    frames = images(truth()) if "forces" in keys else truth().atoms()
    for number, atoms in enumerate(frames):
        for key, values in keys.items():
            if key == "forces":
                atoms.calc.results["forces"] = values[number]
            else:
                atoms.arrays[key] = values[number]
        for key, value in (energies or {}).items():
            atoms.info[key] = value + number
    write(folder / "run.extxyz", frames)
    return {"path": folder / "run.extxyz", "ideal": write_ideal(folder / "POSCAR")}


@pytest.mark.parametrize("key", ["forces", "REF_forces", "dft_forces", "DFT_forces"])
def test_the_usual_names_are_taken(key, tmp_path):
    assert np.allclose(read(**trajectory(tmp_path, {key: truth().forces})).forces, truth().forces, atol=1e-7)


@pytest.mark.parametrize("key", ["force", "REF_force", "dft_force", "DFT_force", "mace_forces", "f"])
def test_another_name_is_refused_with_those_that_are_taken(key, tmp_path):
    given = trajectory(tmp_path, {key: truth().forces})
    with pytest.raises(FramesError, match=rf"has no forces, but {key}\. Taken are forces, REF_forces.*--forces-key"):
        read(**given)
    assert np.allclose(read(**given, forces_key=key).forces, truth().forces, atol=1e-7)


@pytest.mark.parametrize("rival", ["REF_forces", "dft_forces", "force", "MACE_forces"])
def test_two_sets_that_differ_have_to_be_chosen_from(rival, tmp_path):
    given = trajectory(tmp_path, {"forces": OTHER, rival: truth().forces})
    with pytest.raises(FramesError, match=f"two sets of forces, forces and {rival}, that differ by up to"):
        read(**given)
    assert np.allclose(read(**given, forces_key=rival).forces, truth().forces, atol=1e-7)
    assert np.allclose(read(**given, forces_key="forces").forces, OTHER, atol=1e-7)


def test_two_sets_that_are_the_same_are_one(tmp_path):
    given = trajectory(tmp_path, {"forces": truth().forces, "REF_forces": truth().forces})
    assert np.allclose(read(**given).forces, truth().forces, atol=1e-7)


def test_energies_are_those_of_the_same_set(tmp_path):
    """The energy of a calculator does not belong to forces that stand under another name."""
    given = trajectory(tmp_path, {"forces": OTHER, "REF_forces": truth().forces}, energies={"REF_energy": -7.0})
    found = read(**given, forces_key="REF_forces")
    assert found.energies.tolist() == [-7.0 + number for number in range(len(found))]
    assert np.allclose(read(**given, forces_key="forces").energies, truth().energies)
    bare = trajectory(tmp_path, {"forces": OTHER, "REF_forces": truth().forces})
    assert read(**bare, forces_key="REF_forces").energies is None


def test_a_name_that_is_not_there_or_holds_no_forces_is_refused(tmp_path):
    given = trajectory(tmp_path, {"forces": truth().forces, "spread": truth().forces[:, :, 0]})
    with pytest.raises(FramesError, match="has no REF_forces, but spread, forces"):
        read(**given, forces_key="REF_forces")
    with pytest.raises(FramesError, match="spread are no forces"):
        read(**given, forces_key="spread")
    for other in (as_npz(tmp_path), as_vasp(tmp_path)):
        with pytest.raises(FramesError, match="only a trajectory can have forces under the name"):
            read(**other, forces_key="forces")


def test_frames_with_their_forces_under_different_names_are_refused(tmp_path):
    other = trajectory(tmp_path, {"forces": truth().forces})["path"].read_text()
    given = trajectory(tmp_path, {"REF_forces": truth().forces})
    given["path"].write_text(given["path"].read_text() + other)
    with pytest.raises(FramesError, match="forces as REF_forces and forces"):
        read(**given)


def test_the_command_line_takes_the_name(tmp_path):
    given = trajectory(tmp_path, {"force": truth().forces})
    arguments = ["frames", "info", str(given["path"]), "--ideal", str(given["ideal"]), "--json"]
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 1
    assert "REF_forces" in refused.output
    done = CliRunner().invoke(app, [*arguments, "--forces-key", "force"])
    assert json.loads(done.stdout)["frames"] == len(truth())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_encodings_of_extxyz_do_not_matter(encoding, tmp_path):
    given = trajectory(tmp_path, {"forces": truth().forces})
    text = given["path"].read_text().replace("Properties", 'author="Müller" Properties')
    given["path"].write_bytes(text.encode(encoding))
    assert np.allclose(read(**given).forces, truth().forces, atol=1e-7)
