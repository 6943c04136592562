"""Errors on the periodic table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.elements import ELEMENTS, place
from dashboard.figures.theme import Figure, bar_above, figure, heatmap

Values = NDArray[np.float64]
# Blue to orange through grey: the middle is seen on white and on near-black, and dark text on every colour.
DIVERGING = ((0.0, "#5b93cf"), (0.5, "#dfe2e3"), (1.0, "#e08a45"))
RISING = ((0.0, "#dfe2e3"), (1.0, "#e08a45"))
TEXT = "#14181a"
COLUMNS = 18
PERIODS = 6  # the seventh only where one of its elements has a value
_GROUND = "rgba(134,142,150,0.09)"
_SHARE = 0.95  # of the elements within the scale; the rest have the colour of its end


def limit(values: Values) -> float:
    """End of the colour scale: 95 % of the |values| (k,) are below it."""
    return float(np.quantile(np.abs(values), _SHARE)) if values.size else 1.0


def element_map(
    elements: Sequence[str], values: Values, counts: NDArray[np.int64], *, title: str, unit: str, signed: bool
) -> Figure:
    """The table of 18 columns with a cell per element of `elements`, coloured by `values` (k,), with value and n.

    Elements without a value are blank. `element_at` tells which element a point is.
    """
    places = {symbol: _cell(symbol) for symbol in ELEMENTS}
    rows = max([PERIODS, *(places[e][0] + 1 for e in elements)])
    ground = np.full((rows, COLUMNS), np.nan)
    shown, n = np.full((rows, COLUMNS), np.nan), np.zeros((rows, COLUMNS), dtype=int)
    names, texts = np.full((rows, COLUMNS), "", dtype=object), np.full((rows, COLUMNS), "", dtype=object)
    for at in places.values():
        if at[0] < rows:
            ground[at] = 0
    for symbol, value, count in zip(elements, values.tolist(), counts.tolist(), strict=True):
        at = places[symbol]
        shown[at], names[at], n[at] = value, symbol, count
        texts[at] = f"<b>{symbol}</b><br>{_number(value, signed)}<br>n {count:,}"
    end = limit(values) or 1.0
    common = {"x": np.arange(COLUMNS), "y": np.arange(rows), "xgap": 2, "ygap": 2}
    return figure(
        [
            heatmap(z=ground, colorscale=((0, _GROUND), (1, _GROUND)), showscale=False, hoverinfo="skip", **common),
            heatmap(
                z=shown,
                customdata=np.stack([names, n], axis=2),
                text=texts,
                texttemplate="%{text}",
                textfont={"size": 11, "color": TEXT},
                colorscale=DIVERGING if signed else RISING,
                zmin=-end if signed else 0,
                zmax=end,
                colorbar=bar_above(title, len=0.36, x=0.42, y=0.985, yref="paper"),
                hovertemplate=f"%{{customdata[0]}}<br>{'%{z:+.3f}' if signed else '%{z:.3f}'}{unit}"
                "<br>n = %{customdata[1]:,}<extra></extra>",
                **common,
            ),
        ],
        x_title="",
        y_title="",
        x={"visible": False, "range": (-0.55, COLUMNS - 0.45)},
        y={"visible": False, "range": (rows - 0.45, -0.55)},
        clickmode="event",
        hovermode="closest",
        margin={"l": 12, "b": 12},
        dragmode=False,  # with fixed ranges instead, no click would be told
    )


def element_at(column: Any, row: Any) -> str | None:
    """The element whose cell has these coordinates; None where there is none."""
    return next((symbol for symbol in ELEMENTS if _cell(symbol) == (row, column)), None)


def _cell(symbol: str) -> tuple[int, int]:
    """Row and column from 0."""
    row, column = place(symbol)
    return row - 1, column - 1


def _number(value: float, signed: bool) -> str:
    text = f"{value:+.2f}" if signed else f"{value:.2f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")
