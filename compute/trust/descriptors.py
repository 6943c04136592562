"""What a formula alone says of a cubic perovskite: sizes, charges, electronegativities. Costs nothing."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files

from compute.statistics.theory import PBE, charge_options, comparability
from compute.structures import radii
from compute.structures.compounds import perovskite_charges

TOLERATED = 0.95
"""Tolerance factor about which cubic perovskites are stable most often; the misfit is the square of the distance."""

NAMES = {
    "electronegativity_a": "electronegativity of A (Pauling)",
    "electronegativity_b": "electronegativity of B (Pauling)",
    "electronegativity_x": "electronegativity of X (Pauling)",
    "anion_charge": "charge of X",
    "bond": "B–X distance in Å, half the DFT lattice constant; r_B + r_X where there is none",
    "tolerance_factor": "Goldschmidt tolerance factor",
    "tolerance_misfit": f"(tolerance factor − {TOLERATED})²",
    "octahedral_factor": "r_B / r_X",
    "radius_a": "Shannon radius of A in Å",
    "charge_a": "charge of A",
    "closed_shell": "1 where no d or f shell is open at the balanced charges, 0 where one is",
    "radii_known": "1 where charges balance and radii are known, else 0",
}


@cache
def electronegativities() -> dict[str, float]:
    """Pauling's electronegativity per element, as pymatgen lists it."""
    content: dict[str, float] = json.loads(
        files(__package__).joinpath("electronegativities.json").read_text(encoding="utf-8")
    )
    return content


@cache
def descriptors(A: str, B: str, X: str, bond: float | None = None) -> dict[str, float]:
    """The features `NAMES` of the cubic perovskite ABX3; NaN for one that is not known.

    `bond` in Å is the B–X distance of a cell. Where several charges balance, A has the lowest: the usual convention.
    """
    known = electronegativities()
    negative = -radii.ANION_CHARGE[X]
    r_x = radii.shannon_radius(X, -negative)
    sized = [
        (charge, r_a, r_b)
        for charge, other in perovskite_charges(A, B, X)
        for r_a, r_b in [(radii.shannon_radius(A, charge), radii.shannon_radius(B, other))]
        if r_a is not None and r_b is not None and r_x is not None
    ]
    found = dict.fromkeys(NAMES, math.nan) | {
        "electronegativity_a": known.get(A, math.nan),
        "electronegativity_b": known.get(B, math.nan),
        "electronegativity_x": known.get(X, math.nan),
        "anion_charge": float(negative),
        "radii_known": float(bool(sized)),
        "closed_shell": _closed(A, B, X),
        "bond": bond if bond is not None else math.nan,
    }
    if sized and r_x is not None:
        charge, r_a, r_b = sized[0]
        factor = radii.tolerance_factor(r_a, r_b, r_b, r_x)
        found |= {
            "bond": bond if bond is not None else r_b + r_x,
            "tolerance_factor": factor,
            "tolerance_misfit": (factor - TOLERATED) ** 2,
            "octahedral_factor": radii.octahedral_factor(r_b, r_b, r_x),
            "radius_a": r_a,
            "charge_a": float(charge),
        }
    return found


def _closed(A: str, B: str, X: str) -> float:
    """Whether no shell is open, so that neither spin nor U can matter; NaN where the charges do not settle it."""
    options = charge_options({"A": A, "B": B, "Bp": None, "X": X, "charge_a": None})
    found = comparability(options, PBE).comparable
    return math.nan if found is None else float(found)
