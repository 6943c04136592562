"""Running σ over a trajectory or over samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour
from dashboard.figures.theme import NEUTRAL, Figure, faded, figure, scatter

Array = NDArray[np.float64]
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, eq=False)
class RunningSigma:
    """Running σ of one run: `sigma` (n,) up to `at` (n,), a time in ps or a number of samples; `se` of the last one.

    `potential` decides the colour; `dash` sets its runs apart.
    """

    name: str
    potential: str
    dash: int
    at: Array
    sigma: Array
    se: float


def sigma_trace(traces: Sequence[RunningSigma], published: float, *, x_title: str) -> Figure:
    """One line per run, a band of one standard error about its last value, and DFT's published σ as a line."""
    lines, bands = [], []
    for trace in traces:
        own, last = colour(trace.potential), float(trace.sigma[-1])
        if np.isfinite(trace.se):
            ends = {"x0": 0, "x1": float(trace.at[-1]), "y0": last - trace.se, "y1": last + trace.se}
            bands.append(
                {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": faded(own, 0.18), **ends}
            )
        lines.append(
            scatter(
                x=trace.at,
                y=trace.sigma,
                name=trace.name,
                mode="lines",
                line={"color": own, "width": 2.25, "dash": DASHES[trace.dash % len(DASHES)]},
                hovertemplate="%{y:.3f}",
            )
        )
    end = max(float(trace.at[-1]) for trace in traces)
    if np.isfinite(published):
        lines.append(
            scatter(
                x=[0, end],
                y=[published, published],
                name="DFT, published",
                mode="lines",
                line={"color": NEUTRAL, "width": 2, "dash": "longdash"},
                hovertemplate="DFT %{y:.3f}",
            )
        )
    settled = [trace.sigma[len(trace.sigma) // 10 :] for trace in traces]
    values = np.concatenate([*settled, [t.sigma[-1] + t.se for t in traces], [t.sigma[-1] - t.se for t in traces]])
    values = np.append(values, published)
    values = values[np.isfinite(values)]
    margin = max(0.05, 0.08 * float(np.ptp(values)))
    return figure(
        lines,
        x_title=x_title,
        y_title="σ up to here",
        x={"range": (0, 1.01 * end)},
        y={"range": (max(0.0, float(values.min()) - margin), float(values.max()) + margin)},
        showlegend=True,
        shapes=bands,
    )
