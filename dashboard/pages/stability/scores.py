"""Every score of every potential in a table, and what was compared with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.statistics import confusion, verdicts
from compute.statistics.criteria import NULLS
from compute.suites import SUITES
from dashboard.queries.potentials import other_levels
from dashboard.queries.stability import Compared, Setting
from dashboard.ui.blocks import fold, table
from dashboard.ui.text import count, drawn_by, interval, level_sentence, number
from dashboard.views.stability import StabilityView

Names = Mapping[str, str]


def origins(settings: Sequence[Setting], functionals: Sequence[str], names: Names, view: StabilityView) -> list[Any]:
    """How the answers of each side came about, in a table behind a title."""
    of_sigma = view.criterion in ("sigma", "renormalised")
    rows = [
        [
            names.get(s.potential, s.potential),
            s.functional or "unknown",
            (s.sigma_protocol if of_sigma else s.geometry and f"{s.geometry} geometry") or "not run",
        ]
        for s in settings
    ]
    trained = {s.potential: s.functional for s in settings if s.functional}
    others = level_sentence(other_levels(trained, functionals), names)
    shown = table(
        ("potential", "trained on", "run by"),
        rows,
        caption=f"{SUITES[view.suite].title}, DFT: {' and '.join(functionals)}.",
        numeric_from=3,
    )
    return [html.P(others, className="fine") if others else None, fold("What was compared with what", shown)]


def score_table(data: Compared, names: Names) -> list[Component]:
    """Every score of every potential by the rule of the view, and of what knows nothing of forces."""
    rule = verdicts.RULES[data.view.rule]
    scored = [(names.get(p, p), found) for p, found in data.scores.items()]
    scored += [(NULLS[name], found) for name, found in data.nulls.items()]
    rows: list[list[Any]] = [
        [
            title,
            *(count(n) for n in (found.n, found.n_smaller, found.n_undecidable, found.n_failed)),
            *(
                [number(x.value, 3), html.Span(interval(x.low, x.high), className="sub")]
                for x in (found.mcc, found.balanced_accuracy, found.accuracy)
            ),
        ]
        for title, found in scored
    ]
    small = sum(not found.enough for found in data.scores.values())
    few = f" {small} of {len(data.scores)} have too few of the smaller class for a statement, fewer than "
    return [
        table(
            ("", "n", "smaller class", "undecidable", "failed", "MCC", "balanced accuracy", "accuracy"),
            rows,
            caption=f"The score: {rule}. Not run is in no score. Beneath: 95 % interval, {drawn_by(data.view.suite)}. "
            "The MCC of a constant answer is not defined; it says as little as 0."
            f"{few + str(verdicts.SMALLEST_CLASS) + '.' if small else ''}",
        ),
        fold("Precision, recall and F1", _class_table(scored)),
    ]


def _class_table(scored: Sequence[tuple[str, verdicts.Score]]) -> Component:
    kinds = [(i, label, name) for i, label in enumerate(confusion.CLASSES) for name in ("precision", "recall", "f1")]
    return table(
        ("", *(f"{name if name != 'f1' else 'F1'}, {label}" for _, label, name in kinds)),
        [[title, *(number(getattr(found, name)[i], 3) for i, _, name in kinds)] for title, found in scored],
        caption="Of each class, by the same rule.",
    )
