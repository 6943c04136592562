"""Potentials in order of how well they do on the compounds that all of them were run on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import UNDECIDABLE, harmonic_labels
from compute.statistics.comparable import comparable
from compute.statistics.groups import Scores, letters, mcc_scores, rmse_scores
from compute.suites import COMPARED, SUITES
from dashboard.dataset import Dataset
from dashboard.queries.coverage import distilled
from dashboard.queries.potentials import other_levels, reference_functionals, trained_on
from dashboard.views.codec import DEFAULT_TOLERANCE_THZ

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """What potentials are ordered by. `stage` is the calculation that it needs: harmonic or sigma."""

    id: str
    name: str
    unit: str
    stage: str
    higher_is_better: bool = False


METRICS = {
    metric.id: metric
    for metric in (
        Metric("mcc", "Matthews correlation of harmonic labels", "", "harmonic", higher_is_better=True),
        Metric("omega", "RMSE of ω_min", "THz", "harmonic"),
        Metric("frequency", "RMSE of all modes", "THz", "harmonic"),
        Metric("sigma", "RMSE of σ", "", "sigma"),
    )
}
SUITE_METRICS = {suite: SUITES[suite].metrics for suite in COMPARED}
"""What DFT publishes for a suite decides what can be scored; the first is the suite's own order."""


@dataclass(frozen=True)
class Ranked:
    """One potential: `value` with its 95 % interval over the `n` compounds that all ranked potentials were run on.

    Potentials with a letter of `group` in common have no measurable difference: the interval of the paired difference
    includes 0. Of the compounds compared, `n_failed` have no result and `n_undecidable` none outside the noise; in
    "mcc" both count as wrong, in an RMSE a failed compound is left out for every potential. A potential that was run
    on fewer than half of the compounds of the most complete one is not `complete` and not ranked: value NaN, no group,
    n its compounds. `level` is the functional of its training data where DFT's is another, else empty;
    `teacher` is what it was distilled from, if it was.
    """

    potential: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    group: str
    n_failed: int
    n_undecidable: int
    protocol: str
    complete: bool = True
    level: str = ""
    teacher: str = ""


def ranking(dataset: Dataset, suite: str, metric: str | None = None) -> list[Ranked]:
    """Potentials of `suite`, best first, by `metric` or by the suite's own; those with too few compounds last."""
    return list(_ranking(dataset, dataset.release(), suite, metric or SUITE_METRICS[suite][0]))


@lru_cache(maxsize=32)
def _ranking(dataset: Dataset, release: str, suite: str, metric: str) -> tuple[Ranked, ...]:
    answers = _answers(dataset, suite, metric)
    asked = answers[answers["reference"].notna() & (answers["status"] != "not-run")]
    run = asked.groupby("potential").size()
    if run.empty:
        return ()
    protocols = asked.groupby("potential")["protocol"].first()
    names = sorted(run.index[2 * run >= run.max()])
    few = [_not_ranked(asked[asked["potential"] == name], metric) for name in sorted(run.index.difference(names))]
    common = _common(asked, names)
    scores, undecidable = _scores(common, names, metric)
    order = _best_first(scores.values, METRICS[metric].higher_is_better)
    defined = [i for i in order if np.isfinite(scores.values[i])]
    groups = dict(zip(defined, letters(scores.measurable()[np.ix_(defined, defined)]), strict=True))
    ranked = [
        Ranked(
            names[i], metric, float(scores.values[i]), *scores.interval(i), scores.n, groups.get(i, ""),
            int((common["status"][names[i]] != "ok").sum()), int(undecidable[i]), protocols[names[i]],
        )
        for i in order
    ]  # fmt: skip
    levels = other_levels(trained_on(dataset), reference_functionals(dataset).get(suite, []))
    teachers = distilled(dataset)
    return tuple(
        replace(entry, level=levels.get(entry.potential, ""), teacher=teachers.get(entry.potential, ""))
        for entry in (*ranked, *few)
    )


def _answers(dataset: Dataset, suite: str, metric: str) -> pd.DataFrame:
    """Rows of compound × potential: `reference` and `value` of the metric, `noise_floor`, `status`, `protocol`."""
    reference, value, status = {
        "mcc": ("dft_omega_min_thz", "omega_min_thz", ""),
        "omega": ("dft_omega_min_thz", "omega_min_thz", ""),
        "frequency": ("CASE WHEN dft_omega_min_thz IS NOT NULL THEN 0.0 END", "omega_rmse_thz", ""),
        "sigma": ("dft_sigma", "sigma", "sigma_"),
    }[metric]
    frame = dataset.frame(
        f"SELECT compound, potential, {reference} AS reference, {value} AS value, noise_floor_thz AS noise_floor, "
        f"{status}status AS status, {status}protocol AS protocol FROM pairs "
        "WHERE suite = $suite AND potential IS NOT NULL",
        {"suite": suite},
    )
    if metric == "omega":
        for side in ("reference", "value"):
            frame[side] = comparable(frame[side].to_numpy(float, na_value=np.nan), suite, "min")
    return frame


def _common(asked: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """One row per compound that every potential of `names` was run on; columns (what, potential)."""
    wide = asked[asked["potential"].isin(names)].pivot(
        index="compound", columns="potential", values=["reference", "value", "noise_floor", "status"]
    )
    return wide[wide["status"].notna().all(axis=1)]


def _scores(common: pd.DataFrame, names: Sequence[str], metric: str) -> tuple[Scores, NDArray[np.int64]]:
    """Scores of `names` and how many of their answers are undecidable."""
    reference = common["reference"][names[0]].to_numpy(float)
    values = common["value"][list(names)].to_numpy(float)
    if metric != "mcc":
        return rmse_scores(values - reference[:, None]), np.zeros(len(names), np.int64)
    floors = common["noise_floor"][list(names)].to_numpy(float)
    answers = harmonic_labels(values, DEFAULT_TOLERANCE_THZ, floors)
    return mcc_scores(harmonic_labels(reference, DEFAULT_TOLERANCE_THZ), answers), (answers == UNDECIDABLE).sum(axis=0)


def _best_first(values: Values, higher_is_better: bool) -> list[int]:
    """Places of `values` in order, NaN last."""
    return np.argsort(-values if higher_is_better else values, kind="stable").tolist()


def _not_ranked(rows: pd.DataFrame, metric: str) -> Ranked:
    """A potential by itself; `rows` are its own."""
    first, failed = rows.iloc[0], int((rows["status"] != "ok").sum())
    return Ranked(
        first["potential"], metric, np.nan, np.nan, np.nan, len(rows), "", failed, 0, first["protocol"], complete=False
    )
