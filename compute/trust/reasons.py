"""Why the label of a potential may be wrong here: what is known of the calculation, each in a few words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from compute.trust.features import TOLERANCE_THZ

NEAR_THZ = 0.15
"""So close to the tolerance a label may turn with the settings."""
NOISY_THZ = 0.5
STRAINED = 0.01
SPLIT = 0.15
"""Share of one class among compounds like this from which the other label is in doubt."""


def of_calculation(row: Mapping[str, Any]) -> list[str]:
    """What in a harmonic row, as `features.ROWS` has it, makes its label doubtful; the gravest first."""
    found = []
    omega, floor, bond = (_number(row.get(name)) for name in ("omega_min_thz", "noise_floor_thz", "lattice_constant"))
    at = f" at a B–X bond of {bond / 2:.1f} Å" if math.isfinite(bond) else ""
    if _number(row.get("undecidable")) == 1:
        found.append(f"the label changes with the displacement{at}")
    if floor > abs(omega):
        found.append(f"ω of {_signed(omega)} THz lies within the noise floor of {floor:.2f} THz")
    elif floor > NOISY_THZ:
        found.append(f"the noise floor is {floor:.1f} THz{at}")
    if abs(omega + TOLERANCE_THZ) < NEAR_THZ:
        found.append(f"ω lies {abs(omega + TOLERANCE_THZ):.2f} THz from the tolerance")
    strain = _number(row.get("relaxed_constant")) / bond - 1
    if abs(strain) > STRAINED:
        found.append(f"its own cell is {abs(strain):.1%} {'larger' if strain > 0 else 'smaller'} than DFT’s")
    if _number(row.get("comparable_level")) == 0:
        found.append(str(row["comparable_reason"]))
    return found


def of_interval(sites: Mapping[str, str], short: Mapping[str, Mapping[str, float]]) -> list[str]:
    """That intervals hold less often than they should for an element of the formula."""
    return [
        f"with {element} on {site} the bound of Δω_min holds for {short[site][element]:.0%} alone"
        for site, element in sites.items()
        if element in short.get(site, {})
    ]


def of_votes(labels: Sequence[bool]) -> list[str]:
    """That potentials disagree, from whether each says stable."""
    stable = sum(labels)
    unstable = len(labels) - stable
    return [f"the potentials split {max(stable, unstable)} : {min(stable, unstable)}"] if stable and unstable else []


def of_chemistry(q: float, says_stable: bool | None) -> list[str]:
    """That chemistry speaks against the label, from the probability `q` that DFT calls the compound stable."""
    if says_stable is not True and q > SPLIT:
        return [f"of compounds like this DFT calls {q:.0%} stable"]
    if says_stable and q < 1 - SPLIT:
        return [f"of compounds like this DFT calls {1 - q:.0%} unstable"]
    return []


def of_formula(sites: Mapping[str, str], known: Mapping[str, Sequence[str]], radii_known: bool) -> list[str]:
    """What is unusual about the formula itself, for what the model was fitted to."""
    new = [f"{site} = {element}" for site, element in sites.items() if element not in known.get(site, ())]
    found = [f"no compound with {' and '.join(new)} was there to learn from"] if new else []
    if not radii_known:
        found.append("no common charges balance, so the size factors are not known")
    return found


def _number(value: Any) -> float:
    return math.nan if pd.isna(value) else float(value)


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
