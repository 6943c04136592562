"""Dependencies point one way, and importing the web costs none of the heavy stack."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tests.conftest import ROOT


def test_import_contracts_hold():
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_and_the_command_line_start_without_the_heavy_stack():
    code = (
        "import sys, compute.cli\n"
        "print('pandas' in sys.modules)\n"
        "import dashboard.app\n"
        "heavy = {'torch', 'mace', 'chgnet', 'phonopy', 'symfc', 'ase', 'pymatgen', 'distributed', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "[]"]


def test_a_worker_of_a_campaign_needs_no_tables():
    code = (
        "import sys, compute.campaigns.chunks\n"
        "print(sorted({'pyarrow', 'pandas', 'duckdb', 'distributed'} & set(sys.modules)))"
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


def _modules():
    return [path for package in ("compute", "dashboard") for path in sorted((ROOT / package).rglob("*.py"))]


def test_a_room_has_few_modules_and_a_module_is_short():
    rooms = Counter(path.parent for path in _modules() if path.name != "__init__.py")
    assert {str(room): n for room, n in rooms.items() if n > 16} == {}
    others = [path for folder in ("tests", "benchmarks", "docs") for path in (ROOT / folder).rglob("*.py")]
    scripts = [path for path in (ROOT / "assets").rglob("*.js") if "vendor" not in path.parts]
    lengths = {
        str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (*_modules(), *others, *scripts)
    }
    assert {path: n for path, n in lengths.items() if n > 350} == {}


def test_no_name_of_a_class_is_used_twice():
    places = defaultdict(set)
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
