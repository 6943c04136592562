"""What a component says, for tests of pages without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
from dash.development.base_component import Component


def drawn(figure: dict[str, Any]) -> go.Figure:
    """`figure` as plotly understands it; raises `ValueError` for a setting that plotly does not know."""
    return go.Figure(figure)


def nodes(content: Any) -> Iterator[Any]:
    """The components and texts in `content`, which may be a list, in reading order."""
    if isinstance(content, list | tuple):
        for part in content:
            yield from nodes(part)
    elif content is not None:
        yield content
        yield from nodes(getattr(content, "children", None))


def words(content: Any) -> str:
    """What can be read in `content`, without attributes."""
    return "".join(str(node) for node in nodes(content) if isinstance(node, str | int | float))


def text_of(component: Component) -> str:
    """Everything in `component` as one text."""

    def plain(value: Any) -> Any:
        return value.to_plotly_json() if hasattr(value, "to_plotly_json") else str(value)

    return json.dumps(component.to_plotly_json(), default=plain, ensure_ascii=False)


def said(*components: Any) -> str:
    """What all of `components`, some of them plain text, say."""
    return " ".join(text_of(c) if isinstance(c, Component) else str(c) for c in components)


def cells(drawn: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The table of compounds as assets/compounds.js is given it: by formula and column, a text or text and class."""
    heads = [column["id"] for group in drawn["groups"] for column in group["columns"]]
    return {row["cells"][0]: dict(zip(heads, row["cells"], strict=True)) for row in drawn["rows"]}
