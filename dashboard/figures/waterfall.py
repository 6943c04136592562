"""The way from the reference's σ to the potential's, one replacement after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboard.figures.theme import NEUTRAL, between, faded, framed, guides, level

HALF = 0.3  # half the width of a bar; places are 1 apart


@dataclass(frozen=True)
class Level:
    """A value of σ with its error (NaN where there is none), the name of its place and the text above it."""

    label: str
    value: float
    se: float
    text: str


@dataclass(frozen=True)
class Change:
    """A step of σ with its error, the name of its place, and the text above it; `value` is None where unknown."""

    label: str
    value: float | None
    se: float
    text: str
    colour: str


def waterfall(start: Level, changes: Sequence[Change], end: Level, published: float | None) -> go.Figure:
    """Levels as lines, known steps as floating bars between them, unknown ones after the end in words alone.

    `changes` add up from `start` to `end` as far as they are known. `published` draws a dotted line.
    """
    known = [change for change in changes if change.value is not None]
    unknown = [change for change in changes if change.value is None]
    last = len(known) + 1
    heights = np.cumsum([start.value, *(change.value for change in known)])
    marks = [(start.value, start), *zip(heights[1:], known, strict=True), (end.value, end)]
    tops, lows = [], []
    figure = go.Figure()
    for place, (height, mark) in enumerate(marks):
        before = heights[place - 1] if isinstance(mark, Change) else height
        colour = mark.colour if isinstance(mark, Change) else NEUTRAL
        _bar(figure, place, before, height, colour)
        _error(figure, place, height, mark.se, colour, f"{mark.label}<br>{mark.text}")
        tops.append(max(before, height + _finite(mark.se)))
        lows.append(min(before, height - _finite(mark.se)))
        _words(figure, place, tops[-1], mark.text)
        if place < last:
            _connector(figure, place, height)
    if published is not None:
        guides(figure, level(published), dash="dot")
    low, high = (bound([*values, published or values[0]]) for bound, values in ((min, lows), (max, tops)))
    room = (high - low) or 0.1
    for place, change in enumerate(unknown, last + 1):
        _words(figure, place, (low + high) / 2, change.text)
    places = [*(mark.label for _, mark in marks), *(change.label for change in unknown)]
    framed(figure, x_title="", y_title="σ")
    figure.update_xaxes(
        tickvals=list(range(len(places))),
        ticktext=places,
        range=(-0.6, len(places) - 0.4),
        showgrid=False,
        ticks="",
        tickangle=0,
        tickfont={"size": 11.5},
    )
    figure.update_yaxes(range=(low - 0.15 * room, high + 0.3 * room))
    figure.update_layout(hovermode="closest")
    return figure


def _bar(figure: go.Figure, place: float, before: float, after: float, colour: str) -> None:
    """From `before` to `after`; a line where both are the same."""
    figure.add_scatter(
        x=[place - HALF, place + HALF, place + HALF, place - HALF, place - HALF],
        y=[before, before, after, after, before],
        mode="lines",
        fill="toself",
        fillcolor=faded(colour, 0.5),
        line={"color": colour, "width": 3 if before == after else 1.5},
        hoverinfo="skip",
        showlegend=False,
    )


def _error(figure: go.Figure, place: float, value: float, se: float, colour: str, words: str) -> None:
    figure.add_scatter(
        x=[place],
        y=[value],
        mode="markers",
        marker={"color": colour, "size": 7},
        error_y={"type": "data", "array": [_finite(se)], "color": colour, "thickness": 2, "width": 7},
        hovertemplate=f"{words}<extra></extra>",
        showlegend=False,
    )


def _connector(figure: go.Figure, place: float, value: float) -> None:
    """To the next place at the same height."""
    guides(figure, between(place + HALF, value, place + 1 - HALF, value))


def _words(figure: go.Figure, place: float, value: float, text: str) -> None:
    figure.add_annotation(x=place, y=value, text=text, showarrow=False, yanchor="bottom", yshift=5, font={"size": 12.5})


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 0.0
