"""How a property of a potential's forces goes with DFT's σ, one point per set of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour, few, symbol
from dashboard.figures.theme import Figure, figure, guides, level, scatter

Values = NDArray[np.float64]
MOST = 2000  # more points are slow to draw, and cover each other


@dataclass(frozen=True)
class Cloud:
    """Points of one potential; arrays of length n, NaN is left out."""

    name: str
    texts: Sequence[str]
    x: Values
    y: Values
    potential: str


def amplification(clouds: Sequence[Cloud], *, y_title: str, unity: str) -> Figure:
    """`y` against σ of DFT; the dotted line at 1 is named `unity`. Above `MOST` points an even part is drawn."""
    traces = []
    every = thinned(clouds)
    for cloud in clouds:
        known = np.flatnonzero(np.isfinite(cloud.x) & np.isfinite(cloud.y))[::every]
        traces.append(
            scatter(
                x=cloud.x[known],
                y=cloud.y[known],
                mode="markers",
                name=cloud.name,
                text=[cloud.texts[i] for i in known],
                marker={
                    "color": colour(cloud.potential),
                    "symbol": symbol(cloud.potential),
                    "size": 10 if len(known) < 50 else 5,
                    "opacity": 1 if len(known) < 50 else 0.6,
                },
                hovertemplate="%{text}<br>σ %{x:.2f}: %{y:.2f}<extra></extra>",
            )
        )
    named = {"x": 1, "xref": "paper", "y": 1, "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    return figure(
        few(traces, [cloud.potential for cloud in clouds]),
        x_title="σ[rrr], of DFT’s forces",
        y_title=y_title,
        shapes=guides(level(1), dash="dot"),
        annotations=[{**named, "text": unity, "font": {"size": 11.5}}],
        margin={"t": 64},
        showlegend=True,
        hovermode="closest",
    )


def thinned(clouds: Sequence[Cloud]) -> int:
    """Every how many points one is drawn."""
    return -(-sum(len(cloud.x) for cloud in clouds) // MOST) or 1
