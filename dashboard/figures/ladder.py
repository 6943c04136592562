"""What depends on the displacement: a line per potential over the amplitude of the largest atom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.identity import stroke, symbol
from dashboard.figures.theme import Figure, figure, guides, level, scatter

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Climb:
    """`values` (R,) of one potential at `amplitudes` (R,) in Å; `dash` where it is not the potential's own."""

    potential: str
    name: str
    amplitudes: Values
    values: Values
    dash: str | None = None


def over_displacement(
    climbs: Sequence[Climb],
    *,
    y_title: str,
    unit: str,
    turns_at: float | None = None,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """The lines of `climbs`, and a dotted one at `turns_at`, where labels turn."""
    traces = [
        scatter(
            x=climb.amplitudes, y=climb.values, name=climb.name, mode="lines+markers",
            line=stroke(climb.potential, climb.dash), marker={"symbol": symbol(climb.potential), "size": 9},
            hovertemplate=f"%{{y:.2f}} {unit} at %{{x:g}} Å",
        )
        for climb in climbs
    ]  # fmt: skip
    return figure(
        traces,
        x_title="displacement of the largest atom (Å)",
        y_title=y_title,
        margin={"l": 72},
        y={} if y_range is None else {"range": y_range},
        shapes=[] if turns_at is None else guides(level(turns_at), dash="dot"),
    )
