"""What a screen saves and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import few, stroke
from dashboard.figures.theme import NEUTRAL, Figure, figure, guides, scatter, upright
from dashboard.pages.stability.sweep_figure import points

Values = NDArray[np.float64]
NOW = "now: saved %{x:.1%}<br>kept %{y:.1%}<extra></extra>"


@dataclass(frozen=True)
class Trade:
    """Of a potential: DFT runs saved (k,) and stable compounds kept (k,) as shares, and the present."""

    name: str
    potential: str
    saved: Values
    kept: Values
    present: tuple[float, float]


@dataclass(frozen=True)
class CostLine:
    """Expected costs (k,) over the levels of the slider, and the cheapest level with its cost."""

    name: str
    potential: str
    costs: Values
    best: tuple[float, float]


def saved_and_kept(trades: Sequence[Trade]) -> Figure:
    """Stable compounds kept over DFT runs saved; the symbol is the present cut, the diagonal a screen at random."""
    traces = [
        scatter(
            x=[0, 1], y=[1, 0], name="dropping at random", mode="lines", hoverinfo="skip",
            line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        )
    ]  # fmt: skip
    potentials = [trade.potential for trade in trades]
    drawn = [
        scatter(
            x=trade.saved, y=trade.kept, name=trade.name, mode="lines", line=stroke(trade.potential),
            legendgroup=trade.potential, hovertemplate="saved %{x:.1%}<br>kept %{y:.1%}",
        )
        for trade in trades
    ]  # fmt: skip
    saved, kept = zip(*(trade.present for trade in trades), strict=True)
    traces += [*few(drawn, potentials), *points(saved, kept, potentials, name="now", hovertemplate=NOW)]
    return figure(
        traces,
        x_title="DFT runs saved",
        y_title="stable compounds kept",
        x={"range": (-0.01, 1.01), "tickformat": ".0%"},
        y={"range": (-0.01, 1.03), "tickformat": ".0%"},
    )


def costs(
    levels: Values, lines: Sequence[CostLine], present: float, *, x_title: str, of_all: float, of_none: float
) -> Figure:
    """Expected cost per 1,000 candidates over `levels`; a symbol at the cheapest, lines for DFT on all and on none.

    NaN for `of_all` or `of_none` leaves its line out.
    """
    traces = [
        scatter(
            x=levels[[0, -1]], y=[value, value], name=name, mode="lines",
            line={"color": NEUTRAL, "width": 2, "dash": dash}, hovertemplate="%{y:,.0f}",
        )
        for name, value, dash in (("DFT on all", of_all, "dash"), ("DFT on none", of_none, "dot"))
        if np.isfinite(value)
    ]  # fmt: skip
    potentials = [line.potential for line in lines]
    drawn = [
        scatter(
            x=levels, y=line.costs, name=line.name, mode="lines", line=stroke(line.potential),
            legendgroup=line.potential, hovertemplate="%{y:,.0f}",
        )
        for line in lines
    ]  # fmt: skip
    best, cost = zip(*(line.best for line in lines), strict=True)
    traces += [
        *few(drawn, potentials),
        *points(best, cost, potentials, name="cheapest", hovertemplate="%{y:,.0f}"),
    ]
    margin = float(levels[-1] - levels[0]) / 50
    return figure(
        traces,
        x_title=x_title,
        y_title="cost of 1,000 candidates (DFT runs)",
        x={"range": (float(levels[0]) - margin, float(levels[-1]) + margin), "hoverformat": ".2f"},
        y={"rangemode": "tozero", "tickformat": ",.0f"},
        hovermode="x unified",
        margin={"l": 78, "r": 28},
        shapes=guides(upright(present), dash="dot", layer="above"),
    )
