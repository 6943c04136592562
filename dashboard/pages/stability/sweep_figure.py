"""Scores against the tolerance or threshold that divides stable from unstable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, Trace, faded, figure, guides, scatter, series_colour, series_symbol, upright

Values = NDArray[np.float64]
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True)
class Line:
    """A named curve (k,) in the colour of potential number `index`; its dash is that of the potential unless given."""

    name: str
    values: Values
    index: int
    dash: str | None = None


def stroke(index: int, dash: str | None = None) -> dict[str, Any]:
    """Line of potential number `index`: its colour and, unless `dash` is given, its dash."""
    return {"color": series_colour(index), "width": 2.5, "dash": dash or DASHES[index % len(DASHES)]}


def points(x: Sequence[float], y: Sequence[float], indices: Sequence[int], **more: Any) -> Trace:
    """One symbol per point (k,), in the colour and shape of the potential whose number is in `indices` (k,)."""
    marker = {"color": [series_colour(i) for i in indices], "symbol": [series_symbol(i) for i in indices], "size": 11}
    return scatter(x=x, y=y, mode="markers", marker=marker, showlegend=False, **more)


def sweep(
    levels: Values,
    lines: Sequence[Line],
    current: float,
    *,
    x_title: str,
    y_title: str,
    floors: Mapping[int, float] | None = None,
) -> Figure:
    """One line per curve over `levels`, a dotted line at the current level and a symbol where it cuts.

    Undefined scores are gaps. `floors` are noise floors by index of the potential: up to each, the ground is shaded.
    """
    traces = [
        scatter(
            x=levels, y=line.values, name=line.name, mode="lines", line=stroke(line.index, line.dash),
            hovertemplate="%{y:.3f}",
        )
        for line in lines
    ]  # fmt: skip
    now = [float(np.interp(current, levels, line.values)) for line in lines]
    traces.append(points([current] * len(now), now, [line.index for line in lines], hoverinfo="skip"))
    end = float(levels[-1])
    shapes = guides(upright(current), dash="dot", layer="above")
    known = {index: floor for index, floor in (floors or {}).items() if np.isfinite(floor)}
    shapes += [shape for index, floor in known.items() for shape in _noise(index, floor, end, 0.12 / len(known))]
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


def _noise(index: int, floor: float, end: float, opacity: float) -> list[dict[str, Any]]:
    """The ground below `floor`, with a line at its end where the axis reaches that far."""
    ground = {
        "type": "rect", "x0": 0, "x1": min(floor, end), "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0},
        "fillcolor": faded(series_colour(index), opacity), "layer": "below",
    }  # fmt: skip
    edge = {"type": "line", **upright(floor), "line": {**stroke(index), "width": 1.5}}
    return [ground, edge] if floor <= end else [ground]
