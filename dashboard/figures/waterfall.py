"""The way from the reference's σ to the potential's, one replacement after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.figures.theme import NEUTRAL, Figure, Trace, between, faded, figure, guides, level, scatter

HALF = 0.3  # half the width of a bar; places are 1 apart


@dataclass(frozen=True)
class Level:
    """A value of σ with its error (NaN where there is none), the name of its place and the text above it."""

    label: str
    value: float
    se: float
    text: str


@dataclass(frozen=True)
class WaterfallStep:
    """A step of σ with its error, the name of its place, and the text above it; `value` is None where unknown."""

    label: str
    value: float | None
    se: float
    text: str
    colour: str


def waterfall(start: Level, changes: Sequence[WaterfallStep], end: Level, published: float | None) -> Figure:
    """Levels as lines, known steps as floating bars between them, unknown ones after the end in words alone.

    `changes` add up from `start` to `end` as far as they are known. `published` draws a dotted line.
    """
    known = [change for change in changes if change.value is not None]
    unknown = [change for change in changes if change.value is None]
    last = len(known) + 1
    heights = np.cumsum([start.value, *(change.value for change in known)])
    marks: list[tuple[float, Level | WaterfallStep]]
    marks = [(start.value, start), *zip(heights[1:], known, strict=True), (end.value, end)]
    tops, lows = [], []
    traces, shapes, words = [], [], []
    for place, (height, mark) in enumerate(marks):
        before = heights[place - 1] if isinstance(mark, WaterfallStep) else height
        colour = mark.colour if isinstance(mark, WaterfallStep) else NEUTRAL
        traces.append(_bar(place, before, height, colour))
        traces.append(_error(place, height, mark.se, colour, f"{mark.label}<br>{mark.text}"))
        tops.append(max(before, height + _finite(mark.se)))
        lows.append(min(before, height - _finite(mark.se)))
        words.append(_words(place, tops[-1], mark.text))
        if place < last:
            shapes += guides(between(place + HALF, height, place + 1 - HALF, height))
    if published is not None:
        shapes += guides(level(published), dash="dot")
    low, high = (bound([*values, published or values[0]]) for bound, values in ((min, lows), (max, tops)))
    room = (high - low) or 0.1
    words += [_words(place, (low + high) / 2, change.text) for place, change in enumerate(unknown, last + 1)]
    places = [*(mark.label for _, mark in marks), *(change.label for change in unknown)]
    return figure(
        traces,
        x_title="",
        y_title="σ",
        x={
            "tickvals": list(range(len(places))),
            "ticktext": places,
            "range": (-0.6, len(places) - 0.4),
            "showgrid": False,
            "ticks": "",
            "tickangle": 0,
            "tickfont": {"size": 11.5},
        },
        y={"range": (low - 0.15 * room, high + 0.3 * room)},
        shapes=shapes,
        annotations=words,
        hovermode="closest",
    )


def _bar(place: float, before: float, after: float, colour: str) -> Trace:
    """From `before` to `after`; a line where both are the same."""
    return scatter(
        x=[place - HALF, place + HALF, place + HALF, place - HALF, place - HALF],
        y=[before, before, after, after, before],
        mode="lines",
        fill="toself",
        fillcolor=faded(colour, 0.5),
        line={"color": colour, "width": 3 if before == after else 1.5},
        hoverinfo="skip",
        showlegend=False,
    )


def _error(place: float, value: float, se: float, colour: str, words: str) -> Trace:
    return scatter(
        x=[place],
        y=[value],
        mode="markers",
        marker={"color": colour, "size": 7},
        error_y={"type": "data", "array": [_finite(se)], "color": colour, "thickness": 2, "width": 7},
        hovertemplate=f"{words}<extra></extra>",
        showlegend=False,
    )


def _words(place: float, value: float, text: str) -> dict[str, Any]:
    above = {"showarrow": False, "yanchor": "bottom", "yshift": 5, "font": {"size": 12.5}}
    return {"x": place, "y": value, "text": text, **above}


def _finite(value: float) -> float:
    return value if np.isfinite(value) else 0.0
