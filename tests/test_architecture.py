"""Dependencies point one way, and importing the web costs none of the heavy stack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_import_contracts_hold():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_and_the_command_line_start_without_the_heavy_stack():
    code = (
        "import sys, dashboard.app, compute.cli\n"
        "heavy = {'torch', 'mace', 'chgnet', 'phonopy', 'symfc', 'ase', 'pymatgen', 'distributed', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_has_no_side_effects(tmp_path):
    code = "import pkgutil, importlib, compute\n" + (
        "for m in pkgutil.walk_packages(compute.__path__, 'compute.'): importlib.import_module(m.name)"
    )
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
