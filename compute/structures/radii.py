"""Shannon radii, charge states, and the size descriptors made of them.

Radii are the six-coordinate ionic radii of R. D. Shannon, Acta Cryst. A32, 751 (1976), read from pymatgen.
"""

from __future__ import annotations

from functools import cache
from math import sqrt

# The library lists two spin states for these; the published descriptors of the double perovskites use these.
_SPIN = {("Fe", 3): "Low Spin", ("Mn", 3): "High Spin", ("Co", 3): "High Spin", ("Ni", 3): "Low Spin"}
# Shannon lists no In+; the published descriptors use 1.04 Å (doi:10.1021/acs.chemmater.2c01779).
_NOT_IN_SHANNON = {("In", 1): 1.04}

_MONOVALENT = frozenset("Li Na K Rb Cs Cu Ag Au Hg In Tl".split())
_NOT_TRIVALENT = frozenset("Cu Ag".split())  # Shannon lists Cu3+ and Ag3+, too oxidising for these halides
ANION_CHARGE = {"F": -1, "Cl": -1, "Br": -1, "I": -1, "O": -2, "S": -2, "Se": -2, "Te": -2}


@cache
def shannon_radius(element: str, charge: int) -> float | None:
    """Six-coordinate ionic radius in Å, or None where there is none."""
    from pymatgen.core import Element

    if (element, charge) in _NOT_IN_SHANNON:
        return _NOT_IN_SHANNON[element, charge]
    by_spin = (Element(element).data.get("Shannon radii") or {}).get(str(charge), {}).get("VI")
    if not by_spin:
        return None
    spin = _SPIN.get((element, charge), "High Spin" if "High Spin" in by_spin else next(iter(by_spin)))
    return float(by_spin[spin]["ionic_radius"])


@cache
def charge_states(element: str) -> tuple[int, ...]:
    """Positive charge states considered for a cation, ascending."""
    from pymatgen.core import Element

    states = {q for q in Element(element).common_oxidation_states if q > 0}
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
