"""What callbacks return, as JSON: one pass of orjson in place of a walk in Python over every component and number.

Dash has each component watch the state of the whole page, and each tells all others that it was drawn. HTML that no
callback can name has nothing to watch for: each tree of it is sent as one component, `Markup`, with what stands in it
and is more than HTML as its children; assets/components.js draws it.
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
    if isinstance(value, Component):
        return _markup(value) if _is_html(value) and _has_parts(value) else _named(value)
    if hasattr(value, "to_plotly_json"):
        return value.to_plotly_json()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _described(component: Component) -> dict[str, Any]:
    """A component as Dash describes it, its link as the browser needs it."""
    described: dict[str, Any] = component.to_plotly_json()
    if isinstance(href := described["props"].get("href"), str):
        described["props"]["href"] = link(href)
    return described


def _named(component: Component) -> dict[str, Any]:
    """A component that stands for itself; what HTML with an id holds of HTML is one component."""
    described = _described(component)
    parts = [child for child in _children(component) if isinstance(child, Component) and _is_html(child)]
    if component._namespace == _HTML and len(parts) > 1:
        described["props"]["children"] = _markup(*_children(component))
    return described


def _children(component: Component) -> list[Any]:
    children = getattr(component, "children", None)
    return list(children) if isinstance(children, (list, tuple)) else [children]


def _has_parts(component: Component) -> bool:
    return any(isinstance(child, Component) for child in _children(component))


def _is_html(component: Component) -> bool:
    """Whether `component` is HTML or a link, and has no id."""
    return (component._namespace == _HTML or type(component) is dcc.Link) and getattr(component, "id", None) is None


def _markup(*nodes: Any) -> dict[str, Any]:
    children: list[Component] = []
    props = {"tree": [_tree(node, children) for node in nodes], "children": children}
    return {"namespace": "softmode", "type": "Markup", "props": props}


def _tree(node: Any, children: list[Component]) -> Any:
    """HTML as [name, attributes, child, …], text as it is; another component as its place in `children`, where it is
    put."""
    if not isinstance(node, Component):
        return node
    if not _is_html(node):
        children.append(node)
        return {"child": len(children) - 1}
    attributes = _described(node)["props"]
    attributes.pop("children", None)
    name = node._type.lower() if node._namespace == _HTML else node._type
    return [name, attributes, *(_tree(child, children) for child in _children(node))]
