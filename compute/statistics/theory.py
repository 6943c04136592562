"""Whether a potential and the published DFT mean the same thing by the energy of a compound: `comparable_level`.

The references of the suites are PBE without spin polarisation and without +U. Training data are spin-polarised, and
those in the scheme of the Materials Project carry a Hubbard U on some metals beside O or F. Where no d or f shell is
open and no U applies, all of them are the same PBE; elsewhere a difference is not the potential's error.

U: `MP2020Compatibility.yaml` of pymatgen lists the metals; MPtrj, Alexandria and OMat24 follow it, MatPES has none
(T. Warford, F. L. Thiemann and G. Csányi, arXiv:2601.21056).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

PBE_U, PBE, R2SCAN = "PBE+U", "PBE", "r2SCAN"
THEORIES: Final = (PBE_U, PBE, R2SCAN)
"""Of training data: PBE with U by the scheme of the Materials Project, PBE without U, r2SCAN."""

HUBBARD_METALS: Final = frozenset({"Co", "Cr", "Fe", "Mn", "Mo", "Ni", "V", "W"})
HUBBARD_ANIONS: Final = frozenset({"O", "F"})

_D_BLOCK = (
    "Sc Ti V Cr Mn Fe Co Ni Cu Zn",
    "Y Zr Nb Mo Tc Ru Rh Pd Ag Cd",
    "Lu Hf Ta W Re Os Ir Pt Au Hg",
)
_F_BLOCK = ("La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb", "Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No")
# Electrons beyond the noble gas, and how many the shell holds.
_SHELLS = {name: (3 + i, 10) for row in _D_BLOCK for i, name in enumerate(row.split())} | {
    name: (3 + i, 14) for row in _F_BLOCK for i, name in enumerate(row.split())
}
# Whatever their charge in a salt: nothing but the closed shell is left, or it is full.
_ALWAYS_CLOSED = frozenset("Sc Y La Lu Zn Cd Hg".split())


_FIXED = (
    dict.fromkeys("Li Na K Rb Cs Fr".split(), 1)
    | dict.fromkeys("Be Mg Ca Sr Ba Ra Zn Cd".split(), 2)
    | dict.fromkeys("B Al Sc Y La Lu".split(), 3)
)
_ANIONS = dict.fromkeys("F Cl Br I".split(), 1) | dict.fromkeys("O S Se Te".split(), 2)

Charges = dict[str, int | None]


@dataclass(frozen=True)
class Comparability:
    """`comparable` is None where it cannot be told; `reason` says why it is not True."""

    comparable: bool | None
    reason: str | None = None


_NOT_STATED = Comparability(None, "training data not stated")
_R2SCAN = Comparability(False, "trained on r2SCAN, which is not PBE")


@cache
def open_shell(element: str, charge: int | None) -> bool | None:
    """Whether `element` with `charge` (e) has a partly filled d or f shell; None where only the charge would tell.

    Outer s electrons go first, so an ion of a metal with v electrons beyond the noble gas has v − charge of them left.
    """
    if element not in _SHELLS or (charge is None and element in _ALWAYS_CLOSED):
        return False
    if charge is None:
        return None
    electrons, full = _SHELLS[element]
    return 0 < electrons - charge < full


def comparability(options: Sequence[Mapping[str, int | None]], theory: str | None) -> Comparability:
    """What `comparabilities` says of `theory`. Raises `ValueError` for a theory that is not one of `THEORIES`."""
    if theory is not None and theory not in THEORIES:
        raise ValueError(f"no theory {theory}: it is one of {', '.join(THEORIES)}")
    return comparabilities(options)[theory]


def comparabilities(options: Sequence[Mapping[str, int | None]]) -> dict[str | None, Comparability]:
    """Whether PBE without spin and U describes a compound as training data of each theory do; None: nobody states it.

    `options` are the ways to give its elements their charges, one where that is settled, with None for an element of
    which nothing is known.
    """
    elements = options[0].keys()
    states = {
        element: [open_shell(element, option[element]) for option in options]
        for element in sorted(elements & _SHELLS.keys())
    }
    suspects = ", ".join(element for element, found in states.items() if found != [False] * len(found))
    if suspects and all(any(shells) for shells in zip(*states.values(), strict=True)):
        unlike = Comparability(False, f"open shell: {suspects}")
        found = dict.fromkeys((PBE_U, PBE, None), unlike)
    else:
        settled = Comparability(None, f"charge not settled: {suspects}") if suspects else Comparability(True)
        found = {PBE_U: settled, PBE: settled, None: settled if suspects else _NOT_STATED}
        if (corrected := HUBBARD_METALS & elements) and HUBBARD_ANIONS & elements:
            found[PBE_U] = Comparability(False, f"+U in the training data: {', '.join(sorted(corrected))}")
    return {**found, R2SCAN: _R2SCAN}


def charge_options(row: Mapping[str, Any]) -> list[Charges]:
    """The ways to give the elements of a row of the table `references` their charges.

    Those that are published, else of ABX3 every split of what balances three anions into positive integers, elements
    of one charge having theirs. A formula alone has none.
    """
    sites = {site: row[site] for site in ("A", "B", "Bp", "X") if row[site] is not None}
    if not sites:
        return [dict.fromkeys(re.findall(r"[A-Z][a-z]?", row["formula"]))]
    given: Charges = {element: row.get(f"charge_{site.lower()}") for site, element in sites.items()}
    if row["charge_a"] is not None or set(sites) != {"A", "B", "X"} or sites["X"] not in _ANIONS:
        return [given]
    a, b, total = sites["A"], sites["B"], 3 * _ANIONS[sites["X"]]
    allowed: list[Charges] = [
        {a: q, b: total - q, sites["X"]: None}
        for q in range(1, total)
        if q == _FIXED.get(a, q) and total - q == _FIXED.get(b, total - q)
    ]
    return allowed or [given]
