"""What the overview shows."""

from __future__ import annotations

from dataclasses import dataclass

from compute.suites import COMPUTABLE
from dashboard.views.codec import POTENTIAL, Choice, key

PLACES = ("min", "gamma", "r", "m", "x")
MAPPED_SUITES = COMPUTABLE
"""Suites whose compounds have tolerance and octahedral factors."""
COLOURS = ("error", "disagreement", "sigma")


@dataclass(frozen=True)
class OverviewView:
    """Suite and colour of the map, the potential, and where frequencies are compared.

    An empty potential means the first that has results.
    """

    suite: str = key("s", Choice(MAPPED_SUITES), "abx3")
    potential: str = key("p", POTENTIAL, "")
    colour: str = key("m", Choice(COLOURS), "error")
    place: str = key("q", Choice(PLACES), "min")
