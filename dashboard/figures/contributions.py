"""Contributions to the error of σ, one row per set of frames and potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, figure, guides, in_rows, scatter, series_colour, series_symbol, upright

Values = NDArray[np.float64]
SPREAD = 0.22  # rows are 1 apart


def contributions(
    rows: Sequence[str], keys: Sequence[Sequence[str]], steps: Mapping[str, tuple[Values, Values]]
) -> Figure:
    """One marker with its error per step and row, first row on top; NaN is left out.

    `steps` gives per name the contributions to σ and their standard errors, arrays of length n; `keys` are carried by
    each point as `customdata`. Steps have the colours of their order.
    """
    traces = []
    place = np.arange(len(rows), dtype=float)
    for index, (name, (values, errors)) in enumerate(steps.items()):
        known = np.isfinite(values)
        traces.append(
            scatter(
                x=values[known],
                y=(place + SPREAD * (index - (len(steps) - 1) / 2))[known],
                error_x={"type": "data", "array": np.nan_to_num(errors[known]), "thickness": 1.5, "width": 0},
                customdata=[list(key) for key, kept in zip(keys, known, strict=True) if kept],
                name=name,
                mode="markers",
                marker={"color": series_colour(index), "symbol": series_symbol(index), "size": 10},
                text=[f"{row}<br>{name}" for row, kept in zip(rows, known, strict=True) if kept],
                hovertemplate="%{text} %{x:+.3f} ± %{error_x.array:.3f}<extra></extra>",
            )
        )
    return figure(
        traces,
        x_title="contribution to σ, published path",
        y_title="",
        y=in_rows(rows),
        shapes=guides(upright(0)),
        showlegend=True,
        hovermode="closest",
        clickmode="event",
    )
