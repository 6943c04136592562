"""What is computed: a table of suites by potentials with a bar per cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from compute.suites import COMPARED, SUITES
from dashboard.queries.coverage import Coverage
from dashboard.ui.blocks import attributes, scrolling
from dashboard.ui.text import count
from dashboard.views.codec import encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import SUITE_CRITERIA


def coverage_table(entries: Sequence[Coverage], names: Mapping[str, str], benchmark: Sequence[str]) -> Component:
    """One row per potential that has results or belongs to the `benchmark`, one column per suite; the rest by name."""
    cells = {(e.potential, e.suite): e for e in entries}
    ran = {e.potential for e in entries if _ran(e.counts) or _ran(e.sigma_counts)}
    shown = [p for p in names if p in ran] + [p for p in names if p in benchmark and p not in ran]
    others = [names[p] for p in names if p not in shown]
    head = [html.Th("potential", scope="col")] + [
        html.Th([s.title, html.Span(f"{count(s.size)} compounds", className="sub")], scope="col")
        for s in (SUITES[id] for id in COMPARED)
    ]
    body = [
        html.Tr(
            [
                html.Th([names[p], html.Code(p, className="sub")] if names[p] != p else html.Code(p), scope="row"),
                *(html.Td(_cell(cells[p, id]), **attributes(data_suite=SUITES[id].title)) for id in COMPARED),
            ]
        )
        for p in shown
    ]
    if not names:
        return html.P("No potential is registered and no run is published.", className="not-computed")
    return html.Div(
        [
            scrolling(
                html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className="coverage"),
                "Coverage per potential and suite",
            ),
            html.P(f"Registered and not computed: {', '.join(others)}.", className="fine") if others else None,
            html.P(
                [
                    "To compute what is missing: ",
                    html.Code("softmode campaign run --suite SUITE --potential POTENTIAL"),
                    " with the suites ",
                    *_listed(list(COMPARED)),
                    ".",
                ],
                className="fine",
            ),
        ]
    )


def _listed(words: list[str]) -> list[Component | str]:
    parts: list[Component | str] = []
    for i, word in enumerate(words):
        parts += [", " if i else "", html.Code(word)]
    return parts


def _cell(entry: Coverage) -> Component:
    harmonic, sigma = _ran(entry.counts), _ran(entry.sigma_counts)
    if not harmonic and not sigma:
        return html.Span("not computed", className="muted")
    failed = sum(entry.failures.values())
    segments = [("ok", entry.ok), ("failed", failed), ("not-run", entry.not_run)]
    return html.Div(
        [
            html.Div(
                [html.Span(className=kind, style={"width": f"{100 * n / entry.n:.2f}%"}) for kind, n in segments if n],
                className="cover-bar",
                **attributes(aria_hidden="true"),
            ),
            html.Span(_counted(entry, entry.counts, "harmonic") if harmonic else "harmonic: not computed"),
            html.Span(f"{entry.geometry} geometry", className="sub") if entry.geometry else None,
            html.Span([f"σ, {entry.sigma_protocol}: ", *_counted(entry, entry.sigma_counts, "sigma")], className="sub")
            if sigma
            else None,
        ]
    )


def _ran(counts: Mapping[str, int]) -> bool:
    return bool(set(counts) - {"not-run"})


def _counted(entry: Coverage, counts: Mapping[str, int], criterion: str) -> list[Any]:
    """How many finished, failed and were not run; each leads to its compounds. On hover, how they failed."""
    failures = {kind: n for kind, n in counts.items() if kind not in ("ok", "not-run")}
    how = ", ".join(f"{count(n)} {kind}" for kind, n in sorted(failures.items(), key=lambda item: -item[1]))
    each = {"ok": counts.get("ok", 0), "failed": sum(failures.values()), "not-run": counts.get("not-run", 0)}
    links = [
        dcc.Link(
            f"{count(n)} {status.replace('-', ' ')}",
            href=f"/compounds?{encode(_view(entry, criterion, status))}",
            title=how if status == "failed" else None,
        )
        for status, n in each.items()
        if n
    ]
    return [part for one in links for part in (", ", one)][1:]


def _view(entry: Coverage, criterion: str, status: str) -> CompoundsView:
    offered = SUITE_CRITERIA[entry.suite]
    if criterion == "harmonic" and "harmonic" not in offered:
        criterion = "cross"  # of which the potential's side is harmonic
    return CompoundsView(suite=entry.suite, potentials=(entry.potential,), criterion=criterion, status=(status,))
