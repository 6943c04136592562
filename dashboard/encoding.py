"""What callbacks return, as JSON: one pass of orjson in place of a walk in Python over every component and number."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import orjson
from dash import NoUpdate

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
    if hasattr(value, "to_plotly_json"):
        return value.to_plotly_json()
    raise TypeError(f"{type(value).__name__} is no JSON")
