"""How the distilled models learned: the records of their training, and their errors against the teacher by its size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.statistics.bootstrap import Interval
from compute.statistics.deviation import mean_interval
from dashboard.dataset import Dataset
from dashboard.queries.attribution import OF_REFERENCE
from dashboard.views.error_sources import REFERENCES

RECORDS = "distil"
"""Folder beside that of the tables with a JSON file per model."""
ERRORS = {"forces": "force_error", "force constants": "constants_error", "σ": "abs(total)"}
"""What is compared with the teacher: a column of the table `attribution` by what it is called."""


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """One model: `configurations` it was trained on, and RMSE of forces (k,) in meV/Å on others after `steps` (k,)."""

    potential: str
    teacher: str
    configurations: int
    compounds: int
    steps: NDArray[np.int64]
    force_rmse: NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """Mean errors against the teacher over the `n` compounds that all models have, by the names of `ERRORS`.

    `errors` is in the order of `potentials` and `configurations`; `change` is the mean of the last less the first,
    compound by compound.
    """

    n: int
    potentials: tuple[str, ...]
    configurations: tuple[int, ...]
    errors: Mapping[str, tuple[Interval, ...]]
    change: Mapping[str, Interval]


def trainings(dataset: Dataset) -> tuple[TrainingRecord, ...]:
    """Every recorded training, the smallest set first; none where no records lie beside the tables."""
    folder = dataset.directory.parent / RECORDS
    records = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return tuple(_training(record) for record in sorted(records, key=lambda record: record["configurations"]))


def _training(record: dict[str, Any]) -> TrainingRecord:
    curve = record["curve"]
    return TrainingRecord(
        record["potential"],
        record["teacher"],
        record["configurations"],
        record["compounds"],
        np.array([point["step"] for point in curve]),
        np.array([point["validation_force_rmse"] for point in curve]),
    )


def learned(dataset: Dataset) -> Learned | None:
    """Errors of every model that was trained, the smallest training set first; None without compounds in common."""
    return _learned(dataset, dataset.release())


@lru_cache(maxsize=2)
def _learned(dataset: Dataset, release: str) -> Learned | None:
    found = trainings(dataset)
    models = [training.potential for training in found]
    columns = ", ".join(f'{column} AS "{name}"' for name, column in ERRORS.items())
    frame = dataset.frame(
        f'SELECT potential, compound, r.B, {columns} FROM attribution JOIN "references" r USING (suite, compound) '
        f"WHERE {OF_REFERENCE} AND status = 'ok' AND list_contains($potentials, potential)",
        {"reference": REFERENCES[1], "potentials": models},
    )
    common = frame.pivot(index=["B", "compound"], columns="potential", values=list(ERRORS)).dropna().astype(float)
    if common.empty or set(frame["potential"]) != set(models):
        return None
    cations = [common.index.get_level_values("B")]  # compounds of one element on B are drawn together
    return Learned(
        len(common),
        tuple(models),
        tuple(training.configurations for training in found),
        {name: tuple(mean_interval(common[name][model], clusters=cations) for model in models) for name in ERRORS},
        {name: mean_interval(common[name][models[-1]] - common[name][models[0]], clusters=cations) for name in ERRORS},
    )
