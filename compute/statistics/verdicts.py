"""DFT's verdict against that of a potential, and the one score that is made of them.

The score: every compound that DFT decides and that was run is in the denominator; the potential's own label counts,
whatever the noise; a failed calculation is a wrong answer. That some labels lie within the noise is counted beside the
score and taken out of nothing. The two other conventions in use are in `RULES`; whoever shows one names it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import MISSING, STABLE, UNDECIDABLE, UNSTABLE
from compute.statistics import confusion
from compute.statistics.bootstrap import DRAWS, Clusters, Interval, percentile_interval, resampled_sums

NO_LABEL, FAILED, NOT_RUN = "no label", "failed", "not run"
TRUTHS = (STABLE, UNSTABLE, NO_LABEL)
ANSWERS = (STABLE, UNSTABLE, UNDECIDABLE, FAILED, NOT_RUN)

SCORE, DECIDED, STRICT = "score", "decided", "strict"
RULES = {
    SCORE: "the potential’s own label counts, a failure is wrong",
    DECIDED: "only labels outside the noise count, failures are left out",
    STRICT: "undecidable and failed are wrong",
}
"""What each convention counts; the first is the score of every page, table and document."""

SMALLEST_CLASS = 20
"""Compounds of the smaller class of DFT below which nothing is said of a score, though its number is shown: with 20 the
share of them that is found has a 95 % interval of ± 0.2 (a binomial share of one half)."""

Labels = NDArray[np.str_]
Mask = NDArray[np.bool_]


def truth_labels(labels: ArrayLike) -> Labels:
    """DFT's `labels` (n,); `no label` where DFT has no number."""
    given = np.asarray(labels)
    return np.where(given == MISSING, NO_LABEL, given)


@dataclass(frozen=True)
class Answers:
    """What a potential says of n compounds: its own label or why there is none, and whether it is within the noise."""

    own: Labels
    doubtful: Mask

    @property
    def shown(self) -> Labels:
        """Labels (n,) with `undecidable` where they are within the noise."""
        return np.where(self.doubtful, UNDECIDABLE, self.own)

    @property
    def run(self) -> Mask:
        """Whether each compound was run, successfully or not."""
        return np.asarray(self.own != NOT_RUN)

    def where(self, kept: Mask) -> Answers:
        """The same with all that is not `kept` (n,) as not run."""
        return Answers(np.where(kept, self.own, NOT_RUN), self.doubtful & kept)

    def at(self, kept: Mask) -> Answers:
        """The answers of the compounds `kept` (n,) alone."""
        return Answers(self.own[kept], self.doubtful[kept])

    def by(self, rule: str) -> Labels:
        """Labels (n,) as `rule` of `RULES` counts them: stable, unstable, failed (wrong) or not run (left out)."""
        if rule == SCORE:
            return self.own
        if rule == STRICT:
            return np.where(self.doubtful, FAILED, self.own)
        if rule == DECIDED:
            return np.where(self.doubtful | (self.own == FAILED), NOT_RUN, self.own)
        raise ValueError(f"no rule {rule}: {', '.join(RULES)}")


def answers(own: ArrayLike, in_doubt: ArrayLike, status: ArrayLike) -> Answers:
    """Answers from the potential's labels (n,) without and with doubt, and the `status` (n,) of its calculations."""
    given, ended = np.asarray(own), np.asarray(status)
    usable = (ended == "ok") & (given != MISSING)
    labels = np.where(ended == "not-run", NOT_RUN, np.where(usable, given, FAILED))
    return Answers(labels, usable & (np.asarray(in_doubt) == UNDECIDABLE))


def crosstab(truth: Labels, shown: Labels) -> NDArray[np.int64]:
    """Counts [TRUTHS, ANSWERS]; they sum to the number of compounds."""
    return np.array([[np.sum((truth == t) & (shown == a)) for a in ANSWERS] for t in TRUTHS], np.int64)


def counts(truth: Labels, answer: Answers, rule: str = SCORE) -> confusion.Counts:
    """Counts (2, 2) that a score is made of, by `rule`."""
    labels = answer.by(rule)
    run = labels != NOT_RUN
    return confusion.counted_as_wrong(truth[run], labels[run])


@dataclass(frozen=True)
class Score:
    """Scores over the n compounds that count, of which `n_smaller` are of DFT's smaller class; NaN is "not defined".

    `n_undecidable` of them lie within the noise and `n_failed` have no label.
    """

    rule: str
    n: int
    n_smaller: int
    n_undecidable: int
    n_failed: int
    mcc: Interval
    balanced_accuracy: Interval
    accuracy: Interval
    precision: tuple[float, float]
    recall: tuple[float, float]
    f1: tuple[float, float]

    @property
    def enough(self) -> bool:
        """Whether there are enough compounds of both classes to say something."""
        return self.n_smaller >= SMALLEST_CLASS


def score(
    truth: Labels,
    answer: Answers,
    *,
    clusters: Clusters = (),
    rule: str = SCORE,
    draws: int = DRAWS,
    seed: int = 0,
) -> Score:
    """Every score of one potential, by `rule`, with 95 % intervals from `clusters` drawn together."""
    labels = answer.by(rule)
    kept = np.isin(truth, confusion.CLASSES) & (labels != NOT_RUN)
    cells = _cells(truth[kept], labels[kept])
    found = cells.sum(axis=0).reshape(2, 2).astype(np.int64)
    drawn = resampled_sums(cells, clusters=[np.asarray(way)[kept] for way in clusters], draws=draws, seed=seed).reshape(
        -1, 2, 2
    )

    def interval(measure: confusion.Measure) -> Interval:
        return Interval(float(measure(found)), *percentile_interval(measure(drawn)))

    def pair(values: NDArray[np.float64]) -> tuple[float, float]:
        return (float(values[0]), float(values[1]))

    return Score(
        rule=rule,
        n=int(found.sum()),
        n_smaller=int(found.sum(axis=1).min()),
        n_undecidable=int(np.sum(answer.doubtful & kept)),
        n_failed=int(np.sum((answer.own == FAILED) & kept)),
        mcc=interval(confusion.mcc),
        balanced_accuracy=interval(confusion.balanced_accuracy),
        accuracy=interval(confusion.accuracy),
        precision=pair(confusion.precision(found)),
        recall=pair(confusion.recall(found)),
        f1=pair(confusion.f1(found)),
    )


def _cells(truth: Labels, labels: Labels) -> NDArray[np.float64]:
    """Which of the four cells of the counts each decided compound (n,) is in: 0 or 1, shape (n, 4)."""
    unstable = truth == UNSTABLE
    called = np.where(np.isin(labels, confusion.CLASSES), labels == UNSTABLE, ~unstable)
    cells = np.zeros((len(truth), 4))
    cells[np.arange(len(truth)), 2 * unstable + called] = 1
    return cells
