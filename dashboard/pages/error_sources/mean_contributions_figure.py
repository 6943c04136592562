"""Several numbers per row, each with its interval: rows are groups, colours and shapes tell the numbers apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, figure, guides, in_rows, scatter, series_colour, series_symbol, upright

Values = NDArray[np.float64]
ROOM = 0.66  # of the distance between rows, for the numbers of one


@dataclass(frozen=True)
class Numbers:
    """One number per row with the ends of its interval, arrays of length n; NaN is left out, as is an end."""

    values: Values
    low: Values
    high: Values


def grouped(rows: Sequence[str], series: Mapping[str, Numbers], *, x_title: str) -> Figure:
    """One marker per row and series, first row on top, and a line at zero."""
    traces = []
    place = np.arange(len(rows), dtype=float)
    step = ROOM / max(len(series) - 1, 1)
    for index, (name, numbers) in enumerate(series.items()):
        known = np.isfinite(numbers.values)
        traces.append(
            scatter(
                x=numbers.values[known],
                y=(place + step * (index - (len(series) - 1) / 2))[known],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": np.nan_to_num((numbers.high - numbers.values)[known]),
                    "arrayminus": np.nan_to_num((numbers.values - numbers.low)[known]),
                    "thickness": 1.5,
                    "width": 0,
                },
                name=name,
                mode="markers",
                marker={"color": series_colour(index), "symbol": series_symbol(index), "size": 9},
                text=[f"{row}<br>{name}" for row, kept in zip(rows, known, strict=True) if kept],
                hovertemplate="%{text} %{x:+.3f}<extra></extra>",
            )
        )
    return figure(
        traces,
        x_title=x_title,
        y_title="",
        y=in_rows(rows, ticklabelstandoff=6),
        shapes=guides(upright(0)),
        margin={"t": 64, "b": 78},
        showlegend=True,
        hovermode="closest",
    )
