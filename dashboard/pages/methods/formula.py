"""Formulas as text with fractions, subscripts and roots; each has its reading for those who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.ui.blocks import attributes


def formula(*parts: Any, spoken: str) -> Component:
    """One formula on a line of its own; `spoken` reads it out."""
    return html.Div(list(parts), className="formula", role="math", **attributes(aria_label=spoken))


def fraction(above: Any, below: Any) -> Component:
    """`above` over `below`."""
    return html.Span(
        [html.Span(above, className="above"), html.Span(below, className="below")],
        className="fraction",
    )


def root(*parts: Any) -> Component:
    """The square root of `parts`."""
    return html.Span(["√", html.Span(list(parts), className="radicand")], className="root")


def symbol(name: str, *, low: Any = None, high: Any = None) -> Component:
    """A quantity with its sub- and superscript."""
    return html.Span(
        [html.I(name), html.Sub(low) if low else None, html.Sup(high) if high else None], className="symbol"
    )


def definition(
    identity: str, title: str, formulas: Sequence[Component], text: Sequence[Any], columns: Sequence[str] = ()
) -> Component:
    """A quantity: its formulas, what they mean, and the columns that hold it."""
    held = [part for name in columns for part in (", ", html.Code(name))][1:]
    return html.Div(
        [
            html.H3(title),
            html.Div(list(formulas), className="formulas") if formulas else None,
            html.P(list(text)),
            html.P(["In the tables: ", *held], className="fine") if held else None,
        ],
        id=identity,
        className="definition",
    )
