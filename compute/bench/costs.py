"""µs per atom and force call of every potential that loads here, by one thread of an idle machine."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from compute.bench import machine
from compute.bench.processes import processes
from compute.campaigns.provenance import package_versions
from compute.costs import SIZES, ForceCallCosts
from compute.potentials.interface import EvaluationError
from compute.potentials.load import load
from compute.potentials.store import LoadError, default_directory, locate, rows, state

COMPOUND, LATTICE_CONSTANT = "CsPbBr3", 6.0
"""A halide whose elements all potentials here were trained on, at about its lattice constant in Å."""
DTYPE = "float32"
WARM_UP, CALLS = 3, 5
_REPEATS = dict(zip(SIZES, ((2, 1, 1), (2, 2, 2), (4, 2, 2), (4, 4, 4)), strict=True))
_HERE = ("packaged", "ready", "fetched", "local")


def loadable() -> list[str]:
    """Ids of the potentials whose checkpoints and packages are here."""
    directory = default_directory()
    return [row["potential"] for row in rows(directory) if state(locate(row["potential"], directory)) in _HERE]


def measured(say: Callable[[str], None], repeats: dict[int, tuple[int, int, int]] | None = None) -> ForceCallCosts:
    """All of them, one after the other in a process of one thread; `say` hears of each.

    `repeats` are those of the cubic cell by number of atoms.
    """
    found: dict[str, dict[int, float]] = {}
    refused: dict[str, str] = {}
    with processes(1) as (alone,):
        for potential in loadable():
            try:
                found[potential] = alone(us_per_atom, potential, repeats or _REPEATS)
            except (LoadError, EvaluationError) as error:
                refused[potential] = str(error)
            say(potential)
    hardware = machine.hardware("cpu")
    return ForceCallCosts(
        hardware=hardware["name"],
        cores=hardware["cores"],
        threads=1,
        dtype=DTYPE,
        compound=COMPOUND,
        calls=CALLS,
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=package_versions(),
        us_per_atom=found,
        refused=refused,
    )


def us_per_atom(potential: str, repeats: dict[int, tuple[int, int, int]]) -> dict[int, float]:
    """Median µs per atom and force call of `potential`, by number of atoms; atoms move from call to call.

    Raises `LoadError`, and `EvaluationError` where the potential does not know the compound.
    """
    from compute.structures.compounds import identify

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load(potential, dtype=DTYPE, device="cpu")
    unit = identify(COMPOUND, "abx3", [COMPOUND]).structure(LATTICE_CONSTANT)
    generator = np.random.default_rng(0)

    def seconds(crystal: Any) -> float:
        crystal.positions += generator.normal(scale=0.005, size=crystal.positions.shape)
        start = time.perf_counter()
        loaded.evaluate([crystal])
        return time.perf_counter() - start

    found = {}
    for atoms, repeat in repeats.items():
        call = partial(seconds, unit.repeat(repeat))
        for _ in range(WARM_UP):
            call()
        found[atoms] = 1e6 * statistics.median(call() for _ in range(CALLS)) / atoms
    return found
