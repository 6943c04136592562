"""Potentials held against each other: score against size or cost, and two in detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.paired import Difference
from dashboard.pages.potentials.accuracy_figure import Model, accuracy
from dashboard.pages.potentials.comparison_data import Pairwise, Verdicts
from dashboard.queries.potentials import Card, measured_costs
from dashboard.queries.ranking import METRICS, Ranked
from dashboard.ui.blocks import campaign_command, captioned, not_computed, statement, statements, table
from dashboard.ui.ranking import with_unit
from dashboard.ui.text import count, few, interval, level_sentence, marked, number, plural
from dashboard.views.codec import encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.potentials import PotentialsView

Names = Mapping[str, str]
_COST_ATOMS = 40
X_TITLES = {
    "training": "structures in the training set",
    "cost": f"force call of {_COST_ATOMS} atoms: µs per atom and call",
}


def accuracy_block(entries: Sequence[Ranked], cards: Sequence[Card], against: str) -> list[Component]:
    """Score of the ranked potentials against the size of their training set or the cost of a force call."""
    by_id = {card.potential: card for card in cards}
    ranked = [entry for entry in entries if entry.group and entry.potential in by_id]
    placed = [(entry, by_id[entry.potential], _place(by_id[entry.potential], against)) for entry in ranked]
    models = [
        Model(card.facts["name"], x, entry.value, entry.low, entry.high, entry.potential)
        for entry, card, x in placed
        if x is not None
    ]
    without = [card.facts["name"] for _, card, x in placed if x is None]
    parts: list[Component] = []
    if len(models) < 2:
        known = models[0].name if models else "none"
        what = "the size of the training set" if against == "training" else "the cost of a force call"
        parts.append(html.P(f"This needs two ranked potentials for which {what} is known; it is known for {known}."))
    else:
        parts.append(_accuracy_figure(models, ranked[0], against))
    if without:
        reason = "The authors do not state the size for" if against == "training" else "The cost is not measured for"
        parts.append(html.P(f"Not drawn. {reason} {few(without)}.", className="fine"))
    return parts


def _place(card: Card, against: str) -> float | None:
    """Training structures, or µs per atom and call on a crystal of `_COST_ATOMS` atoms."""
    if against == "training":
        size = card.facts["training_structures"]
        return None if size is None else float(size)
    return card.costs.get(_COST_ATOMS)


def _accuracy_figure(models: Sequence[Model], entry: Ranked, against: str) -> Component:
    metric = METRICS[entry.metric]
    title = with_unit(metric).replace("ω_min", "ω<sub>min</sub>")
    best = (max if metric.higher_is_better else min)(models, key=lambda m: m.value)
    largest = max(models, key=lambda m: m.x)
    what = "largest training set" if against == "training" else "most expensive force call"
    sentence = (
        f"{largest.name} has the {what} and the best score. "
        if largest is best
        else f"{largest.name} has the {what}; {best.name} has the best score. "
    )
    if len({model.x for model in models}) == 1:
        sentence = "All of them have the same size, so that size explains none of the difference. "
    costs = measured_costs()
    on = f" Measured on {_COST_ATOMS} atoms of {costs.where}." if costs else ""
    return captioned(
        accuracy(models, x_title=X_TITLES[against], y_title=title),
        [
            html.Strong(f"{plural(len(models), 'potential')}, n = {plural(entry.n, 'compound')}. "),
            sentence,
            f"{'Higher' if metric.higher_is_better else 'Lower'} is better; lines are 95 % intervals, shapes are "
            "families, and what has the same place is set side by side. Family, data and functional differ too.",
            on if against == "cost" else "",
        ],
        label=f"{metric.name} of each potential against {X_TITLES[against]}",
    )


def second_missing(view: PotentialsView, cards: Sequence[Card]) -> Component:
    """Says that a comparison needs one more potential in the suite, and how to compute one that can be had freely."""
    command = campaign_command(view.suite)
    other = next((c for c in cards if c.packaged and c.potential != view.first), None)
    if view.suite != "mp0b3" and other is not None and view.first:
        command = f"softmode campaign run --suite {view.suite} --potential {other.potential}"
    return not_computed("It takes two potentials that were run on this suite.", command)


def pair_block(found: Pairwise, view: PotentialsView, cards: Sequence[Card], levels: Mapping[str, str]) -> list[Any]:
    """Two potentials: who is right where, the difference of their RMSE, and where they differ most."""
    by_id = {card.potential: card for card in cards}
    pair = (view.first, view.second)
    names = tuple(by_id[p].facts["name"] if p in by_id else p for p in pair)
    others = level_sentence({p: levels[p] for p in pair if p in levels}, dict(zip(pair, names, strict=True)))
    return [
        html.P(others, className="notice") if others else None,
        html.Div(
            [
                html.Div([html.H3("Harmonic labels"), *_verdicts(found.harmonic, names, "harmonic")]),
                html.Div([html.H3("σ labels"), *_verdicts(found.sigma, names, "sigma")]),
            ],
            className="pair",
        ),
        html.H3("Difference of the errors"),
        *_differences(found, names),
        html.H3("Where they differ most"),
        *_differing(found, view, names),
    ]


def _verdicts(found: Verdicts | None, names: tuple[str, ...], stage: str) -> list[Component]:
    first, second = names
    if found is None or found.test.n == 0:
        return [html.P(f"Not computed: no compound with DFT’s label was run with both in the {stage} stage.")]
    test = found.test
    rows = [
        [f"{first} right", count(found.both_right), count(test.first_only)],
        [f"{first} wrong", count(test.second_only), count(found.both_wrong)],
    ]
    better = first if test.first_only > test.second_only else second
    apart = found.accuracy
    verdict = (
        f"{better} is right measurably more often."
        if apart.measurable
        else "No measurable difference in how often they are right."
    )
    return [
        html.P(
            f"{verdict} {first} alone is right on {count(test.first_only)} compounds, {second} alone on "
            f"{count(test.second_only)}: a difference of {number(100 * apart.difference, 1, sign=True)} % of the "
            f"compounds, 95 %: {interval(100 * apart.low, 100 * apart.high, 1, sign=True, unit=' %')}."
        ),
        table(
            ("", f"{second} right", f"{second} wrong"),
            rows,
            caption=f"n = {plural(test.n, 'compound')} that DFT decides and both were run on. The own label counts, a "
            "failure is wrong.",
        ),
    ]


def _differences(found: Pairwise, names: tuple[str, ...]) -> list[Component]:
    known = [
        (name, unit, difference)
        for name, unit, difference in (("ω_min", "THz", found.omega_rmse), ("σ", "", found.sigma_rmse))
        if difference is not None and difference.n
    ]
    if not known:
        return [html.P("Not computed: no compound has DFT’s number and one of each.")]
    tiles = [
        statement(
            f"{number(d.difference, sign=True)} {unit}".rstrip(),
            marked(f"RMSE of {name}, {names[0]} − {names[1]}"),
            f"95 %: {interval(d.low, d.high)}; n = {count(d.n)}, {count(d.n_left_out)} left out",
        )
        for name, unit, d in known
    ]
    sentences = " ".join(_difference_sentence(name, unit, d, names) for name, unit, d in known)
    return [statements(*tiles), html.P(marked(sentences))]


def _difference_sentence(name: str, unit: str, d: Difference, names: tuple[str, ...]) -> str:
    values = f"{number(d.first)} against {number(d.second)} {unit}".rstrip()
    if not d.measurable:
        return f"RMSE of {name}: {values}, no measurable difference."
    return f"RMSE of {name}: {values}; {names[0] if d.difference < 0 else names[1]} is measurably nearer to DFT."


def _differing(found: Pairwise, view: PotentialsView, names: tuple[str, ...]) -> list[Any]:
    if found.differing.empty:
        return [html.P("No compound has a frequency of both that differs.")]
    chosen = CompoundsView(suite=view.suite, potentials=tuple(sorted((view.first, view.second))), differ="yes")
    return [
        table(
            ("compound", "DFT", *names, "apart"),
            [_row(row, view.suite) for row in found.differing.itertuples(index=False)],
            caption=marked(
                f"ω_min in THz with the label, the {plural(len(found.differing), 'compound')} of {count(found.n_both)} "
                "that differ most."
            ),
        ),
        html.P(dcc.Link("All compounds on which their labels differ", href=f"/compounds?{encode(chosen)}")),
    ]


def _row(row: Any, suite: str) -> list[Any]:
    return [
        dcc.Link(row.compound, href=f"/compound/{suite}/{quote(row.compound, safe='')}"),
        *(
            [_omega(value), html.Span(label, className="sub")]
            for value, label in (
                (row.dft, row.dft_label),
                (row.first, row.first_label),
                (row.second, row.second_label),
            )
        ),
        number(row.apart),
    ]


def _omega(value: float) -> str:
    return "no number" if pd.isna(value) else number(value)
