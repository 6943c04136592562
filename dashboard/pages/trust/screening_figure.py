"""A screen with trust over the level from which a label is taken."""

from __future__ import annotations

from compute.trust.screening import Screened
from dashboard.figures.theme import NEUTRAL, Figure, figure, guides, scatter, series_colour, upright


def screen_figure(found: Screened, best: int) -> Figure:
    """Share of stable compounds kept and of DFT runs, over the level of the trust; a line at the cheapest level."""
    below = found.levels <= 1
    levels = found.levels[below]
    traces = [
        scatter(
            x=levels, y=y[below], name=name, mode="lines", line={"color": color, "width": 2, "dash": dash},
            hovertemplate="%{y:.1%}",
        )
        for name, y, color, dash in (
            ("stable compounds kept", found.recall, series_colour(0), "solid"),
            ("DFT runs", found.dft_runs / max(found.n, 1), series_colour(1), "dash"),
            ("cost, DFT on all = 100 %", found.cost / max(float(found.cost[-1]), 1.0), NEUTRAL, "dot"),
        )
    ]  # fmt: skip
    at = float(found.levels[best])
    return figure(
        traces,
        x_title="label taken from this trust on",
        y_title="share",
        x={"range": (0.0, 1.0), "hoverformat": ".2f"},
        y={"rangemode": "tozero", "tickformat": ".0%"},
        hovermode="x unified",
        margin={"l": 78},
        shapes=guides(upright(at), dash="dot", layer="above") if at <= 1 else [],
    )
