"""DFT's verdict against that of a potential, with nothing left out of the count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import MISSING, STABLE, UNDECIDABLE, UNSTABLE
from compute.statistics import confusion

NO_LABEL, FAILED, NOT_RUN = "no label", "failed", "not run"
TRUTHS = (STABLE, UNSTABLE, NO_LABEL)
ANSWERS = (STABLE, UNSTABLE, UNDECIDABLE, FAILED, NOT_RUN)

Labels = NDArray[np.str_]


def truth_labels(labels: ArrayLike) -> Labels:
    """DFT's `labels` (n,); `no label` where DFT has no number."""
    given = np.asarray(labels)
    return np.where(given == MISSING, NO_LABEL, given)


def answer_labels(labels: ArrayLike, status: ArrayLike) -> Labels:
    """The potential's `labels` (n,), or from `status` (n,) why there is none: `failed` or `not run`."""
    given, ended = np.asarray(labels), np.asarray(status)
    usable = (ended == "ok") & (given != MISSING)
    return np.where(ended == "not-run", NOT_RUN, np.where(usable, given, FAILED))


def crosstab(truth: Labels, answer: Labels) -> NDArray[np.int64]:
    """Counts [TRUTHS, ANSWERS]; they sum to the number of compounds."""
    return np.array([[np.sum((truth == t) & (answer == a)) for a in ANSWERS] for t in TRUTHS], np.int64)


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


def scores(truth: Labels, answer: Labels) -> dict[str, Score]:
    """Scores over the decided compounds, and over all that were run, where what is not decided is wrong.

    What was never run says nothing about the potential: it has its row in the matrix and no part in a score.
    """
    run = answer != NOT_RUN
    return {
        "decided": score(confusion.confusion_counts(truth, answer)),
        "all run": score(confusion.counted_as_wrong(truth[run], answer[run])),
    }


def score(counts: confusion.Counts) -> Score:
    """Every score of one (2, 2) table of counts."""

    def pair(values: NDArray[np.float64]) -> tuple[float, float]:
        return (float(values[0]), float(values[1]))

    return Score(
        n=int(counts.sum()),
        accuracy=float(confusion.accuracy(counts)),
        balanced_accuracy=float(confusion.balanced_accuracy(counts)),
        mcc=float(confusion.mcc(counts)),
        precision=pair(confusion.precision(counts)),
        recall=pair(confusion.recall(counts)),
        f1=pair(confusion.f1(counts)),
    )
