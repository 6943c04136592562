"""DFT's verdict against those of several potentials, with nothing left out of the count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNDECIDABLE
from compute.statistics import confusion, criteria
from compute.statistics.bootstrap import clusters_of
from compute.statistics.curves import RankingCurve, precision_recall, roc
from compute.statistics.paired import Difference, McNemar, differences_of_counts, mcnemar
from compute.statistics.verdicts import DECIDED, SCORE, Answers, Score, score
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries.coverage import foundation_first
from dashboard.views.stability import StabilityView

TOLERANCES_THZ = np.round(np.arange(0, 0.505, 0.01), 2)
THRESHOLDS = np.round(np.arange(0.5, 2.025, 0.05), 2)
_ATTEMPTED = {
    "harmonic": "status <> 'not-run'",
    "cross": "status <> 'not-run'",
    "sigma": "sigma_status <> 'not-run'",
    "renormalised": "renormalised_label IS NOT NULL",
}

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.str_]


@dataclass(frozen=True)
class Prediction:
    """What one potential says of n compounds: `rows` has the columns of `pairs` that verdicts are made of."""

    potential: str
    rows: Mapping[str, NDArray[Any]]

    def answers(self, criterion: str, tolerance_thz: float, threshold: float) -> Answers:
        """The potential's label per compound, or why there is none, and what lies within its noise."""
        return criteria.potential_answers(self.rows, criterion, tolerance_thz, threshold)

    def side(self, criterion: str) -> Side:
        """The numbers behind the labels, for every cut at once."""
        rows = self.rows
        if criterion == "sigma":
            return Side(_known(-rows["sigma"], rows["sigma_status"]), 2 * rows["sigma_se"], about_cut=True)
        if criterion == "renormalised":
            doubt = np.where(rows["renormalised_label"] == UNDECIDABLE, np.inf, 0.0)
            return Side(_known(rows["renormalised_min_thz"], rows["sigma_status"]), doubt, inclusive=True)
        return Side(_known(rows["omega_min_thz"], rows["status"]), rows["noise_floor_thz"])


@dataclass(frozen=True)
class Side:
    """Scores (n,), of which a high one means stable: ω_min in THz or −σ; stable is what lies above a cut.

    The cut is −tolerance or −threshold. Undecidable is what lies within `doubt` (n,) of the cut or of zero. The sweeps
    need labels at many cuts: here they are comparisons of numbers, equal to those of `compute.physics.stability`.
    """

    score: Values
    doubt: Values
    about_cut: bool = False
    inclusive: bool = False

    def stable(self, cut: Values | float) -> Mask:
        """Whether each score lies above `cut`, in the shape of both together."""
        return np.asarray(self.score >= cut if self.inclusive else self.score > cut)

    def decided(self, cut: Values | float) -> Mask:
        """Whether each score is known and outside of doubt."""
        centre = cut if self.about_cut else 0.0
        return np.isfinite(self.score) & ~(np.abs(self.score - centre) < self.doubt)


@dataclass(frozen=True)
class Compared:
    """The compounds of a view, what DFT says of them (`rows`, columns of `pairs`), and what its potentials do."""

    view: StabilityView
    rows: Mapping[str, NDArray[Any]]
    predictions: tuple[Prediction, ...]

    @property
    def n(self) -> int:
        """Number of compounds."""
        return len(self.rows["dft_sigma"])

    @property
    def potentials(self) -> tuple[str, ...]:
        """Potentials in the order of the page."""
        return tuple(prediction.potential for prediction in self.predictions)

    @cached_property
    def truth(self) -> Labels:
        """DFT's label per compound (n,); `no label` where DFT has no number."""
        return criteria.dft_labels(self.rows, self.view.criterion, self.view.tolerance_thz, self.view.threshold)

    @cached_property
    def own(self) -> dict[str, Answers]:
        """Answers per potential, whatever the others have run; one at another level of theory may count as not run."""
        view = self.view
        found = {p.potential: p.answers(view.criterion, view.tolerance_thz, view.threshold) for p in self.predictions}
        if view.level == "all":
            return found
        return {p.potential: found[p.potential].where(p.rows["comparable_level"] == 1) for p in self.predictions}

    @cached_property
    def answers(self) -> dict[str, Answers]:
        """Answers that count; on common compounds, one that not every potential has run counts as not run."""
        if not self.restricted:
            return self.own
        return {potential: answer.where(self.common) for potential, answer in self.own.items()}

    @cached_property
    def common(self) -> Mask:
        """Whether every potential has run a compound (n,), successfully or not."""
        return np.asarray(np.all([answer.run for answer in self.own.values()], axis=0))

    @property
    def restricted(self) -> bool:
        """Whether only common compounds are scored."""
        return len(self.predictions) > 1 and self.view.common == "yes"

    @cached_property
    def clusters(self) -> list[NDArray[np.str_]]:
        """What is drawn together, from the suite."""
        return clusters_of(self.rows, self.view.suite)

    @property
    def labels(self) -> dict[str, Labels]:
        """What each potential says as it is shown, with doubt, failures and what was not run."""
        return {potential: answer.shown for potential, answer in self.answers.items()}

    @cached_property
    def nulls(self) -> dict[str, Score]:
        """Scores of what knows nothing of forces, on all compounds that any of the potentials has run."""
        view = self.view
        return criteria.null_scores(
            self.rows,
            view.suite,
            view.criterion,
            np.any([answer.run for answer in self.answers.values()], axis=0),
            tolerance_thz=view.tolerance_thz,
            threshold=view.threshold,
        )

    @cached_property
    def scores(self) -> dict[str, Score]:
        """The score of every potential by the rule of the view."""
        return {
            potential: score(self.truth, answer, clusters=self.clusters, rule=self.view.rule)
            for potential, answer in self.answers.items()
        }

    def truth_side(self) -> Side:
        """DFT's numbers for every cut at once; DFT publishes no error, so nothing of it is undecidable."""
        numbers = self.rows["dft_omega_min_thz"] if self.view.criterion == "harmonic" else -self.rows["dft_sigma"]
        return Side(numbers, np.zeros_like(numbers))


def potentials(dataset: Dataset, suite: str, criterion: str) -> list[str]:
    """Potentials with calculations that answer to `criterion`, the one with most first; distilled ones last."""
    return list(_potentials(dataset, dataset.release(), suite, criterion))


@lru_cache(maxsize=16)
def _potentials(dataset: Dataset, release: str, suite: str, criterion: str) -> tuple[str, ...]:
    frame = dataset.frame(
        f"SELECT potential FROM pairs WHERE suite = $suite AND potential IS NOT NULL AND {_ATTEMPTED[criterion]} "
        "GROUP BY potential ORDER BY count(*) DESC, potential",
        {"suite": suite},
    )
    return tuple(foundation_first(dataset, frame["potential"]))


def compared(dataset: Dataset, view: StabilityView, chosen: tuple[str, ...]) -> Compared:
    """The compounds that the view's suite and anions admit, by name, with the answers of `chosen` in their order.

    Its parts ask for the same view one after another: the last ones are kept, with their labels.
    """
    return _compared(dataset, dataset.release(), view, chosen)


@lru_cache(maxsize=2)
def _compared(dataset: Dataset, release: str, view: StabilityView, chosen: tuple[str, ...]) -> Compared:
    return Compared(view, *_columns(dataset, release, view.suite, view.anion, chosen))


@lru_cache(maxsize=4)  # megabytes each
def _columns(
    dataset: Dataset, release: str, suite: str, anion: tuple[str, ...], chosen: tuple[str, ...]
) -> tuple[Mapping[str, NDArray[Any]], tuple[Prediction, ...]]:
    """Columns of DFT and of the potentials: what stays while a slider moves. `release` drops what is out of date."""
    sites = tuple(SUITES[suite].clusters)
    frame = dataset.frame(
        f"SELECT {', '.join((*criteria.COLUMNS, 'comparable_level', *sites))} FROM pairs "
        "WHERE suite = $suite AND list_contains($potentials, potential) "
        "AND (len($anion) = 0 OR list_contains($anion, X)) ORDER BY list_position($potentials, potential), compound",
        {"suite": suite, "potentials": list(chosen), "anion": list(anion)},
    )
    n = len(frame) // len(chosen)  # every potential has a row for every compound
    columns: dict[str, NDArray[Any]] = {}
    for name in frame.columns:
        words = name in sites or name.endswith(("status", "label"))
        values = frame[name].fillna("").to_numpy(str) if words else frame[name].to_numpy(float, na_value=np.nan)
        columns[name] = values.reshape(len(chosen), n)
    per_potential = [{name: values[i] for name, values in columns.items()} for i in range(len(chosen))]
    return per_potential[0], tuple(Prediction(*both) for both in zip(chosen, per_potential, strict=True))


@dataclass(frozen=True)
class Duel:
    """Two potentials on the compounds that both have run, by the rule of the score."""

    first: str
    second: str
    mcc: Difference
    balanced_accuracy: Difference
    test: McNemar


def duels(data: Compared) -> list[Duel]:
    """Every pair of potentials, each on the compounds that both have run."""
    found = []
    for first, second in combinations(data.potentials, 2):
        both = data.own[first].run & data.own[second].run
        sides = (data.truth[both], data.own[first].own[both], data.own[second].own[both])
        differences = differences_of_counts(
            {"mcc": confusion.mcc, "balanced_accuracy": confusion.balanced_accuracy},
            *sides,
            clusters=[way[both] for way in data.clusters],
        )
        found.append(Duel(first, second, test=mcnemar(*sides), **differences))
    return found


def sweep(data: Compared, moved: str) -> dict[str, confusion.Counts]:
    """Counts per potential, by the rule of the view, as `tolerance` or `threshold` moves; shape (levels, 2, 2).

    A tolerance belongs to ω and a threshold to σ: on either side, what does not move stays at the view's value.
    """
    criterion, rule = data.view.criterion, data.view.rule
    truth = data.truth_side()
    truth_cut = _cuts(data.view, moved, of_sigma=criterion != "harmonic")
    truth_stable, truth_known = truth.stable(truth_cut), truth.decided(truth_cut)
    cut = _cuts(data.view, moved, of_sigma=criterion == "sigma")
    counts = {}
    for prediction in data.predictions:
        side = prediction.side(criterion)
        usable = np.isfinite(side.score) if rule == SCORE else side.decided(cut)
        known = truth_known & data.answers[prediction.potential].run
        if rule == DECIDED:
            known = known & usable
        stable = np.where(usable, side.stable(cut), ~truth_stable) & known
        both = np.sum(stable & truth_stable, -1)
        said, true, n = np.sum(stable, -1), np.sum(known & truth_stable, -1), np.sum(known, -1)
        table = np.broadcast_arrays(both, true - both, said - both, n - said - true + both)
        counts[prediction.potential] = np.stack(table, -1).reshape(-1, 2, 2)
    return counts


def levels(moved: str) -> Values:
    """Values of `moved`, the tolerance (THz) or the threshold, at which `sweep` counts."""
    return TOLERANCES_THZ if moved == "tolerance" else THRESHOLDS


def moved(criterion: str) -> tuple[str, ...]:
    """Which of tolerance and threshold decide a verdict of `criterion`."""
    return {"harmonic": ("tolerance",), "sigma": ("threshold",)}.get(criterion, ("tolerance", "threshold"))


def rankings(data: Compared) -> dict[str, tuple[RankingCurve, RankingCurve]]:
    """ROC, and precision and recall of the stable, per potential over all compounds that it has run."""
    found = {}
    for prediction in data.predictions:
        run = data.answers[prediction.potential].run
        truth, values = data.truth[run], prediction.side(data.view.criterion).score[run]
        found[prediction.potential] = (roc(truth, values), precision_recall(truth, values, STABLE))
    return found


def noise_floors(data: Compared) -> dict[str, float]:
    """Median noise floor (THz) of the compounds scored, per potential; NaN where none is known."""
    floors = {}
    for prediction in data.predictions:
        values = prediction.rows["noise_floor_thz"][data.answers[prediction.potential].run]
        values = values[np.isfinite(values)]
        floors[prediction.potential] = float(np.median(values)) if values.size else np.nan
    return floors


@dataclass(frozen=True)
class Setting:
    """How a potential's answers came about."""

    potential: str
    functional: str | None
    geometry: str | None
    sigma_protocol: str | None


def settings(dataset: Dataset, suite: str, chosen: tuple[str, ...]) -> list[Setting]:
    """Training functional, geometry and σ protocol of `chosen`, in their order."""
    return list(_settings(dataset, dataset.release(), suite, chosen))


@lru_cache(maxsize=16)
def _settings(dataset: Dataset, release: str, suite: str, chosen: tuple[str, ...]) -> tuple[Setting, ...]:
    frame = dataset.frame(
        "SELECT q.potential, p.functional, c.geometry, s.protocol FROM unnest($potentials) AS q(potential) "
        "LEFT JOIN potentials p USING (potential) "
        "LEFT JOIN chosen c ON c.suite = $suite AND c.potential = q.potential "
        "LEFT JOIN chosen_sigma s ON s.suite = $suite AND s.potential = q.potential "
        "ORDER BY list_position($potentials, q.potential)",
        {"suite": suite, "potentials": list(chosen)},
    )
    frame = frame.astype(object).where(frame.notna(), None)
    return tuple(Setting(*row) for row in frame.itertuples(index=False))


def _known(score: Values, status: Labels) -> Values:
    return np.where(status == "ok", score, np.nan)


def _cuts(view: StabilityView, moves: str, *, of_sigma: bool) -> Values:
    """Cuts on a score, as a column: all levels where its own quantity moves, else the view's value alone."""
    name, present = ("threshold", view.threshold) if of_sigma else ("tolerance", view.tolerance_thz)
    return -(levels(name) if name == moves else np.array([present]))[:, None]
