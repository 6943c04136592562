"""Whose σ is compared with which DFT, and how its error is sliced."""

from __future__ import annotations

from dataclasses import dataclass

from compute.suites import COMPARED, SUITES
from dashboard.elements import ELEMENTS
from dashboard.views.codec import ANIONS, POTENTIAL, POTENTIALS, Choice, Choices, Text, key

SIGMA_SUITES = tuple(suite for suite in COMPARED if "sigma" in SUITES[suite].criteria)
QUANTITIES = ("sigma", "omega")
SITES = ("any", "A", "B", "Bp", "X")
MEASURES = ("bias", "rmse")
SHOWN = ("bars", "log")
_PROTOCOL = Text(r"[a-z0-9-]{0,32}")


@dataclass(frozen=True)
class AnharmonicityView:
    """Whose σ is compared with which DFT, and how its error is sliced.

    No potential, anion or A site chosen means all; an empty protocol or focus means the first that has results.
    """

    suite: str = key("s", Choice(SIGMA_SUITES), "abx3")
    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    protocol: str = key("pr", _PROTOCOL, "")
    anion: tuple[str, ...] = key("an", Choices(ANIONS), ())
    a_site: tuple[str, ...] = key("a", Choices(ELEMENTS), ())
    shown: tuple[str, ...] = key("ax", Choices(SHOWN), ())
    quantity: str = key("y", Choice(QUANTITIES), "sigma")
    focus: str = key("o", POTENTIAL, "")
    site: str = key("si", Choice(SITES), "any")
    measure: str = key("m", Choice(MEASURES), "bias")
