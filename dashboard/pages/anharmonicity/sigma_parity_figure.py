"""σ of potentials against σ of DFT: a marker per compound, or a density where there are thousands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.statistics.strata import EDGES
from dashboard.figures.compounds_parity import Points
from dashboard.figures.identity import colour as colour_of
from dashboard.figures.identity import few
from dashboard.figures.identity import symbol as symbol_of
from dashboard.figures.theme import NEUTRAL, Figure, between, counted, figure, guides, scatter, square, upright

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
) -> Figure:
    """A trace per potential with the diagonal and the edges of the strata; each point carries its compound.

    `errors` are standard errors (n,) of each potential's values, drawn as bars, or None.
    """
    traces = []
    for group, error in zip(groups, errors, strict=True):
        traces.append(
            scatter(
                x=group.dft,
                y=group.values,
                error_y=None
                if error is None
                else {"type": "data", "array": np.nan_to_num(error), "thickness": 1, "width": 0, "color": NEUTRAL},
                customdata=list(group.compounds),
                name=group.name,
                mode="markers",
                marker={
                    "color": colour_of(group.potential),
                    "symbol": symbol_of(group.potential),
                    "size": 8,
                    "opacity": 0.8,
                },
                hovertemplate=f"%{{customdata}}<br>DFT {symbol} %{{x:.2f}}<br>{group.name} %{{y:.2f}}<extra></extra>",
            )
        )
    several = len(groups) > 1
    return figure(
        few(traces, [group.potential for group in groups]),
        **_square(limits, log=log, symbol=symbol, name="potential" if several else groups[0].name),
        margin={"t": 60 if several else 28},
        showlegend=several,
        legend={"y": 1.06},
        hovermode="closest",
        clickmode="event",
    )


def sigma_density(
    dft: Values, values: Values, limits: tuple[float, float], *, log: bool, name: str, symbol: str = "σ"
) -> Figure:
    """Counts of compounds, arrays (n,), of the potential `name` in square bins that are equal on the axes shown."""
    low, high = limits
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    counts, _, _ = np.histogram2d(values, dft, bins=(edges, edges))
    hover = "DFT %{x:.2f}<br>potential %{y:.2f}<br>%{customdata} compounds<extra></extra>"
    return figure(
        [counted(edges, edges, counts, hover)],
        **_square(limits, log=log, symbol=symbol, name=name),
        margin={"t": 84},
    )


def _square(limits: tuple[float, float], *, log: bool, symbol: str, name: str) -> dict[str, Any]:
    """Settings: equal axes within `limits`, the diagonal, and the edges of the strata with their names above."""
    low, high = limits
    ends = tuple(np.log10(limits).tolist()) if log else limits
    strata = [{**upright(edge), "yref": "y domain"} for edge in EDGES]
    edges = [ends[0], *(np.log10(EDGES).tolist() if log else EDGES), ends[1]]
    labels = [
        {"text": text, "x": (left + right) / 2, "y": 1, "yref": "y domain", "yanchor": "bottom", "showarrow": False}
        for text, left, right in zip(("weak", "middle", "strong"), edges, edges[1:], strict=False)
        if right - left >= _LABELLED * (ends[1] - ends[0])
    ]
    scale: dict[str, Any] = {"type": "log" if log else "linear"}
    if log:
        scale |= {"tickvals": _TICKS, "ticktext": [f"{t:g}" for t in _TICKS]}
    return {
        "x_title": f"DFT {symbol} at 300 K",
        "y_title": f"{name} {symbol} at 300 K",
        "shapes": [*guides(between(low, low, high, high)), *guides(*strata, dash="dot")],
        "annotations": [{"font": {"size": 11}, **label} for label in labels],
        **{name: axis | scale for name, axis in square(*ends).items()},
    }
