"""Learning curves: an error over the steps of a training, and errors over the size of the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, figure, scatter, series_colour, series_symbol

Values = NDArray[np.float64]


def over_steps(curves: Mapping[str, tuple[str, NDArray[np.int64], Values]]) -> Figure:
    """A line per model: its potential, and RMSE of forces (k,) in meV/Å after so many steps (k,).

    Each point carries its potential as `customdata`.
    """
    traces = [
        scatter(
            x=steps,
            y=rmse.round(1),
            name=name,
            customdata=[potential] * len(steps),
            mode="lines+markers",
            line={"color": series_colour(index), "width": 2},
            marker={"symbol": series_symbol(index), "size": 8},
            hovertemplate=f"{name}, step %{{x:,}}: %{{y:.0f}} meV/Å<extra></extra>",
        )
        for index, (name, (potential, steps, rmse)) in enumerate(curves.items())
    ]
    return figure(
        traces,
        x_title="training step",
        y_title="force RMSE (meV/Å)",
        y={"rangemode": "tozero"},
        hovermode="closest",
    )


def over_sizes(potentials: Sequence[str], sizes: Sequence[int], errors: Mapping[str, NDArray[np.float64]]) -> Figure:
    """A line per kind of error (k, 3): its mean and the ends of the interval, over the k sizes of the training set.

    The `customdata` of each point ends with its potential.
    """
    x = np.array(sizes, float)
    traces = [
        scatter(
            x=x * 1.06 ** (index - (len(errors) - 1) / 2),  # side by side where intervals overlap
            y=values[:, 0].round(4),
            error_y={
                "type": "data", "symmetric": False, "array": values[:, 2] - values[:, 0],
                "arrayminus": values[:, 0] - values[:, 1], "thickness": 1.5, "width": 4,
            },
            name=name,
            mode="lines+markers",
            line={"color": series_colour(index), "width": 1.5, "dash": "dot"},
            marker={"symbol": series_symbol(index), "size": 9},
            customdata=[
                [*numbers, potential]
                for numbers, potential in zip(np.column_stack([x, values[:, 1:]]).tolist(), potentials, strict=True)
            ],
            hovertemplate=f"{name}, %{{customdata[0]:,}} configurations: %{{y:.3f}}<br>"
            "95 % interval %{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
        )
        for index, (name, values) in enumerate(errors.items())
    ]  # fmt: skip
    return figure(
        traces,
        x_title="configurations in the training set",
        y_title="mean error against the teacher",
        x={"type": "log", "tickvals": list(sizes), "ticktext": [f"{size:,}" for size in sizes]},
        y={"rangemode": "tozero"},
        hovermode="closest",
    )
