"""σ of each normal mode against its frequency, and σ of each site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour as colour_of
from dashboard.figures.identity import symbol as symbol_of
from dashboard.figures.theme import (
    NEUTRAL,
    Figure,
    figure,
    guides,
    level,
    scatter,
    series_colour,
    series_symbol,
    upright,
)

Array = NDArray[np.float64]
_FILLS = ("", "-open", "-open-dot")


@dataclass(frozen=True, eq=False)
class Star:
    """Modes at one star of q: `omega` (n,) in THz, imaginary as negative, and `sigma` (n,)."""

    name: str
    omega: Array
    sigma: Array


def sigma_modes(stars: Sequence[Star], pooled: float) -> Figure:
    """One marker per mode, its shape and colour by star of q; a line at the σ of all modes together."""
    traces = []
    for index, star in enumerate(stars):
        traces.append(scatter(
            x=star.omega,
            y=star.sigma,
            name=star.name,
            mode="markers",
            marker={
                "symbol": series_symbol(index), "size": 9, "color": series_colour(index), "opacity": 0.85,
                "line": {"width": 0.75, "color": "#ffffff"},
            },
            hovertemplate=f"{star.name}: %{{x:.2f}} THz, σ %{{y:.2f}}<extra></extra>",
        ))  # fmt: skip
    return figure(
        traces,
        x_title="harmonic ω (THz)",
        y_title="σ of the mode",
        y={"rangemode": "tozero"},
        shapes=[*guides(level(pooled), dash="dash", layer="above"), *guides(upright(0), layer="above")],
    )


@dataclass(frozen=True)
class SiteScores:
    """σ per site of one source, NaN where it has none.

    `potential` is None for DFT; `nth` numbers its runs, of which the first is filled.
    """

    name: str
    potential: str | None
    nth: int
    sigma: tuple[float, ...]


def sigma_sites(sites: Sequence[str], scores: Sequence[SiteScores]) -> Figure:
    """Markers side by side on each site, one shape and colour per source."""
    traces = []
    spread = np.linspace(-0.24, 0.24, len(scores)) if len(scores) > 1 else np.zeros(1)
    for shift, score in zip(spread.tolist(), scores, strict=True):
        dft = score.potential is None
        symbol = "star-diamond" if dft else symbol_of(score.potential or "") + _FILLS[score.nth % len(_FILLS)]
        traces.append(
            scatter(
                x=[index + shift for index in range(len(sites))],
                y=score.sigma,
                name=score.name,
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": 13 if dft else 11,
                    "line": {"width": 1.75 if score.nth else 0},
                    "color": NEUTRAL if dft else colour_of(score.potential or ""),
                },
                hovertemplate=f"{score.name}: σ %{{y:.3f}}<extra></extra>",
            )
        )
    return figure(
        traces,
        x_title="site",
        y_title="σ of the site at 300 K",
        x={
            "tickvals": list(range(len(sites))), "ticktext": list(sites), "range": (-0.5, len(sites) - 0.5),
            "showgrid": False,
        },
        y={"rangemode": "tozero"},
    )  # fmt: skip
