"""Energy along one mode, with its mirror image: E is even in Q."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.theme import Figure, figure, guides, level, scatter

Values = NDArray[np.float64]
MEV = 1000.0
STEPS = 81


@dataclass(frozen=True)
class WellCurve:
    """Computed points `q` (P,) in Å and `energies` (P,) in eV of one source, and its fit (k, q, s) in eV/Å², ⁴, ⁶.

    `weight` is the width of the line in pixels; `dash` and `symbol` as Plotly names them.
    """

    name: str
    q: Values
    energies: Values
    coefficients: tuple[float, float, float]
    colour: str
    symbol: str
    dash: str = "solid"
    weight: float = 2.0


def fitted(coefficients: tuple[float, float, float], q: Values) -> Values:
    """E(Q) = ½kQ² + ¼qQ⁴ + ⅙sQ⁶ in eV at `q` in Å."""
    k, quartic, sextic = coefficients
    return k * q**2 / 2 + quartic * q**4 / 4 + sextic * q**6 / 6


def mirrored(q: Values, values: Values) -> tuple[Values, Values]:
    """Points in ascending order of Q, with an even partner at −Q for each that is not at 0."""
    away = q != 0
    both = np.concatenate([-q[away], q])
    order = np.argsort(both, kind="stable")
    return both[order], np.concatenate([values[away], values])[order]


def wells(curves: Sequence[WellCurve]) -> Figure:
    """Points and fitted lines of every source in meV over Q in Å, no line beyond the last point."""
    traces = []
    for curve in curves:
        points, energies = mirrored(curve.q, curve.energies)
        reach = float(np.abs(points).max())
        line = np.linspace(-reach, reach, STEPS)
        common = {"legendgroup": curve.name, "name": curve.name}
        traces.append(
            scatter(
                x=line,
                y=MEV * fitted(curve.coefficients, line),
                mode="lines",
                line={"color": curve.colour, "width": curve.weight, "dash": curve.dash},
                hoverinfo="skip",
                showlegend=False,
                **common,
            )
        )
        traces.append(
            scatter(
                x=points,
                y=MEV * energies,
                mode="markers",
                marker={"color": curve.colour, "symbol": curve.symbol, "size": 8 if curve.dash == "solid" else 7},
                hovertemplate=f"{curve.name}<br>Q %{{x:.2f}} Å<br>E %{{y:.1f}} meV<extra></extra>",
                **common,
            )
        )
    return figure(
        traces,
        x_title="Q (Å)",
        y_title="E − E(Q = 0) (meV per ten-atom cell)",
        shapes=guides(level(0), dash="dot"),
        showlegend=True,
        hovermode="closest",
    )
