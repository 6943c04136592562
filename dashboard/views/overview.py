"""What the overview shows."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.viewstate import POTENTIAL, Choice, key

PLACES = ("min", "gamma", "r", "m", "x")


@dataclass(frozen=True)
class OverviewView:
    """What the overview shows. An empty potential means the first that has results."""

    potential: str = key("p", POTENTIAL, "")
    place: str = key("q", Choice(PLACES), "min")
