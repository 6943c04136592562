"""Compounds that differ on one site: does a potential fail here alone, or along the series?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from dashboard.queries import compound as query
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.ranking import preferred
from dashboard.ui import controls
from dashboard.ui.blocks import section, table
from dashboard.ui.compound_text import address, formula, label_mark, published, why_none
from dashboard.ui.structure import ROLE_NAMES
from dashboard.ui.text import count, marked, number, plural
from dashboard.views.compound import CompoundView


def neighbours(found: KnownCompound, view: CompoundView) -> Component:
    """The neighbours, with the site on which they differ."""
    present = query.sites(found.known)
    offered = [{"value": site, "label": f"{ROLE_NAMES[site]} ({found.known[site]})"} for site in present]
    parts = section(
        "Neighbours in chemistry",
        controls.bar(
            controls.choice("compound-site", "Site that differs", offered, view.site), label="Which neighbours"
        ),
        html.Div(neighbour_table(found, view), id="compound-neighbours"),
        about="Compounds of the suite that differ on one site: does a potential fail here alone, or along the series?",
    )
    # Without sites it is hidden, not left out: the thresholds share a callback with its control.
    return html.Div(parts, hidden=not present)


def neighbour_table(found: KnownCompound, view: CompoundView) -> Component:
    """The nearest neighbours in tolerance factor, with DFT's numbers and whether each potential agrees."""
    others, frame = query.neighbours(found.dataset, found.known, view.site, view.tolerance_thz, view.threshold)
    site = ROLE_NAMES[view.site]
    if not others:
        return html.P(f"No other compound of the suite has the same elements on every site but {site}.")
    listed = others[: query.NEIGHBOURS]
    potentials = preferred(found.dataset, found.suite, sorted(frame["potential"].dropna().unique()))
    by_pair = {(row.compound, row.potential): row for row in frame.itertuples(index=False)}
    first = {compound: row for (compound, _), row in reversed(by_pair.items())}
    rows = []
    for name in listed:
        row = first[name]
        rows.append(
            [
                dcc.Link(formula(name), href=address(found.suite, name)),
                number(row.tolerance_factor, 3) if np.isfinite(row.tolerance_factor) else "not defined",
                published(row.dft_omega_min_thz),
                label_mark(row.dft_harmonic_at),
                published(row.dft_sigma),
                label_mark(row.dft_sigma_at),
                *(_answers(by_pair[name, potential]) for potential in potentials),
            ]
        )
    head = (
        "", "tolerance factor", ["DFT ", *marked("ω_min"), " (THz)"], "harmonic", "DFT σ", "by σ",
        *(
            _name_and_tally(found.names.get(p, p), [row for (_, of), row in by_pair.items() if of == p])
            for p in potentials
        ),
    )  # fmt: skip
    which = "closest in tolerance factor" if len(others) > len(listed) else "by distance in tolerance factor"
    caption = (
        f"n = {count(len(listed))} of {plural(len(others), 'compound')} that differ in {site} alone, {which}. Below "
        "each name: in how many of all these it agrees with DFT’s harmonic label, of those where both decide."
    )
    return table(head, rows, caption=caption)


def _answers(row: Any) -> Component:
    lines = []
    for status, dft, label, value, unit in (
        (row.status, row.dft_harmonic_at, row.harmonic_at, row.omega_min_thz, " THz"),
        (row.sigma_status, row.dft_sigma_at, row.sigma_at, row.sigma, ""),
    ):
        what = "" if unit else "σ "
        if status == "ok" and label != MISSING:
            word = query.agreement(dft, label)
            mark = html.Span(word or label, className=f"agreement-{word}")
            lines.append(html.Div([f"{what}{number(value)}{unit}: ", mark]))
        elif status != "not-run":
            lines.append(html.Div(f"{what}{why_none(status, None)}"))
    return html.Div(lines or "not run")


def _name_and_tally(name: str, rows: Sequence[Any]) -> list[Any]:
    words = [query.agreement(row.dft_harmonic_at, row.harmonic_at) for row in rows if row.status == "ok"]
    decided = [word for word in words if word in ("agrees", "disagrees")]
    agreeing = f"agrees in {count(decided.count('agrees'))} of {count(len(decided))}" if decided else "none decided"
    return [name, html.Span(agreeing, className="sub")]
