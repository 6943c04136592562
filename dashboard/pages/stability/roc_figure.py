"""How well a score ranks, whatever the threshold: ROC, and precision over recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compute.statistics.curves import RankingCurve
from dashboard.figures.identity import few, stroke
from dashboard.figures.theme import NEUTRAL, Figure, Trace, figure, scatter

MOST_POINTS = 250

Named = tuple[str, str, RankingCurve]
"""Name, potential, curve."""


def roc(curves: Sequence[Named]) -> Figure:
    """True over false positive rate of "stable", with the diagonal of a score that says nothing."""
    hover = "false positive rate %{x:.3f}<br>true positive rate %{y:.3f}"
    return _unit_square(
        [_guess((0, 1)), *_curves(curves, hover)],
        x_title="share of unstable called stable",
        y_title="share of stable called stable",
    )


def precision_recall(curves: Sequence[Named]) -> Figure:
    """Precision over recall of "stable", with the share of stable compounds, what a score that says nothing gets.

    The point at recall 0, which is there by convention, is left out.
    """
    curves = [(name, potential, replace(c, x=c.x[c.x > 0], y=c.y[c.x > 0])) for name, potential, c in curves]
    shares = sorted({curve.n_positive / curve.n for _, _, curve in curves if curve.n})
    guesses = [_guess((share, share), listed=i == 0) for i, share in enumerate(shares)]
    hover = "recall %{x:.3f}<br>precision %{y:.3f}"
    return _unit_square(
        [*guesses, *_curves(curves, hover)],
        x_title="recall of stable",
        y_title="precision of stable",
    )


def _guess(y: tuple[float, float], *, listed: bool = True) -> Trace:
    return scatter(
        x=[0, 1], y=y, name="guessing", mode="lines", line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        hoverinfo="skip", legendgroup="guessing", showlegend=listed,
    )  # fmt: skip


def _curves(curves: Sequence[Named], hover: str) -> list[Trace]:
    return few([_curve(named, hover) for named in curves], [potential for _, potential, _ in curves])


def _curve(named: Named, hover: str) -> Trace:
    name, potential, curve = named
    n = len(curve.x)
    kept = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(int))
    return scatter(
        x=curve.x[kept], y=curve.y[kept], name=name, mode="lines", line=stroke(potential), hovertemplate=hover
    )


def _unit_square(traces: list[Trace], *, x_title: str, y_title: str) -> Figure:
    return figure(traces, x_title=x_title, y_title=y_title, x={"range": (-0.01, 1.01)}, y={"range": (-0.01, 1.02)})
