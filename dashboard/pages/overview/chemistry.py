"""By chemistry: per suite and anion the potential whose labels are nearest to DFT's, or that none can be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.verdicts import SMALLEST_CLASS, Score
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries import stability
from dashboard.queries.coverage import anions, foundation
from dashboard.ui.blocks import table
from dashboard.ui.text import bracketed, count, number
from dashboard.views.codec import encode
from dashboard.views.overview import MAPPED_SUITES
from dashboard.views.stability import SUITE_CRITERIA, StabilityView

SCORED = ("harmonic", "sigma")
"""Criteria by which both sides answer the same question, the one with more compounds first."""
CRITERION_NAMES = {"harmonic": "harmonic labels", "sigma": "labels at 300 K by σ"}
Names = Mapping[str, str]


@dataclass(frozen=True)
class Best:
    """The best potential by MCC over the compounds of one anion, and the composition-only model beside it.

    Without potentials there is one entry for the suite, of no anion.
    """

    suite: str
    anion: str
    criterion: str
    potential: str
    score: Score | None
    nobody: float

    @property
    def beats_nobody(self) -> bool:
        """Whether the interval of its MCC lies above what knows no forces."""
        floor = self.nobody if np.isfinite(self.nobody) else 0.0
        return self.score is not None and self.score.mcc.low > floor


def by_chemistry(dataset: Dataset, names: Names) -> list[Component]:
    """A row per suite and anion: what to use, how well it does, and when not to trust any."""
    found = best(dataset)
    rows = [[_where(one), *_answer(one, names)] for one in found]
    return [
        table(
            ("compounds", "use", "MCC", "composition alone", "n", "of DFT’s smaller class"),
            rows,
            caption="The potential with the highest MCC with DFT’s labels, with its 95 % interval, where both of "
            f"DFT’s classes have {SMALLEST_CLASS} compounds. A potential is named where its interval lies above the "
            "score of a model that knows only the composition.",
            numeric_from=2,
        )
    ]


def best(dataset: Dataset) -> list[Best]:
    """One entry per suite and anion of it that DFT labels."""
    return list(_best(dataset, dataset.release()))


@lru_cache(maxsize=2)
def _best(dataset: Dataset, release: str) -> tuple[Best, ...]:
    return tuple(one for suite in MAPPED_SUITES for one in _of_suite(dataset, suite))


def _of_suite(dataset: Dataset, suite: str) -> list[Best]:
    offered = {c: foundation(dataset, stability.potentials(dataset, suite, c)) for c in SCORED}
    known = [c for c in SCORED if c in SUITE_CRITERIA[suite]]
    criterion = next((c for c in known if offered[c]), known[0])
    potentials = tuple(offered[criterion])
    if not potentials:
        return [Best(suite, "", criterion, "", None, np.nan)]
    return [_of(dataset, suite, anion, criterion, potentials) for anion in anions(dataset, suite)]


def _of(dataset: Dataset, suite: str, anion: str, criterion: str, potentials: tuple[str, ...]) -> Best:
    data = stability.compared(dataset, StabilityView(suite=suite, anion=(anion,), criterion=criterion), potentials)
    scores = data.scores
    order = sorted(
        scores, key=lambda p: (scores[p].enough, np.nan_to_num(scores[p].mcc.value, nan=-2), scores[p].n), reverse=True
    )
    nobody = data.nulls["composition"].mcc.value if "composition" in data.nulls else np.nan
    return Best(suite, anion, criterion, order[0], scores[order[0]], nobody)


def _where(one: Best) -> Component | str:
    view = StabilityView(suite=one.suite, anion=(one.anion,) if one.anion else ())
    return dcc.Link(
        f"{SUITES[one.suite].title}, {f'X = {one.anion}' if one.anion else 'any X'}",
        href=f"/stability?{encode(view)}".rstrip("?"),
        title=CRITERION_NAMES[one.criterion],
        className="whole",
    )


def _answer(one: Best, names: Names) -> list[Any]:
    if one.score is None:
        said = "none: DFT published only σ here, and no potential has σ by the same schedule"
        return [said if one.criterion == "sigma" else "none was run", "not computed", "", "", ""]
    score, name = one.score, names.get(one.potential, one.potential)
    n = [count(score.n), count(score.n_smaller)]
    if not score.enough:
        return ["none: DFT’s smaller class is too small", "no statement", _value(one.nobody), *n]
    mcc = bracketed(score.mcc.value, score.mcc.low, score.mcc.high)
    use = html.Strong(name) if one.beats_nobody else f"none can be trusted; nearest: {name}"
    return [use, mcc, _value(one.nobody), *n]


def _value(value: float) -> str:
    return number(value) if np.isfinite(value) else "–"
