"""Collect what a machine without a network lacks into one folder: `benchmarks/gpu/pack`.

That machine has Python 3.12, PyTorch and e3nn, with what they bring along. The folder holds Softmode's code, the wheels
of the other packages it imports, one checkpoint of SevenNet, and what is to be computed: `work.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compute import tables
from compute.bench.suite import halides
from compute.campaigns.campaign import campaign
from compute.campaigns.provenance import code_commit
from compute.potentials.environments.install import folder_of, read_requirements
from compute.potentials.registry import entry
from compute.potentials.store import file_sha256, locate
from compute.protocols import HARMONIC_PROTOCOLS
from compute.settings import data_directory
from compute.tasks.task import task_for

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
KIT = ROOT / "build" / "gpu"
LIMIT = 64 * 2**20
"""Bytes that the folder may have."""
SCRIPTS = ("run", "running.py", "steps.py", "nvt.py", "absent.py")
MODELS = ("softmode-mace-distil-16000", "sevennet-0")
"""Whose stored rows are computed again."""
PACKAGES = (
    *("annotated-types", "ase", "certifi", "charset-normalizer", "e3nn", "gemmi", "greenlet", "idna", "mace-torch"),
    *("matscipy", "orjson", "phonopy", "phonors", "platformdirs", "psutil", "pydantic", "pydantic_core", "pyparsing"),
    *("PyYAML", "requests", "spglib", "symfc", "torch-ema", "tqdm", "typing-inspection", "urllib3"),
)
"""What Softmode's stages, MACE and SevenNet import beside PyTorch and its company."""
PYTHON = "3.12"
_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014", "manylinux2010")
_OMEGAS = ("omega_min_thz", "omega_gamma_thz", "omega_r_thz", "omega_m_thz", "omega_x_thz")


def pinned(constraints: Path) -> dict[str, str]:
    """The requirement `name==version` of each pinned package, by its name in lower case with hyphens."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in constraints.read_text(encoding="utf-8").splitlines())
    return {_plain(line.partition("==")[0]): line for line in lines if "==" in line}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def download(requirements: Sequence[str], folder: Path, python: str) -> None:
    """The wheels of `requirements` alone, for the machine's `python`."""
    platforms = [option for name in _PLATFORMS for option in ("--platform", f"{name}_x86_64")]
    target = ["--no-deps", "--only-binary=:all:", "--python-version", python, "--implementation", "cp", *platforms]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-qq", *target]
    subprocess.run([*command, "--dest", str(folder), *requirements], check=True)


def without_other_weights(wheel: Path, kept: str) -> None:
    """Rewrite the wheel of SevenNet without the checkpoints that are not `kept`."""
    slim = wheel.with_suffix(".tmp")
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(slim, "w", zipfile.ZIP_DEFLATED) as new:
        for item in whole.infolist():
            if not item.filename.endswith(".pth") or item.filename.endswith(kept):
                new.writestr(item, whole.read(item))
    slim.replace(wheel)


def work(data: Path, potential: str, compounds: Sequence[str], first: int, checked: int) -> dict[str, Any]:
    """What the machine is to compute, as JSON: stored rows to be found again, crystals to be timed, tasks of σ."""
    sha256 = {name: file_sha256(locate(name).path) for name in {*MODELS, potential}}
    references = {row["compound"]: row for row in tables.read(data, "references").to_pylist() if row["suite"] == "abx3"}
    planned = campaign("abx3", potential, sha256[potential], "published", data, KIT, stage="sigma")
    done = {
        row["compound"]
        for row in tables.read_where(data, "anharmonic", run=planned.run)
        if row["status"] not in ("not-run", None)
    }
    if unknown := sorted(set(compounds) - set(references)):
        raise SystemExit(f"suite abx3 has no {', '.join(unknown)}")
    left = [task for task in planned.tasks if task.compound not in done]
    chosen = [task for task in left if task.compound in compounds] if compounds else left
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]

    def stored(model: str) -> list[dict[str, Any]]:
        of = {"suite": "abx3", "potential": model, "geometry": "reference", "status": "ok"}
        rows = tables.read_where(data, "harmonic", **of)[:checked]
        return [
            {
                "task": task_for(
                    "abx3", row["compound"], references[row["compound"]]["lattice_constant"], model, sha256[model],
                    protocol,
                ).to_plain(),
                "row": {name: row[name] for name in _OMEGAS},
            }
            for row in rows
        ]  # fmt: skip

    return {
        "packed": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": code_commit(),
        "check": {model: stored(model) for model in MODELS},
        "crystals": halides(data, 256),
        "double_perovskites": [
            row["compound"] for row in tables.read_where(data, "references", suite="hdp") if row["X"] == "Br"
        ][:16],
        "sigma": {"run": planned.run, "tasks": [task.to_plain() for task in chosen[:first]]},
    }


def pack(kit: Path, content: dict[str, Any], python: str = PYTHON) -> int:
    """Write the kit with the work `content`; its size in bytes. Raises `SystemExit` where that is over the limit."""
    shutil.rmtree(kit, ignore_errors=True)
    kit.mkdir(parents=True)
    for name in SCRIPTS:
        shutil.copy2(HERE / name, kit / name)
    shutil.copytree(ROOT / "compute", kit / "compute", ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    pins = pinned(ROOT / "constraints.txt")
    download([pins[_plain(name)] for name in PACKAGES], kit / "wheels", python)
    download(read_requirements(folder_of("sevennet") / "requirements.txt"), kit / "sevennet", python)
    without_other_weights(next((kit / "sevennet").glob("sevenn-*.whl")), entry("sevennet-0").file)
    (kit / "work.json").write_text(json.dumps(content))
    size = sum(path.stat().st_size for path in kit.rglob("*") if path.is_file())
    if size > LIMIT:
        raise SystemExit(f"{kit} has {size / 2**20:.1f} MiB, more than {LIMIT / 2**20:.0f}")
    return size


def main() -> None:
    """Pack and say how large the folder is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=KIT, help="the folder, written anew")
    parser.add_argument("--potential", default="sevennet-0", help="of which σ is computed")
    parser.add_argument("--compounds", type=Path, help="a file that names the compounds of suite abx3, one a line")
    parser.add_argument("--first", type=int, default=1024, help="so many of them at most")
    parser.add_argument("--checked", type=int, default=8, help="stored rows of each potential that are computed again")
    parser.add_argument("--python", default=PYTHON, help="of that machine")
    given = parser.parse_args()
    named = given.compounds.read_text(encoding="utf-8").split() if given.compounds else []
    content = work(data_directory(), given.potential, named, given.first, given.checked)
    size = pack(given.to, content, given.python)
    print(f"{given.to}: {size / 2**20:.1f} MiB, {len(content['sigma']['tasks'])} compounds for σ")


if __name__ == "__main__":
    main()
