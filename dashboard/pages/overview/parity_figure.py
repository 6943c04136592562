"""Potential against DFT as a density: thousands of points in one square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, between, counted, figure, guides, level, square, upright

Values = NDArray[np.float64]
BIN_THZ = 0.25


def window(dft: Values, potential: Values) -> tuple[float, float]:
    """Common range of both axes (THz): the central 99 % of all values, on whole THz."""
    if dft.size == 0:
        return (-1.0, 1.0)
    low, high = np.quantile(np.concatenate([dft, potential]), (0.005, 0.995))
    return (float(np.floor(low)), float(max(np.ceil(high), 0)) + BIN_THZ)


def outside(dft: Values, potential: Values) -> int:
    """Compounds that lie outside `window` on either axis."""
    low, high = window(dft, potential)
    inside = (dft >= low) & (dft <= high) & (potential >= low) & (potential <= high)
    return int(np.sum(~inside))


def parity(dft: Values, potential: Values, place: str) -> Figure:
    """Heat map of counts in bins of 0.25 THz, with the diagonal and the zero lines; arrays of shape (n,) in THz."""
    low, high = window(dft, potential)
    edges = np.arange(low, high + BIN_THZ, BIN_THZ)
    counts, _, _ = np.histogram2d(potential, dft, bins=(edges, edges))
    centres = (edges[:-1] + edges[1:]) / 2
    hover = "DFT %{x:.2f} THz<br>potential %{y:.2f} THz<br>%{customdata} compounds<extra></extra>"
    return figure(
        [counted(centres, centres, counts, hover)],
        x_title=f"DFT {place} (THz)",
        y_title=f"potential {place} (THz)",
        **square(low, high),
        shapes=[
            *guides(between(low, low, high, high), layer="above"),
            *guides(level(0), upright(0), dash="dot", layer="above"),
        ],
        margin={"t": 72},
    )
