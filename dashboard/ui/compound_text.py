"""How a compound, its labels and its gaps are written."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.queries.compound import agreement
from dashboard.ui.text import number

_SHAPES = {"stable": "●", "unstable": "▲", "undecidable": "◇"}


def formula(text: str) -> list[Component | str]:
    """`text` with its digits as subscripts."""
    parts: list[Component | str] = []
    for character in text:
        if character.isdigit() or character == ".":
            if parts and isinstance(parts[-1], html.Sub):
                parts[-1].children += character
            else:
                parts.append(html.Sub(character))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def address(suite: str, compound: str) -> str:
    """Path of the page of a compound."""
    return f"/compound/{quote(suite)}/{quote(compound)}"


def label_mark(label: Any) -> Component:
    """A label with a shape of its own, so that colour is not needed; "no label" where it is missing or null."""
    if label not in _SHAPES:
        return html.Span("no label", className="muted")
    return html.Span(f"{_SHAPES[label]} {label}", className=f"verdict-{label}")


def agrees(dft: str, potential: str) -> list[Any]:
    """Whether two labels agree, to end a sentence with; nothing where either is undecidable or missing."""
    word = agreement(dft, potential)
    if word in ("agrees", "disagrees"):
        return [", ", html.Span(f"{word} with DFT", className=f"agreement-{word}")]
    return []


def why_none(status: Any, reason: Any) -> str:
    """Why there is no number: not run, or the failure with its reason."""
    if status == "not-run":
        return "not run"
    if status == "ok":
        return "no number"
    return f"failed, {status}" + (f" ({reason})" if isinstance(reason, str) and reason else "")


def published(value: float, decimals: int = 2) -> str:
    """A number of the source; "not published" where it gives none."""
    return number(value, decimals) if np.isfinite(value) else "not published"
