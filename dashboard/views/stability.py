"""Which compounds are compared, and where the lines between stable and unstable lie."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.viewstate import (
    ANIONS,
    DEFAULT_TOLERANCE_THZ,
    POTENTIAL,
    SUITE,
    THRESHOLD,
    TOLERANCE_THZ,
    Choice,
    Choices,
    key,
)

CRITERIA = ("harmonic", "sigma")


@dataclass(frozen=True)
class StabilityView:
    """Which compounds are compared, and where the lines between stable and unstable lie."""

    suite: str = key("s", SUITE, "abx3")
    potential: str = key("p", POTENTIAL, "")
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    criterion: str = key("c", Choice(CRITERIA), "harmonic")
    tolerance_thz: float = key("t", TOLERANCE_THZ, DEFAULT_TOLERANCE_THZ)
    threshold: float = key("th", THRESHOLD, 1.0)
