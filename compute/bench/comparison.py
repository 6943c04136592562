"""Both sides of a measurement as one document."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from compute.bench.sides import Measured


def compared(rounds: Sequence[tuple[Measured, Measured]], compounds: int) -> dict[str, Any]:
    """Medians over rounds; ratios are the plain loop's time over the engine's, of the same round."""
    names = ("engine", "plain")
    document: dict[str, Any] = {"compounds": compounds, "rounds": len(rounds)}
    for index, name in enumerate(names):
        runs = [pair[index] for pair in rounds]
        wall = statistics.median(one.wall for one in runs)
        document[name] = {
            "seconds": wall,
            "cpu_seconds": statistics.median(one.cpu for one in runs),
            "compounds_per_hour": 3600 * compounds / wall,
            "atom_steps_per_second": runs[0].atoms / wall,
            "force_calls": runs[0].steps,
            "share_outside_model": statistics.median(1 - one.model / one.wall for one in runs),
            "peak_mb": max(one.peak for one in runs),
            "results": runs[-1].results,
        }
    ratios = [plain.wall / engine.wall for engine, plain in rounds]
    return document | {
        "speed_ratio": statistics.median(ratios),
        "speed_ratio_rounds": ratios,
        "cpu_ratio": statistics.median(plain.cpu / engine.cpu for engine, plain in rounds),
        "memory_ratio": document["plain"]["peak_mb"] / document["engine"]["peak_mb"],
    }
