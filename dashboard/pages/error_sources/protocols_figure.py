"""σ of one protocol against another, compound by compound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.figures.identity import colour, few, symbol
from dashboard.figures.theme import (
    Figure,
    between,
    figure,
    guides,
    level,
    scatter,
    square,
    upright,
)
from dashboard.pages.error_sources.amplification_figure import Cloud, thinned


def protocols(clouds: Sequence[Cloud], *, x_title: str, y_title: str) -> Figure:
    """One point per compound and potential, the diagonal, and dotted lines at σ = 1.

    The axes end at the 99.5 % quantile of all values.
    """
    traces = []
    every = thinned(clouds)
    high = _top(clouds)
    for cloud in clouds:
        shown = slice(None, None, every)
        traces.append(
            scatter(
                x=cloud.x[shown],
                y=cloud.y[shown],
                mode="markers",
                name=cloud.name,
                text=list(cloud.texts[shown]),
                marker={
                    "color": colour(cloud.potential),
                    "symbol": symbol(cloud.potential),
                    "size": 9 if len(cloud.x) < 100 else 5,
                    "opacity": 0.8 if len(cloud.x) < 100 else 0.5,
                },
                hovertemplate="%{text}<br>%{x:.2f} → %{y:.2f}<extra></extra>",
            )
        )
    return figure(
        few(traces, [cloud.potential for cloud in clouds]),
        x_title=x_title,
        y_title=y_title,
        **square(0, high),
        shapes=[*guides(between(0, 0, high, high)), *guides(level(1), upright(1), dash="dot")],
        margin={"t": 64},
        showlegend=True,
        hovermode="closest",
    )


def outside(clouds: Sequence[Cloud]) -> int:
    """Points that lie beyond the axes."""
    high = _top(clouds)
    return sum(int(np.sum((cloud.x > high) | (cloud.y > high))) for cloud in clouds)


def _top(clouds: Sequence[Cloud]) -> float:
    values = np.concatenate([np.concatenate([cloud.x, cloud.y]) for cloud in clouds])
    return max(1.2, 1.05 * float(np.quantile(values, 0.995)))
