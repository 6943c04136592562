"""Which errors are taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from dashboard.viewstate import FORMULA, POTENTIAL, POTENTIALS, Choice, Text, key

WELL_QUANTITIES = ("curvature", "omega")
ORDERS = tuple("".join(letters) for letters in permutations("fhs"))
"""Orders in which forces, Hessian and sampling are replaced, by their first letters; the published one first."""
_FRAMES = Text(r"[A-Za-z0-9._+()-]{0,96}")


@dataclass(frozen=True)
class ErrorsView:
    """Which potentials' wells are compared and of which compound E(Q) is drawn; then which attribution.

    No potential chosen means all; an empty compound, set of frames or scored potential means the first.
    """

    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    quantity: str = key("q", Choice(WELL_QUANTITIES), "curvature")
    compound: str = key("c", FORMULA, "")
    frames: str = key("f", _FRAMES, "")
    scored: str = key("sp", POTENTIAL, "")
    order: str = key("o", Choice(ORDERS), ORDERS[0])
