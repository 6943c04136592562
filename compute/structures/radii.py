"""Shannon radii, charge states, and the size descriptors made of them.

`ions.json` has the six-coordinate ionic radii of R. D. Shannon, Acta Cryst. A32, 751 (1976), and the common charge
states, both as pymatgen lists them, which takes a second to import. Where there are two spin states it has the one that
the published descriptors of the double perovskites use: low for Fe3+ and Ni3+, high otherwise.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from math import sqrt
from typing import Any

# Shannon lists no In+; the published descriptors use 1.04 Å (doi:10.1021/acs.chemmater.2c01779).
_NOT_IN_SHANNON = {("In", 1): 1.04}

_MONOVALENT = frozenset("Li Na K Rb Cs Cu Ag Au Hg In Tl".split())
_NOT_TRIVALENT = frozenset("Cu Ag".split())  # Shannon lists Cu3+ and Ag3+, too oxidising for these halides
ANION_CHARGE = {"F": -1, "Cl": -1, "Br": -1, "I": -1, "O": -2, "S": -2, "Se": -2, "Te": -2}


@cache
def _ions() -> dict[str, dict[str, Any]]:
    """Per element its common positive `charges`, and its six-coordinate `radii` in Å by charge."""
    content: dict[str, dict[str, Any]] = json.loads(files(__package__).joinpath("ions.json").read_text("utf-8"))
    return content


@cache
def shannon_radius(element: str, charge: int) -> float | None:
    """Six-coordinate ionic radius in Å, or None where there is none."""
    if (element, charge) in _NOT_IN_SHANNON:
        return _NOT_IN_SHANNON[element, charge]
    radius: float | None = _ions().get(element, {}).get("radii", {}).get(str(charge))
    return radius


@cache
def charge_states(element: str) -> tuple[int, ...]:
    """Positive charge states considered for a cation, ascending."""
    states = set(_ions().get(element, {}).get("charges", ()))
    if element in _MONOVALENT:
        states.add(1)
    if element not in _NOT_TRIVALENT and shannon_radius(element, 3) is not None:
        states.add(3)
    return tuple(sorted(states))


def octahedral_factor(r_b: float, r_bp: float, r_x: float) -> float:
    """(r_M + r_M') / (2 r_X)."""
    return (r_b + r_bp) / (2 * r_x)


def octahedral_mismatch(r_b: float, r_bp: float, r_x: float) -> float:
    """|r_M − r_M'| / (2 r_X)."""
    return abs(r_b - r_bp) / (2 * r_x)


def tolerance_factor(r_a: float, r_b: float, r_bp: float, r_x: float) -> float:
    """Generalised Goldschmidt factor: (r_A + r_X) / (√2 √((r̄_B + r_X)² + (r_M − r_M')²/4))."""
    mean = (r_b + r_bp) / 2 + r_x
    return (r_a + r_x) / (sqrt(2) * sqrt(mean**2 + (r_b - r_bp) ** 2 / 4))
