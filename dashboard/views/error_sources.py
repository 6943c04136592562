"""Which errors are taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from dashboard.views.codec import FORMULA, POTENTIAL, POTENTIALS, Choice, Text, key

WELL_QUANTITIES = ("curvature", "omega")
ORDERS = tuple("".join(letters) for letters in permutations("fhs"))
"""Orders in which forces, Hessian and sampling are replaced, by their first letters; the published one first."""
SHAPLEY = "shapley"
REFERENCES = ("dft", "surrogate")
_FRAMES = Text(r"[A-Za-z0-9._+()-]{0,96}")
_REGRESSION = Text(r"([A-Za-z0-9._+-]{1,64}~[A-Za-z0-9.-]{1,40})?")
_PROTOCOLS = Text(r"([a-z0-9]{1,16}\.[A-Za-z0-9-]{1,40}~[A-Za-z0-9-]{1,40})?")


@dataclass(frozen=True)
class ErrorSourcesView:
    """Which potentials' wells are compared and of which compound E(Q) is drawn; then which attribution.

    `reference` says what stands for r in the attribution: DFT, or a potential that others were distilled from.
    No potential chosen means all; an empty compound, set of frames or scored potential means the first. `split` is
    how errors are shared out in the means over compounds, `order` in the one set. `regression` is a potential and a
    protocol of σ, `protocols` a suite and two protocols; empty means those with most compounds.
    """

    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    quantity: str = key("q", Choice(WELL_QUANTITIES), "curvature")
    compound: str = key("c", FORMULA, "")
    reference: str = key("rf", Choice(REFERENCES), "dft")
    split: str = key("g", Choice((*ORDERS, SHAPLEY)), ORDERS[0])
    frames: str = key("f", _FRAMES, "")
    scored: str = key("sp", POTENTIAL, "")
    order: str = key("o", Choice(ORDERS), ORDERS[0])
    regression: str = key("e", _REGRESSION, "")
    protocols: str = key("pr", _PROTOCOLS, "")
