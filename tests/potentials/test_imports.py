"""A potential starts without what evaluates nothing, and whoever wants that finds it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from compute.potentials.imports import imported
from tests.conftest import ROOT

STARTED = """
import sys
from ase.build import bulk
from compute.potentials.load import load
for id in ("chgnet-0.3.0", "softmode-mace-distil-250"):
    load(id, device="cpu").evaluate([bulk("KF", "rocksalt", a=5.4)], stress=True)
    print(*sorted({"matplotlib", "pandas", "scipy.signal", "torchmetrics", "torch._dynamo"} & sys.modules.keys()))
"""


def test_a_process_evaluates_without_training_plots_and_a_compiler():
    pytest.importorskip("mace")
    done = subprocess.run([sys.executable, "-c", STARTED], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["", ""]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that takes a name from its module `slow`, which says when it is imported."""
    folder = tmp_path / "invented"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .slow import plot\nfrom .network import Network\n")
    (folder / "network.py").write_text("class Network: pass\n")
    (folder / "slow.py").write_text("print('imported')\ndef plot(): return 'drawn'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "invented"
    for name in [name for name in sys.modules if name.partition(".")[0] == "invented"]:
        del sys.modules[name]


def test_a_module_comes_with_the_first_of_its_names(package, capsys):
    network = imported(f"{package}.network", without=(f"{package}.slow",))
    whole = sys.modules[package]
    assert whole.Network is network.Network
    assert not hasattr(whole, "other")
    assert capsys.readouterr().out == ""
    assert whole.plot() == "drawn"
    assert capsys.readouterr().out == "imported\n"


def test_what_is_there_already_stays(package, capsys):
    imported(f"{package}.network", without=())
    assert capsys.readouterr().out == "imported\n"
    plot = sys.modules[package].plot
    imported(f"{package}.network", without=(f"{package}.slow",))
    assert sys.modules[package].plot is plot


def test_a_package_that_cannot_be_imported_leaves_nothing_behind(package):
    with pytest.raises(ModuleNotFoundError):
        imported(f"{package}.nothing", without=(f"{package}.slow",))
    assert f"{package}.slow" not in sys.modules
