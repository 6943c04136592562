"""Potentials in interpreters of their own: the process, its end, its errors, and SevenNet through it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from ase import Atoms
from ase.build import bulk

from compute.potentials.environments import install
from compute.potentials.environments.install import InstallError, of_family
from compute.potentials.environments.process import Evaluator, EvaluatorError, ProcessTimeouts, RemotePotential
from compute.potentials.interface import EvaluationError
from compute.potentials.load import add, load
from compute.potentials.store import LoadError, locate

SEVENNET = of_family("sevennet")
sevennet = pytest.mark.skipif(not SEVENNET.ready, reason="SevenNet is not installed: softmode potentials install")

EVALUATOR = '''
"""Lennard-Jones, and what can go wrong."""
import os, signal, time
from pathlib import Path
from ase.calculators.lj import LennardJones

def load(checkpoint, device, dtype, head):
    print("what a package prints does not come between")
    if head == "none":
        raise ValueError("no head none")
    def evaluate(structures, stress):
        results = []
        for atoms in structures:
            if "He" in atoms.symbols:
                raise ValueError("it was not trained on He")
            if "Li" in atoms.symbols:
                raise KeyError("a mistake")
            if "B" in atoms.symbols:
                Path(checkpoint).open("a").write("x")
                os.kill(os.getpid(), signal.SIGKILL)
            if "Be" in atoms.symbols:
                time.sleep(60)
            atoms.calc = LennardJones(sigma=2.5, rc=5)
            tensor = atoms.get_stress(voigt=False) if stress else None
            results.append((atoms.get_potential_energy(), atoms.get_forces(), tensor))
        return results
    return evaluate
'''


@pytest.fixture
def remote(tmp_path):
    """Lennard-Jones atoms in a process of this interpreter."""
    (tmp_path / "evaluator.py").write_text(EVALUATOR)
    patience = ProcessTimeouts(start=60, batch=2, atom=0)
    evaluator = Evaluator("Lennard-Jones", Path(sys.executable), tmp_path, patience)
    options = {"checkpoint_sha256": "0" * 64, "dtype": "float64", "device": "cpu"}
    yield lambda head=None: RemotePotential(evaluator, id="lj", checkpoint=tmp_path / "crashes", head=head, **options)
    evaluator.close()


def argon(seed: int = 0, size: int = 1) -> Atoms:
    atoms = bulk("Ar", a=4.0, cubic=True).repeat(size)
    atoms.rattle(0.1, seed=seed)
    return atoms


def test_a_batch_comes_back_in_order_with_the_numbers_of_the_calculator(remote):
    from ase.calculators.lj import LennardJones

    structures = [argon(1), argon(2, size=2), argon(3)]
    for structure, found in zip(structures, remote().evaluate(structures, stress=True), strict=True):
        structure.calc = LennardJones(sigma=2.5, rc=5)
        assert found.energy == structure.get_potential_energy()
        np.testing.assert_array_equal(found.forces, structure.get_forces())
        np.testing.assert_array_equal(found.stress, structure.get_stress(voigt=False))
    assert remote().evaluate([]) == []
    assert remote().evaluate(structures)[0].stress is None


def test_a_killed_process_is_started_again_and_nothing_is_lost(remote):
    potential = remote()
    before = potential.evaluate([argon()])[0]
    killed = potential._evaluator.pid
    os.kill(killed, signal.SIGKILL)
    assert potential.evaluate([argon()])[0].energy == before.energy
    assert potential._evaluator.pid != killed


def test_a_batch_that_ends_the_process_twice_is_an_error_and_the_next_one_is_not(remote, tmp_path):
    potential = remote()
    with pytest.raises(EvaluatorError, match="ended twice: signal 9"):
        potential.evaluate([argon(), Atoms("B", cell=[4] * 3, pbc=True)])
    assert (tmp_path / "crashes").read_text() == "xx"
    assert len(potential.evaluate([argon()])) == 1


def test_what_it_says_of_a_structure_a_mistake_of_its_own_and_silence_are_told_apart(remote):
    potential = remote()
    with pytest.raises(EvaluationError, match="lj: it was not trained on He") as refused:
        potential.evaluate([Atoms("He", cell=[4] * 3, pbc=True)])
    assert not isinstance(refused.value, EvaluatorError)
    with pytest.raises(EvaluatorError, match="KeyError: 'a mistake'"):
        potential.evaluate([Atoms("Li", cell=[4] * 3, pbc=True)])
    with pytest.raises(EvaluatorError, match="no answer within 2 s"):
        potential.evaluate([Atoms("Be", cell=[4] * 3, pbc=True)])
    with pytest.raises(EvaluationError, match="no finite result"):
        potential.evaluate([Atoms("Ar2", positions=[(1, 1, 1)] * 2, cell=[9] * 3, pbc=True)])
    with pytest.raises(LoadError, match="no head none"):
        remote("none")


def test_it_ends_with_its_parent_in_the_middle_of_a_batch(tmp_path):
    (tmp_path / "evaluator.py").write_text(EVALUATOR)
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE
    )
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and "(zombie)" not in Path(f"/proc/{child}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


_PARENT = """
import sys, threading
from pathlib import Path
from ase import Atoms
from compute.potentials.environments.process import Evaluator, RemotePotential
folder = Path(sys.argv[1])
evaluator = Evaluator("lj", Path(sys.executable), folder)
options = {"checkpoint_sha256": "", "dtype": "float64", "device": "cpu", "head": None}
lj = RemotePotential(evaluator, id="lj", checkpoint=folder, **options)
print(evaluator.pid, flush=True)
lj.evaluate([Atoms("Be", cell=[4] * 3, pbc=True)])
"""


def test_an_environment_that_cannot_be_made_says_why_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setattr(install, "read_requirements", lambda file: (f"{tmp_path}/no-such-package.whl",))
    environment = of_family("sevennet")
    with pytest.raises(InstallError, match="run the same command again") as caught:
        environment.install()
    assert "no-such-package" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not environment.ready
    with pytest.raises(LoadError, match="not installed: run softmode potentials install SevenNet"):
        load("sevennet-0")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SOFTMODE_ENVIRONMENTS", str(tmp_path / "file"))
    with pytest.raises(InstallError, match="cannot make"):
        of_family("sevennet").install()


@pytest.fixture(scope="module")
def perovskites() -> list[Atoms]:
    """Rattled cells of five and of forty atoms, the small ones full of periodic images."""
    cells = []
    for number, (formula, a) in enumerate({"CsPbBr3": 5.9, "SrTiO3": 3.9, "KMgF3": 4.0}.items()):
        sites = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
        cell = Atoms(formula, scaled_positions=sites, cell=[a] * 3, pbc=True)
        for size in (1, 2) if number == 0 else (1,):
            cells.append(cell.repeat(size))
            cells[-1].rattle(0.05, seed=number)
    return cells


_OWN = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import numpy as np
from ase.io import read
from sevenn.calculator import SevenNetCalculator
folder = Path(sys.argv[1])
for id, named, modal in (
    ("sevennet-0", "7net-0", None),
    ("sevennet-l3i5", "7net-l3i5", None),
    ("sevennet-mf-0-r2scan", "7net-mf-0", "R2SCAN"),
):
    calculator = SevenNetCalculator(named, modal=modal, device="cpu")
    rows = []
    for atoms in read(folder / "cells.traj", ":"):
        atoms.calc = calculator
        rows += [atoms.get_forces(), atoms.get_stress(voigt=False)]
    np.save(folder / f"{id}.npy", np.concatenate(rows))
"""


@pytest.fixture(scope="module")
def of_the_package(perovskites, tmp_path_factory):
    """Forces and stress of the package's own calculator in float32, stacked, by potential."""
    from ase.io import write

    folder = tmp_path_factory.mktemp("own")
    write(folder / "cells.traj", perovskites)
    subprocess.run([SEVENNET.python, "-I", "-c", _OWN, folder], check=True)
    return {file.stem: np.load(file) for file in folder.glob("*.npy")}


def rewritten(id: str, dtype: str, cells: list[Atoms]) -> np.ndarray:
    """Forces and stress as Softmode computes them, stacked."""
    found = load(id, dtype=dtype, device="cpu").evaluate(cells, stress=True)
    return np.concatenate([part for one in found for part in (one.forces, one.stress)])


@sevennet
def test_sevennet_agrees_with_its_own_calculator(perovskites, of_the_package):
    assert len(of_the_package) == 3
    for id, own in of_the_package.items():
        np.testing.assert_allclose(rewritten(id, "float32", perovskites), own, rtol=0, atol=1e-5)


@pytest.mark.slow
@sevennet
def test_the_rewritten_network_rounds_no_more_than_that_of_the_package(perovskites, of_the_package):
    for id, own in of_the_package.items():
        exact = rewritten(id, "float64", perovskites)
        ours, theirs = (np.sqrt(np.mean((f - exact) ** 2)) for f in (rewritten(id, "float32", perovskites), own))
        assert 0 < ours < 1.2 * theirs, id


@sevennet
def test_sevennet_names_the_element_it_was_not_trained_on():
    with pytest.raises(EvaluationError, match="sevennet-0: it was not trained on Po"):
        load("sevennet-0", device="cpu").evaluate([bulk("Po", "sc", a=3.3)])


def test_a_sevennet_file_of_ones_own_is_told_from_chgnet_and_refused_until_it_can_be_evaluated(tmp_path, monkeypatch):
    import torch

    monkeypatch.setenv("SOFTMODE_ENVIRONMENTS", str(tmp_path / "environments"))
    torch.save({"config": {"_number_of_species": 3}, "model_state_dict": {}}, tmp_path / "own.pth")
    with pytest.raises(
        LoadError, match=r"own.pth is a checkpoint of SevenNet.*run softmode potentials install SevenNet"
    ):
        add(tmp_path / "own.pth", "own")
    torch.save({"model": {"state_dict": {}, "model_args": {}}}, tmp_path / "other.pth")
    with pytest.raises(LoadError) as refused:
        add(tmp_path / "other.pth", "other")
    assert "SevenNet" not in str(refused.value)


@sevennet
def test_a_sevennet_file_of_ones_own_gives_the_forces_of_the_same_weights(tmp_path):
    copied = tmp_path / "own.pth"
    shutil.copy(locate("sevennet-0").path, copied)
    assert add(copied, "own").family == "SevenNet"
    cells = [bulk("NaCl", "rocksalt", 5.6)]
    cells[0].rattle(0.1, seed=1)
    (one,), (other,) = (load(id, device="cpu").evaluate(cells) for id in ("own", "sevennet-0"))
    np.testing.assert_array_equal(one.forces, other.forces)
