"""How numbers are written: the same everywhere, and never a number where there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES

MINUS = "−"
NOT_DEFINED = "not defined"
IMPLAUSIBLE_THZ = 20.0
"""No mode of a halide or oxide perovskite is softer or harder: beyond it a potential fails."""
IMPLAUSIBLE = f"|ω| above {IMPLAUSIBLE_THZ:g} THz is no frequency of a perovskite: the potential fails here"


def number(value: float, decimals: int = 2, *, sign: bool = False) -> str:
    """`value` with a true minus sign; NaN is "not defined"."""
    if not math.isfinite(value):
        return NOT_DEFINED
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def interval(
    low: float, high: float, decimals: int = 2, *, sign: bool = False, unit: str = "", before: str = ""
) -> str:
    """Both ends in words, after `before`; "no interval" alone where too few groups bound it."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    return f"{before}{number(low, decimals, sign=sign)} to {number(high, decimals, sign=sign)}{unit}"


def bracketed(value: float, low: float, high: float, decimals: int = 2) -> str:
    """A number with its interval: 0.31 [0.28, 0.35]; without one the number alone."""
    if not (math.isfinite(value) and math.isfinite(low)):
        return number(value, decimals)
    return f"{number(value, decimals)} [{number(low, decimals)}, {number(high, decimals)}]"


def frequency(value: float) -> list[Component | str]:
    """`value` in THz; one that no perovskite has is marked."""
    mark = [html.Span(" ⚠", title=IMPLAUSIBLE, className="implausible")] if abs(value) > IMPLAUSIBLE_THZ else []
    return [number(value), *mark]


def with_error(value: float, se: float, decimals: int = 3, *, sign: bool = False) -> str:
    """`value` ± `se`; without an error where there is none."""
    if not math.isfinite(se):
        return number(value, decimals, sign=sign)
    return f"{number(value, decimals, sign=sign)} ± {number(se, decimals)}"


def count(n: int) -> str:
    """`n` with thousands apart."""
    return f"{n:,}"


def percent(part: int, whole: int) -> str:
    """Share of `part` in `whole`; "not defined" when the whole is empty."""
    if whole == 0:
        return NOT_DEFINED
    return f"{100 * part / whole:.1f} %"


def plural(n: int, word: str) -> str:
    """`n` and `word`, with an s where it is due."""
    return f"{count(n)} {word}" if n == 1 else f"{count(n)} {word}s"


def listed(names: Sequence[str]) -> str:
    """`names` with commas, and "and" before the last."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def few(names: Sequence[str], word: str = "potential") -> str:
    """One or two `names` as they are, and of more how many there are."""
    return listed(names) if len(names) < 3 else plural(len(names), word)


def drawn_by(suite: str) -> str:
    """What a bootstrap interval of `suite` draws."""
    sites = [{"Bp": "B′"}.get(site, site) for site in SUITES[suite].clusters]
    if not sites:
        return "compounds drawn one by one"
    return f"compounds of one element on {listed(sites)} drawn together"


def together(said: Mapping[str, str]) -> str:
    """What is `said` of each name, once for all of whom it is the same; joined by semicolons."""
    names: dict[str, list[str]] = {}
    for name, text in said.items():
        names.setdefault(text, []).append(name)
    return "; ".join(f"{listed(these)}: {text}" for text, these in names.items())


def marked(text: str) -> list[Component | str]:
    """`text` with every "ω_min" set as ω with a subscript."""
    first, *rest = text.split("ω_min")
    parts: list[Component | str] = [first]
    for piece in rest:
        parts += ["ω", html.Sub("min"), piece]
    return parts


def level_sentence(levels: Mapping[str, str], names: Mapping[str, str]) -> str:
    """That potentials are trained on another functional than DFT's; empty without any. `levels` is by potential."""
    if not levels:
        return ""
    others = ", ".join(f"{names.get(potential, potential)} ({level})" for potential, level in levels.items())
    return f"Trained on another functional than DFT’s: {others}. Part of the difference is the level of theory."


def compared_how(suite: str, geometry: str | None) -> str:
    """What the two sides of a harmonic comparison have in common."""
    if geometry == "reference":
        return (
            "Like with like: both sides use DFT’s cell and the same q points, so the difference is the error of the "
            "forces alone."
        )
    if suite == "mp0b3":
        return "DFT and potential use the same supercells and q points, each in its own relaxed cell."
    return "The same q points, each side in its own relaxed cell: part of the difference is the cell."
