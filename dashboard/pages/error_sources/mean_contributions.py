"""Means over compounds of where the error of σ comes from, by potential and anion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.figures.theme import wrapped
from dashboard.pages.error_sources.mean_contributions_data import (
    FEWEST,
    INTERACTION,
    NET,
    SMOOTH,
    ContributionGroup,
    Mean,
)
from dashboard.pages.error_sources.mean_contributions_figure import Numbers, grouped
from dashboard.ui.attribution import STEP_NAMES, order_options
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import count, number, plural
from dashboard.views.error_sources import ORDERS, SHAPLEY

Names = Mapping[str, str]
SERIES_NAMES = {NET: "forces and Hessian, net", **STEP_NAMES, INTERACTION: "interaction of forces and Hessian"}
ROW_REM = 3.2
MOST_ROWS, MOST_POTENTIALS = 24, 5  # of a figure, the first ones; the table has all


def split_options() -> list[dict[str, str]]:
    """Ways to share the error out, as a select shows them."""
    return [*order_options(ORDERS), {"value": SHAPLEY, "label": "Shapley: mean over the known orders"}]


def means(found: Sequence[ContributionGroup], split: str, names: Names) -> list[Any]:
    """Figure, sentence and table of the mean contributions by potential, as they come, and anion."""
    known = [group for group in found if any(mean.n for mean in group.steps.values())]
    if not any(group.steps[step].n for group in known for step in STEP_NAMES):
        return [
            html.P(
                "No set of frames knows all the corners that this needs. The published order needs the fewest; those "
                "that begin with sampling need DFT’s forces on the potential’s own frames."
            )
        ]
    order = list(dict.fromkeys(group.potential for group in known))
    drawn = [group for group in known if group.potential in order[:MOST_POTENTIALS]]
    drawn = drawn if len(drawn) <= MOST_ROWS else [group for group in drawn if group.anion in (None, SMOOTH)]
    # Smooth sets first: elsewhere the reference, or the potential, has no Hessian to speak of.
    drawn = sorted(
        drawn, key=lambda group: (order.index(group.potential), group.anion != SMOOTH, group.anion is not None)
    )
    return [_means_figure(drawn, len(order), split, names), _means_table(known, names)]


def _means_figure(drawn: Sequence[ContributionGroup], n_potentials: int, split: str, names: Names) -> Component:
    series = {}
    for step, name in SERIES_NAMES.items():
        values = [group.steps[step].mean for group in drawn]
        series[name] = Numbers(*(np.array([getattr(v, end) for v in values]) for end in ("value", "low", "high")))
    sizes = [f"n = {count(group.n)}".replace(" ", "\N{NO-BREAK SPACE}") for group in drawn]
    rows = [wrapped(f"{_who(group, names)}, {n}", 28) for group, n in zip(drawn, sizes, strict=True)]
    figure = grouped(rows, series, x_title=wrapped("mean contribution to σ", 17))
    rest = f", the first of {count(n_potentials)}" if n_potentials > _potentials(drawn) else ""
    return captioned(
        figure,
        [
            html.Strong(f"{plural(_total(drawn), 'score')} of {plural(_potentials(drawn), 'potential')}{rest}. "),
            f"{_net(drawn)} Lines: 95 % intervals over sets, from {FEWEST} sets on. ",
            "Shapley values share the interaction out equally over the orders that are known."
            if split == SHAPLEY
            else "In this order the step that is replaced later carries the interaction.",
        ],
        label="Mean contribution of each step to σ, by potential and anion",
        height=f"{8 + ROW_REM * len(drawn):g}rem",
    )


def _who(group: ContributionGroup, names: Names) -> str:
    return f"{names.get(group.potential, group.potential)}, {group.anion or 'all'}"


def _total(found: Sequence[ContributionGroup]) -> int:
    return sum(group.n for group in found if group.anion is None)


def _potentials(found: Sequence[ContributionGroup]) -> int:
    return len({group.potential for group in found})


def _net(drawn: Sequence[ContributionGroup]) -> str:
    """How much forces and Hessian change σ together, on smooth sets where there are any."""
    smooth = [group for group in drawn if group.anion == SMOOTH and group.steps[NET].n]
    nets = [group.steps[NET].mean.value for group in smooth or drawn if group.steps[NET].n]
    if not nets:
        return ""
    return (
        f"Forces and Hessian together change σ by {number(min(nets), sign=True)} to {number(max(nets), sign=True)}"
        f"{' where the potential is smooth' if smooth else ''}: the Hessian undoes much of what the forces do."
    )


def _means_table(found: Sequence[ContributionGroup], names: Names) -> Component:
    rows = [
        [_who(group, names), count(group.n), *(_cell(group.steps[step]) for step in SERIES_NAMES)] for group in found
    ]
    return html.Details(
        [
            html.Summary(f"All {count(len(rows))} groups"),
            table(
                ("potential, anion", "n", *SERIES_NAMES.values()),
                rows,
                caption="The interaction: how much forces and Hessian together differ from their sum. "
                "Mean contribution to σ over sets of reference frames with its 95 % interval, and the "
                "quartiles. A step with fewer sets than its group says how many know it.",
            ),
        ],
        className="more",
    )


def _cell(mean: Mean) -> Any:
    if mean.n == 0:
        return html.Span("not computed", className="muted")
    low, _, high = mean.quartiles
    interval = f"{number(mean.mean.low)} to {number(mean.mean.high)}; " if np.isfinite(mean.mean.low) else ""
    return [
        number(mean.mean.value, sign=True),
        html.Span(f"{interval}quartiles {number(low)}, {number(high)}; n = {count(mean.n)}", className="sub"),
    ]
