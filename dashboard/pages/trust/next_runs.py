"""What DFT should compute next, for the trust model to learn most."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from compute.trust.features import SUITE
from compute.trust.model import NoTrust
from dashboard.dataset import Dataset
from dashboard.queries.trust import fitted
from dashboard.ui.blocks import table
from dashboard.ui.compound_text import address, formula
from dashboard.ui.text import count

SHOWN = 10
ABOUT = (
    "Compounds without published frequencies, of the suite’s elements, in the order in which their DFT would take most "
    "from the error expected of the formula’s score."
)


def next_table(dataset: Dataset) -> Component | None:
    """The first few; None where nothing is fitted."""
    try:
        listed = fitted(dataset).next_runs
    except NoTrust:
        return None
    if not listed:
        return None
    rows = [
        [
            dcc.Link(formula(run.formula), href=address(SUITE, run.formula))
            if run.in_suite
            else dcc.Link(formula(run.formula), href=f"/trust?c={run.formula}"),
            f"{run.probability_stable:.0%}",
            f"{run.expected_reduction:.1e}",
            "yes" if run.in_suite else "no",
        ]
        for run in listed[:SHOWN]
    ]
    caption = f"{count(SHOWN)} of {count(len(listed))}; each knows of those above it. The file has all."
    head = ("", "DFT says stable", "Brier score falls by", "in the suite")
    return html.Div(table(head, rows, caption=caption))
