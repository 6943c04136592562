"""A long page: parts with an anchor, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component


def part(identity: str, title: str, *children: Any, about: Any = None) -> Component:
    """A titled part of a page that `#identity` leads to; `about` is one sentence on what it holds."""
    head = [html.H2(title)]
    if about is not None:
        head.append(html.P(about, className="about"))
    return html.Section([*head, *children], id=identity)


def contents(entries: Sequence[tuple[str, str]]) -> Component:
    """Links to the parts of this page, given as (identity, title)."""
    return html.Nav(
        [
            html.P("On this page", className="contents-title"),
            html.Ul([html.Li(html.A(title, href=f"#{identity}")) for identity, title in entries]),
        ],
        className="contents",
        **{"aria-label": "On this page"},
    )
