"""Rows as Python values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from dashboard.records import record, records


def test_what_is_no_number_is_none_and_arrays_become_lists():
    row = {"a": np.float64("nan"), "b": np.array(["Cs", "Cl"], object), "c": np.int64(3), "d": [np.inf, 1.0]}
    assert record(row | {"e": pd.NA, "f": np.array(2.5)}) == {
        "a": None,
        "b": ["Cs", "Cl"],
        "c": 3,
        "d": [None, 1.0],
        "e": None,
        "f": 2.5,
    }


def test_a_frame_of_columns_of_different_kinds_can_be_written_as_json():
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "name": ["a", None], "ok": [True, False]})
    assert json.loads(json.dumps(records(frame), allow_nan=False)) == [
        {"n": 1, "x": 0.5, "name": "a", "ok": True},
        {"n": 2, "x": None, "name": None, "ok": False},
    ]
