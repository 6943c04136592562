"""DFT's verdict against the potential's, with nothing left out of the count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.physics import metrics
from compute.physics.stability import MISSING, STABLE, UNDECIDABLE, UNSTABLE, harmonic_labels, sigma_labels
from dashboard.dataset import Dataset
from dashboard.views.stability import StabilityView

NO_LABEL, FAILED, NOT_RUN = "no label", "failed", "not run"
TRUTHS = (STABLE, UNSTABLE, NO_LABEL)
ANSWERS = (STABLE, UNSTABLE, UNDECIDABLE, FAILED, NOT_RUN)
SWEEP_THZ = np.round(np.arange(0, 0.505, 0.02), 2)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """The compounds of a view as arrays of length n: DFT ω_min (THz) and σ, potential ω_min and noise floor (THz)."""

    dft_omega_min: Values
    sigma: Values
    omega_min: Values
    noise_floor: Values
    status: NDArray[np.object_]

    @property
    def n(self) -> int:
        """Number of compounds."""
        return len(self.status)


@dataclass(frozen=True)
class Score:
    """Scores over one choice of what counts; NaN is "not defined"."""

    n: int
    accuracy: float
    balanced_accuracy: float
    mcc: float
    precision: tuple[float, float]
    recall: tuple[float, float]
    f1: tuple[float, float]


def compared(dataset: Dataset, view: StabilityView) -> Compared:
    """The compounds that the view's suite, potential and anions admit, in the order of their names."""
    frame = dataset.frame(
        "SELECT dft_omega_min_thz, dft_sigma, omega_min_thz, noise_floor_thz, status FROM pairs "
        "WHERE suite = $suite AND potential = $potential "
        "AND (len($anion) = 0 OR list_contains($anion, X)) ORDER BY compound",
        {"suite": view.suite, "potential": view.potential, "anion": list(view.anion)},
    )
    return Compared(
        dft_omega_min=frame["dft_omega_min_thz"].to_numpy(float, na_value=np.nan),
        sigma=frame["dft_sigma"].to_numpy(float, na_value=np.nan),
        omega_min=frame["omega_min_thz"].to_numpy(float, na_value=np.nan),
        noise_floor=frame["noise_floor_thz"].to_numpy(float, na_value=np.nan),
        status=frame["status"].to_numpy(object),
    )


def truth_labels(data: Compared, view: StabilityView, tolerance_thz: float) -> NDArray[np.str_]:
    """DFT's label per compound by the view's criterion; `no label` where DFT has no number."""
    if view.criterion == "sigma":
        labels = sigma_labels(data.sigma, view.threshold)
    else:
        labels = harmonic_labels(data.dft_omega_min, tolerance_thz)
    return np.where(labels == MISSING, NO_LABEL, labels)


def answer_labels(data: Compared, tolerance_thz: float) -> NDArray[np.str_]:
    """The potential's harmonic label per compound, or why there is none: `failed` or `not run`."""
    labels = harmonic_labels(data.omega_min, tolerance_thz, data.noise_floor)
    usable = (data.status == "ok") & (labels != MISSING)
    return np.where(data.status == "not-run", NOT_RUN, np.where(usable, labels, FAILED))


def crosstab(truth: NDArray[np.str_], answer: NDArray[np.str_]) -> NDArray[np.int64]:
    """Counts [TRUTHS, ANSWERS]; they sum to the number of compounds."""
    return np.array([[np.sum((truth == t) & (answer == a)) for a in ANSWERS] for t in TRUTHS], np.int64)


def scores(truth: NDArray[np.str_], answer: NDArray[np.str_]) -> dict[str, Score]:
    """Scores over the decided compounds, and over all that were run, where what is not decided is wrong.

    What was never run says nothing about the potential: it has its row in the matrix and no part in a score.
    """
    run = answer != NOT_RUN
    return {
        "decided": score(metrics.confusion_counts(truth, answer)),
        "all run": score(metrics.counted_as_wrong(truth[run], answer[run])),
    }


def score(counts: metrics.Counts) -> Score:
    """Every score of one (2, 2) table of counts."""

    def pair(values: NDArray[np.float64]) -> tuple[float, float]:
        return (float(values[0]), float(values[1]))

    return Score(
        n=int(counts.sum()),
        accuracy=float(metrics.accuracy(counts)),
        balanced_accuracy=float(metrics.balanced_accuracy(counts)),
        mcc=float(metrics.mcc(counts)),
        precision=pair(metrics.precision(counts)),
        recall=pair(metrics.recall(counts)),
        f1=pair(metrics.f1(counts)),
    )


def sweep(data: Compared, view: StabilityView) -> metrics.Counts:
    """Decided counts at every tolerance of `SWEEP_THZ`; shape (tolerances, 2, 2)."""
    return np.stack(
        [metrics.confusion_counts(truth_labels(data, view, t), answer_labels(data, t)) for t in SWEEP_THZ.tolist()]
    )
