"""Which compounds of a suite a campaign computes where it cannot compute all: a random sample, fixed beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from compute.campaigns.plan import PlanError
from compute.files import write_atomic
from compute.physics.stability import MISSING, harmonic_labels
from compute.statistics.survey import draw_order, inclusion

Row = dict[str, Any]

_TOLERANCE_THZ = 0.1
_FILE = "sample.json"


class Draw(BaseModel):
    """How a sample is drawn: `n` compounds by `seed`, of all or of those with one of `anions`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(ge=1)
    seed: int = Field(ge=0)
    anions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Member:
    """A compound in a sample: its `stratum`, and the `weight` with which it stands for others, one over its chance."""

    compound: str
    stratum: str
    weight: float


def members(references: Sequence[Row], draw: Draw) -> list[Member]:
    """The sample that `draw` takes of `references`, in the order in which it is drawn.

    Strata are anion and harmonic label of the published DFT, where it has one. Raises `PlanError` for an anion that
    the suite lacks.
    """
    known = {str(row["X"]) for row in references}
    if unknown := sorted(set(draw.anions) - known):
        raise PlanError(
            f"no compound of this suite has the anion {', '.join(unknown)}: it has {', '.join(sorted(known))}"
        )
    population = [row for row in references if not draw.anions or row["X"] in draw.anions]
    names, strata = [row["compound"] for row in population], _strata(population)
    drawn = draw_order(names, strata, draw.seed)[: draw.n]
    chances = inclusion(strata, drawn)
    return [Member(names[i], strata[i], 1 / float(chance)) for i, chance in zip(drawn, chances, strict=True)]


def _strata(references: Sequence[Row]) -> list[str]:
    omega = [float("nan") if row["omega_min_thz"] is None else row["omega_min_thz"] for row in references]
    labels = harmonic_labels(omega, _TOLERANCE_THZ)
    return [
        f"{row['X']}, no harmonic label" if label == MISSING else f"{row['X']}, {label}"
        for row, label in zip(references, labels.tolist(), strict=True)
    ]


def kept(directory: Path) -> Draw | None:
    """The draw of the run in `directory`, or None where it is of all compounds."""
    path = directory / _FILE
    return Draw.model_validate_json(path.read_bytes()) if path.exists() else None


def keep(directory: Path, draw: Draw) -> None:
    """Fix `draw` for the run in `directory` before anything is computed; a larger sample of the same seed extends it.

    Raises `PlanError` where another one was fixed before.
    """
    before = kept(directory)
    if before is not None and (before.seed, before.anions) != (draw.seed, draw.anions):
        of = f" of {','.join(before.anions)}" if before.anions else ""
        raise PlanError(f"this run has a sample already, of seed {before.seed}{of}: it can only be extended")
    if before is not None and draw.n < before.n:
        raise PlanError(f"this run has a sample of {before.n} already: it can only be extended")
    write_atomic(directory / _FILE, draw.model_dump_json().encode())


def keep_first(directory: Path, draw: Draw) -> None:
    """Fix `draw` for the run in `directory`, unless another one or a larger one was fixed before: that one stays."""
    before = kept(directory)
    if before is None or ((before.seed, before.anions) == (draw.seed, draw.anions) and before.n < draw.n):
        keep(directory, draw)
