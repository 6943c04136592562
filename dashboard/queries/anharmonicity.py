"""Errors of a potential against published DFT, in σ or in ω_min, one row per compound, and how they group.

σ is read from its own table, by protocol: a score of one sampling is never mixed with that of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.bootstrap import percentile_interval, resamples
from compute.physics.comparison import comparable
from compute.physics.deviation import Agreement, Interval, agreement, rmse_difference
from compute.physics.slices import Slice, slice_tests
from compute.physics.stability import MISSING
from compute.physics.strata import anharmonicity_strata
from dashboard.dataset import Dataset
from dashboard.queries.results import foundation_first
from dashboard.views.anharmonicity import AnharmonicityView

STRATUM = "stratum"
SITE_COLUMNS = ("A", "B", "Bp", "X")
SITE_SIGMAS = {"A": "sigma_a", "B": "sigma_b", "Bp": "sigma_bp", "X": "sigma_x"}
SITE_PAIRS = (("A", "B"), ("A", "Bp"), ("A", "X"), ("B", "Bp"), ("B", "X"), ("Bp", "X"))

_FILTERS = """
    r.suite = $suite AND (len($anion) = 0 OR list_contains($anion, r.X))
    AND (len($a_site) = 0 OR list_contains($a_site, r.A))
"""
_DFT_SITES = ", ".join(f"r.{column} AS dft_{column}" for column in SITE_SIGMAS.values())
_SITES = ", ".join(f"n.{column}" for column in SITE_SIGMAS.values())
_SIGMA = f"""
WITH attempted AS (
    SELECT n.potential, n.run, count(*) FILTER (n.status <> 'not-run') > 0 AS any_run, max(q.started) AS started
    FROM anharmonic n LEFT JOIN runs q USING (run)
    WHERE n.suite = $suite AND n.protocol = $protocol AND list_contains($potentials, n.potential)
    GROUP BY ALL
), answering AS (
    SELECT potential, run FROM attempted
    QUALIFY row_number() OVER (PARTITION BY potential ORDER BY any_run DESC, started DESC NULLS LAST, run DESC) = 1
)
SELECT a.potential, a.run, r.compound, r.A, r.B, r.Bp, r.X, r.sigma AS dft_sigma, r.sigma AS dft, n.sigma AS value,
       n.sigma_se AS se, {_DFT_SITES}, {_SITES}, coalesce(n.status, 'not-run') AS status
FROM "references" r CROSS JOIN answering a
LEFT JOIN anharmonic n ON n.suite = r.suite AND n.compound = r.compound AND n.potential = a.potential
    AND n.run = a.run AND n.protocol = $protocol
WHERE {_FILTERS} AND r.sigma IS NOT NULL ORDER BY list_position($potentials, a.potential), r.compound
"""
_OMEGA = f"""
SELECT r.potential, r.run, r.compound, r.A, r.B, r.Bp, r.X, r.dft_sigma, r.dft_omega_min_thz AS dft,
       r.omega_min_thz AS value, r.status
FROM pairs r
WHERE {_FILTERS} AND list_contains($potentials, r.potential) AND r.run IS NOT NULL
    AND r.dft_omega_min_thz IS NOT NULL ORDER BY list_position($potentials, r.potential), r.compound
"""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Protocol:
    """A sampling protocol with results in a suite, how many compounds have σ by it and DFT's, and whose."""

    name: str
    n: int
    potentials: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Errors of one potential over the compounds of one kind, in the unit of the quantity; NaN where n is 0."""

    name: str
    n: int
    n_failed: int
    n_not_run: int
    median: float
    lower_quartile: float
    upper_quartile: float
    rmse: Interval
    bias: Interval


@dataclass(frozen=True)
class Contrast:
    """RMSE of one group minus that of another, with its 95 % bootstrap interval."""

    n: int
    n_other: int
    difference: Interval

    @property
    def measurable(self) -> bool:
        """Whether the interval excludes zero."""
        return self.difference.low > 0 or self.difference.high < 0


def published_protocol(suite: str) -> str:
    """Name of the schedule that the source of `suite` used."""
    return f"published-{suite}"


def protocols(dataset: Dataset, suite: str) -> list[Protocol]:
    """Protocols of the table `anharmonic` for `suite`, first the one to show: by how many compounds have σ, among
    equals the published schedule."""
    frame = dataset.frame(
        "SELECT protocol, count(DISTINCT compound) FILTER (status = 'ok' AND r.sigma IS NOT NULL) AS n, "
        "list(DISTINCT potential) FILTER (status = 'ok' AND r.sigma IS NOT NULL) AS whose "
        'FROM anharmonic a LEFT JOIN "references" r USING (suite, compound) WHERE suite = $suite '
        "GROUP BY protocol ORDER BY n DESC, protocol = $published DESC, protocol",
        {"suite": suite, "published": published_protocol(suite)},
    )
    return [Protocol(str(row.protocol), int(row.n), _names(row.whose)) for row in frame.itertuples(index=False)]


def _names(found: Any) -> frozenset[str]:
    return frozenset(found) if isinstance(found, np.ndarray | list) else frozenset()


def potentials(dataset: Dataset, suite: str) -> list[str]:
    """Potentials with σ by any protocol or with frequencies that DFT has too, most σ first, distilled last."""
    frame = dataset.frame(
        "SELECT potential, sum(n) AS n_sigma FROM ("
        " SELECT potential, count(*) FILTER (status = 'ok') AS n FROM anharmonic"
        " WHERE suite = $suite AND status <> 'not-run' GROUP BY potential UNION ALL"
        " SELECT potential, 0 FROM pairs WHERE suite = $suite AND status <> 'not-run'"
        " AND dft_omega_min_thz IS NOT NULL GROUP BY potential"
        ") GROUP BY potential ORDER BY n_sigma DESC, potential",
        {"suite": suite},
    )
    return foundation_first(dataset, frame["potential"])


def a_sites(dataset: Dataset, suite: str) -> list[str]:
    """Elements on the A site of `suite`, by name."""
    frame = dataset.frame(
        'SELECT DISTINCT A FROM "references" WHERE suite = $suite AND A IS NOT NULL ORDER BY A', {"suite": suite}
    )
    return frame["A"].tolist()


def quantities(dataset: Dataset, suite: str) -> list[str]:
    """What DFT publishes for `suite`: sigma, omega or both."""
    frame = dataset.frame(
        'SELECT count(sigma) AS sigma, count(omega_min_thz) AS omega FROM "references" WHERE suite = $suite',
        {"suite": suite},
    )
    return [name for name in ("sigma", "omega") if frame[name].iloc[0] > 0]


def runs(dataset: Dataset, rows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The runs that the frames of `rows` are from, with what is needed to repeat them."""
    names = sorted({str(run) for frame in rows for run in frame["run"].dropna().unique()})
    return dataset.frame(
        "SELECT DISTINCT r.*, coalesce(n.geometry, h.geometry) AS geometry FROM runs r "
        "LEFT JOIN (SELECT DISTINCT run, geometry FROM anharmonic) n USING (run) "
        "LEFT JOIN (SELECT DISTINCT run, geometry FROM harmonic) h USING (run) "
        "WHERE list_contains($runs, r.run) ORDER BY r.suite, r.potential, r.run",
        {"runs": names},
    )


def rows(dataset: Dataset, view: AnharmonicityView, names: Sequence[str], quantity: str) -> pd.DataFrame:
    """One row per potential of `names` that was run and compound for which DFT has the quantity.

    Columns `potential`, `run`, `compound`, `A`, `B`, `Bp`, `X` (empty where there is none), `stratum` (of DFT's σ),
    `dft` and `value` (σ, or ω_min in THz as `comparison.comparable` has it), `error` = value − dft, NaN unless
    finished, and `status`; for σ also `se` and σ per site, `sigma_a` to `sigma_x` and `dft_sigma_a` to `dft_sigma_x`.
    The frame is shared: it must not be changed.
    """
    asked = (view.suite, view.anion, view.a_site, tuple(names), view.protocol if quantity == "sigma" else None)
    return _rows(dataset, dataset.release(), *asked)


@lru_cache(maxsize=8)
def _rows(
    dataset: Dataset,
    _release: str,
    suite: str,
    anion: tuple[str, ...],
    a_site: tuple[str, ...],
    names: tuple[str, ...],
    protocol: str | None,
) -> pd.DataFrame:
    """`rows`, read once per release; of σ by `protocol`, of ω_min where that is None."""
    parameters: dict[str, Any] = {
        "suite": suite,
        "anion": list(anion),
        "a_site": list(a_site),
        "potentials": list(names),
    }
    if protocol is not None:
        frame = dataset.frame(_SIGMA, {**parameters, "protocol": protocol})
    else:
        frame = dataset.frame(_OMEGA, parameters)
    numeric = [c for c in frame.columns if c in ("dft", "value", "se") or "sigma" in c]
    frame[numeric] = frame[numeric].astype(float)
    if protocol is None:
        for side in ("dft", "value"):
            frame[side] = comparable(frame[side], suite, "min")
    frame.loc[frame["status"] != "ok", "value"] = np.nan
    frame["error"] = frame["value"] - frame["dft"]
    strata = anharmonicity_strata(frame["dft_sigma"])
    frame[STRATUM] = np.where(strata == MISSING, "", strata)
    kinds = list(SITE_COLUMNS)
    frame[kinds] = frame[kinds].fillna("")
    for column in ("potential", "status", STRATUM, *kinds):  # few words, many rows
        frame[column] = frame[column].astype("category")
    return frame


def failures(frame: pd.DataFrame) -> dict[str, int]:
    """Compounds per kind of failure, most frequent first; a finished one without a number is `no value`."""
    failed = frame[_failed(frame)]
    counts = failed["status"].astype(str).where(~_without_value(failed), "no value").value_counts()
    return {str(kind): int(n) for kind, n in counts.items()}


def _without_value(frame: pd.DataFrame) -> pd.Series:
    return (frame["status"] == "ok") & frame["value"].isna()


def _failed(frame: pd.DataFrame) -> pd.Series:
    return ~frame["status"].isin(("ok", "not-run")) | _without_value(frame)


def not_run(frame: pd.DataFrame) -> int:
    """Compounds that no calculation has reached."""
    return int((frame["status"] == "not-run").sum())


def agreements(frame: pd.DataFrame) -> dict[str, Agreement]:
    """Agreement of value and DFT per potential, in the order of `frame`; `n_failed` leaves out what was never run."""
    return {
        str(name): compared(mine["value"].to_numpy(), mine["dft"].to_numpy())
        for name, mine in frame[frame["status"] != "not-run"].groupby("potential", sort=False)
    }


def compared(values: Values, dft: Values) -> Agreement:
    """`deviation.agreement` of arrays (n,), computed once for the same numbers."""
    return _agreement(values.tobytes(), dft.tobytes())


@lru_cache(maxsize=256)
def _agreement(values: bytes, dft: bytes) -> Agreement:
    return agreement(np.frombuffer(values), np.frombuffer(dft))


def groups(frame: pd.DataFrame, column: str) -> dict[str, list[Group]]:
    """Per potential, its errors by `column` (stratum, A, B, Bp or X), in the order of the labels."""
    return {str(name): _groups(mine, column) for name, mine in frame.groupby("potential", sort=False)}


def _groups(frame: pd.DataFrame, column: str) -> list[Group]:
    labels, codes = frame[column].cat.categories, frame[column].cat.codes.to_numpy()
    error = frame["error"].to_numpy(float)
    known = np.isfinite(error)
    failed = np.bincount(codes[_failed(frame)], minlength=len(labels))
    waiting = np.bincount(codes[frame["status"] == "not-run"], minlength=len(labels))
    return [
        Group(
            name=str(label),
            n=int(np.sum(known & (codes == code))),
            n_failed=int(failed[code]),
            n_not_run=int(waiting[code]),
            **_summary(error[known & (codes == code)].tobytes()),
        )
        for code, label in enumerate(labels)
        if label
    ]


@lru_cache(maxsize=4096)
def _summary(error: bytes) -> dict[str, Any]:
    values = np.frombuffer(error)
    if values.size == 0:
        nothing = Interval(np.nan, np.nan, np.nan)
        return {"median": np.nan, "lower_quartile": np.nan, "upper_quartile": np.nan, "rmse": nothing, "bias": nothing}
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    samples = _samples(values)
    return {
        "median": median,
        "lower_quartile": lower,
        "upper_quartile": upper,
        "rmse": Interval(float(np.sqrt(np.mean(values**2))), *percentile_interval(samples[:, 1])),
        "bias": Interval(float(np.mean(values)), *percentile_interval(samples[:, 0])),
    }


def _finite(frame: pd.DataFrame) -> Values:
    return frame["error"].dropna().to_numpy(float)


def _samples(error: Values) -> Values:
    """Bootstrap samples (draws, 2) of the mean and the root mean square of `error` (n,), n not 0."""
    columns = np.stack([error, error**2], axis=1)
    means = np.concatenate([columns[drawn].mean(axis=1) for drawn in resamples(error.size)])
    return np.stack([means[:, 0], np.sqrt(means[:, 1])], axis=1)


def contrast(frame: pd.DataFrame, column: str, one: str, other: str) -> Contrast:
    """RMSE of the rows of one potential labelled `one` in `column`, minus that of those labelled `other`."""
    first, second = (_finite(frame[frame[column] == label]) for label in (one, other))
    return _contrast(first.tobytes(), second.tobytes())


@lru_cache(maxsize=256)
def _contrast(first: bytes, second: bytes) -> Contrast:
    one, other = np.frombuffer(first), np.frombuffer(second)
    return Contrast(one.size, other.size, rmse_difference(one, other))


def by_element(frame: pd.DataFrame, site: str) -> pd.DataFrame:
    """Columns `element`, `n`, `bias` and `rmse` of the errors of one potential, by element on `site` or on any."""
    columns = SITE_COLUMNS if site == "any" else (site,)
    known = frame[frame["error"].notna()]
    error = known["error"].to_numpy(float)
    elements = sorted(set().union(*(known[c].cat.categories for c in columns)) - {""})
    found = []
    for element in elements:
        mine = error[np.any([known[c] == element for c in columns], axis=0)]
        if mine.size:
            found.append((element, mine.size, float(mine.mean()), float(np.sqrt(np.mean(mine**2)))))
    return pd.DataFrame(found, columns=["element", "n", "bias", "rmse"])


def slices(frame: pd.DataFrame) -> list[Slice]:
    """Every kind of compound of one potential by site, stratum or two sites, tested against the rest."""
    known = frame[frame["error"].notna()]
    labels = {name: known[name].to_numpy(str) for name in (*SITE_COLUMNS, STRATUM)}
    return slice_tests(known["error"], labels, SITE_PAIRS)


def worst(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """The `most` rows of one potential with the largest errors of either sign, largest first."""
    order = frame["error"].abs().sort_values(ascending=False, kind="stable")
    return frame.loc[order.dropna().index[:most]]
