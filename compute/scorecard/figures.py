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
    lines = [line for line in board.lines if isinstance(line.values[0], Interval)]
    lines = [line for line in lines if not math.isnan(line.values[0].value)]  # type: ignore[union-attr]
    rows, nulls = ([line for line in lines if (line.kind == "null") == null] for null in (False, True))
    if not rows:
        return None
    figure, axes = _axes(7.2, 0.9 + 0.27 * len(rows))
    for place, line in enumerate(reversed(rows)):
        value, colour = line.values[0], _COLOURS[line.kind]
        if not math.isnan(value.low):  # type: ignore[union-attr]
            axes.plot((value.low, value.high), (place, place), color=colour, lw=1.5)  # type: ignore[union-attr]
        axes.plot(value.value, place, "o", color=colour, ms=7 if line.kind == "scored" else 5)  # type: ignore[union-attr]
    for line in nulls:
        axes.axvline(line.values[0].value, color=_COLOURS["null"], ls="--", lw=1)  # type: ignore[union-attr]
    axes.set_yticks(range(len(rows)), [f"{line.name} (n = {line.n})" for line in reversed(rows)])
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
