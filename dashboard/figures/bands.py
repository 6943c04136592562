"""Phonon bands of several force constants along one path, with published frequencies as marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import colour
from dashboard.figures.theme import (
    NEUTRAL,
    STABLE_COLOUR,
    UNSTABLE_COLOUR,
    Figure,
    Trace,
    faded,
    figure,
    scatter,
)

Array = NDArray[np.float64]
DFT_SYMBOL = "star-diamond"
Line = Literal["solid", "dashed", "dotted"]
_BANDS_UP_TO = 0.84
_DENSITY_AXIS = {
    "domain": (_BANDS_UP_TO + 0.02, 1), "anchor": "y", "title": {"text": "DOS", "standoff": 8},
    "rangemode": "tozero", "showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "",
}  # fmt: skip
_DASHES: dict[Line, str] = {"solid": "solid", "dashed": "5px,3px", "dotted": "1.5px,2.5px"}


@dataclass(frozen=True, eq=False)
class BandCurve:
    """Bands of one set of force constants: `frequencies` (n, 3m) in THz at `distances` (n,), NaN where the path breaks.

    `potential` decides the colour, None is DFT; `line` sets several of one
    potential apart, and `faint` those that another is read against.
    `density` is ω (THz) and the density of states (1/THz).
    """

    name: str
    potential: str | None
    distances: Array
    frequencies: Array
    line: Line = "solid"
    faint: bool = False
    density: tuple[Array, Array] | None = None


def bands(
    curves: Sequence[BandCurve],
    labels: Sequence[str],
    published: Mapping[str, float],
    chosen: tuple[Sequence[float], float] | None,
    *,
    legend: bool = True,
) -> Figure:
    """One trace per curve, branch after branch; imaginary frequencies below zero.

    `labels` (n,) names the special points of the path, `published` gives DFT's softest ω (THz) at some of them, and
    `chosen` is the mode that moves: where along the path, none when it is not on it, and its ω.
    """
    traces = []
    for curve in curves:
        traces.append(
            scatter(
                x=np.tile(curve.distances, curve.frequencies.shape[1]).round(5),
                y=curve.frequencies.T.ravel().round(3),
                name=curve.name,
                mode="lines",
                line={
                    "color": NEUTRAL if curve.potential is None else colour(curve.potential),
                    "width": 1.75 if curve.line == "solid" else 1.5,
                    "dash": _DASHES[curve.line],
                },
                opacity=0.25 if curve.faint else 1,
                hovertemplate="%{y:.2f} THz",
            )
        )
    ticks = _ticks(curves[0].distances, labels)
    imaginary = chosen is not None and chosen[1] < 0
    traces.append(
        scatter(
            x=[x for x, text in ticks for label in text.split("|") if label in published],
            y=[published[label] for _, text in ticks for label in text.split("|") if label in published],
            name="DFT, softest mode as published",
            mode="markers",
            marker={"symbol": DFT_SYMBOL, "size": 12, "color": NEUTRAL, "line": {"width": 1, "color": "#ffffff"}},
            cliponaxis=False,
            hovertemplate="DFT %{y:.2f} THz",
            showlegend=bool(published),
        )
    )
    if chosen is not None:
        traces.append(
            scatter(
                x=list(chosen[0]),
                y=[chosen[1]] * len(chosen[0]),
                name="mode shown",
                mode="markers",
                marker={
                    "symbol": "circle-open",
                    "size": 15,
                    "color": UNSTABLE_COLOUR if imaginary else STABLE_COLOUR,
                    "line": {"width": 2.5},
                },
                cliponaxis=False,
                hoverinfo="skip",
                showlegend=len(chosen[0]) > 0,
            )
        )
    traces += [_density(curve) for curve in curves if curve.density is not None]
    lowest = min([0.0, *(float(np.nanmin(c.frequencies)) for c in curves), *published.values()])
    highest = max(float(np.nanmax(c.frequencies)) for c in curves)
    margin = 0.04 * (highest - lowest)
    end = float(curves[0].distances[-1])
    below = {"type": "line", "layer": "below", "line": {"color": faded(NEUTRAL, 0.5), "width": 1}}
    lines = [{**below, "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1} for x, _ in ticks]
    lines.append({**below, "x0": 0, "x1": end, "y0": 0, "y1": 0, "line": {"color": NEUTRAL, "width": 1}})
    if lowest < 0:
        imaginary_part = {"x0": 0, "x1": end, "y0": lowest - margin, "y1": 0, "line": {"width": 0}}
        lines.append({**below, **imaginary_part, "type": "rect", "fillcolor": faded(UNSTABLE_COLOUR, 0.09)})
    beside = len(curves) and any(curve.density is not None for curve in curves)
    more = {"xaxis2": _DENSITY_AXIS} if beside else {}
    return figure(
        traces,
        x_title="",
        y_title="ω (THz), imaginary as negative",
        x={
            "tickvals": [x for x, _ in ticks], "ticktext": [text for _, text in ticks], "range": (0, end),
            "showgrid": False, "domain": (0, _BANDS_UP_TO if beside else 1),
        },
        y={"range": (lowest - margin, highest + margin)},
        shapes=lines,
        hovermode="closest",
        clickmode="event",
        uirevision="bands",
        showlegend=legend,
        **more,
    )  # fmt: skip


def _density(curve: BandCurve) -> Trace:
    """The density of states, sideways at the scale of the bands."""
    omegas, density = curve.density or (np.zeros(0), np.zeros(0))
    return scatter(
        x=density.round(3),
        y=omegas.round(3),
        xaxis="x2",
        name=f"{curve.name}, density of states",
        mode="lines",
        line={
            "color": NEUTRAL if curve.potential is None else colour(curve.potential),
            "width": 1.5,
            "dash": _DASHES[curve.line],
        },
        opacity=0.25 if curve.faint else 1,
        hovertemplate="%{y:.2f} THz: %{x:.1f} / THz",
        showlegend=False,
    )


def _ticks(distances: Array, labels: Sequence[str]) -> list[tuple[float, str]]:
    """Where special points lie along the path; two that share a place are written with a bar."""
    ticks: list[tuple[float, str]] = []
    for distance, label in zip(distances.tolist(), labels, strict=True):
        if not label:
            continue
        if ticks and abs(ticks[-1][0] - distance) < 1e-9:
            ticks[-1] = (distance, f"{ticks[-1][1]}|{label}")
        else:
            ticks.append((distance, label))
    return ticks
