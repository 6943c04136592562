"""What callbacks return, as JSON: one pass of orjson in place of a walk in Python over every component and number.

Dash has each component watch the state of the whole page. Text and tables that no callback can name have nothing to
watch for: each such tree is sent as one component, which assets/static_tree.js draws.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import orjson
from dash import NoUpdate, dcc, html
from dash.development.base_component import Component

from dashboard.server.prefix import link

_HTML = html.Div._namespace
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def encoding(function: Callable[..., Any], *, by_name: bool) -> Callable[..., Any]:
    """`function`, a callback, with each of its outputs encoded, by place or by name; Dash passes on what is."""

    @wraps(function)
    def _encoded(*args: Any, **kwargs: Any) -> Any:
        returned = function(*args, **kwargs)
        if by_name and isinstance(returned, dict):
            return {name: encoded(value) for name, value in returned.items()}
        return tuple(map(encoded, returned)) if isinstance(returned, tuple) else encoded(returned)

    return _encoded


def encoded(value: Any) -> Any:
    """`value` as JSON, NaN as null; a value that says that there is no update stays. Raises `TypeError` for others."""
    return value if isinstance(value, NoUpdate) else orjson.Fragment(orjson.dumps(value, _plain, _OPTIONS))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):  # orjson takes those of numbers in one piece by itself
        return np.ascontiguousarray(value) if value.dtype.kind in "biuf" else value.tolist()
    if isinstance(value, Component) and _has_parts(value) and _is_static(value):
        return {"namespace": "softmode", "type": "StaticTree", "props": {"tree": _tree(value)}}
    if isinstance(value, Component):
        return _described(value)
    if hasattr(value, "to_plotly_json"):
        return value.to_plotly_json()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _described(component: Component) -> dict[str, Any]:
    """A component as Dash describes it, its link as the browser needs it."""
    described: dict[str, Any] = component.to_plotly_json()
    if isinstance(href := described["props"].get("href"), str):
        described["props"]["href"] = link(href)
    return described


def _children(component: Component) -> list[Any]:
    children = getattr(component, "children", None)
    return list(children) if isinstance(children, (list, tuple)) else [children]


def _has_parts(component: Component) -> bool:
    return any(isinstance(child, Component) for child in _children(component))


def _is_static(node: Any) -> bool:
    """Whether `node` is text, or HTML and links all through without an id."""
    if not isinstance(node, Component):
        return node is None or isinstance(node, (str, int, float))
    drawn = node._namespace == _HTML or type(node) is dcc.Link
    return drawn and getattr(node, "id", None) is None and all(map(_is_static, _children(node)))


def _tree(node: Any) -> Any:
    """A static node as [name, attributes, child, …], text as it is."""
    if not isinstance(node, Component):
        return node
    attributes = _described(node)["props"]
    attributes.pop("children", None)
    name = node._type.lower() if node._namespace == _HTML else node._type
    return [name, attributes, *map(_tree, _children(node))]
