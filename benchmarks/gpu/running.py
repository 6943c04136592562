"""Run the kit on the machine it was brought to: `run`, or `run --dry` on a processor with tiny sizes.

Steps follow one another, each in a process of its own that is ended when its time is over. What a step has found by
then stands: `results/gpu.json` has it, and shards of σ lie in `results/runs`. Imports the standard library alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KIT = HERE if (HERE / "work.json").is_file() else HERE.parents[1] / "build" / "gpu"
LIMITS = {"prepare": 60, "check": 90, "bench": 100, "dynamics": 110, "force_constants": 60, "sigma": 480}
"""Seconds that a step may take, in the order of the steps; none takes more than is left of the whole."""
WHOLE, DRY_WHOLE = 470, 3600
SLACK = 5


def unpacked(kit: Path) -> Path:
    """The folder of the packages that lie in `kit` as wheels."""
    site = kit / "here" / "site-packages"
    if not site.is_dir():
        for wheel in sorted((kit / "wheels").glob("*.whl")):
            zipfile.ZipFile(wheel).extractall(site)
    return site


def environment(kit: Path) -> dict[str, str]:
    """In which the steps run: this interpreter's packages, those of the kit before them, and nothing fetched."""
    here = kit / "here"
    return {
        **os.environ,
        "PYTHONPATH": f"{kit}{os.pathsep}{unpacked(kit)}",
        "PYTHONUNBUFFERED": "1",
        "SOFTMODE_ENVIRONMENTS": str(here / "environments"),
        "SOFTMODE_VAR": str(here / "var"),
        "SOFTMODE_POTENTIALS": str(here / "potentials"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(kit / "sevennet"),
    }


def step(name: str, kit: Path, to: Path, seconds: float, dry: bool, variables: dict[str, str]) -> dict[str, Any]:
    """What the step found within `seconds`, how it ended, and how long it took."""
    found, log, start = to / f"{name}.json", to / f"{name}.log", time.monotonic()
    found.unlink(missing_ok=True)
    command = [sys.executable, str(kit / "steps.py"), name, str(to), f"{seconds - SLACK:.0f}", *(["--dry"] * dry)]
    with log.open("wb") as said:
        running = subprocess.Popen(
            command, cwd=kit, env=variables, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            ended = "ok" if running.wait(seconds) == 0 else "failed"
        except subprocess.TimeoutExpired:
            ended = "timed out"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    content = json.loads(found.read_text()) if found.is_file() else {}
    if ended == "failed":
        content["said"] = log.read_text(errors="replace").strip().splitlines()[-1:]
    return {"ended": ended, "took_s": round(time.monotonic() - start, 1), **content}


def main() -> None:
    """Run all steps, write what they found, and fail where a step failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="tiny sizes, on a processor")
    parser.add_argument("--to", type=Path, default=KIT / "results", help="the folder of the results")
    parser.add_argument("--seconds", type=float, help="for all steps together")
    given = parser.parse_args()
    if not (KIT / "work.json").is_file():
        raise SystemExit(f"{KIT} has no kit: run benchmarks/gpu/pack first")
    to, whole = given.to.resolve(), given.seconds or (DRY_WHOLE if given.dry else WHOLE)
    end = time.monotonic() + whole
    to.mkdir(parents=True, exist_ok=True)
    variables = environment(KIT)
    document: dict[str, Any] = {"dry": given.dry, "python": sys.version.split()[0], "steps": {}}
    for name, limit in LIMITS.items():
        left = end - time.monotonic()
        seconds = min(limit * (10 if given.dry else 1), left)
        if seconds < 3 * SLACK:
            document["steps"][name] = {"ended": "no time left"}
        else:
            document["steps"][name] = step(name, KIT, to, seconds, given.dry, variables)
        document["shards"] = len(list((to / "runs").glob("*/shards/*.json")))
        (to / "gpu.json").write_text(json.dumps(document, indent=1) + "\n")
        print(
            f"{name}: {document['steps'][name]['ended']}, {document['steps'][name].get('took_s', 0):.0f} s", flush=True
        )
    print(json.dumps(document["steps"], indent=1))
    print(f"{to / 'gpu.json'}, {document['shards']} shards")
    if any(part["ended"] == "failed" for part in document["steps"].values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
