"""What is said of the compound: the advice, every potential, and the nearest compounds with how they went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from compute.structures.formula import FormulaError
from compute.trust.features import SUITE, stable
from compute.trust.model import NoTrust
from dashboard.dataset import Dataset
from dashboard.queries.coverage import potential_names
from dashboard.queries.ranking import preferred
from dashboard.queries.trust import Trusted, nearest, trusted
from dashboard.ui.blocks import attributes, section, table
from dashboard.ui.compound_text import address, formula, label_mark
from dashboard.ui.text import count, marked, number, plural
from dashboard.ui.trust import rests_on, trust_table
from dashboard.views.trust import TrustView

Names = Mapping[str, str]


def answer(dataset: Dataset, view: TrustView) -> tuple[list[Component], Trusted | None, str | None]:
    """The sections about the compound of the view, its answer, and what is wrong with its formula."""
    try:
        found = trusted(dataset, view.compound, view.least)
    except FormulaError as error:
        return [], None, str(error)
    except NoTrust as error:
        return [_refusal(str(error))], None, None
    names = potential_names(dataset)
    return [_advice(found), _potentials(found, names), _nearest(dataset, found, names)], found, None


def _refusal(sentence: str) -> Component:
    said = html.P(sentence, className="trust-sentence")
    return html.Div(said, className="trust-advice", **attributes(data_advice="none"))


def _advice(found: Trusted) -> Component:
    name: Any = formula(found.subject.formula)
    title = dcc.Link(name, href=address(SUITE, found.subject.formula)) if found.subject.in_suite else html.Span(name)
    return html.Div(
        [
            html.H2(title),
            html.P(found.sentence, className="trust-sentence"),
            html.P(found.where, className="fine"),
        ],
        className="trust-advice",
        **attributes(data_advice=found.recommended or "none"),
    )


def _potentials(found: Trusted, names: Names) -> Component:
    if not found.found:
        return html.P("No potential has been held against DFT in this release.")
    return html.Div([trust_table(found.found, names), html.P(rests_on(found.found), className="fine")])


def _nearest(dataset: Dataset, found: Trusted, names: Names) -> Component:
    rows = nearest(dataset, found.subject)
    if rows.empty:
        return html.P(f"No compound with X = {found.subject.sites['X']} is near enough to compare.")
    potentials = preferred(dataset, SUITE, sorted(rows["potential"].unique()))
    lines: list[list[Any]] = []
    right = dict.fromkeys(potentials, 0)
    run = dict.fromkeys(potentials, 0)
    for name, own in rows.groupby("compound", sort=False):
        first = own.iloc[0]
        truth = bool(stable([first["dft_omega_min_thz"]])[0])
        line: list[Any] = [
            dcc.Link(formula(str(name)), href=address(SUITE, str(name))),
            number(float(first["dft_omega_min_thz"])),
            label_mark("stable" if truth else "unstable"),
        ]
        for potential in potentials:
            mine = own[own["potential"] == potential]
            if mine.empty or mine["status"].iloc[0] != "ok":
                line.append("failed" if len(mine) else "not run")
                continue
            omega = float(mine["omega_min_thz"].iloc[0])
            agrees = bool(stable([omega])[0]) == truth
            run[potential] += 1
            right[potential] += agrees
            word = "agrees" if agrees else "disagrees"
            line.append([f"{number(omega)} ", html.Span(word, className=f"agreement-{word}")])
        lines.append(line)
    head = (
        "", ["DFT ", *marked("ω_min"), " (THz)"], "DFT",
        *([names.get(p, p), html.Span(f"right in {count(right[p])} of {count(run[p])}", className="sub")]
          for p in potentials),
    )  # fmt: skip
    caption = (
        f"The {plural(len(lines), 'compound')} with the same X that are nearest in electronegativities and sizes, "
        "nearest first; ω_min of each potential in THz, and whether its label is DFT’s."
    )
    return section("Nearest computed compounds", table(head, lines, caption=caption))
