"""A score of potentials against what they cost: the size of their training set, or the time of a force call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.figures.identity import colour, symbol
from dashboard.figures.theme import Figure, figure, scatter

BESIDE = 1.05  # factor between potentials at the same place
MARGIN = 0.3  # beside the outermost, in decades
MANY = 1e4


@dataclass(frozen=True)
class Model:
    """One potential: where it stands on x, and its score with the 95 % interval."""

    name: str
    x: float
    value: float
    low: float
    high: float
    potential: str


def accuracy(models: Sequence[Model], *, x_title: str, y_title: str) -> Figure:
    """One marker per potential; x is logarithmic, equal values are set side by side."""
    traces = []
    for index, model in enumerate(models):
        place = sum(other.x == model.x for other in models[:index])
        traces.append(
            scatter(
                x=[model.x * BESIDE**place],
                y=[model.value],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [model.high - model.value],
                    "arrayminus": [model.value - model.low],
                    "thickness": 2,
                    "width": 5,
                },
                mode="markers",
                name=model.name,
                marker={
                    "color": colour(model.potential),
                    "symbol": symbol(model.potential),
                    "size": 12,
                },
                customdata=[[model.x, model.low, model.high]],
                hovertemplate=f"{model.name}<br>%{{customdata[0]:,.4g}}: %{{y:.3f}}<br>95 % interval "
                "%{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
            )
        )
    low, high = (bound(np.log10([model.x for model in models])) for bound in (np.min, np.max))
    ticks = round_numbers(10 ** (low - MARGIN), 10 ** (high + MARGIN))
    return figure(
        traces,
        x_title=x_title,
        y_title=y_title,
        x={
            "type": "log", "range": (low - MARGIN, high + MARGIN), "tickvals": ticks,
            "ticktext": [f"{tick:,.10g}" for tick in ticks],
        },
        showlegend=True,
        hovermode="closest",
    )  # fmt: skip


def round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten between two positive bounds; over many decades the powers alone."""
    steps = (1, 2, 5) if high / low < MANY else (1,)
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    return [round(step * 10.0**power, 12) for power in powers for step in steps if low <= step * 10.0**power <= high]
