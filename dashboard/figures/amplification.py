"""How a property of a potential's forces goes with DFT's σ, one point per set of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.theme import NEUTRAL, framed, series_colour, series_symbol

Values = NDArray[np.float64]
MOST = 2000  # more points are slow to draw, and cover each other


@dataclass(frozen=True)
class Cloud:
    """Points of one potential; arrays of length n, NaN is left out."""

    name: str
    texts: Sequence[str]
    x: Values
    y: Values


def amplification(clouds: Sequence[Cloud], *, y_title: str, unity: str) -> go.Figure:
    """`y` against σ of DFT; the dotted line at 1 is named `unity`. Above `MOST` points an even part is drawn."""
    figure = go.Figure()
    every = thinned(clouds)
    for index, cloud in enumerate(clouds):
        known = np.flatnonzero(np.isfinite(cloud.x) & np.isfinite(cloud.y))[::every]
        figure.add_scatter(
            x=cloud.x[known],
            y=cloud.y[known],
            mode="markers",
            name=cloud.name,
            text=[cloud.texts[i] for i in known],
            marker={
                "color": series_colour(index),
                "symbol": series_symbol(index),
                "size": 10 if len(known) < 50 else 5,
                "opacity": 1 if len(known) < 50 else 0.6,
            },
            hovertemplate="%{text}<br>σ %{x:.2f}: %{y:.2f}<extra></extra>",
        )
    figure.add_hline(
        y=1,
        line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        annotation={"text": unity, "font": {"size": 11.5}, "xanchor": "right", "x": 1},
        annotation_position="top right",
    )
    framed(figure, x_title="σ[rrr], of DFT’s forces", y_title=y_title)
    figure.update_layout(margin={"t": 64}, showlegend=True, hovermode="closest")
    return figure


def thinned(clouds: Sequence[Cloud]) -> int:
    """Every how many points one is drawn."""
    return -(-sum(len(cloud.x) for cloud in clouds) // MOST) or 1
