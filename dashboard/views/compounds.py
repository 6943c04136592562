"""Which rows the table of compounds holds."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.viewstate import ANIONS, FORMULA, POTENTIAL, SUITE, Choices, Number, Text, key

STATUSES = ("ok", "failed", "not-run")
LABELS = ("stable", "unstable", "undecidable")
AGREEMENTS = ("agree", "disagree")
SIGMA_MAX = 5.0  # stands for no upper bound; the largest published σ is 13
_ELEMENT = Text(r"([A-Z][a-z]?)?")
_SIGMA = Number(0, SIGMA_MAX, 2)


@dataclass(frozen=True)
class CompoundsView:
    """Which rows the table of compounds holds; an empty filter admits everything."""

    suite: str = key("s", SUITE, "abx3")
    potential: str = key("p", POTENTIAL, "")
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    element: str = key("el", _ELEMENT, "")
    status: tuple[str, ...] = key("st", Choices(STATUSES), ())
    label: tuple[str, ...] = key("la", Choices(LABELS), ())
    agreement: tuple[str, ...] = key("ag", Choices(AGREEMENTS), ())
    sigma_low: float = key("sl", _SIGMA, 0.0)
    sigma_high: float = key("sh", _SIGMA, SIGMA_MAX)
    formula: str = key("f", FORMULA, "")
