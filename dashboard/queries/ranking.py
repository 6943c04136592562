"""Foundation potentials in order: the score of each, and which differences can be measured.

Each has the one number that `compute.statistics.criteria` gives it, over the compounds that it was run on; what tells
two apart is the difference on the compounds that both were run on. Distilled potentials are a study of their own and in
no ranking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.statistics import confusion, criteria
from compute.statistics.bootstrap import Interval, clusters_of
from compute.statistics.comparable import comparable
from compute.statistics.criteria import COMPOSITION, CONSTANT
from compute.statistics.deviation import rms_interval
from compute.statistics.groups import letters
from compute.statistics.paired import Difference, difference_of_rmse, differences_of_counts
from compute.suites import COMPARED, SUITES
from compute.tables.against_dft import AgainstDft, against_dft, to_plain
from dashboard.dataset import Dataset
from dashboard.queries.coverage import distilled, foundation
from dashboard.queries.potentials import other_levels, reference_functionals, trained_on

_VERSION = re.compile(r"(?P<stem>.+?)-(?P<version>\d+(\.\d+)+)")
Values = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Metric:
    """What potentials are ordered by. `stage` is the calculation that it needs: harmonic or sigma."""

    id: str
    name: str
    unit: str
    stage: str
    higher_is_better: bool = False

    @property
    def of_labels(self) -> bool:
        """Whether it scores labels, not numbers."""
        return self.higher_is_better


METRICS = {
    metric.id: metric
    for metric in (
        Metric("mcc", "Matthews correlation of harmonic labels", "", "harmonic", higher_is_better=True),
        Metric("omega", "RMSE of ω_min", "THz", "harmonic"),
        Metric("frequency", "RMSE of all modes", "THz", "harmonic"),
        Metric("sigma_mcc", "Matthews correlation of σ labels", "", "sigma", higher_is_better=True),
        Metric("sigma", "RMSE of σ", "", "sigma"),
    )
}
SUITE_METRICS = {suite: SUITES[suite].metrics for suite in COMPARED}
"""What DFT publishes for a suite decides what can be scored; the first is the suite's own order."""
NUMBERS = {
    "omega": ("dft_omega_min_thz", "omega_min_thz", "composition_omega_min_thz"),
    "sigma": ("dft_sigma", "sigma", "composition_sigma"),
}
"""Per RMSE the columns of DFT, of the potential and of the composition; the RMSE of all modes has one of its own."""


@dataclass(frozen=True)
class Ranked:
    """One potential: `value` with its 95 % interval over the `n` compounds that DFT decides and it was run on.

    Potentials with a letter of `group` in common have no measurable difference: the interval of the paired difference
    on what both were run on includes 0. Of the compounds, `n_failed` have no result and `n_undecidable` none outside
    the noise: labels count nevertheless, a failed one as wrong; an RMSE is without the failed, which n does not hold.
    `n_smaller` are of DFT's smaller class. `n_not_run` more have DFT's number: where there are any, the score is of the
    compounds as run, no random sample, and unweighted.

    A potential that was run on fewer than half of the compounds of the most complete one is not `complete` and not
    ranked: value NaN, no group, n its compounds. `level` is the functional of its training data where DFT's is another,
    else empty.
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
    n_smaller: int | None = None
    comparable: Interval | None = None
    n_comparable: int = 0
    n_not_run: int = 0


@dataclass(frozen=True)
class Null:
    """What knows nothing of forces, by `name` for people, scored by a metric on the n compounds that were run."""

    name: str
    score: Interval
    n: int


def ranking(dataset: Dataset, suite: str, metric: str | None = None) -> list[Ranked]:
    """Potentials of `suite`, best first, by `metric` or by the suite's own; those with too few compounds last."""
    return list(_ranking(dataset, dataset.release(), suite, metric or SUITE_METRICS[suite][0])[0])


def nulls(dataset: Dataset, suite: str, metric: str | None = None) -> list[Null]:
    """What a potential of `ranking` has to beat, on all compounds that any of them was run on; empty where unknown."""
    return list(_ranking(dataset, dataset.release(), suite, metric or SUITE_METRICS[suite][0])[1])


@lru_cache(maxsize=32)
def _ranking(dataset: Dataset, release: str, suite: str, metric: str) -> tuple[tuple[Ranked, ...], tuple[Null, ...]]:
    rows = _run(dataset, suite, metric)
    if not rows:
        return (), ()
    sizes = {name: int(_counted(mine, metric).sum()) for name, mine in rows.items()}
    complete = {name: mine for name, mine in rows.items() if 2 * sizes[name] >= max(sizes.values())}
    entries = {name: _with_comparable(name, mine, suite, metric) for name, mine in complete.items()}
    sign = -1 if METRICS[metric].higher_is_better else 1
    order = sorted(entries, key=lambda name: (not np.isfinite(entries[name].value), sign * entries[name].value, name))
    defined = [name for name in order if np.isfinite(entries[name].value)]
    apart = np.zeros((len(defined), len(defined)), bool)
    for i, j in combinations(range(len(defined)), 2):
        difference = _difference(complete[defined[i]], complete[defined[j]], suite, metric)
        apart[i, j] = apart[j, i] = difference.measurable
    groups = dict(zip(defined, letters(apart), strict=True))
    ranked = [replace(entries[name], group=groups.get(name, "")) for name in order]
    few = [
        replace(_entry(name, mine, suite, metric), value=np.nan, low=np.nan, high=np.nan, complete=False,
                n=sizes[name])
        for name, mine in sorted(rows.items()) if name not in complete
    ]  # fmt: skip
    levels = other_levels(trained_on(dataset), reference_functionals(dataset).get(suite, []))
    found = tuple(replace(entry, level=levels.get(entry.potential, "")) for entry in (*ranked, *few))
    return found, tuple(_nulls(complete, suite, metric))


def _run(dataset: Dataset, suite: str, metric: str) -> dict[str, Rows]:
    """Columns of `pairs` per foundation potential that was run in the stage of `metric` on what DFT publishes."""
    sites = SUITES[suite].clusters
    numbers = dict.fromkeys(column for columns in NUMBERS.values() for column in columns)
    columns = dict.fromkeys(
        (*criteria.COLUMNS, *numbers, "omega_rmse_thz", "protocol", "sigma_protocol", "comparable_level", *sites)
    )
    frame = dataset.frame(
        f"SELECT potential, compound, {', '.join(columns)} FROM pairs WHERE suite = $suite AND potential IS NOT NULL "
        "ORDER BY potential, compound",
        {"suite": suite},
    )
    words = {"compound", *sites, *(c for c in columns if c.endswith(("status", "label", "protocol")))}
    found: dict[str, Rows] = {}
    for name in foundation(dataset, frame["potential"].unique()):
        mine = frame[frame["potential"] == name]
        rows = {
            c: mine[c].fillna("").to_numpy(str) if c in words else mine[c].to_numpy(float, na_value=np.nan)
            for c in ("compound", *columns)
        }
        if _counted(rows, metric).any():
            found[str(name)] = rows
    return found


def _status(metric: str) -> str:
    return "status" if METRICS[metric].stage == "harmonic" else "sigma_status"


def _counted(rows: Rows, metric: str) -> NDArray[np.bool_]:
    """Which compounds (n,) DFT has the number of and were run."""
    return np.asarray(np.isfinite(_published(rows, metric)) & (rows[_status(metric)] != "not-run"))


def _published(rows: Rows, metric: str) -> Values:
    return np.asarray(rows["dft_sigma" if METRICS[metric].stage == "sigma" else "dft_omega_min_thz"])


def _criterion(metric: str) -> str:
    return {"mcc": "harmonic", "sigma_mcc": "sigma"}[metric]


def _errors(rows: Rows, suite: str, metric: str, column: int = 1) -> Values:
    """Errors (n,) against DFT of what stands in `column` of `NUMBERS`; NaN where there is none or it was not run."""
    if metric == "frequency":
        errors = np.where(np.isfinite(rows["dft_omega_min_thz"]), rows["omega_rmse_thz"], np.nan)
    else:
        names = NUMBERS[metric]
        dft, value = (
            comparable(rows[name], suite, "min") if metric == "omega" else rows[name]
            for name in (names[0], names[column])
        )
        errors = value - dft
    return np.where(_counted(rows, metric), errors, np.nan)


def _entry(name: str, rows: Rows, suite: str, metric: str) -> Ranked:
    counted = _counted(rows, metric)
    protocol = rows["protocol" if METRICS[metric].stage == "harmonic" else "sigma_protocol"][counted]
    failed = int(np.sum(counted & ~np.isin(rows[_status(metric)], ("ok", criteria.LEFT))))
    left_out = int(np.sum(np.isfinite(_published(rows, metric)) & ~counted))
    if METRICS[metric].of_labels:
        found = criteria.scored(rows, suite, _criterion(metric))
        ends = (found.mcc.value, found.mcc.low, found.mcc.high)
        return Ranked(name, metric, *ends, found.n, "", found.n_failed, found.n_undecidable, str(protocol[0]),
                      n_smaller=found.n_smaller, n_not_run=left_out)  # fmt: skip
    rmse, n = _rmse(_errors(rows, suite, metric), rows, suite)
    ends = (rmse.value, rmse.low, rmse.high)
    return Ranked(name, metric, *ends, n, "", failed, 0, str(protocol[0]), n_not_run=left_out)


def _with_comparable(name: str, rows: Rows, suite: str, metric: str) -> Ranked:
    """The entry, with its score over the compounds in which both sides mean the same level of theory."""
    entry, kept = _entry(name, rows, suite, metric), rows["comparable_level"] == 1
    if not (kept & _counted(rows, metric)).any():
        return entry
    mine = _entry(name, {column: values[kept] for column, values in rows.items()}, suite, metric)
    return replace(entry, comparable=Interval(mine.value, mine.low, mine.high), n_comparable=mine.n)


def _rmse(errors: Values, rows: Rows, suite: str) -> tuple[Interval, int]:
    return rms_interval(errors, clusters=clusters_of(rows, suite)), int(np.isfinite(errors).sum())


def _difference(first: Rows, second: Rows, suite: str, metric: str) -> Difference:
    """Difference of the metric of two potentials on the compounds that both were run on."""
    both = _counted(first, metric) & _counted(second, metric)  # every potential has a row for every compound
    ways = [way[both] for way in clusters_of(first, suite)]
    if METRICS[metric].of_labels:
        criterion = _criterion(metric)
        truth = criteria.dft_labels(first, criterion)[both]
        said = [criteria.potential_answers(rows, criterion).own[both] for rows in (first, second)]
        return differences_of_counts({"mcc": confusion.mcc}, truth, *said, clusters=ways)["mcc"]
    return difference_of_rmse(*(_errors(rows, suite, metric)[both] for rows in (first, second)), clusters=ways)


def _nulls(rows: Mapping[str, Rows], suite: str, metric: str) -> list[Null]:
    first = next(iter(rows.values()))
    run = np.any([_counted(mine, metric) for mine in rows.values()], axis=0)
    if METRICS[metric].of_labels:
        found = criteria.null_scores(first, suite, _criterion(metric), run)
        return [Null(criteria.NULLS[name], one.mcc, one.n) for name, one in found.items()]
    if metric == "frequency":
        return []
    as_run = {**first, _status(metric): np.where(run, "ok", "not-run")}
    dft = -_errors({**as_run, NUMBERS[metric][1]: np.zeros(len(run))}, suite, metric)
    named = {CONSTANT: np.nanmean(dft) - dft, COMPOSITION: _errors(as_run, suite, metric, column=2)}
    return [
        Null(criteria.NULL_NUMBERS[name], *_rmse(errors, first, suite))
        for name, errors in named.items()
        if np.isfinite(errors).any()
    ]


def leaderboard(dataset: Dataset, suite: str) -> AgainstDft:
    """The table of `suite`, the potential with the smallest median error of the force constants first."""
    return _leaderboard(dataset, dataset.release(), suite)


@lru_cache(maxsize=16)
def _leaderboard(dataset: Dataset, release: str, suite: str) -> AgainstDft:
    return against_dft(dataset.frame, suite)


@lru_cache(maxsize=16)
def plain_leaderboard(dataset: Dataset, release: str, suite: str) -> dict[str, Any]:
    """The same as JSON."""
    return to_plain(_leaderboard(dataset, release, suite), dataset.frame)


def training_sets(dataset: Dataset) -> dict[str, str]:
    """Training data by potential."""
    frame = dataset.frame("SELECT potential, training_set FROM potentials")
    return dict(zip(frame["potential"], frame["training_set"], strict=True))


RANKED_IN = "abx3"
"""Where results of several suites stand together, potentials stand as the suite of most compounds ranks them."""


def preferred(dataset: Dataset, suite: str, potentials: Iterable[str]) -> list[str]:
    """`potentials` in the order in which a page shows them unasked.

    Those of DFT's functional first, by their place in the suite's own ranking, then those that are not ranked as they
    come; of one family's versions the newest stands first; those that were distilled come last.
    """
    given = list(potentials)
    ranked = [entry.potential for entry in ranking(dataset, suite)] if SUITE_METRICS.get(suite) else []
    place = {potential: i for i, potential in enumerate(ranked)}
    others = other_levels(trained_on(dataset), reference_functionals(dataset).get(suite, []))
    taught = {potential: 1 + i for i, potential in enumerate(distilled(dataset))}
    order = sorted(given, key=lambda p: (taught.get(p, 0), p in others, place.get(p, len(place))))
    return newest_first(order)


def newest_first(potentials: Sequence[str]) -> list[str]:
    """`potentials` in their order, but versions of one family together: chgnet-0.3.0, then chgnet-0.2.0."""
    families: dict[str, list[str]] = {}
    for potential in potentials:
        families.setdefault(_stem(potential), []).append(potential)
    return [p for family in families.values() for p in sorted(family, key=_version, reverse=True)]


def _stem(potential: str) -> str:
    found = _VERSION.fullmatch(potential)
    return found["stem"] if found else potential


def _version(potential: str) -> tuple[int, ...]:
    found = _VERSION.fullmatch(potential)
    return tuple(int(part) for part in found["version"].split(".")) if found else ()
