"""Published rows computed again, and held against themselves."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from compute import tables
from compute.potentials import store
from compute.potentials.load import load
from compute.potentials.registry import UnknownPotential
from compute.protocols import HARMONIC_PROTOCOLS, HarmonicProtocol, SamplingProtocol
from compute.tables.check import FRAMES
from compute.tasks.attribution import scored_row
from compute.tasks.execute import execute
from compute.tasks.task import Task, task_for

Row = dict[str, Any]

OMEGA_THZ = 0.005
"""Float64 frequencies differ by less from one processor to another."""
SIGMAS = 4.0
"""Trajectories part after the last digit: two σ of one protocol agree within this many joint standard errors."""
CORNER = 1e-3
"""Forces on given frames are not chaotic."""

_OMEGAS = tuple(f"omega_{place}_thz" for place in ("gamma", "r", "m", "x", "l", "min"))


@dataclass(frozen=True)
class AuditedNumber:
    """One number of one row: as published, computed again, and how far apart the two may be."""

    table: str
    suite: str
    compound: str
    potential: str
    protocol: str
    quantity: str
    published: float | None
    again: float | None
    tolerance: float
    reason: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether the row ended as before, with a number within the tolerance where it has one."""
        if self.published is None or self.again is None:
            return self.published is self.again and self.reason is None
        return abs(self.published - self.again) <= self.tolerance


def drawn(directory: Path, n: int, seed: int) -> list[tuple[str, Row]]:
    """`n` finished rows of `harmonic`, `anharmonic` and `attribution`, with their table, that can be repeated here.

    That needs the potential's weights, with the checkpoint of the run, and for `attribution` the file of the frames.
    """
    here = cache(_checkpoint)
    runs = {row["run"]: row for row in tables.read(directory, "runs").to_pylist()}
    candidates: list[tuple[str, Row]] = []
    for name in ("harmonic", "anharmonic", "attribution"):
        for row in tables.read(directory, name).to_pylist():
            checkpoint = row["checkpoint_sha256"] if name == "attribution" else runs[row["run"]]["checkpoint_sha256"]
            known = name != "attribution" or (row["protocol"] is None and _file(directory, row).is_file())
            if row["status"] == "ok" and known and checkpoint is not None and checkpoint == here(row["potential"]):
                candidates.append((name, row))
    return random.Random(seed).sample(candidates, min(n, len(candidates)))


def again(directory: Path, name: str, row: Row) -> list[AuditedNumber]:
    """The numbers of `row` of table `name` beside those computed now."""
    if name == "attribution":
        potential = load(row["potential"], dtype=HARMONIC_PROTOCOLS["reference-geometry"].dtype)
        now = scored_row(_file(directory, row), potential, None)
        corners = [key for key in row if key.startswith("corner_") and not key.endswith("_se")]
        return _compared(name, row, now, dict.fromkeys(corners, CORNER))
    now = execute(_task(directory, row))
    if name == "harmonic":
        return _compared(name, row, now, dict.fromkeys(_OMEGAS, OMEGA_THZ))
    errors = [side.get("sigma_se") or math.inf for side in (row, now)]
    return _compared(name, row, now, {"sigma": SIGMAS * math.hypot(*errors)})


def _compared(name: str, row: Row, now: Row, tolerances: Mapping[str, float]) -> list[AuditedNumber]:
    about = {key: row[key] or "" for key in ("suite", "compound", "potential", "protocol")}
    return [
        AuditedNumber(name, **about, quantity=key, published=row[key], again=now.get(key), tolerance=tolerance,
                 reason=None if now["status"] == "ok" else now.get("reason"))
        for key, tolerance in tolerances.items()
        if row[key] is not None or now.get(key) is not None
    ]  # fmt: skip


def _task(directory: Path, row: Row) -> Task:
    (known,) = tables.read_where(directory, "runs", run=row["run"])
    (reference,) = tables.read_where(directory, "references", suite=row["suite"], compound=row["compound"])
    settings = json.loads(known["protocol_json"])
    kind = SamplingProtocol if "sampler" in settings else HarmonicProtocol
    return task_for(
        row["suite"], row["compound"], reference["lattice_constant"], row["potential"], known["checkpoint_sha256"],
        kind.model_validate(settings),
    )  # fmt: skip


def _file(directory: Path, row: Row) -> Path:
    return directory.parent / FRAMES / f"{row['frames']}.npz"


def _checkpoint(potential: str) -> str | None:
    """sha256 of the weights of `potential` on this machine, None where there are none."""
    try:
        path = store.locate(potential).path
    except UnknownPotential:
        return None
    return store.file_sha256(path) if path.is_file() else None


def audited(
    directory: Path, n: int, seed: int, progress: Callable[[str], None] = lambda text: None
) -> Sequence[AuditedNumber]:
    """`again` for `n` rows drawn at random with `seed`; `progress` hears of each before it is computed."""
    found: list[AuditedNumber] = []
    for name, row in drawn(directory, n, seed):
        progress(f"{name}: {row['compound']}, {row['potential']}, {row['protocol'] or row.get('frames')}")
        found += again(directory, name, row)
    return found
