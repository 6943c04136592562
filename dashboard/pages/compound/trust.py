"""How far each potential can be trusted with this compound, and why it may fail here."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from compute.structures.formula import FormulaError
from compute.trust.answer import LEAST
from compute.trust.features import SUITE
from compute.trust.model import NoTrust
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.trust import trusted
from dashboard.ui.blocks import section
from dashboard.ui.trust import rests_on, trust_table

TITLE = "Why it may fail here"


def trust(found: KnownCompound) -> Component | None:
    """The trust in every potential; nothing for a suite that the score is not fitted to."""
    if found.suite != SUITE:
        return None
    try:
        known = trusted(found.dataset, found.name, LEAST)
    except (NoTrust, FormulaError) as error:
        return section(TITLE, html.P(str(error), className="fine"))
    return section(
        TITLE,
        html.P([known.sentence, " ", dcc.Link("Trust", href=f"/trust?c={found.name}")], id="compound-trust"),
        trust_table(known.found, found.names),
        html.P([known.where, " ", *rests_on(known.found)], className="fine"),
        about="How likely the label of each potential is to be DFT’s, judged without DFT of this element on B.",
    )
