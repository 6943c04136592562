"""Compounds by tolerance and octahedral factor: the mean of a value in every cell of a grid.

The cells lie between round numbers, which an address can state: what a cell counts can be opened.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import COUNT_SCALE, DIVERGING_SCALE, Figure, bar_above, figure, heatmap
from dashboard.views.compounds import OCTAHEDRAL_FACTOR_RANGE, TOLERANCE_FACTOR_RANGE

Values = NDArray[np.float64]
Ends = tuple[float, float]
SHOWN = (0.005, 0.995)
"""Quantiles of both factors between which the map is drawn."""
STEPS = (0.02, 0.03)
"""Width of a cell in tolerance and in octahedral factor."""
_RANGES = (TOLERANCE_FACTOR_RANGE, OCTAHEDRAL_FACTOR_RANGE)


def edges(tolerance_factor: Values, octahedral_factor: Values) -> tuple[Values, Values]:
    """Edges of the cells that are drawn, of either factor; a cell holds its lower edge and not its upper one."""
    tolerance, octahedral = (
        _edges(values, step, ends)
        for values, step, ends in zip((tolerance_factor, octahedral_factor), STEPS, _RANGES, strict=True)
    )
    return tolerance, octahedral


def _edges(values: Values, step: float, ends: Ends) -> Values:
    low, high = np.quantile(values, SHOWN) if values.size else ends
    # The ends of a range stand for no bound in an address, so no cell has them for an edge.
    first = max(math.floor(low / step), round(ends[0] / step) + 1)
    last = min(math.floor(high / step) + 1, round(ends[1] / step) - 1)
    return np.round(np.arange(first, max(last, first + 1) + 1) * step, 2)


def cell_at(tolerance_factor: float, octahedral_factor: float) -> tuple[Ends, Ends]:
    """The ends of the cell around a point, of either factor."""
    tolerance, octahedral = (
        (round(math.floor(value / step) * step, 2), round((math.floor(value / step) + 1) * step, 2))
        for value, step in zip((tolerance_factor, octahedral_factor), STEPS, strict=True)
    )
    return tolerance, octahedral


def outside(tolerance_factor: Values, octahedral_factor: Values) -> int:
    """Compounds that lie outside the range drawn."""
    inside = np.ones(tolerance_factor.shape, dtype=bool)
    both = tolerance_factor, octahedral_factor
    for values, bounds in zip(both, edges(*both), strict=True):
        inside &= (values >= bounds[0]) & (values < bounds[-1])
    return int(np.sum(~inside))


def factor_map(
    tolerance_factor: Values,
    octahedral_factor: Values,
    value: Values,
    *,
    title: str,
    signed: bool,
) -> Figure:
    """Heat map of the mean of `value` (n,); the hover text has n. With `signed`, the scale is symmetric about 0."""
    columns, rows = edges(tolerance_factor, octahedral_factor)
    counts, sums = (np.zeros((len(rows) - 1, len(columns) - 1)) for _ in range(2))
    row = np.searchsorted(rows, octahedral_factor, side="right") - 1
    column = np.searchsorted(columns, tolerance_factor, side="right") - 1
    inside = (row >= 0) & (row < counts.shape[0]) & (column >= 0) & (column < counts.shape[1])
    np.add.at(counts, (row[inside], column[inside]), 1)
    np.add.at(sums, (row[inside], column[inside]), value[inside])
    means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    found = np.abs(means[counts > 0])
    top = float(np.quantile(found, 0.95)) if found.size else 1.0
    cells = heatmap(
        x=(columns[:-1] + columns[1:]) / 2,
        y=(rows[:-1] + rows[1:]) / 2,
        z=means.round(4),
        text=counts.astype(int),
        zmin=-top if signed else 0,
        zmax=top,
        colorscale=DIVERGING_SCALE if signed else COUNT_SCALE,
        colorbar=bar_above(title),
        hovertemplate="t %{x:.2f}, μ %{y:.3f}<br>mean %{z:.2f}<br>n = %{text}<extra></extra>",
    )
    return figure([cells], x_title="tolerance factor t", y_title="octahedral factor μ", margin={"t": 72})
