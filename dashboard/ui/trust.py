"""The trust in potentials as a table, with what speaks against each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.trust.answer import PotentialTrust
from dashboard.ui.blocks import table
from dashboard.ui.compound_text import label_mark
from dashboard.ui.text import marked, number

RESTS_ON = {
    "composition": "the formula: not run",
    "calculation": "its calculation",
    "committee": "all calculations",
}


def percent_of(probability: float) -> str:
    """A probability without false certainty: never 0 or 100 %."""
    return f"{100 * min(max(probability, 0.001), 0.999):.1f} %"


def trust_table(found: Sequence[PotentialTrust], names: Mapping[str, str]) -> Component:
    """A row per potential, the highest trust first."""
    rows = [
        [
            names.get(one.potential, one.potential),
            percent_of(one.trust),
            label_mark(one.label) if one.label else "not run",
            "not run" if one.omega_min_thz is None else number(one.omega_min_thz),
            f"≤ {number(one.error_thz, 1)}",
            percent_of(one.prior),
            html.Span(_reasons(one), className="trust-why"),
        ]
        for one in found
    ]
    head = (
        "", "trust", "label", [*marked("ω_min"), " (THz)"], ["|Δ", *marked("ω_min"), "| (THz)"], "all its labels",
        "why it may fail here",
    )  # fmt: skip
    level = f"{found[0].level:.0%}" if found else "90%"
    caption = (
        "Trust: the probability that the label is DFT’s; for a potential that was not run, its expected value. "
        f"|Δω_min|: not exceeded with {level}. All its labels: the share that is right over the suite."
    )
    return table(head, rows, caption=caption, numeric_to=-1)


def _reasons(one: PotentialTrust) -> str:
    text = "; ".join(one.reasons)
    return f"{text[:1].upper()}{text[1:]}." if text else "Nothing speaks against it."


def rests_on(found: Sequence[PotentialTrust]) -> list[Any]:
    """What the scores rest on, and which features they lack."""
    kinds = list(dict.fromkeys(RESTS_ON[one.evidence] for one in found))
    missing = sorted({name for one in found for name in one.missing})
    said = f"Rests on {' or '.join(kinds)}."
    return [said, f" Not known here, and taken as average: {', '.join(missing)}." if missing else ""]
