"""Errors of a potential against published DFT, in σ or in ω_min, one row per compound, and how they group.

σ is read from its own table, by protocol: a score of one sampling is never mixed with that of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import MISSING
from compute.statistics.bootstrap import Interval, percentile_interval, resampled_sums
from compute.statistics.comparable import comparable
from compute.statistics.criteria import COMPOSITION, CONSTANT, NULL_NUMBERS
from compute.statistics.deviation import Agreement, agreement, rmse_difference
from compute.statistics.slices import Slice, slice_tests
from compute.statistics.strata import anharmonicity_strata
from compute.statistics.survey import to_the_suite
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity.choices import FILTERS, SITE_COLUMNS, STRATUM
from dashboard.views.anharmonicity import AnharmonicityView

SITE_SIGMAS = {"A": "sigma_a", "B": "sigma_b", "Bp": "sigma_bp", "X": "sigma_x"}
SITE_PAIRS = (("A", "B"), ("A", "Bp"), ("A", "X"), ("B", "Bp"), ("B", "X"), ("Bp", "X"))

_DFT_SITES = ", ".join(f"r.{column} AS dft_{column}" for column in SITE_SIGMAS.values())
_SITES = ", ".join(f"n.{column}" for column in SITE_SIGMAS.values())
_SIGMA = f"""
SELECT n.potential, n.run, r.compound, r.A, r.B, r.Bp, r.X, r.sigma AS dft_sigma, r.sigma AS dft, n.sigma AS value,
       n.sigma_se AS se, n.weight, {_DFT_SITES}, {_SITES}, n.status, b.sigma AS composition,
       v.comparable AS comparable_level
FROM "references" r JOIN newest_sigma n USING (suite, compound)
JOIN potentials t ON t.potential = n.potential
LEFT JOIN comparability v
    ON v.suite = r.suite AND v.compound = r.compound AND v.theory IS NOT DISTINCT FROM t.theory
LEFT JOIN baselines b ON b.suite = r.suite AND b.compound = r.compound AND b.baseline = 'composition'
WHERE {FILTERS} AND n.protocol = $protocol AND list_contains($potentials, n.potential) AND r.sigma IS NOT NULL
ORDER BY list_position($potentials, n.potential), r.compound
"""
_OMEGA = f"""
SELECT r.potential, r.run, r.compound, r.A, r.B, r.Bp, r.X, r.dft_sigma, r.dft_omega_min_thz AS dft,
       r.omega_min_thz AS value, r.status, r.composition_omega_min_thz AS composition, r.comparable_level
FROM pairs r
WHERE {FILTERS} AND list_contains($potentials, r.potential) AND r.status <> 'not-run'
    AND r.dft_omega_min_thz IS NOT NULL ORDER BY list_position($potentials, r.potential), r.compound
"""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorGroup:
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
    null: Interval

    @property
    def measurable(self) -> bool:
        """Whether the interval excludes zero."""
        return self.difference.sign != 0

    @property
    def earned_by_a_constant(self) -> bool:
        """Whether the constant has a difference of the same sign that excludes zero."""
        return self.measurable and self.null.sign == self.difference.sign


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
    """One row per potential of `names` and compound that it was run for and for which DFT has the quantity.

    Columns `potential`, `run`, `compound`, `A`, `B`, `Bp`, `X` (empty where there is none), `stratum` (of DFT's σ),
    `dft` and `value` (σ, or ω_min in THz as `comparison.comparable` has it), `error` = value − dft, NaN unless
    finished, and `status`; `composition` is what the elements alone predict, `comparable_level` whether potential and
    DFT mean the same level of theory; for σ also `se`, `weight` and σ per site, `sigma_a` to `sigma_x` and
    `dft_sigma_a` to `dft_sigma_x`. `cluster_…` number what an interval draws together.
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
    parameters = {"suite": suite, "anion": list(anion), "a_site": list(a_site), "potentials": list(names)}
    if protocol is not None:
        frame = dataset.frame(_SIGMA, {**parameters, "protocol": protocol})
    else:
        frame = dataset.frame(_OMEGA, parameters)
    numeric = [c for c in frame.columns if c in ("dft", "value", "se", "weight", "composition") or "sigma" in c]
    frame[numeric] = frame[numeric].astype(float)
    if protocol is None:
        for side in ("dft", "value", "composition"):
            frame[side] = comparable(frame[side], suite, "min")
    frame.loc[frame["status"] != "ok", "value"] = np.nan
    frame["error"] = frame["value"] - frame["dft"]
    frame["comparable_level"] = frame["comparable_level"].astype("boolean").fillna(False).astype(bool)
    strata = anharmonicity_strata(frame["dft_sigma"])
    frame[STRATUM] = np.where(strata == MISSING, "", strata)
    kinds = list(SITE_COLUMNS)
    frame[kinds] = frame[kinds].fillna("")
    for place, site in enumerate(SUITES[suite].clusters):
        frame[f"cluster_{place}"] = frame[site].astype("category").cat.codes.to_numpy(np.int64)
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
    return (frame["status"] != "ok") | _without_value(frame)


def ways(frame: pd.DataFrame) -> tuple[NDArray[np.int64], ...]:
    """Numbers (n,) of the clusters that each row of `frame` is in, per way."""
    return tuple(frame[name].to_numpy() for name in frame.columns if name.startswith("cluster_"))


def agreements(frame: pd.DataFrame) -> dict[str, Agreement]:
    """Agreement of σ and DFT's per potential, in the order of `frame`; weighted where `sample_weights` are."""
    return {
        str(name): compared(mine["value"].to_numpy(), mine["dft"].to_numpy(), ways(mine), sample_weights(mine))
        for name, mine in frame.groupby("potential", sort=False)
    }


def sample_weights(frame: pd.DataFrame) -> Values | None:
    """The weights (n,) with which the compounds of one potential stand for the suite; None for no random sample."""
    return to_the_suite(frame["weight"].to_numpy(), frame["value"].notna().to_numpy())


def null_agreements(frame: pd.DataFrame) -> dict[str, Agreement]:
    """The same for what knows nothing of forces, by its name for people, on all compounds with a row in `frame`."""
    rows = frame.drop_duplicates("compound")
    dft = rows["dft"].to_numpy(float)
    predicted = {CONSTANT: np.full(len(rows), dft.mean() if len(rows) else np.nan), COMPOSITION: rows["composition"]}
    weights = to_the_suite(rows["weight"].to_numpy(), np.isfinite(dft))
    found = {
        NULL_NUMBERS[name]: compared(np.array(v, float), dft, ways(rows), weights) for name, v in predicted.items()
    }
    return {name: one for name, one in found.items() if one.n}


def compared(
    values: Values, dft: Values, clusters: tuple[NDArray[np.int64], ...] = (), weights: Values | None = None
) -> Agreement:
    """`deviation.agreement` of arrays (n,), computed once for the same numbers."""
    stands_for = None if weights is None else weights.tobytes()
    return _agreement(values.tobytes(), dft.tobytes(), tuple(way.tobytes() for way in clusters), stands_for)


@lru_cache(maxsize=256)
def _agreement(values: bytes, dft: bytes, clusters: tuple[bytes, ...], weights: bytes | None) -> Agreement:
    return agreement(
        np.frombuffer(values),
        np.frombuffer(dft),
        clusters=[np.frombuffer(way, np.int64) for way in clusters],
        stands_for=None if weights is None else np.frombuffer(weights),
    )


def groups(frame: pd.DataFrame, column: str, published: Mapping[str, Mapping[str, int]]) -> dict[str, list[ErrorGroup]]:
    """Per potential, its errors by `column` (stratum, A, B, Bp, X or level), in the order of the labels.

    Of the compounds that `published` counts by potential and label, those without a row were not run.
    """
    by_potential = frame.groupby("potential", sort=False)
    return {str(name): _groups(mine, column, published[str(name)]) for name, mine in by_potential}


def _groups(frame: pd.DataFrame, column: str, published: Mapping[str, int]) -> list[ErrorGroup]:
    labels = sorted(label for label in published if label)
    codes = frame[column].cat.set_categories(labels).cat.codes.to_numpy()
    labelled = codes >= 0
    error = frame["error"].to_numpy(float)
    known = np.isfinite(error)
    clusters = ways(frame)
    run = np.bincount(codes[labelled], minlength=len(labels))
    failed = np.bincount(codes[labelled & _failed(frame).to_numpy()], minlength=len(labels))
    return [
        ErrorGroup(
            name=label,
            n=int(np.sum(known & (codes == code))),
            n_failed=int(failed[code]),
            n_not_run=published[label] - int(run[code]),
            **_summary(
                error[known & (codes == code)].tobytes(),
                tuple(way[known & (codes == code)].tobytes() for way in clusters),
            ),
        )
        for code, label in enumerate(labels)
    ]


@lru_cache(maxsize=4096)
def _summary(error: bytes, clusters: tuple[bytes, ...]) -> dict[str, Any]:
    values = np.frombuffer(error)
    if values.size == 0:
        nothing = Interval(np.nan, np.nan, np.nan)
        return {"median": np.nan, "lower_quartile": np.nan, "upper_quartile": np.nan, "rmse": nothing, "bias": nothing}
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    samples = _samples(values, [np.frombuffer(way, np.int64) for way in clusters])
    return {
        "median": median,
        "lower_quartile": lower,
        "upper_quartile": upper,
        "rmse": Interval(float(np.sqrt(np.mean(values**2))), *percentile_interval(samples[:, 1])),
        "bias": Interval(float(np.mean(values)), *percentile_interval(samples[:, 0])),
    }


def _samples(error: Values, clusters: Sequence[NDArray[np.int64]]) -> Values:
    """Bootstrap samples (draws, 2) of the mean and the root mean square of `error` (n,), n not 0."""
    sums = resampled_sums(np.stack([error, error**2, np.ones_like(error)], axis=1), clusters=clusters)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[:, :2] / sums[:, 2:]
    return np.stack([means[:, 0], np.sqrt(means[:, 1])], axis=1)


def contrast(frame: pd.DataFrame, column: str, one: str, other: str) -> Contrast:
    """RMSE of the rows of one potential labelled `one` in `column`, minus that of those labelled `other`.

    `null` is the same of the constant nearest to DFT: what it earns too is nothing that the potential does.
    """
    known = frame[frame["error"].notna()]
    inside, outside = (np.asarray(known[column] == label) for label in (one, other))
    error, dft = known["error"].to_numpy(float), known["dft"].to_numpy(float)
    clusters = ways(known)
    constant = dft.mean() - dft if len(dft) else dft
    return Contrast(
        int(inside.sum()),
        int(outside.sum()),
        rmse_difference(error, inside, outside, clusters=clusters),
        rmse_difference(constant, inside, outside, clusters=clusters),
    )


def by_element(frame: pd.DataFrame, site: str) -> pd.DataFrame:
    """Columns `element`, `n`, `bias` and `rmse` of the errors of one potential, by element on `site` or on any."""
    columns = SITE_COLUMNS if site == "any" else (site,)
    known = frame[frame["error"].notna()]
    error = known["error"].to_numpy(float)
    elements = sorted(set().union(*(known[c].cat.categories for c in columns)) - {""})
    codes = [known[c].cat.set_categories(elements).cat.codes.to_numpy() for c in columns]
    sums = np.zeros((3, len(elements)))
    for i, code in enumerate(codes):
        # A compound counts once for an element that it has on several sites.
        new = (code >= 0) & ~np.any([code == other for other in codes[:i]], axis=0)
        weights = (None, error[new], error[new] ** 2)
        sums += [np.bincount(code[new], weight, len(elements)) for weight in weights]
    found = pd.DataFrame({"element": elements, "n": sums[0].astype(int)})
    with np.errstate(invalid="ignore"):
        found["bias"], found["rmse"] = sums[1] / sums[0], np.sqrt(sums[2] / sums[0])
    return found[found["n"] > 0].reset_index(drop=True)


def slices(frame: pd.DataFrame) -> list[Slice]:
    """Every kind of compound of one potential by site, stratum or two sites, tested against the rest."""
    known = frame[frame["error"].notna()]
    labels = {name: known[name].to_numpy(str) for name in (*SITE_COLUMNS, STRATUM)}
    return slice_tests(known["error"], labels, SITE_PAIRS, clusters=ways(known))


def worst(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """The `most` rows of one potential with the largest errors of either sign, largest first."""
    order = frame["error"].abs().sort_values(ascending=False, kind="stable")
    return frame.loc[order.dropna().index[:most]]
