"""What one potential gets right and wrong, in a few numbers, and where in chemistry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.statistics import confusion
from dashboard.dataset import Dataset
from dashboard.queries.compounds_sql import select
from dashboard.views.compounds import CompoundsView

FEWEST = 30
"""Decided compounds of an anion below which its balanced accuracy is not quoted."""


@dataclass(frozen=True)
class AnionScore:
    """Balanced accuracy of harmonic labels over the n decided compounds of one anion."""

    anion: str
    n: int
    balanced_accuracy: float


@dataclass(frozen=True)
class Headline:
    """Harmonic labels of one potential against DFT's over a suite; every compound with DFT's label is in one count.

    `missed` of `n_unstable` decided compounds that DFT calls unstable are called stable, `alarms` of `n_stable` the
    reverse. `anions` has the score of every anion with enough decided compounds, worst first.
    """

    n_unstable: int
    missed: int
    n_stable: int
    alarms: int
    n_undecidable: int
    n_failed: int
    n_not_run: int
    anions: tuple[AnionScore, ...]

    @property
    def counts(self) -> confusion.Counts:
        """The decided (2, 2), rows by DFT's label and columns by the potential's, in the order of `metrics.CLASSES`."""
        return np.array([[self.n_stable - self.alarms, self.alarms], [self.missed, self.n_unstable - self.missed]])


@dataclass(frozen=True)
class FactorMap:
    """Compounds by tolerance and octahedral factor, arrays of length n, and a value each (bool for disagreement).

    `n_without_factors` more have no factors, and `n_without_value` have them and no value.
    """

    tolerance_factor: NDArray[np.float64]
    octahedral_factor: NDArray[np.float64]
    value: NDArray[np.float64]
    n_without_factors: int
    n_without_value: int


def headline(dataset: Dataset, suite: str, potential: str) -> Headline:
    """What the harmonic labels of `potential` get right, at the default tolerance."""
    return _headline(dataset, dataset.release(), suite, potential)


@lru_cache(maxsize=64)
def _headline(dataset: Dataset, release: str, suite: str, potential: str) -> Headline:
    view = CompoundsView(suite=suite, potentials=(potential,))
    query = select(
        view,
        view.potentials,
        "SELECT X, truth, answer, count(*) AS n FROM answers WHERE truth IS NOT NULL AND answer IS NOT NULL "
        "GROUP BY ALL",
    )
    cells = [_Cell(*row) for row in dataset.frame(query.sql, query.parameters).itertuples(index=False)]
    (ss, su), (us, uu) = _counts(cells).tolist()
    scores = []
    for anion in sorted({cell.anion for cell in cells if isinstance(cell.anion, str)}):
        part = _counts([cell for cell in cells if cell.anion == anion])
        value = float(confusion.balanced_accuracy(part))
        if part.sum() >= FEWEST and np.isfinite(value):
            scores.append(AnionScore(anion, int(part.sum()), value))
    return Headline(
        n_unstable=us + uu,
        missed=us,
        n_stable=ss + su,
        alarms=su,
        n_undecidable=_sum(cells, answer="undecidable"),
        n_failed=_sum(cells, answer="failed"),
        n_not_run=_sum(cells, answer="not-run"),
        anions=tuple(sorted(scores, key=lambda score: score.balanced_accuracy)),
    )


class _Cell(NamedTuple):
    """How many compounds of an anion have DFT's label `truth` and the potential's `answer`."""

    anion: str
    truth: str
    answer: str
    n: int


def _sum(cells: Sequence[_Cell], **labels: str) -> int:
    return int(sum(cell.n for cell in cells if all(getattr(cell, name) == label for name, label in labels.items())))


def _counts(cells: Sequence[_Cell]) -> confusion.Counts:
    """Counts (2, 2) of the decided, rows by DFT's label and columns by the potential's, in the order of `CLASSES`."""
    return np.array([[_sum(cells, truth=t, answer=a) for a in confusion.CLASSES] for t in confusion.CLASSES], np.int64)


def factor_map(dataset: Dataset, suite: str, potential: str, colour: str) -> FactorMap:
    """The map of `suite`, coloured by DFT's σ, by the error of `potential`, or by whether its label is another.

    Errors are of ω_min (THz) where DFT publishes it, else of σ; labels likewise.
    """
    omega = compared_quantity(suite) == "omega"
    value = {
        "sigma": "dft_sigma",
        "error": "delta_omega_min_thz" if omega else "delta_sigma",
        "disagreement": "CASE agreement WHEN 'agree' THEN 0 WHEN 'disagree' THEN 1 END",
    }[colour]
    view = CompoundsView(suite=suite, potentials=(potential,), criterion="harmonic" if omega else "sigma")
    query = select(
        view,
        view.potentials,
        f"SELECT tolerance_factor AS t, octahedral_factor AS mu, CAST({value} AS DOUBLE) AS value FROM answers "
        "WHERE potential IS NOT DISTINCT FROM $only",
        only=potential or None,
    )
    frame = dataset.frame(query.sql, query.parameters)
    t, mu, values = (frame[name].to_numpy(float) for name in ("t", "mu", "value"))
    placed = np.isfinite(t) & np.isfinite(mu)
    known = placed & np.isfinite(values)
    return FactorMap(
        tolerance_factor=t[known],
        octahedral_factor=mu[known],
        value=values[known],
        n_without_factors=int(np.sum(~placed)),
        n_without_value=int(np.sum(placed & ~known)),
    )


def compared_quantity(suite: str) -> str:
    """What DFT publishes for the map to be coloured by the potential's error: `omega` or `sigma`."""
    return "omega" if suite == "abx3" else "sigma"
