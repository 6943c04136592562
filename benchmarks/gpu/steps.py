"""The steps of the kit: `python steps.py STEP FOLDER SECONDS [--dry]` writes FOLDER/STEP.json, anew as it goes on."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absent
import nvt
import torch

from compute.bench import machine, models, sevennet, sides
from compute.bench.comparison import compared
from compute.campaigns.chunks import run_chunk
from compute.campaigns.provenance import package_versions
from compute.files import write_atomic
from compute.potentials.environments.install import of_family
from compute.potentials.environments.process import Evaluator, RemotePotential
from compute.potentials.interface import calculator
from compute.potentials.load import load
from compute.potentials.store import locate
from compute.protocols import HARMONIC_PROTOCOLS, Andersen
from compute.structures.compounds import identify
from compute.tasks.task import SigmaTask, from_plain, task_for

if TYPE_CHECKING:
    from ase import Atoms

Found = dict[str, Any]

BAR_US = 3.02
"""µs per atom and step of batched MACE NVT on an H100, as the documentation of NVIDIA ALCHEMI says."""
AGREE_THZ = 0.01
DISTILLED, SEVENNET = "softmode-mace-distil-16000", "sevennet-0"


@dataclass(frozen=True)
class Scale:
    """How much is done: on a GPU, or to see that it can be done."""

    device: str
    checked: int
    rounds: int
    crystals: int
    calls: int
    batches: tuple[int, ...]
    steps: int
    constants: int
    chunk: int


GPU = Scale("cuda", 8, 3, 64, 20, (1, 4, 16, 64, 256, 512), 50, 128, 64)
"""Neighbour lists of 512 structures are kept: a larger batch would make them anew at every step."""
DRY = Scale("cpu", 1, 1, 1, 1, (1, 2), 2, 1, 1)


def prepare(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """SevenNet's environment, and what the machine could do at best."""
    environment = of_family("sevennet")
    environment.install()
    (environment.packages_directory / "stand-in.pth").write_text(
        f"{Path(__file__).parent}\nimport absent; absent.stand_in()\n"
    )
    yield {
        "machine": machine.hardware(scale.device),
        "torch": torch.__version__,
        "versions": package_versions(),
        "commit": work["commit"],
        "matrix_gflops": machine.matrix_rate(scale.device, "float32", 1024 if scale is DRY else 8192) / 1e9,
        "bandwidth_gb_per_second": machine.bandwidth(scale.device) / 1e9,
    }


def check(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """Stored ω, which a processor computed, against those computed here, in THz. Raises where they differ."""
    found: Found = {}
    for model, stored in work["check"].items():
        stored = stored[: scale.checked]
        rows = run_chunk([from_plain(one["task"]) for one in stored])
        if reason := next((row["reason"] for row in rows if row["status"] != "ok"), None):
            raise SystemExit(reason)
        pairs = [(row[name], one["row"][name]) for row, one in zip(rows, stored, strict=True) for name in one["row"]]
        difference = max(abs(here - there) for here, there in pairs if there is not None)
        found[model] = {"compounds": len(stored), "largest_difference_thz": difference}
        yield found
    if wrong := [model for model, one in found.items() if not one["largest_difference_thz"] < AGREE_THZ]:
        raise SystemExit(f"{', '.join(wrong)}: ω differ by more than {AGREE_THZ} THz from the stored ones")


def bench(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """Force calls by the engine and by the plain calculators: MACE of the published medium architecture with random
    weights, and SevenNet."""
    crystals = [tuple(one) for one in work["crystals"][: scale.crystals]]

    def both() -> tuple[sides.Measured, sides.Measured]:
        return tuple(
            sides.calls(side, models.MEDIUM, crystals, 1, len(crystals), scale.device) for side in ("sparse", "plain")
        )

    found: Found = {
        "medium_weights": "random",
        "medium": compared([both() for _ in range(scale.rounds)], len(crystals)),
    }
    yield found
    yield found | {"sevennet": sevennet.measured(crystals[:4], scale.rounds, scale.calls, scale.device, (SEVENNET,))}


def dynamics(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """µs per atom and step of NVT dynamics of double perovskites, 80 atoms each, by the size of the batch, and of the
    ASE loop on the same machine."""
    found: Found = {"springs": "hold the atoms in place of the model's forces", "bar_us_per_atom_step": BAR_US}
    cells = _double_perovskites(work["double_perovskites"], max(scale.batches))
    for number, (name, (potential, plain)) in enumerate(_pairs(scale)):
        share = time.monotonic() + (end - time.monotonic()) / (3 - number)
        ase = min(nvt.loop(plain, cells[0], scale.steps) for _ in range(2)) / scale.steps
        found[name] = {"atoms": len(cells[0]), "ase_us_per_atom_step": 1e6 * ase / len(cells[0]), "batches": []}
        yield found
        for size in scale.batches:
            started, many = time.monotonic(), cells[:size]
            room = getattr(potential, "max_edges", None)
            nvt.engine(potential, many, 2)
            us = 1e6 * nvt.engine(potential, many, scale.steps) / (scale.steps + 1) / (size * len(cells[0]))
            found[name]["batches"].append({"structures": size, "us_per_atom_step": us})
            best = min(one["us_per_atom_step"] for one in found[name]["batches"])
            found[name] |= {
                "best_us_per_atom_step": best,
                "speed_ratio": found[name]["ase_us_per_atom_step"] / best,
                "bar_ratio": BAR_US / best,
            }
            if full := getattr(potential, "max_edges", None) != room:
                found[name]["memory_full_at"] = size
            yield found
            if full or time.monotonic() + 4.5 * (time.monotonic() - started) > share:
                break


def _double_perovskites(formulas: Sequence[str], count: int) -> list[Atoms]:
    """`count` crystals of 80 atoms, no two of which have the same cell and share a neighbour list."""
    compounds = [identify(formula, "hdp", [formula]) for formula in formulas]
    cells = []
    for number in range(count):
        compound = compounds[number % len(compounds)]
        a, x = compound.guess()
        cells.append(compound.structure(a * (1 + 1e-6 * number), x).repeat(2))
    return cells


def _pairs(scale: Scale) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Each potential in float32 as the engine carries it out, batches as large as the memory, and its plain ASE
    calculator."""
    for model in (models.MEDIUM, DISTILLED):
        potential = models.ours(model, "float32", scale.device)
        potential.max_edges = 2**40
        yield model, (potential, models.plain_calculator(model, scale.device))
    folder = Path(sevennet.__file__).with_name("plain_sevennet")
    own = Evaluator("plain", of_family("sevennet").python, folder)
    found = locate(SEVENNET)
    plain = RemotePotential(
        own, id=SEVENNET, checkpoint=found.path, checkpoint_sha256="", dtype="float32", device=scale.device, head=None
    )
    yield SEVENNET, (load(SEVENNET, dtype="float32", device=scale.device), calculator(plain))
    own.close()


def force_constants(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """Force constants of many compounds by the campaigns' chunks."""
    found: Found = {}
    for model in (DISTILLED, SEVENNET):
        tasks = [
            task_for("abx3", formula, a, model, None, HARMONIC_PROTOCOLS["reference-geometry"])
            for formula, a in work["crystals"][: scale.constants]
        ]
        run_chunk(tasks[:1])
        start = time.perf_counter()
        rows = run_chunk(tasks)
        seconds = time.perf_counter() - start
        found[model] = {
            "compounds": len(tasks),
            "statuses": Counter(row["status"] for row in rows),
            "seconds": seconds,
            "compounds_per_hour": 3600 * len(tasks) / seconds,
        }
        yield found


def sigma(work: Found, scale: Scale, to: Path, end: float) -> Iterator[Found]:
    """σ by the published schedule, chunk after chunk while the last one's time is left; shards as they end."""
    tasks = [from_plain(plain) for plain in work["sigma"]["tasks"]]
    run = to / "runs" / (f"dry-{work['sigma']['run']}" if scale is DRY else work["sigma"]["run"])
    (run / "shards").mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    note = {"started": now, "code_commit": work["commit"], "package_versions": package_versions()}
    note["hardware"] = machine.hardware(scale.device)["name"]
    write_atomic(run / "run.json", json.dumps(note, indent=1).encode())
    if scale is DRY:
        tasks = [_shortened(task) for task in tasks[: scale.chunk]]
    statuses: Counter[str] = Counter()
    begun, took = time.monotonic(), 0.0
    for first in range(0, len(tasks), scale.chunk):
        if time.monotonic() + took > end:
            break
        started = time.monotonic()
        rows = run_chunk(tasks[first : first + scale.chunk], None, None, str(run / "shards"))
        took = time.monotonic() - started
        statuses.update(row["status"] for row in rows)
        seconds = time.monotonic() - begun
        yield {
            "run": run.name,
            "compounds": statuses.total(),
            "statuses": statuses,
            "seconds": seconds,
            "compounds_per_hour": 3600 * statuses.total() / seconds,
        }


def _shortened(task: Any) -> SigmaTask:
    """`task` with a few steps of its schedule: another protocol, whose numbers mean nothing."""
    sampler = Andersen(**{**task.protocol.sampler.model_dump(), "ramp_steps": 2, "steps": 24})
    return replace(task, protocol=task.protocol.model_copy(update={"name": "dry", "sampler": sampler}))


STEPS: dict[str, Callable[[Found, Scale, Path, float], Iterator[Found]]] = {
    function.__name__: function for function in (prepare, check, bench, dynamics, force_constants, sigma)
}


def main(arguments: Sequence[str]) -> None:
    """Carry out one step."""
    absent.stand_in()
    name, to, seconds, *dry = arguments
    scale, end = DRY if dry else GPU, time.monotonic() + float(seconds)
    if scale is DRY:
        torch.set_num_threads(1)
    work = json.loads((Path(__file__).parent / "work.json").read_text())
    for found in STEPS[name](work, scale, Path(to), end):
        write_atomic(Path(to, f"{name}.json"), json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
