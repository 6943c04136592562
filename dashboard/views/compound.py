"""Which mode of a compound moves, whose bands are drawn and which neighbours are listed."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.views.codec import DEFAULT_TOLERANCE_THZ, POTENTIALS, THRESHOLD, TOLERANCE_THZ, Choice, Text, key

DRAWN = ("harmonic", "all")
REPEATS = ("", "1", "2", "3")
SITES = ("A", "B", "Bp", "X")
_NAMED = Text(r"[A-Za-z0-9._+~-]{0,192}")
_Q = Text(r"[GXMRWKL]?|(-?\d(\.\d{1,4})?_){2}-?\d(\.\d{1,4})?")
_BRANCH = Text(r"([1-9]\d?)?")


@dataclass(frozen=True)
class CompoundView:
    """Whose force constants at which q and branch, whose bands beside them, the thresholds, the run of σ, and the site
    that neighbours change.

    An empty name, q or branch means the first force constants, the q of their softest mode and the softest branch; q is
    a special point (G for Γ) or three primitive reciprocal coordinates. Bands are of `potentials`, one harmonic set of
    each or all sets as `drawn` says, and always of the force constants that move. `repeats` is the edge of the
    piece of crystal.
    """

    constants: str = key("fc", _NAMED, "")
    q: str = key("q", _Q, "")
    branch: str = key("m", _BRANCH, "")
    potentials: tuple[str, ...] = key("p", POTENTIALS, ())
    drawn: str = key("b", Choice(DRAWN), "harmonic")
    repeats: str = key("r", Choice(REPEATS), "")
    tolerance_thz: float = key("t", TOLERANCE_THZ, DEFAULT_TOLERANCE_THZ)
    threshold: float = key("th", THRESHOLD, 1.0)
    sigma_run: str = key("sr", _NAMED, "")
    site: str = key("n", Choice(SITES), "X")
