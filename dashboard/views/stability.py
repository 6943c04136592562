"""Which compounds and potentials are compared, where stable ends, and what a wrong verdict costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from compute.suites import COMPARED, SUITES
from dashboard.views.codec import (
    ANIONS,
    DEFAULT_TOLERANCE_THZ,
    POTENTIALS,
    SUITE,
    THRESHOLD,
    TOLERANCE_THZ,
    Choice,
    Choices,
    Number,
    key,
)

CRITERIA = ("harmonic", "sigma", "renormalised", "cross")
"""DFT against potential: ω_min and ω_min; σ and σ; σ and the renormalised ω_min; σ and ω_min."""
SUITE_CRITERIA = {suite: SUITES[suite].criteria for suite in COMPARED}
"""What the published DFT of a suite can be held against; the first comes first on the page."""
MOST_POTENTIALS = 6
_COST = Number(0, 10_000, 1)


@dataclass(frozen=True)
class StabilityView:
    """Which compounds and potentials are compared, where stable ends, and what a wrong verdict costs in DFT runs.

    No potential chosen means all that have results; `harmonic` means the suite's first criterion where DFT has no ω.
    """

    suite: str = key("s", SUITE, "abx3")
    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    common: str = key("k", Choice(("yes", "no")), "yes")
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    criterion: str = key("c", Choice(CRITERIA), "harmonic")
    tolerance_thz: float = key("t", TOLERANCE_THZ, DEFAULT_TOLERANCE_THZ)
    threshold: float = key("th", THRESHOLD, 1.0)
    false_stable: float = key("cs", _COST, 1.0)
    false_unstable: float = key("cu", _COST, 50.0)


_V = TypeVar("_V", bound=Any)


def addressed(view: _V) -> _V:
    """A view with a suite and a criterion as its address states it: without the criterion that the suite implies."""
    return replace(view, criterion="harmonic") if view.criterion == SUITE_CRITERIA[view.suite][0] else view
