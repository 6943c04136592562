"""Rows of a frame as Python values: the one place where a number that is not there becomes None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Every row of `frame` by the names of its columns."""
    return [record(row) for _, row in frame.astype(object).iterrows()]


def record(row: Mapping[Any, Any]) -> dict[str, Any]:
    """`row` with Python's own numbers, lists for arrays, and None for NaN, infinities and missing values."""
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())  # one of no dimension is a number
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not math.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
