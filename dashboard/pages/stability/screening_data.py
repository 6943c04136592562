"""What it saves, and what it costs, to let a potential screen before DFT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNSTABLE
from dashboard.queries.stability import Compared, Side, levels

Values = NDArray[np.float64]
PER = 1000


@dataclass(frozen=True)
class Screen:
    """A potential as a screen: what it calls unstable is dropped, all else goes to DFT, failures and doubt included.

    `stable` and `unstable` hold, sorted, the cut on the potential's score from which each compound is dropped, infinite
    where no cut drops it; `inclusive` when a score at the cut is stable.
    """

    potential: str
    stable: Values
    unstable: Values
    inclusive: bool

    @property
    def n(self) -> int:
        """Compounds with a verdict of DFT that the potential has run."""
        return len(self.stable) + len(self.unstable)

    def dropped(self, cut: Values) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many truly stable and truly unstable compounds each `cut` (k,) drops."""
        side: Literal["left", "right"] = "left" if self.inclusive else "right"
        return np.searchsorted(self.stable, cut, side), np.searchsorted(self.unstable, cut, side)

    def curve(self, most: int = 300) -> tuple[Values, Values]:
        """Share of DFT runs saved and share of stable compounds kept, over all cuts; at most `most` points."""
        every = np.unique(np.concatenate([self.stable, self.unstable]))
        cuts = every[np.isfinite(every)]
        if len(self.stable) == 0:
            return np.empty(0), np.empty(0)
        if len(cuts) > most:
            cuts = cuts[np.unique(np.linspace(0, len(cuts) - 1, most).round().astype(int))]
        cuts = np.concatenate([[-np.inf], np.nextafter(cuts, np.inf)])  # beyond each score, so that it is dropped
        lost, avoided = self.dropped(cuts)
        return (lost + avoided) / self.n, 1 - lost / len(self.stable)

    def cost(self, cut: Values, false_stable: float, false_unstable: float) -> Values:
        """Expected cost of `PER` candidates at each `cut` (k,), in DFT runs; NaN without compounds."""
        lost, avoided = self.dropped(cut)
        wasted = len(self.unstable) - avoided
        return _per(false_stable * wasted + false_unstable * lost, self.n)

    def point(self, level: float, false_stable: float, false_unstable: float) -> Point:
        """What the screen does at one `level` of the tolerance (THz) or of the threshold."""
        cut = np.array([-level])
        lost, avoided = (int(number[0]) for number in self.dropped(cut))
        return Point(
            level,
            float(self.cost(cut, false_stable, false_unstable)[0]),
            (lost + avoided) / self.n if self.n else np.nan,
            1 - lost / len(self.stable) if len(self.stable) else np.nan,
        )

    def cost_of_all(self, false_stable: float) -> float:
        """Expected cost of `PER` candidates without a potential, with DFT on all."""
        return float(_per(np.array(false_stable * len(self.unstable)), self.n))

    def cost_of_none(self, false_unstable: float) -> float:
        """Expected cost of `PER` candidates when nothing is computed and every stable compound is lost."""
        return float(_per(np.array(false_unstable * len(self.stable)), self.n))


@dataclass(frozen=True)
class Point:
    """A screen at one level: its cost, the share of DFT runs saved and of stable compounds kept."""

    level: float
    cost: float
    saved: float
    kept: float


@dataclass(frozen=True)
class Economics:
    """A screen at the present level of its own quantity and at the cheapest: costs (levels,) of `PER` candidates."""

    screen: Screen
    levels: Values
    costs: Values
    present: Point
    best: Point
    of_all: float
    of_none: float


def moved_level(criterion: str) -> str:
    """What the potential's own verdict is moved by: tolerance or threshold."""
    return "threshold" if criterion == "sigma" else "tolerance"


def screens(data: Compared) -> list[Screen]:
    """One screen per potential, over the compounds that count, with DFT's verdict as in the view."""
    found = []
    for prediction in data.predictions:
        side = prediction.side(data.view.criterion)
        first, run = _first_drop(side), data.answers[prediction.potential].run
        stable, unstable = (np.sort(first[run & (data.truth == label)]) for label in (STABLE, UNSTABLE))
        found.append(Screen(prediction.potential, stable, unstable, side.inclusive))
    return found


def economics(data: Compared, screen: Screen) -> Economics:
    """Costs of `screen` over the levels of the slider; the cheapest is the one nearest to the present among equals."""
    view = data.view
    name = moved_level(view.criterion)
    present = view.threshold if name == "threshold" else view.tolerance_thz
    steps = levels(name)
    prices = (view.false_stable, view.false_unstable)
    costs = screen.cost(-steps, *prices)
    order = np.argsort(np.abs(steps - present), kind="stable")
    best = float(steps[order][np.argmin(costs[order])])
    return Economics(
        screen,
        steps,
        costs,
        screen.point(present, *prices),
        screen.point(best, *prices),
        screen.cost_of_all(view.false_stable),
        screen.cost_of_none(view.false_unstable),
    )


def _first_drop(side: Side) -> Values:
    """The lowest cut at which each compound counts as unstable; infinite where none does."""
    doubt = np.nan_to_num(side.doubt, nan=0.0)
    first = side.score + doubt if side.about_cut else np.where(np.abs(side.score) < doubt, np.inf, side.score)
    return np.where(np.isfinite(side.score), first, np.inf)


def _per(cost: Values, n: int) -> Values:
    return PER * np.asarray(cost, float) / n if n else np.full(np.shape(cost), np.nan)
