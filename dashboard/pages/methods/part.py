"""A part of the page: most are closed until they are asked for, by their title or by `#identity`."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component


def part(identity: str, title: str, *children: Any, about: Any = None, unfolded: bool = False) -> Component:
    """`children` behind `title`, shown at once where `unfolded`; `about` is one sentence on what they hold."""
    head = [html.P(about, className="about")] if about is not None else []
    return html.Details(
        [html.Summary(html.H2(title)), *head, *children], id=identity, open=unfolded, className="method-part"
    )
