"""Which compounds and potentials are compared, where stable ends, and what a wrong verdict costs."""

from __future__ import annotations

from dataclasses import dataclass

from compute.statistics.criteria import CRITERIA
from compute.statistics.verdicts import RULES, SCORE
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

SUITE_CRITERIA = {suite: SUITES[suite].criteria for suite in COMPARED}
"""What the published DFT of a suite can be held against; the first comes first on the page."""
MOST_POTENTIALS = 6
LEVELS = ("all", "comparable")
"""Whose answers count: all, or those of compounds in which potential and DFT mean the same level of theory."""
_COST = Number(0, 10_000, 1)


@dataclass(frozen=True)
class StabilityView:
    """Which compounds and potentials are compared, where stable ends, and what a wrong verdict costs in DFT runs.

    No potential chosen means the best foundation potentials that have results; `harmonic` means the suite's first
    criterion where DFT has no ω. `rule` is the convention by which scores count, of `verdicts.RULES`; `level` all
    compounds, or those in which potential and DFT mean the same level of theory; `common` restricts them to
    the compounds that every chosen potential was run on.
    """

    suite: str = key("s", SUITE, "abx3")
    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    common: str = key("k", Choice(("yes", "no")), "no")
    level: str = key("lv", Choice(LEVELS), "all")
    rule: str = key("ru", Choice(tuple(RULES)), SCORE)
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    criterion: str = key("c", Choice(CRITERIA), "harmonic")
    tolerance_thz: float = key("t", TOLERANCE_THZ, DEFAULT_TOLERANCE_THZ)
    threshold: float = key("th", THRESHOLD, 1.0)
    false_stable: float = key("cs", _COST, 1.0)
    false_unstable: float = key("cu", _COST, 50.0)
