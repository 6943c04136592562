"""What a potential looks like, in every figure, legend and table of the site: one colour, mark and dash by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from dashboard.figures.theme import ACCENT, SERIES, SYMBOLS, Trace

TEAL, VIOLET, PINK, OCHRE, GREEN, BROWN, INDIGO, RUST, CYAN = SERIES
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MOST_DRAWN = 5
"""Potentials that a figure draws by itself; a click in the legend adds another."""

MARKS = {
    "mace-omat-0-medium": (ACCENT, "circle", "solid"),
    "mace-mpa-0-medium": (INDIGO, "diamond", "solid"),
    "mace-mp-0b3-medium": (GREEN, "square", "solid"),
    "mace-matpes-pbe-omat-ft": (CYAN, "triangle-up", "solid"),
    "mace-matpes-r2scan-omat-ft": (CYAN, "triangle-down", "dot"),
    "mace-mp-0-medium": (BROWN, "cross", "solid"),
    "mace-mp-0-small": (BROWN, "circle", "dash"),
    "mace-mp-0-large": (BROWN, "square", "dot"),
    "mace-mp-0b-small": (GREEN, "circle", "dash"),
    "mace-mp-0b-medium": (GREEN, "diamond", "dot"),
    "mace-mp-0b2-small": (GREEN, "cross", "dashdot"),
    "mace-mp-0b2-medium": (GREEN, "star", "longdash"),
    "mace-mp-0b2-large": (GREEN, "pentagon", "longdashdot"),
    "mace-omat-0-small": (TEAL, "square", "dash"),
    "mace-mh-0": (INDIGO, "star", "dash"),
    "mace-mh-1": (INDIGO, "pentagon", "dot"),
    "chgnet-0.3.0": (VIOLET, "circle", "solid"),
    "chgnet-0.2.0": (PINK, "square", "dash"),
    "chgnet-r2scan": (RUST, "triangle-up", "dot"),
    "sevennet-0": (OCHRE, "star", "solid"),
    "sevennet-0-22may2024": (OCHRE, "circle", "dash"),
    "sevennet-l3i5": (OCHRE, "diamond", "dashdot"),
    "sevennet-mf-0-pbe": (OCHRE, "square", "longdash"),
    "sevennet-mf-0-r2scan": (OCHRE, "triangle-down", "dot"),
    "m3gnet": (BROWN, "pentagon", "dashdot"),
    "softmode-mace-distil-250": (RUST, "hexagram", "dot"),
    "softmode-mace-distil-1000": (CYAN, "hexagram", "dashdot"),
    "softmode-mace-distil-4000": (GREEN, "hexagram", "dash"),
    "softmode-mace-distil-16000": (INDIGO, "hexagram", "longdash"),
}
"""Every registered potential; one that is added gets its own by its id."""


def mark(potential: str) -> tuple[str, str, str]:
    """Colour, symbol and dash of `potential`."""
    if potential in MARKS:
        return MARKS[potential]
    number = crc32(potential.encode())
    return (
        SERIES[number % len(SERIES)],
        SYMBOLS[number // len(SERIES) % len(SYMBOLS)],
        DASHES[number // len(SERIES) % len(DASHES)],
    )


def colour(potential: str) -> str:
    """Colour of `potential`, as #rrggbb."""
    return mark(potential)[0]


def symbol(potential: str) -> str:
    """Marker of `potential`."""
    return mark(potential)[1]


def stroke(potential: str, dash: str | None = None) -> dict[str, Any]:
    """Line of `potential`: its colour and, unless `dash` is given, its dash."""
    return {"color": colour(potential), "width": 2.5, "dash": dash or mark(potential)[2]}


def few(traces: Sequence[Trace], potentials: Sequence[str]) -> list[Trace]:
    """`traces`, of `potentials` each, those of all but the first few potentials only named in the legend."""
    drawn = list(dict.fromkeys(potentials))[:MOST_DRAWN]
    return [
        trace if potential in drawn else {**trace, "visible": "legendonly"}
        for trace, potential in zip(traces, potentials, strict=True)
    ]
