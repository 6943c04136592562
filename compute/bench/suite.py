"""Everything that `softmode bench` measures, as one JSON document."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from compute import tables
from compute.bench import machine, models, sevennet, sides
from compute.bench.comparison import compared
from compute.bench.processes import processes
from compute.bench.sides import Crystal, Measured
from compute.campaigns.campaign import Campaign, compute
from compute.campaigns.dask_cluster import executor
from compute.campaigns.plan import stratified
from compute.campaigns.provenance import package_versions
from compute.campaigns.stage import STAGES
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol, Langevin, SamplingProtocol, sampling_protocol
from compute.suites import SUITES
from compute.tasks.task import Task, task_for


@dataclass(frozen=True)
class BenchSettings:
    """How much is measured. `keep` in fs is what σ keeps of its 2,000 fs, half as much being discarded before."""

    model: str
    device: str = "cpu"
    constants: int = 64
    sigmas: int = 16
    keep: float = 500
    chunk: int = 16
    medium: int = 4
    rounds: int = 3
    growth: tuple[int, ...] = (10, 100, 1000)
    sevennet_alone: bool = False


def run(settings: BenchSettings, data: Path) -> Iterator[tuple[str, Any]]:
    """The parts of the document one after the other, each with its name."""
    crystals = halides(data, max(settings.constants, 3 * settings.sigmas))
    preset = sampling_protocol("quick", "abx3")
    short = Langevin(discard=settings.keep / 2, keep=settings.keep, longest=settings.keep)
    protocol = preset.model_copy(update={"sampler": short})
    yield "hardware", machine.hardware(settings.device)
    yield "versions", package_versions()
    yield (
        "settings",
        {
            "model": settings.model,
            "chunk": settings.chunk,
            "sigma_fs": [short.discard, short.keep],
            "engine": "force constants in float64, dynamics in float32, one thread",
            "plain": "MACECalculator in float32, phonopy, ASE Langevin, one compound at a time, one thread",
        },
    )
    if settings.device == "cpu":
        yield "sevennet", sevennet.measured(crystals[: settings.medium], settings.rounds)
    if settings.sevennet_alone:
        return
    with processes(1) as (alone,):
        yield "limit", _limits(settings, crystals, alone)
    with processes(2) as (here, there):
        found = crystals[: settings.constants]
        yield "force_constants", _side_by_side(settings, "force_constants", found, protocol, here, there)
        held = _held(settings, crystals, protocol, here)
        yield "sigma", _side_by_side(settings, "sigma", held, protocol, here, there)
        yield "medium", _medium(settings, crystals, here, there)
        yield "batch", _batch(settings, crystals, here)
    if settings.device == "cpu":
        yield "workers", _workers(settings, crystals)
    yield "growth", _growth(settings, crystals)


def _held(
    settings: BenchSettings, crystals: Sequence[Crystal], protocol: SamplingProtocol, here: Callable[..., Measured]
) -> list[Crystal]:
    """The first crystals that keep their sites with this model: one that ends early would be no measure of speed."""
    tried = crystals[: 3 * settings.sigmas]
    results = here(sides.engine, "sigma", settings.model, tried, protocol, settings.chunk, settings.device).results
    return [crystal for crystal, sigma in zip(tried, results, strict=True) if isfinite(sigma)][: settings.sigmas]


def _side_by_side(
    settings: BenchSettings,
    stage: str,
    crystals: Sequence[Crystal],
    protocol: SamplingProtocol,
    here: Callable[..., Measured],
    there: Callable[..., Measured],
) -> dict[str, Any]:
    """Both sides in turn, each in a process of its own on one core, after one round to warm up."""

    def one(number: int) -> tuple[Measured, Measured]:
        part = crystals[: settings.chunk // 4] if number == 0 else crystals
        engine = here(sides.engine, stage, settings.model, part, protocol, settings.chunk, settings.device)
        return engine, there(sides.plain, stage, settings.model, part, protocol, settings.device)

    return compared([one(number) for number in range(settings.rounds + 1)][1:], len(crystals))


def _medium(settings: BenchSettings, crystals: Sequence[Crystal], here: Any, there: Any) -> dict[str, Any]:
    """Force calls of a model of the published size, whose random weights hold no crystal together."""
    part = crystals[: settings.medium]

    def one() -> tuple[Measured, Measured]:
        engine = here(sides.calls, "sparse", models.MEDIUM, part, 1, settings.medium, settings.device)
        return engine, there(sides.calls, "plain", models.MEDIUM, part, 1, 1, settings.device)

    return compared([one() for _ in range(settings.rounds)], len(part))


def _batch(settings: BenchSettings, crystals: Sequence[Crystal], here: Any) -> list[dict[str, float]]:
    """Milliseconds of a force call in float32 by the number of compounds in a batch, interleaved rounds."""
    sizes = [size for size in (1, 2, 4, 8, 16, 32, 64) if size <= len(crystals)]

    def per_call(size: int) -> float:
        found = here(sides.calls, "sparse", settings.model, crystals[:size], max(64 // size, 2), size, settings.device)
        return 1000 * float(found.wall / found.steps)

    rounds = [[per_call(size) for size in sizes] for _ in range(settings.rounds)]
    return [
        {"compounds": size, "ms_per_call": statistics.median(values)}
        for size, values in zip(sizes, zip(*rounds, strict=True), strict=True)
    ]


def _workers(settings: BenchSettings, crystals: Sequence[Crystal]) -> dict[str, Any]:
    """A campaign of force constants by one process and by two, in turn, both warm."""
    protocol = HARMONIC_PROTOCOLS["reference-geometry"]
    rounds = [
        [_campaign_seconds(settings, crystals[: settings.constants], protocol, workers) for workers in (1, 2)]
        for _ in range(settings.rounds)
    ]
    return {
        "seconds": [statistics.median(values) for values in zip(*rounds, strict=True)],
        "workers_ratio": statistics.median(one / two for one, two in rounds),
    }


def _growth(settings: BenchSettings, crystals: Sequence[Crystal]) -> list[dict[str, float]]:
    """Seconds per compound of whole campaigns of so many, on cells so small that what is not forces would show."""
    protocol = HARMONIC_PROTOCOLS["reference-geometry"].model_copy(update={"supercell": 1})
    found = []
    for count in settings.growth:
        # Repeats with lattice constants a millionth apart: each a task of its own.
        repeated = [
            (f, a * (1 + 1e-6 * (n // len(crystals)))) for n in range(count) for f, a in [crystals[n % len(crystals)]]
        ]
        found.append(
            {"compounds": count, "seconds_per_compound": _campaign_seconds(settings, repeated, protocol, 1) / count}
        )
    return found


def _campaign_seconds(
    settings: BenchSettings, crystals: Sequence[Crystal], protocol: HarmonicProtocol, workers: int
) -> float:
    """Wall time of a campaign, shards and all, on so many warm processes."""
    from compute.potentials.store import locate

    sha256 = locate(settings.model).sha256
    todo = [task_for("abx3", formula, a, settings.model, sha256, protocol) for formula, a in crystals]
    with tempfile.TemporaryDirectory() as folder, executor(workers) as pool:

        def campaign(name: str, tasks: Sequence[Task]) -> None:
            here = Campaign(
                STAGES["harmonic"], "abx3", settings.model, sha256, protocol, (), tuple(tasks), Path(folder, name)
            )
            compute(here, tasks, pool, chunk=settings.chunk, workers=workers)

        campaign("warm", todo[: 4 * workers])
        start = time.perf_counter()
        campaign("timed", todo)
        return time.perf_counter() - start


def _limits(settings: BenchSettings, crystals: Sequence[Crystal], here: Any) -> dict[str, Any]:
    """Rates of one core or of the accelerator, and the operations of a force call."""
    device = settings.device
    return {
        "matrix_gflops": {dtype: here(machine.matrix_rate, device, dtype) / 1e9 for dtype in ("float32", "float64")},
        "bandwidth_gb_per_second": here(machine.bandwidth, device) / 1e9,
        "mflop_per_call": {
            model: {side: here(sides.floating_point, model, crystals[0], side) / 1e6 for side in ("sparse", "plain")}
            for model in (settings.model, models.MEDIUM)
        },
    }


def halides(data: Path, count: int) -> list[Crystal]:
    """The first `count` published cubic ABX3 halides with σ below one half, in the order of campaigns."""
    listed = [row for row in tables.read(data, "references").to_pylist() if row["suite"] == SUITES["abx3"].id]
    kept = [row for row in stratified(listed) if row["X"] in ("F", "Cl", "Br", "I") and (row["sigma"] or 1) < 0.5]
    return [(row["compound"], row["lattice_constant"]) for row in kept[:count]]
