"""How the distilled models learned: a figure over training steps, one over the size of the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.statistics.bootstrap import Interval
from dashboard.pages.potentials.learning_data import Learned, TrainingRecord
from dashboard.pages.potentials.learning_figure import over_sizes, over_steps
from dashboard.ui.blocks import captioned, card_id
from dashboard.ui.text import count, listed, number

Names = Mapping[str, str]
STEPS, SIZES, PICKED = "models-steps", "models-sizes", "models-learned"
_WORDS = {"forces": "forces (relative)", "force constants": "force constants (relative)", "σ": "σ (absolute)"}


def about(trainings: Sequence[TrainingRecord], names: Names) -> str:
    """What these models are, and are not."""
    teachers = listed(sorted({names.get(training.teacher, training.teacher) for training in trainings}))
    sizes = listed([count(training.configurations) for training in trainings])
    return (
        f"Distilled from {teachers} on {sizes} configurations: no foundation models, but a study in which the teacher "
        "stands for DFT. The same architecture, recipe and number of steps; only the amount of data differs."
    )


def learned(trainings: Sequence[TrainingRecord], errors: Learned | None) -> Component:
    """Errors while they learned, and what more data changed."""
    figures = html.Div(
        [_steps(trainings), _sizes(errors) if errors else html.P("Their errors against the teacher are not known.")],
        className="pair",
    )
    return html.Div([figures, html.P("Choose a point to see its model.", id=PICKED, className="picked", role="status")])


def picked(potential: str, name: str, errors: Learned | None) -> list[Component | str]:
    """Links to the card of the model of a point, and to the rows that its errors are means of."""
    card = html.A(name, href=f"#{card_id(potential)}")
    if errors is None or potential not in errors.potentials:
        return [card]
    rows = [("potential", potential), ("reference", "surrogate"), ("status", "ok")]
    query = urlencode([*rows, *(("common", other) for other in errors.potentials), ("limit", min(errors.n, 1000))])
    return [
        card,
        "; its errors against the teacher: ",
        html.A(f"{count(errors.n)} rows", href=f"/api/v1/attribution?{query}&format=csv"),
        " (CSV).",
    ]


def _steps(trainings: Sequence[TrainingRecord]) -> Component:
    fewest, most = trainings[0], trainings[-1]
    return captioned(
        over_steps(
            {f"{count(t.configurations)} configurations": (t.potential, t.steps, t.force_rmse) for t in trainings}
        ),
        [
            html.Strong(f"n = {count(len(trainings))} models. "),
            f"At the end {number(fewest.force_rmse[-1], 0)} meV/Å with {count(fewest.configurations)} configurations "
            f"and {number(most.force_rmse[-1], 0)} with {count(most.configurations)}. "
            f"{_best(fewest)} Forces of the teacher on compounds that were not trained on.",
        ],
        label="Force RMSE on held-out compounds over the steps of each training",
        identity=STEPS,
    )


def _best(training: TrainingRecord) -> str:
    best = int(training.force_rmse.argmin())
    if best == len(training.steps) - 1:
        return f"With {count(training.configurations)} it is still falling."
    return (
        f"With {count(training.configurations)} it was lowest at step {count(int(training.steps[best]))}: what "
        "is learned after that does not carry over."
    )


def _sizes(found: Learned) -> Component:
    values = {
        _WORDS[name]: np.array([(error.value, error.low, error.high) for error in errors])
        for name, errors in found.errors.items()
    }
    first, last = found.configurations[0], found.configurations[-1]
    said = "; ".join(f"{_WORDS[name]} {_changed(change)}" for name, change in found.change.items())
    return captioned(
        over_sizes(found.potentials, found.configurations, values),
        [
            html.Strong(f"n = {count(found.n)} compounds that all {count(len(found.configurations))} models have. "),
            f"From {count(first)} to {count(last)}, compound by compound: {said}. "
            "Lines and brackets are 95 % intervals; compounds of one element on B are drawn together.",
        ],
        label="Errors of forces, force constants and σ against the teacher over the size of the training set",
        identity=SIZES,
    )


def _changed(change: Interval) -> str:
    word = {-1: "smaller", 1: "larger", 0: "no measurable change"}[change.sign]
    low, high = (number(end, sign=True) for end in (change.low, change.high))
    return f"{number(change.value, sign=True)} [{low}, {high}], {word}"
