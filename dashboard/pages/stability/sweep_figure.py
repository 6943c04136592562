"""Scores against the tolerance or threshold that divides stable from unstable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour, few, stroke, symbol
from dashboard.figures.theme import Figure, Trace, faded, figure, guides, scatter, upright

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A named curve (k,) of a potential; its dash is that of the potential unless given."""

    name: str
    values: Values
    potential: str
    dash: str | None = None


def points(x: Sequence[float], y: Sequence[float], potentials: Sequence[str], **more: Any) -> list[Trace]:
    """A symbol per point (k,), in the colour and shape of its potential; it is drawn when the potential is."""
    traces = [
        scatter(
            x=[one], y=[other], mode="markers", marker={"color": colour(p), "symbol": symbol(p), "size": 11},
            showlegend=False, legendgroup=p, **more,
        )
        for one, other, p in zip(x, y, potentials, strict=True)
    ]  # fmt: skip
    return few(traces, potentials)


def sweep(
    levels: Values,
    lines: Sequence[Line],
    current: float,
    *,
    x_title: str,
    y_title: str,
    floor: float = np.nan,
) -> Figure:
    """One line per curve over `levels`, a dotted line at the current level and a symbol where it cuts.

    Undefined scores are gaps. Up to `floor`, the noise floor of the one potential drawn, the ground is shaded.
    """
    potentials = [line.potential for line in lines]
    traces = few(
        [
            scatter(
                x=levels, y=line.values, name=line.name, mode="lines", line=stroke(line.potential, line.dash),
                legendgroup=line.potential, hovertemplate="%{y:.3f}",
            )
            for line in lines
        ],
        potentials,
    )  # fmt: skip
    now = [float(np.interp(current, levels, line.values)) for line in lines]
    traces += points([current] * len(now), now, potentials, hoverinfo="skip")
    end = float(levels[-1])
    shapes = guides(upright(current), dash="dot", layer="above")
    if np.isfinite(floor):
        shapes += _noise(potentials[0], floor, end)
    lowest = min([0.0, *(float(np.nanmin(line.values)) for line in lines if np.isfinite(line.values).any())])
    margin = (end - float(levels[0])) / 50
    return figure(
        traces,
        x_title=x_title,
        y_title=y_title,
        x={"range": (float(levels[0]) - margin, end + margin), "hoverformat": ".2f"},
        y={"range": (lowest - 0.02, 1.02)},
        hovermode="x unified",
        shapes=shapes,
    )


def _noise(potential: str, floor: float, end: float) -> list[dict[str, Any]]:
    """The ground below `floor`, with a line at its end where the axis reaches that far."""
    ground = {
        "type": "rect", "x0": 0, "x1": min(floor, end), "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0},
        "fillcolor": faded(colour(potential), 0.12), "layer": "below",
    }  # fmt: skip
    edge = {"type": "line", **upright(floor), "line": {**stroke(potential), "width": 1.5}}
    return [ground, edge] if floor <= end else [ground]
