"""DFT's verdict against those of several potentials, with nothing left out of the count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNDECIDABLE, harmonic_labels, renormalised_labels, sigma_labels
from compute.statistics import confusion
from compute.statistics.curves import RankingCurve, precision_recall, roc
from compute.statistics.paired import Difference, McNemar, differences_of_counts, mcnemar
from compute.statistics.verdicts import NOT_RUN, answer_labels, truth_labels
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
    """What one potential says of n compounds: ω_min, noise floor and renormalised ω_min (THz), σ and its error."""

    potential: str
    omega_min: Values
    noise_floor: Values
    status: NDArray[np.object_]
    sigma: Values
    sigma_se: Values
    sigma_status: NDArray[np.object_]
    renormalised_min: Values
    renormalised_label: NDArray[np.object_]

    def labels(self, criterion: str, tolerance_thz: float, threshold: float) -> Labels:
        """The potential's label per compound, or why there is none: `failed` or `not run`."""
        if criterion == "sigma":
            labels = sigma_labels(self.sigma, threshold, self.sigma_se)
            status = self.sigma_status
        elif criterion == "renormalised":
            # The doubt, from the error of the fit, does not depend on the tolerance: it is in the published label.
            labels = renormalised_labels(self.renormalised_min, tolerance_thz, np.zeros_like(self.renormalised_min))
            labels = np.where(self.renormalised_label == UNDECIDABLE, UNDECIDABLE, labels)
            fitted = (self.sigma_status != "ok") | (self.renormalised_label != None)  # noqa: E711
            status = np.where(fitted, self.sigma_status, "not-run")
        else:
            labels = harmonic_labels(self.omega_min, tolerance_thz, self.noise_floor)
            status = self.status
        return answer_labels(labels, status)

    def side(self, criterion: str) -> Side:
        """The numbers behind the labels, for every cut at once."""
        if criterion == "sigma":
            return Side(_known(-self.sigma, self.sigma_status), 2 * self.sigma_se, about_cut=True)
        if criterion == "renormalised":
            doubt = np.where(self.renormalised_label == UNDECIDABLE, np.inf, 0.0)
            return Side(_known(self.renormalised_min, self.sigma_status), doubt, inclusive=True)
        return Side(_known(self.omega_min, self.status), self.noise_floor)


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
    """The compounds of a view, their DFT ω_min (THz) and σ of shape (n,), and the answers of its potentials."""

    view: StabilityView
    dft_omega_min: Values
    dft_sigma: Values
    answers: tuple[Prediction, ...]

    @property
    def n(self) -> int:
        """Number of compounds."""
        return len(self.dft_sigma)

    @property
    def potentials(self) -> tuple[str, ...]:
        """Potentials in the order of the page."""
        return tuple(answer.potential for answer in self.answers)

    @cached_property
    def truth(self) -> Labels:
        """DFT's label per compound (n,); `no label` where DFT has no number."""
        if self.view.criterion == "harmonic":
            labels = harmonic_labels(self.dft_omega_min, self.view.tolerance_thz)
        else:
            labels = sigma_labels(self.dft_sigma, self.view.threshold)
        return truth_labels(labels)

    @cached_property
    def own(self) -> dict[str, Labels]:
        """Labels (n,) per potential, whatever the other potentials have run."""
        view = self.view
        return {a.potential: a.labels(view.criterion, view.tolerance_thz, view.threshold) for a in self.answers}

    @cached_property
    def labels(self) -> dict[str, Labels]:
        """Labels (n,) per potential; on common compounds, one that not every potential has run counts as not run."""
        if not self.restricted:
            return self.own
        return {potential: np.where(self.common, labels, NOT_RUN) for potential, labels in self.own.items()}

    @cached_property
    def common(self) -> Mask:
        """Whether every potential has run a compound (n,), successfully or not."""
        return np.asarray(np.all([labels != NOT_RUN for labels in self.own.values()], axis=0))

    @property
    def restricted(self) -> bool:
        """Whether only common compounds are scored."""
        return len(self.answers) > 1 and self.view.common == "yes"

    def truth_side(self) -> Side:
        """DFT's numbers for every cut at once; DFT publishes no error, so nothing of it is undecidable."""
        score = self.dft_omega_min if self.view.criterion == "harmonic" else -self.dft_sigma
        return Side(score, np.zeros_like(score))


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


@lru_cache(maxsize=4)
def _compared(dataset: Dataset, release: str, view: StabilityView, chosen: tuple[str, ...]) -> Compared:
    return Compared(view, *_columns(dataset, release, view.suite, view.anion, chosen))


@lru_cache(maxsize=16)
def _columns(
    dataset: Dataset, release: str, suite: str, anion: tuple[str, ...], chosen: tuple[str, ...]
) -> tuple[Values, Values, tuple[Prediction, ...]]:
    """DFT ω_min and σ, and the answers: what stays while a slider moves. `release` drops what is out of date."""
    frame = dataset.frame(
        "SELECT dft_omega_min_thz, dft_sigma, omega_min_thz, noise_floor_thz, status, sigma, sigma_se, "
        "sigma_status, renormalised_min_thz, renormalised_label FROM pairs "
        "WHERE suite = $suite AND list_contains($potentials, potential) "
        "AND (len($anion) = 0 OR list_contains($anion, X)) ORDER BY list_position($potentials, potential), compound",
        {"suite": suite, "potentials": list(chosen), "anion": list(anion)},
    )
    n = len(frame) // len(chosen)  # every potential has a row for every compound

    def numbers(column: str) -> list[Values]:
        return list(frame[column].to_numpy(float, na_value=np.nan).reshape(len(chosen), n))

    def words(column: str) -> list[NDArray[np.object_]]:
        values = frame[column].astype(object)
        return list(values.where(values.notna(), None).to_numpy(object).reshape(len(chosen), n))

    answers = tuple(
        Prediction(*columns)
        for columns in zip(
            chosen, numbers("omega_min_thz"), numbers("noise_floor_thz"), words("status"), numbers("sigma"),
            numbers("sigma_se"), words("sigma_status"), numbers("renormalised_min_thz"), words("renormalised_label"),
            strict=True,
        )
    )  # fmt: skip
    return numbers("dft_omega_min_thz")[0], numbers("dft_sigma")[0], answers


@dataclass(frozen=True)
class Duel:
    """Two potentials on the compounds that both have run; what is not decided counts as wrong."""

    first: str
    second: str
    mcc: Difference
    balanced_accuracy: Difference
    test: McNemar


def duels(data: Compared) -> list[Duel]:
    """Every pair of potentials, each on the compounds that both have run."""
    found = []
    for first, second in combinations(data.potentials, 2):
        both = (data.own[first] != NOT_RUN) & (data.own[second] != NOT_RUN)
        sides = (data.truth[both], data.own[first][both], data.own[second][both])
        differences = differences_of_counts(
            {"mcc": confusion.mcc, "balanced_accuracy": confusion.balanced_accuracy}, *sides
        )
        found.append(Duel(first, second, test=mcnemar(*sides), **differences))
    return found


def sweep(data: Compared, moved: str) -> dict[str, confusion.Counts]:
    """Decided counts per potential as the `tolerance` or the `threshold` moves; shape (levels, 2, 2).

    A tolerance belongs to ω and a threshold to σ: on either side, what does not move stays at the view's value.
    """
    criterion = data.view.criterion
    truth = data.truth_side()
    truth_cut = _cuts(data.view, moved, of_sigma=criterion != "harmonic")
    truth_stable, truth_known = truth.stable(truth_cut), truth.decided(truth_cut)
    cut = _cuts(data.view, moved, of_sigma=criterion == "sigma")
    counts = {}
    for answer in data.answers:
        side = answer.side(criterion)
        known = truth_known & side.decided(cut) & (data.labels[answer.potential] != NOT_RUN)
        stable = side.stable(cut) & known
        both = np.sum(stable & truth_stable, -1)
        said, true, n = np.sum(stable, -1), np.sum(known & truth_stable, -1), np.sum(known, -1)
        table = np.broadcast_arrays(both, true - both, said - both, n - said - true + both)
        counts[answer.potential] = np.stack(table, -1).reshape(-1, 2, 2)
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
    for answer in data.answers:
        run = data.labels[answer.potential] != NOT_RUN
        truth, values = data.truth[run], answer.side(data.view.criterion).score[run]
        found[answer.potential] = (roc(truth, values), precision_recall(truth, values, STABLE))
    return found


def noise_floors(data: Compared) -> dict[str, float]:
    """Median noise floor (THz) of the compounds scored, per potential; NaN where none is known."""
    floors = {}
    for answer in data.answers:
        values = answer.noise_floor[data.labels[answer.potential] != NOT_RUN]
        values = values[np.isfinite(values)]
        floors[answer.potential] = float(np.median(values)) if values.size else np.nan
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


def _known(score: Values, status: NDArray[np.object_]) -> Values:
    return np.where(status == "ok", score, np.nan)


def _cuts(view: StabilityView, moves: str, *, of_sigma: bool) -> Values:
    """Cuts on a score, as a column: all levels where its own quantity moves, else the view's value alone."""
    name, present = ("threshold", view.threshold) if of_sigma else ("tolerance", view.tolerance_thz)
    return -(levels(name) if name == moves else np.array([present]))[:, None]
