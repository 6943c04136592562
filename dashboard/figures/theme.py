"""What every figure has in common. Text and lines that must follow light and dark are coloured by the style sheet.

A figure is the plain dictionary that plotly.js takes. plotly.py checks every setting each time a figure is made, which
takes longer than most questions to the data; here the tests have it check the figures of all pages.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from dash import dcc

Trace = dict[str, Any]
Figure = dict[str, Any]

CONFIG: dcc.Graph.Config = {"responsive": True, "displayModeBar": False}
"""Without plotly's toolbar: files and the table stand beneath each figure, and a double click undoes a zoom."""

ACCENT = "#0f8a80"
STABLE_COLOUR = "#3576b8"
UNSTABLE_COLOUR = "#cf6a1c"
NEUTRAL = "#868e96"
# One per potential or step. Blue and orange are kept for verdicts; all are seen on white and on near-black.
SERIES = (ACCENT, "#9461cf", "#c4487f", "#a5841b", "#4f7d3a", "#7a6a5c", "#5b78d6", "#b0553f", "#3d93a8")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "triangle-down", "pentagon", "hexagram")
# Truncated viridis: its ends stay visible on white and on near-black.
COUNT_SCALE = ((0.0, "#3f5f9a"), (0.35, "#27808e"), (0.7, "#35b779"), (1.0, "#d8e219"))

# Blue below zero, orange above; the middle is seen on white and on near-black.
DIVERGING_SCALE = ((0.0, "#2f6fb0"), (0.5, "#c3c8cb"), (1.0, "#cf6a1c"))


def series_colour(index: int) -> str:
    """Colour of the potential or step number `index`; they repeat after `SERIES`."""
    return SERIES[index % len(SERIES)]


def series_symbol(index: int) -> str:
    """Marker of the potential or step number `index`."""
    return SYMBOLS[index % len(SYMBOLS)]


def wrapped(name: str, width: int = 20) -> str:
    """`name` on as many lines as it takes: beside a plot, a long one would leave no room for it."""
    return "<br>".join(textwrap.wrap(name, width))


def faded(colour: str, alpha: float) -> str:
    """`colour` (#rrggbb) at opacity `alpha`."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


_AXIS = {
    "showline": False,
    "zeroline": False,
    "gridcolor": "rgba(134,142,150,0.22)",
    "ticks": "outside",
    "tickcolor": "rgba(134,142,150,0.5)",
    "automargin": True,
    "ticklabeloverflow": "allow",  # automargin makes room; to look for those that overflow measures each again
}
_LAYOUT: dict[str, Any] = {
    "autosize": True,
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": "#444444"},
    "hoverlabel": {"bgcolor": "#212529", "bordercolor": "#212529", "font": {"color": "#ffffff"}},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
}


def figure(
    traces: Sequence[Trace],
    *,
    x_title: str,
    y_title: str,
    x: Mapping[str, Any] | None = None,
    y: Mapping[str, Any] | None = None,
    **layout: Any,
) -> Figure:
    """`traces` on a quiet grid and a transparent ground; `x`, `y` and `layout` are settings of axes and layout.

    The style sheet gives it size and the colours of text.
    """
    axes = {
        axis: {**_AXIS, "title": {"text": title, "standoff": 8}, **(own or {})}
        for axis, title, own in (("xaxis", x_title, x), ("yaxis", y_title, y))
    }
    named = [trace for trace in traces if trace["type"] == "scatter" and trace.get("showlegend", True)]
    margin = _margin(y or {}, legend=layout.get("showlegend", len(named) > 1))
    return {"data": list(traces), "layout": {**_merged({**_LAYOUT, "margin": margin}, layout), **axes}}


def _margin(y: Mapping[str, Any], *, legend: bool) -> dict[str, float]:
    """Pixels that axes, with the names along `y`, and a `legend` of one line take beside the plot.

    A figure with longer labels states its own: with less than they take, plotly.js draws all of it again.
    """
    lengths = [len(line) for text in y.get("ticktext", ()) for line in str(text).split("<br>")]
    return {"l": 27 + 7.5 * max(lengths) if lengths else 60, "r": 20, "t": 48 if legend else 12, "b": 56}


def scatter(**settings: Any) -> Trace:
    """Points, lines or both."""
    return {"type": "scatter", **settings}


def heatmap(**settings: Any) -> Trace:
    """A grid of coloured cells."""
    return {"type": "heatmap", **settings}


def guides(*places: Mapping[str, Any], dash: str = "solid", layer: str = "below") -> list[dict[str, Any]]:
    """Shapes: thin lines at `places`, as `level`, `upright` and `between` give them."""
    line = {"color": NEUTRAL, "width": 1, "dash": dash}
    return [{"type": "line", "layer": layer, "line": line, **place} for place in places]


def square(low: float, high: float) -> dict[str, dict[str, Any]]:
    """Settings `x` and `y` of two axes with one scale and one range."""
    axis = {"range": (low, high), "constrain": "domain"}
    return {"x": axis, "y": {**axis, "scaleanchor": "x", "constraintoward": "top"}}


def level(y: float) -> dict[str, Any]:
    """Across the whole figure at `y`."""
    return {"x0": 0, "x1": 1, "xref": "paper", "y0": y, "y1": y}


def upright(x: float) -> dict[str, Any]:
    """Up the whole figure at `x`."""
    return {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}


def between(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    """From one point to another."""
    return {"x0": x0, "y0": y0, "x1": x1, "y1": y1}


def bar_above(title: str, **more: Any) -> dict[str, Any]:
    """A colour bar along the top; beside the figure it would squeeze a square."""
    return {
        "title": {"text": title, "side": "top"},
        "orientation": "h",
        "thickness": 10,
        "outlinewidth": 0,
        "len": 1.0,
        "x": 0.5,
        "y": 1.0,
        "yref": "container",
        "yanchor": "top",
        **more,
    }


def counted(x: Any, y: Any, counts: NDArray[np.float64], hover: str) -> Trace:
    """Compounds per bin (rows, columns) on a logarithmic scale, the numbers as `customdata`; empty bins stay blank."""
    top = max(float(counts.max()), 10.0)
    ticks = [t for t in (1, 3, 10, 30, 100, 300, 1000) if t <= top]
    return heatmap(
        x=x,
        y=y,
        z=np.log10(np.where(counts > 0, counts, np.nan)),
        customdata=counts.astype(int),
        zmin=0,
        zmax=np.log10(top),
        colorscale=COUNT_SCALE,
        colorbar=bar_above("compounds per bin", tickvals=np.log10(ticks), ticktext=[f"{t:,}" for t in ticks]),
        hovertemplate=hover,
    )


def in_rows(names: Sequence[str], **more: Any) -> dict[str, Any]:
    """Settings of a y axis with a row per name, numbered from 0, the first on top."""
    rows = list(range(len(names)))
    return {
        "tickvals": rows, "ticktext": list(names), "range": (len(names) - 0.5, -0.5), "showgrid": False, "ticks": "",
        **more,
    }  # fmt: skip


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], dict) and isinstance(over[key], dict):
            result[key] = _merged(under[key], over[key])
    return result
