"""SevenNet as Softmode carries it out beside its own ASE calculator, on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.bench.sides import Crystal, limit_threads
from compute.potentials.environments.install import folder_of, of_family
from compute.potentials.environments.process import Evaluator, RemotePotential
from compute.potentials.store import locate
from compute.structures.compounds import identify

if TYPE_CHECKING:
    from ase import Atoms

MODELS = ("sevennet-0", "sevennet-l3i5")


def measured(
    crystals: Sequence[Crystal], rounds: int, steps: int = 20, device: str = "cpu", models: Sequence[str] = MODELS
) -> dict[str, Any] | None:
    """Milliseconds of a force call on 2×2×2 cells in float32, both sides in turn, by model; None without SevenNet.

    `overhead_ratio` is the share of a call that is spent between the processes.
    """
    environment = of_family("sevennet")
    if not environment.ready:
        return None
    folders = {"engine": folder_of("sevennet"), "plain": Path(__file__).with_name("plain_sevennet")}
    evaluators = {side: Evaluator(side, environment.python, folder) for side, folder in folders.items()}
    cells = [identify(formula, "abx3", [formula]).structure(a).repeat(2) for formula, a in crystals]
    limit_threads(1)  # which the evaluators follow
    try:
        return {model: _compared(model, evaluators, cells, rounds, steps, device) for model in models}
    finally:
        for evaluator in evaluators.values():
            evaluator.close()


def _compared(
    model: str, evaluators: dict[str, Evaluator], cells: Sequence[Atoms], rounds: int, steps: int, device: str
) -> dict[str, Any]:
    checkpoint = locate(model)
    sides = {
        side: RemotePotential(
            evaluator,
            id=model,
            checkpoint=checkpoint.path,
            checkpoint_sha256="",
            dtype="float32",
            device=device,
            head=checkpoint.head,
        )
        for side, evaluator in evaluators.items()
    }
    generator = np.random.default_rng(0)
    for cell in cells:
        cell.positions += generator.normal(scale=0.05, size=cell.positions.shape)
    found = {side: potential.evaluate(cells) for side, potential in sides.items()}
    pairs = zip(*found.values(), strict=True)
    difference = max(float(np.abs(one.forces - other.forces).max()) for one, other in pairs)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    inside = total = 0.0
    for _ in range(rounds):
        for side, potential in sides.items():
            before, start = potential.seconds, time.perf_counter()
            for number in range(steps):
                cell = cells[number % len(cells)]
                cell.positions += generator.normal(scale=1e-3, size=cell.positions.shape)
                potential.evaluate([cell])
            seconds[side].append((time.perf_counter() - start) / steps)
            if side == "engine":
                inside, total = inside + potential.seconds - before, total + seconds[side][-1] * steps
    return {
        "atoms": len(cells[0]),
        "rounds": rounds,
        "largest_force_difference": difference,
        **{f"{side}_ms": 1e3 * statistics.median(values) for side, values in seconds.items()},
        "speed_ratio": statistics.median(
            plain / engine for engine, plain in zip(seconds["engine"], seconds["plain"], strict=True)
        ),
        "overhead_ratio": 1 - inside / total,
    }
