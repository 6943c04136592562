"""Screening with trust: the potential's label where the trust is high enough, DFT elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.trust.model import NoTrust
from compute.trust.screening import LEVELS, Screened, screened
from dashboard.dataset import Dataset
from dashboard.pages.trust.screening_figure import screen_figure
from dashboard.queries.trust import screens
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import count
from dashboard.views.trust import TrustView

_SHOWN = (0.0, 0.8, 0.9, 0.95, 0.98, 0.99, 1.01)
ABOUT = (
    "Take the potential’s label where the trust reaches a level and let DFT compute the rest. A wrong “stable” costs "
    "what follows from it, a wrong “unstable” loses a material: say what each costs, in DFT runs."
)


def found(dataset: Dataset, view: TrustView) -> dict[str, Screened]:
    """The screen by each potential at the view's costs; empty without a model."""
    try:
        known = screens(dataset)
    except NoTrust:
        return {}
    return {
        name: screened(
            one.trust, one.says_stable, one.dft_stable, LEVELS,
            false_stable=view.false_stable, false_unstable=view.false_unstable,
        )
        for name, one in known.items()
    }  # fmt: skip


def potential_of(view: TrustView, known: Mapping[str, Screened]) -> str:
    """The potential of `known` that the view names, else the cheapest; empty without any."""
    cheapest = min(known, key=lambda name: float(known[name].cost.min()), default="")
    return view.potential if view.potential in known else cheapest


def screening(potential: str, known: Mapping[str, Screened], names: Mapping[str, str]) -> list[Component]:
    """The figure and the table of one potential of `known`."""
    if potential not in known:
        return [html.P("Not computed: no potential has been held against DFT, or the trust is not fitted yet.")]
    one = known[potential]
    best = int(np.argmin(one.cost))
    name = names.get(potential, potential)
    every = len(LEVELS) - 1
    figure = captioned(
        screen_figure(one, best),
        [
            html.Strong(f"{name}, n = {count(one.n)}. "),
            f"Cheapest at {_level(LEVELS[best])}: {count(int(one.dft_runs[best]))} DFT runs keep "
            f"{one.recall[best]:.0%} of {count(one.n_stable)} stable compounds; cost {one.cost[best]:,.0f}, DFT on all "
            f"{one.cost[every]:,.0f}, trust in all {one.cost[0]:,.0f}.",
        ],
        label="Stable compounds kept and cost over the level of the trust",
    )
    places = sorted({int(np.argmin(np.abs(LEVELS - level))) for level in _SHOWN} | {best})
    rows = [
        [
            html.Strong(_level(LEVELS[i])) if i == best else _level(LEVELS[i]),
            count(int(one.dft_runs[i])), f"{1 - one.dft_runs[i] / one.n:.0%}", f"{one.recall[i]:.1%}",
            count(int(one.false_stable[i])), f"{one.cost[i]:,.0f}",
        ]
        for i in places
    ]  # fmt: skip
    caption = "The trust is that of models which have not seen the element on B. Costs in DFT runs; cheapest in bold."
    head = ("label taken at", "DFT runs", "saved", "stable kept", "false stable", "cost")
    return [figure, table(head, rows, caption=caption)]


def _level(level: float) -> str:
    if level > 1:
        return "DFT on all"
    return "trust in all" if level == 0 else f"trust ≥ {level:g}"
