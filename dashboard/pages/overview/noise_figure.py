"""Noise floor of a potential's frequencies against bond length: where it has a harmonic limit and where not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import ACCENT, Figure, figure, scatter

Values = NDArray[np.float64]
BIN_ANG = 0.1
FEWEST = 5  # a bin with fewer compounds has no quartiles worth drawing


def binned_quartiles(bond: Values, noise_floor: Values) -> dict[str, Values]:
    """Keys `bond` (bin centres, Å), `n`, `lower`, `median`, `upper` (THz); from arrays of shape (n,)."""
    bins = np.floor(bond / BIN_ANG).astype(int)
    kept = [k for k in np.unique(bins) if np.sum(bins == k) >= FEWEST]
    quartiles = np.array([np.quantile(noise_floor[bins == k], (0.25, 0.5, 0.75)) for k in kept]).reshape(-1, 3)
    return {
        "bond": (np.array(kept, dtype=float) + 0.5) * BIN_ANG,
        "n": np.array([np.sum(bins == k) for k in kept], dtype=float),
        "lower": quartiles[:, 0],
        "median": quartiles[:, 1],
        "upper": quartiles[:, 2],
    }


def noise_by_bond(bond: Values, noise_floor: Values) -> Figure:
    """Median and quartiles of the noise floor (THz) in bins of 0.1 Å of the B–X distance."""
    found = binned_quartiles(bond, noise_floor)
    band = {"x": found["bond"], "mode": "lines", "line": {"width": 0, "color": ACCENT}, "hoverinfo": "skip"}
    return figure(
        [
            scatter(y=found["upper"], showlegend=False, **band),
            scatter(y=found["lower"], name="quartiles", fill="tonexty", fillcolor="rgba(15,138,128,0.25)", **band),
            scatter(
                x=found["bond"],
                y=found["median"],
                customdata=found["n"],
                name="median",
                mode="lines+markers",
                line={"color": ACCENT, "width": 2},
                hovertemplate="%{x:.2f} Å<br>median %{y:.2f} THz<br>%{customdata} compounds<extra></extra>",
            ),
        ],
        x_title="B–X distance (Å)",
        y_title="noise floor (THz)",
        y={"rangemode": "tozero"},
        margin={"l": 72},
    )
