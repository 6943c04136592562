"""Potentials in order: a score with its interval per row, and the letters of those that cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import ACCENT, Figure, figure, in_rows, scatter, wrapped

Values = NDArray[np.float64]


def ranking(names: Sequence[str], values: Values, intervals: Values, groups: Sequence[str], *, x_title: str) -> Figure:
    """One row per potential, first on top, with its 95 % interval; arrays of shape (p,) and (p, 2).

    The letters of `groups` stand at the right end of each row.
    """
    rows = np.arange(len(names))
    marks = scatter(
        x=values,
        y=rows,
        mode="markers",
        marker={"color": ACCENT, "size": 11},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": intervals[:, 1] - values,
            "arrayminus": values - intervals[:, 0],
            "color": ACCENT,
            "thickness": 2,
            "width": 5,
        },
        customdata=[[*interval, letters] for interval, letters in zip(intervals.tolist(), groups, strict=True)],
        text=list(names),
        hovertemplate="%{text}: %{x:.3f}<br>95 % interval %{customdata[0]:.3f} to %{customdata[1]:.3f}<br>"
        "group %{customdata[2]}<extra></extra>",
    )
    beside = {"x": 1, "xref": "paper", "showarrow": False, "xanchor": "left", "xshift": 8}
    return figure(
        [marks],
        x_title=wrapped(x_title, 30),
        y_title="",
        y=in_rows([wrapped(name) for name in names], ticklabelstandoff=6),
        annotations=[{**beside, "y": row, "text": f"<b>{letters}</b>"} for row, letters in enumerate(groups)],
        margin={"r": 48, "b": 78},
        hovermode="closest",
    )
