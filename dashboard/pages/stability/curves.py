"""Scores as the tolerance or the threshold moves, and how well a potential ranks whatever they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from compute.statistics import confusion
from compute.statistics.curves import RankingCurve
from compute.statistics.verdicts import RULES
from dashboard.figures.theme import Figure
from dashboard.pages.stability.roc_figure import precision_recall, roc
from dashboard.pages.stability.sweep_figure import Line, sweep
from dashboard.queries import stability as query
from dashboard.queries.stability import Compared
from dashboard.ui.blocks import captioned, section
from dashboard.ui.text import count, number, percent

Names = Mapping[str, str]
Values = NDArray[np.float64]

AXES = {"tolerance": "tolerance (THz)", "threshold": "σ threshold"}


def sweeps(data: Compared, names: Names) -> Component:
    """The course of the scores, or of the shares of a cross-tabulation, over what moves the verdicts."""
    parts = [_sweep(data, names, moved) for moved in query.moved(data.view.criterion)]
    words = {
        ("tolerance",): "How much the tolerance decides",
        ("threshold",): "How much the threshold decides",
        ("tolerance", "threshold"): "How much tolerance and threshold decide",
    }
    title = words[query.moved(data.view.criterion)]
    if data.view.criterion == "cross":
        return section(title, html.Div([figure for part in parts for figure in part], className="pair"))
    return section(title, *(html.Div(part, className="pair") for part in parts))


def rankings(data: Compared, names: Names) -> Component:
    """ROC and precision over recall of every potential, with areas and what was counted."""
    found = query.rankings(data)
    labels = {p: names.get(p, p) for p in found}
    rocs = [(f"{labels[p]} ({number(curve.area, 3)})", p, curve) for p, (curve, _) in found.items()]
    recalls = [(f"{labels[p]} ({number(curve.area, 3)})", p, curve) for p, (_, curve) in found.items()]
    sizes = sorted({curve.n for curve, _ in found.values()})
    counted = f"n = {count(sizes[0])}" + (f" to {count(sizes[-1])}" if len(sizes) > 1 else "")
    score = {"sigma": "falling σ", "renormalised": "rising renormalised ω"}.get(data.view.criterion, "rising ω")
    first = next(iter(found.values()))[1]
    baseline = f"{percent(first.n_positive, first.n)} stable" if first.n else "no compound"
    return section(
        "Ranking, whatever the cut",
        html.Div(
            [
                captioned(
                    roc(rocs),
                    [html.Strong(f"ROC, {_range(rocs)}. "), f"{counted}. A failure counts as the worst score."],
                    label="ROC curve of every potential",
                    shape=_shape(rocs),
                ),
                captioned(
                    precision_recall(recalls),
                    [
                        html.Strong(f"Precision over recall, {_range(recalls)}. "),
                        "Precision: share right of those called stable; recall: share found of those truly stable. "
                        f"Guessing gets the share of the class: {baseline}"
                        f"{' for ' + next(iter(labels.values())) if len(labels) > 1 else ''}.",
                    ],
                    label="Precision-recall curve of every potential",
                    shape=_shape(recalls),
                ),
            ],
            className="pair",
        ),
        about=f"Compounds in the order of the potential’s {score}, undecidable ones included: an area near 1 with a "
        "poor matrix means that only the cut is wrong.",
    )


def _range(curves: list[tuple[str, str, RankingCurve]]) -> str:
    areas = [curve.area for _, _, curve in curves if np.isfinite(curve.area)]
    if not areas:
        return "area not defined: DFT has one class only"
    if len({round(area, 3) for area in areas}) == 1:
        return f"area {number(areas[0], 3)}"
    return f"areas {number(min(areas), 3)} to {number(max(areas), 3)}"


def _sweep(data: Compared, names: Names, moved: str) -> list[Component]:
    counts = query.sweep(data, moved)
    if data.view.criterion == "cross":
        return [_shares(data, counts, names, moved)]
    return [
        _figure(
            data, {p: confusion.balanced_accuracy(c) for p, c in counts.items()}, names, moved, "balanced accuracy"
        ),
        _figure(data, {p: confusion.mcc(c) for p, c in counts.items()}, names, moved, "Matthews correlation"),
    ]


def _figure(data: Compared, curves: Mapping[str, Values], names: Names, moved: str, score: str) -> Component:
    lines = [Line(names.get(p, p), values, p) for p, values in curves.items()]
    return captioned(
        _drawn(data, lines, moved, score),
        [
            html.Strong(f"{score.capitalize()}, {_n(data)}; {RULES[data.view.rule]}. "),
            _steepest(lines, moved),
            _floors(data, moved),
        ],
        label=f"{score.capitalize()} over the {moved}",
        shape=_shape(lines),
    )


def _shares(data: Compared, counts: Mapping[str, confusion.Counts], names: Names, moved: str) -> Component:
    lines = []
    for potential, table in counts.items():
        totals = table.sum(1)
        stable = table[:, 0, :] / np.where(totals == 0, np.nan, totals)
        name = names.get(potential, potential)
        lines.append(Line(f"{name}, harmonically stable", stable[:, 0], potential, "solid"))
        lines.append(Line(f"{name}, harmonically unstable", stable[:, 1], potential, "dash"))
    return captioned(
        _drawn(data, lines, moved, "share that is σ-stable"),
        [
            html.Strong(f"Shares that DFT’s σ calls stable, {_n(data)}. "),
            "The further apart solid and dashed, the more harmonic stability says about 300 K. ",
            _floors(data, moved),
        ],
        label=f"Shares over the {moved}",
        shape=_shape(lines),
    )


def _drawn(data: Compared, lines: list[Line], moved: str, y_title: str) -> Figure:
    present = data.view.tolerance_thz if moved == "tolerance" else data.view.threshold
    floors = list(query.noise_floors(data).values()) if moved == "tolerance" else []
    floor = floors[0] if len(floors) == 1 else np.nan
    return sweep(query.levels(moved), lines, present, x_title=AXES[moved], y_title=y_title, floor=floor)


def _shape(lines: Sequence[object]) -> str:
    """Taller where a long legend takes room."""
    return "tall" if len(lines) > 3 else "wide"


def _n(data: Compared) -> str:
    sizes = sorted({score.n for score in data.scores.values()})
    return f"n = {count(sizes[0])}" + (f" to {count(sizes[-1])}" if len(sizes) > 1 else "")


def _steepest(lines: list[Line], moved: str) -> str:
    spans = {
        line.name: np.ptp(line.values[np.isfinite(line.values)]) for line in lines if np.isfinite(line.values).any()
    }
    if not spans:
        return "No score is defined: one side has a single class. "
    name = max(spans, key=lambda key: float(spans[key]))
    return f"The {moved} alone moves it by up to {number(float(spans[name]))} ({name}). "


def _floors(data: Compared, moved: str) -> str:
    """The noise floor, under which a tolerance decides nothing."""
    known = [floor for floor in query.noise_floors(data).values() if np.isfinite(floor)]
    if moved != "tolerance" or not known:
        return ""
    if len(known) == 1:
        end = float(query.TOLERANCES_THZ[-1])
        beyond = ", beyond the axis" if known[0] > end else ""
        return f"Shaded: below the median noise floor, {number(known[0])} THz{beyond}."
    return (
        f"Median noise floors: {number(min(known))} to {number(max(known))} THz; choose one potential to see its own."
    )
