"""What the process costs that evaluates a family of its own: python benchmarks/process_overhead.py [--json FILE].

The same evaluator of SevenNet on the same 40-atom cells of CsPbBr3, one thread, float32: called directly inside its
interpreter, and through the pipe as Softmode calls it, in turn; the last column is the median over the rounds of the
time through the pipe over the direct time, less one. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from compute.bench.sides import limit_threads
from compute.campaigns.provenance import hardware
from compute.potentials.environments.install import folder_of, of_family
from compute.potentials.environments.process import Evaluator, RemotePotential
from compute.potentials.store import locate
from compute.structures.compounds import identify

POTENTIALS = ("sevennet-0", "sevennet-l3i5")
CELL = ("CsPbBr3", 5.99)
DIRECT = """
import sys, time
import numpy as np, torch
from ase import Atoms
folder, frames, checkpoint, head = sys.argv[1:]
sys.path.append(folder)
from evaluator import load
torch.set_num_threads(1)
evaluate = load(checkpoint, "cpu", "float32", head or None)
kept = np.load(frames)
cells = [Atoms(kept["numbers"], positions=p, cell=kept["cell"], pbc=True) for p in kept["positions"]]
evaluate(cells[:1], False)
for _ in sys.stdin:
    start = time.perf_counter()
    for cell in cells:
        evaluate([cell], False)
    print(time.perf_counter() - start, flush=True)
"""


def rattled(steps: int) -> list[Atoms]:
    """`steps` frames of the 40-atom cell, every atom moved by 0.05 Å."""
    formula, a = CELL
    ideal = identify(formula, "abx3", [formula]).structure(a).repeat(2)
    generator = np.random.default_rng(0)
    frames = []
    for _ in range(steps):
        frame = ideal.copy()
        frame.positions += generator.normal(scale=0.05, size=frame.positions.shape)
        frames.append(frame)
    return frames


def compared(name: str, frames: list[Atoms], rounds: int, folder: Path) -> dict[str, Any]:
    """Milliseconds of a force call of the potential `name`, directly and through the process, and what is more."""
    environment, checkpoint = of_family("sevennet"), locate(name)
    kept = folder / "frames.npz"
    np.savez(kept, numbers=frames[0].numbers, cell=frames[0].cell.array, positions=[f.positions for f in frames])
    command = [
        environment.python,
        "-I",
        "-c",
        DIRECT,
        folder_of("sevennet"),
        kept,
        checkpoint.path,
        checkpoint.head or "",
    ]
    direct = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    evaluator = Evaluator("sevennet", environment.python, folder_of("sevennet"))
    through = RemotePotential(
        evaluator, id=name, checkpoint=checkpoint.path, checkpoint_sha256="", dtype="float32", device="cpu",
        head=checkpoint.head,
    )  # fmt: skip
    seconds: dict[str, list[float]] = {"direct": [], "process": []}
    try:
        through.evaluate(frames[:1])
        for _ in range(rounds):
            direct.stdin.write("\n")
            direct.stdin.flush()
            seconds["direct"].append(float(direct.stdout.readline()))
            start = time.perf_counter()
            for frame in frames:
                through.evaluate([frame])
            seconds["process"].append(time.perf_counter() - start)
    finally:
        evaluator.close()
        direct.stdin.close()
        direct.wait()
    ratios = [process / plain for plain, process in zip(seconds["direct"], seconds["process"], strict=True)]
    return {
        "atoms": len(frames[0]),
        "calls": rounds * len(frames),
        **{f"{side}_ms": 1e3 * statistics.median(values) / len(frames) for side, values in seconds.items()},
        "overhead": statistics.median(ratios) - 1,
    }


def main() -> None:
    """Measure and print, and write what was measured where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    limit_threads(1)  # which the evaluator follows
    with tempfile.TemporaryDirectory() as folder:
        frames = rattled(asked.steps)
        found = {name: compared(name, frames, asked.rounds, Path(folder)) for name in POTENTIALS}
    for name, one in found.items():
        print(
            f"{name}: {one['atoms']} atoms, {one['calls']} calls a side: direct {one['direct_ms']:.1f} ms, through the"
            f" process {one['process_ms']:.1f} ms, overhead {one['overhead']:+.1%}"
        )
    if asked.json:
        asked.json.write_text(json.dumps({"hardware": hardware(), **found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
