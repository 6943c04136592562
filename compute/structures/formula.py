"""Reading a chemical formula as a person types it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache, reduce
from math import gcd

SYMBOLS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
    "Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu".split()
)
_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*)")
_ACCEPTED = "write element symbols with whole-number counts, such as Cs2AgBiBr6 or CsPbBr3"


class FormulaError(ValueError):
    """A formula that cannot be read or does not fit; the message is one sentence for the person who typed it."""


def isotope(symbol: str) -> str:
    """The element of `symbol`, which may be that of deuterium or tritium."""
    return "H" if symbol in ("D", "T") else symbol


def plain(text: str) -> str:
    """`text` without blanks, and with subscripts as digits: CsPbBr3 for CsPbBr₃."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def parse(text: str) -> dict[str, int]:
    """Element to count, in the order first typed, divided by the common divisor.

    Subscripts (Cs₂AgBiBr₆) and spaces are accepted. Raises `FormulaError` naming the part that cannot be read.
    """
    typed = plain(text)
    if not typed:
        raise FormulaError(f"The formula is empty; {_ACCEPTED}.")
    counts: dict[str, int] = {}
    position = 0
    while position < len(typed):
        token = _TOKEN.match(typed, position)
        if token is None:
            raise FormulaError(f"“{typed[position:]}” in “{text}” cannot be read; {_ACCEPTED}.")
        symbol, digits = token.groups()
        if symbol not in SYMBOLS:
            raise FormulaError(f"“{symbol}” in “{text}” is not an element; {_ACCEPTED}.")
        count = int(digits) if digits else 1
        if count == 0 or len(digits) > 3:
            raise FormulaError(f"“{symbol}{digits}” in “{text}” is not a possible count; {_ACCEPTED}.")
        counts[symbol] = counts.get(symbol, 0) + count
        position = token.end()
    divisor = reduce(gcd, counts.values())
    return {symbol: count // divisor for symbol, count in counts.items()}


@lru_cache(maxsize=8192)  # a suite's formulas are asked for again and again
def composition_key(text: str) -> frozenset[tuple[str, int]]:
    """The same for every way of writing one composition."""
    return frozenset(parse(text).items())


def composition_or_none(text: str) -> frozenset[tuple[str, int]] | None:
    """`composition_key`, None for what is no formula: a material id, say."""
    try:
        return composition_key(text)
    except FormulaError:
        return None


def among(names: Iterable[str], text: str) -> str:
    """The one of `names` with the composition of `text`, where there is just one; else `text`."""
    wanted = composition_or_none(text)
    same = [] if wanted is None else [name for name in names if composition_or_none(name) == wanted]
    return same[0] if len(set(same)) == 1 else text
