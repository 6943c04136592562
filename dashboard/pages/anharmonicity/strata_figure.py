"""Errors by kind of compound: the median and the quartiles of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour, few, symbol
from dashboard.figures.theme import Figure, figure, guides, in_rows, scatter, upright

Values = NDArray[np.float64]
FEWEST = 4  # quartiles of fewer are as good as their compounds; only the median is drawn
ROW_REM = 1.75
ABOVE_AND_BELOW_REM = 7.0
_SPREAD = 0.5  # of the distance of two rows


@dataclass(frozen=True)
class Series:
    """Errors of one potential by kind, arrays (k,); NaN where a kind has no compound."""

    name: str
    n: NDArray[np.int64]
    median: Values
    lower: Values
    upper: Values
    potential: str


def height(n_rows: int, n_series: int) -> str:
    """Height of the figure in CSS."""
    return f"{ABOVE_AND_BELOW_REM + ROW_REM * n_rows * max(1, 0.6 * n_series):.1f}rem"


def errors_by_kind(kinds: Sequence[str], series: Sequence[Series], *, x_title: str, unit: str) -> Figure:
    """A row per kind, first on top, with a marker at the median and a bar from quartile to quartile per series."""
    traces = []
    place = np.arange(len(kinds), dtype=float)
    for index, one in enumerate(series):
        known = np.isfinite(one.median)
        drawn = known & (one.n >= FEWEST)
        traces.append(
            scatter(
                x=one.median[known],
                y=(place + _SPREAD * (index - (len(series) - 1) / 2) / len(series))[known],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": np.where(drawn, one.upper - one.median, 0)[known],
                    "arrayminus": np.where(drawn, one.median - one.lower, 0)[known],
                    "thickness": 2,
                    "width": 0,
                },
                customdata=np.stack([one.n, one.lower, one.upper], axis=1)[known],
                text=[kind for kind, kept in zip(kinds, known, strict=True) if kept],
                name=one.name,
                mode="markers",
                marker={"color": colour(one.potential), "symbol": symbol(one.potential), "size": 9},
                hovertemplate=f"%{{text}}, {one.name}<br>median %{{x:+.2f}}{unit}"
                f"<br>quartiles %{{customdata[1]:+.2f}} to %{{customdata[2]:+.2f}}{unit}"
                "<br>n = %{customdata[0]:,}<extra></extra>",
            )
        )
    labels = [f"{kind}  n = {_counts([int(s.n[i]) for s in series])}" for i, kind in enumerate(kinds)]
    return figure(
        few(traces, [one.potential for one in series]),
        x_title=x_title,
        y_title="",
        y=in_rows(labels, range=(len(kinds) - 0.4, -0.6)),
        showlegend=len(series) > 1,
        hovermode="closest",
        shapes=guides(upright(0)),
    )


def _counts(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
