"""On which compounds potentials are held against each other, by what, and which two in detail."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.views.codec import POTENTIAL, SUITE, Choice, key

SCORES = ("mcc", "omega", "sigma_mcc", "sigma", "frequency")
AGAINST = ("training", "cost")


@dataclass(frozen=True)
class PotentialsView:
    """Suite and score of the comparison, what it is drawn against, and the pair that is compared in detail.

    A score that the suite has not means the suite's first; an empty potential means the next best that was run.
    """

    suite: str = key("s", SUITE, "abx3")
    score: str = key("m", Choice(SCORES), "mcc")
    against: str = key("x", Choice(AGAINST), "training")
    first: str = key("a", POTENTIAL, "")
    second: str = key("b", POTENTIAL, "")
