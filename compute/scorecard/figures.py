"""Figures of a scorecard as SVG text, to be put into a page: nothing in them is fetched."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from compute.scorecard.board import Board, Parity
from compute.statistics.bootstrap import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"scored": "#c2410c", "published": "#475569", "null": "#94a3b8"}
_SETTINGS: Any = {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9, "svg.hashsalt": "scorecard"}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def standings(board: Board) -> str | None:
    """The first column of `board` as dots with intervals, the new potential in colour, null rows as dashed lines; None
    where the board has no such number."""
    firsts = [(line, line.values[0]) for line in board.lines]
    lines = [(line, value) for line, value in firsts if isinstance(value, Interval) and not math.isnan(value.value)]
    rows, nulls = ([each for each in lines if (each[0].kind == "null") == null] for null in (False, True))
    if not rows:
        return None
    figure, axes = _axes(7.2, 0.9 + 0.27 * len(rows))
    for place, (line, value) in enumerate(reversed(rows)):
        colour = _COLOURS[line.kind]
        if not math.isnan(value.low):
            axes.plot((value.low, value.high), (place, place), color=colour, lw=1.5)
        axes.plot(value.value, place, "o", color=colour, ms=7 if line.kind == "scored" else 5)
    for _, value in nulls:
        axes.axvline(value.value, color=_COLOURS["null"], ls="--", lw=1)
    axes.set_yticks(range(len(rows)), [f"{line.name} (n = {line.n})" for line, _ in reversed(rows)])
    axes.set_xlabel(board.columns[0].head)
    axes.margins(y=0.5 / len(rows) if len(rows) > 1 else 0.5)
    return _svg(figure)


def parity(points: Parity) -> str:
    """The potential's numbers against DFT's, with the line on which they are the same."""
    figure, axes = _axes(4.2, 4.0)
    low, high = min(*points.dft, *points.own, 0.0), max(*points.dft, *points.own, 0.0)
    axes.plot((low, high), (low, high), color=_COLOURS["null"], lw=1)
    axes.plot(points.dft, points.own, "o", color=_COLOURS["scored"], ms=4, alpha=0.5, mec="none")
    axes.set_xlabel(f"DFT: {points.quantity} ({points.unit})")
    axes.set_ylabel(f"potential: {points.quantity} ({points.unit})")
    return _svg(figure)


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    """`figure` as an element of a page: without the declarations of a file and without metadata."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", transparent=True, metadata=_NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
