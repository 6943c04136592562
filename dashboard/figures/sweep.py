"""Scores against the tolerance that divides stable from unstable."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures.theme import ACCENT, NEUTRAL, STABLE_COLOUR, UNSTABLE_COLOUR, framed

COLOURS = (ACCENT, NEUTRAL, STABLE_COLOUR, UNSTABLE_COLOUR)


def sweep(
    tolerances_thz: NDArray[np.float64],
    curves: Mapping[str, NDArray[np.float64]],
    current_thz: float,
    *,
    y_title: str,
    floor: float = 0.0,
) -> go.Figure:
    """One line per curve over `tolerances_thz`, a dotted line at the current tolerance and a dot where it cuts.

    Undefined scores are gaps. `floor` is the lower end of the axis, lowered when a curve goes below it.
    """
    figure = go.Figure()
    for (name, values), colour in zip(curves.items(), COLOURS, strict=False):
        figure.add_scatter(
            x=tolerances_thz,
            y=values,
            name=name,
            mode="lines",
            line={"color": colour, "width": 2.5},
            hovertemplate="%{y:.3f}",
        )
        if np.isfinite(values).any():
            figure.add_scatter(
                x=[current_thz],
                y=[np.interp(current_thz, tolerances_thz, values)],
                mode="markers",
                marker={"color": colour, "size": 10},
                showlegend=False,
                hoverinfo="skip",
            )
    figure.add_vline(x=current_thz, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    framed(figure, x_title="tolerance (THz)", y_title=y_title)
    lowest = min([floor, *(float(np.nanmin(v)) for v in curves.values() if np.isfinite(v).any())])
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(range=(lowest - 0.02, 1.02))
    figure.update_xaxes(range=(-0.01, float(tolerances_thz[-1]) + 0.01), hoverformat=".2f")
    return figure
