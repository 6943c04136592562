"""σ of potentials against σ of DFT: a marker per compound, or a density where there are thousands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from compute.physics.strata import EDGES
from dashboard.figures.compounds_parity import Points
from dashboard.figures.theme import NEUTRAL, counted, framed

Values = NDArray[np.float64]
DENSE = 2000
"""More points than this are drawn as a density."""
BINS = 60
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
_LABELLED = 0.15  # share of the axis that a stratum must have for its name to fit
_SHARE = 0.99  # of the values that a linear axis shows at least


def window(values: Values, log: bool) -> tuple[float, float]:
    """Common range of both axes for σ `values` (n,): all that a log axis can show, or 99 % of them from 0."""
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if log:
        low, high = (positive.min(), positive.max()) if positive.size else (0.1, 1.0)
        return (float(min(low / 1.15, EDGES[0] / 1.3)), float(max(high * 1.15, EDGES[1] * 1.3)))
    top = float(np.quantile(finite, _SHARE)) if finite.size else 1.0
    return (0.0, max(top * 1.08, EDGES[1] * 1.2))


def outside(dft: Values, values: Values, limits: tuple[float, float]) -> int:
    """Compounds, of arrays (n,), that lie outside `limits` on either axis."""
    low, high = limits
    return int(np.sum((dft < low) | (dft > high) | (values < low) | (values > high)))


def sigma_parity(
    groups: Sequence[Points],
    errors: Sequence[Values | None],
    limits: tuple[float, float],
    *,
    log: bool,
    symbol: str = "σ",
) -> go.Figure:
    """A trace per potential with the diagonal and the edges of the strata; each point carries its compound.

    `errors` are standard errors (n,) of each potential's values, drawn as bars, or None.
    """
    figure = go.Figure()
    for group, error in zip(groups, errors, strict=True):
        figure.add_scatter(
            x=group.dft,
            y=group.values,
            error_y=None
            if error is None
            else {"type": "data", "array": np.nan_to_num(error), "thickness": 1, "width": 0, "color": NEUTRAL},
            customdata=list(group.compounds),
            name=group.name,
            mode="markers",
            marker={"color": group.colour, "symbol": group.symbol, "size": 8, "opacity": 0.8},
            hovertemplate=f"%{{customdata}}<br>DFT {symbol} %{{x:.2f}}<br>{group.name} %{{y:.2f}}<extra></extra>",
        )
    several = len(groups) > 1
    _square(figure, limits, log=log, symbol=symbol, name="potential" if several else groups[0].name)
    figure.update_layout(
        margin={"t": 60 if several else 28},
        showlegend=several,
        legend={"y": 1.06},
        hovermode="closest",
        clickmode="event",
    )
    return figure


def sigma_density(
    dft: Values, values: Values, limits: tuple[float, float], *, log: bool, name: str, symbol: str = "σ"
) -> go.Figure:
    """Counts of compounds, arrays (n,), of the potential `name` in square bins that are equal on the axes shown."""
    low, high = limits
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    counts, _, _ = np.histogram2d(values, dft, bins=(edges, edges))
    hover = "DFT %{x:.2f}<br>potential %{y:.2f}<br>%{customdata} compounds<extra></extra>"
    figure = go.Figure(counted(edges, edges, counts, hover))
    _square(figure, limits, log=log, symbol=symbol, name=name)
    figure.update_layout(margin={"t": 84})
    return figure


def _square(figure: go.Figure, limits: tuple[float, float], *, log: bool, symbol: str, name: str) -> None:
    """Equal axes within `limits`, the diagonal, and the edges of the strata with their names above."""
    low, high = limits
    ends = tuple(np.log10(limits).tolist()) if log else limits
    line = {"color": NEUTRAL, "width": 1}
    lines = [{"x0": low, "y0": low, "x1": high, "y1": high, "line": line}]
    lines += [
        {"x0": edge, "x1": edge, "y0": 0, "y1": 1, "yref": "y domain", "line": {**line, "dash": "dot"}}
        for edge in EDGES
    ]
    edges = [ends[0], *(np.log10(EDGES).tolist() if log else EDGES), ends[1]]
    labels = [
        {"text": text, "x": (left + right) / 2, "y": 1, "yref": "y domain", "yanchor": "bottom", "showarrow": False}
        for text, left, right in zip(("weak", "middle", "strong"), edges, edges[1:], strict=False)
        if right - left >= _LABELLED * (ends[1] - ends[0])
    ]
    axis: dict[str, Any] = {"type": "log" if log else "linear", "range": ends, "constrain": "domain"}
    if log:
        axis |= {"tickvals": _TICKS, "ticktext": [f"{t:g}" for t in _TICKS]}
    framed(figure, x_title=f"DFT {symbol} at 300 K", y_title=f"{name} {symbol} at 300 K")
    figure.update_layout(
        shapes=[{"type": "line", "layer": "below", **shape} for shape in lines],
        annotations=[{"font": {"size": 11}, **label} for label in labels],
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x", "constraintoward": "top"},
    )
