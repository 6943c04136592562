"""Which compound is asked about, how sure one wants to be, and what a screen's mistakes cost."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.views.codec import POTENTIAL, Number, Text, key

_COMPOUND = Text(r"[A-Za-z0-9₀-₉ ]{0,80}")
_COST = Number(0, 10_000, 1)


@dataclass(frozen=True)
class TrustView:
    """A compound by its formula, the trust from which a potential is used, and the screen's potential and costs.

    No potential means the one that the screen is cheapest with.
    """

    compound: str = key("c", _COMPOUND, "CsPbBr3")
    least: float = key("l", Number(0.5, 0.99, 2), 0.9)
    potential: str = key("p", POTENTIAL, "")
    false_stable: float = key("cs", _COST, 1.0)
    false_unstable: float = key("cu", _COST, 50.0)
