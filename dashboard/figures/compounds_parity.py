"""Potential against DFT, one point per compound: for few compounds, each with its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour, few, symbol
from dashboard.figures.theme import NEUTRAL, Figure, between, figure, guides, level, scatter, square, upright

Values = NDArray[np.float64]
MARGIN = 0.06


@dataclass(frozen=True)
class Points:
    """Values of one potential against DFT's, arrays of length n, with the names of the compounds."""

    name: str
    compounds: Sequence[str]
    dft: Values
    values: Values
    potential: str


def window(groups: Sequence[Points]) -> tuple[float, float]:
    """Common range of both axes: every value and zero, with a margin."""
    everything = np.concatenate([[0.0], *(v for g in groups for v in (g.dft, g.values))])
    low, high = float(everything.min()), float(everything.max())
    room = MARGIN * (high - low) or 1.0
    return (low - room, high + room)


def compounds_parity(groups: Sequence[Points], *, title: str, unit: str, chosen: str) -> Figure:
    """One trace per group with the diagonal and the zero lines; a ring around the compound `chosen`.

    Each point carries its compound as `customdata`.
    """
    low, high = window(groups)
    traces = []
    for group in groups:
        traces.append(
            scatter(
                x=group.dft,
                y=group.values,
                customdata=list(group.compounds),
                name=group.name,
                mode="markers",
                marker={
                    "color": colour(group.potential),
                    "symbol": symbol(group.potential),
                    "size": 10,
                    "opacity": 0.85,
                },
                hovertemplate=f"%{{customdata}}<br>DFT %{{x:.2f}} {unit}<br>{group.name} %{{y:.2f}} {unit}"
                "<extra></extra>",
            )
        )
    traces = few(traces, [group.potential for group in groups])
    ringed = [
        (x, y)
        for group in groups
        for name, x, y in zip(group.compounds, group.dft, group.values, strict=True)
        if name == chosen
    ]
    if ringed:
        traces.append(
            scatter(
                x=[x for x, _ in ringed],
                y=[y for _, y in ringed],
                name=chosen,
                mode="markers",
                marker={"symbol": "circle-open", "size": 19, "color": NEUTRAL, "line": {"width": 2.5}},
                hoverinfo="skip",
            )
        )
    return figure(
        traces,
        x_title=f"DFT {title} ({unit})",
        y_title=f"potential {title} ({unit})",
        **square(low, high),
        shapes=[*guides(between(low, low, high, high)), *guides(level(0), upright(0), dash="dot")],
        showlegend=True,
        hovermode="closest",
        clickmode="event",
    )
