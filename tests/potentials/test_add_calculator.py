"""A calculator of ASE from a file of the user: added, computed with, refused in one sentence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from ase.build import bulk
from typer.testing import CliRunner

from compute.cli import app
from compute.potentials.environments.install import folder_of, of_family
from compute.potentials.load import load
from compute.structures.compounds import identify

EMT = """
from ase.calculators.emt import EMT

def calculator(device, dtype):
    return EMT()
"""
LENNARD_JONES = """
from ase.calculators.lj import LennardJones

def calculator(device, dtype):
    return LennardJones(sigma=2.6, rc=6, smooth=True)
"""


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def written(tmp_path):
    """A file of the user with the given text."""

    def write(text: str, name: str = "mine.py") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def copper():
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=1)
    return atoms


def test_a_calculator_of_ase_becomes_a_potential(run, written):
    from ase.calculators.emt import EMT as Calculator

    added = run("potentials", "add-calculator", written(EMT), "--id", "my-emt", "--json")
    assert added.exit_code == 0, added.output
    assert json.loads(added.stdout)[0]["family"] == "ASE calculator"
    (listed,) = (row for row in json.loads(run("potentials", "list", "--json").stdout) if row["potential"] == "my-emt")
    assert listed["state"] == "local"
    atoms = copper()
    found = load("my-emt").evaluate([atoms], stress=True)[0]
    atoms.calc = Calculator()
    assert found.energy == atoms.get_potential_energy()
    np.testing.assert_array_equal(found.forces, atoms.get_forces())
    np.testing.assert_allclose(found.stress, atoms.get_stress(voigt=False), atol=1e-12)
    # To its end, with atoms that hold together: force constants, frequencies and a label.
    lj = written(LENNARD_JONES, "lj.py")
    assert run("potentials", "add-calculator", lj, "--id", "my-lj").exit_code == 0
    done = run("harmonic", "CsPbBr3", "--suite", "abx3", "--potential", "my-lj", "--json")
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert (row["status"], row["potential"], row["n_atoms"]) == ("ok", "my-lj", 40)


def test_a_stress_that_the_calculator_lacks_is_the_slope_of_its_energy(run, written):
    without = EMT.replace("return EMT()", "e = EMT(); e.implemented_properties = ['energy', 'forces']; return e")
    assert run("potentials", "add-calculator", written(without), "--id", "my-emt").exit_code == 0
    run("potentials", "add-calculator", written(EMT, "whole.py"), "--id", "whole")
    slope, whole = (load(id).evaluate([copper()], stress=True)[0].stress for id in ("my-emt", "whole"))
    np.testing.assert_allclose(slope, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def calculator(device, dtype)", "mine.py cannot be run: SyntaxError"),
        ("import no_such_package", "mine.py cannot be run: ModuleNotFoundError: No module named 'no_such_package'"),
        ("x = 1", "mine.py has no function calculator(device, dtype)"),
        ("def calculator(device, dtype): return 1 / 0", "fails: ZeroDivisionError"),
        (EMT.replace("return EMT()", "e = EMT(); e.implemented_properties = ['energy']; return e"), "gives no forces"),
        (
            "from ase.calculators.lj import LennardJones\n"
            "def calculator(device, dtype): return LennardJones(epsilon=float('nan'))",
            "gives no finite result",
        ),
        ("import os\nos._exit(3)", "ended twice: exit status 3"),
    ],
)
def test_a_file_that_makes_no_potential_is_refused_in_one_sentence(run, written, text, sentence):
    refused = run("potentials", "add-calculator", written(text), "--id", "mine")
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "mine" not in [row["potential"] for row in json.loads(run("potentials", "list", "--json").stdout)]


def test_its_packages_are_its_own(run, written, tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheel = tmp_path / "springs-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("springs.py", "from ase.calculators.emt import EMT as Springs\n")
        archive.writestr("springs-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: springs\nVersion: 1.0\n")
        archive.writestr(
            "springs-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("springs-1.0.dist-info/RECORD", "")
    file = written("from springs import Springs\ndef calculator(device, dtype): return Springs()")
    asked = ["potentials", "add-calculator", file, "--id", "springs", "--requirements"]
    refused = run(*asked, written("no-such-package==1.0", "wrong.txt"))
    assert refused.exit_code == 1
    assert "springs: packages cannot be installed" in refused.stderr.splitlines()[-1]
    assert "no-such-package" in refused.stderr.splitlines()[-1]
    added = run(*asked, written(f"# mine\n{wheel}\n", "right.txt"))
    assert added.exit_code == 0, added.output
    assert np.abs(load("springs").evaluate([copper()])[0].forces).max() > 0.1


@pytest.mark.slow
@pytest.mark.skipif(not of_family("sevennet").ready, reason="SevenNet is not installed: softmode potentials install")
def test_sevennet_through_this_door_is_the_sevennet_of_the_registry(run, written):
    file = written(
        "from sevenn.calculator import SevenNetCalculator\n"
        "def calculator(device, dtype): return SevenNetCalculator('7net-0', device=device)"
    )
    requirements = folder_of("sevennet") / "requirements.txt"
    added = run("potentials", "add-calculator", file, "--id", "my-sevennet", "--requirements", requirements)
    assert added.exit_code == 0, added.output
    cells = [copper(), identify("CsPbBr3", "abx3").structure(5.9), identify("Cs2NaInCl6", "hdp").structure(10.6, 0.235)]
    for number, cell in enumerate(cells):
        cell.rattle(0.05, seed=number)
    ours, theirs = (load(id, dtype="float32", device="cpu").evaluate(cells) for id in ("sevennet-0", "my-sevennet"))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.forces, other.forces, atol=1e-5)
