"""Compounds by tolerance and octahedral factor: the mean of a value in every cell of a grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import COUNT_SCALE, DIVERGING_SCALE, Figure, bar_above, figure, heatmap

Values = NDArray[np.float64]
BINS = 30
SHOWN = (0.005, 0.995)
"""Quantiles of both factors between which the map is drawn."""


def window(values: Values) -> tuple[float, float]:
    """The range that is drawn of one factor."""
    if values.size == 0:
        return (0.0, 1.0)
    low, high = np.quantile(values, SHOWN)
    return (float(low), float(max(high, low + 0.01)))


def outside(tolerance_factor: Values, octahedral_factor: Values) -> int:
    """Compounds that lie outside the range drawn."""
    inside = np.ones(tolerance_factor.shape, dtype=bool)
    for values in (tolerance_factor, octahedral_factor):
        low, high = window(values)
        inside &= (values >= low) & (values <= high)
    return int(np.sum(~inside))


def factor_map(
    tolerance_factor: Values, octahedral_factor: Values, value: Values, *, title: str, signed: bool
) -> Figure:
    """Heat map of the mean of `value` (n,); the hover text has n. With `signed`, the scale is symmetric about 0."""
    ranges = (window(octahedral_factor), window(tolerance_factor))
    edges = [np.linspace(low, high, BINS + 1) for low, high in ranges]
    counts, _, _ = np.histogram2d(octahedral_factor, tolerance_factor, bins=edges)
    sums, _, _ = np.histogram2d(octahedral_factor, tolerance_factor, bins=edges, weights=value)
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    found = np.abs(means[counts > 0])
    top = float(np.quantile(found, 0.95)) if found.size else 1.0
    centres = [(edge[:-1] + edge[1:]) / 2 for edge in edges]
    cells = heatmap(
        x=centres[1],
        y=centres[0],
        z=means.round(4),
        text=counts.astype(int),
        zmin=-top if signed else 0,
        zmax=top,
        colorscale=DIVERGING_SCALE if signed else COUNT_SCALE,
        colorbar=bar_above(title),
        hovertemplate="t %{x:.2f}, μ %{y:.2f}<br>mean %{z:.2f}<br>n = %{text}<extra></extra>",
    )
    return figure([cells], x_title="tolerance factor t", y_title="octahedral factor μ", margin={"t": 72})
