"""From rows of the published tables to the features of the trust model, one row per compound and potential."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from compute.trust import descriptors

Array = NDArray[np.float64]

SUITE = "abx3"
"""The suite whose published frequencies the model is fitted to: cubic perovskites, PBE."""

TOLERANCE_THZ = 0.1
_SOFT_THZ, _SPREAD_THZ, _FLOOR_THZ, _SMALL = 0.5, 0.02, 0.01, 1e-4

CALCULATION = {
    "says_stable": "1 where the potential's label is stable",
    "margin": "asinh((ω_min + tolerance) / 0.5 THz)",
    "distance": "|margin|",
    "noise": "log10 of the noise floor",
    "asymmetry": "log10 of the sum-rule residual of Φ before it is symmetrised",
    "strain": "|a relaxed with the potential / a of DFT − 1|",
    "undecidable": "1 where the label changes with the displacement",
    "comparable": "1 where the training data and the published DFT mean the same by the energy, 0 where not",
    "cusp": "part of ω that grows as 1/displacement, over the margin's 0.5 THz, as asinh",
}
COMMITTEE = {
    "votes": "share of the potentials that say stable",
    "consensus": "mean margin of the potentials",
    "spread": "log10 of the standard deviation of the mean margin from family to family",
}
EVIDENCE = {
    "composition": tuple(descriptors.NAMES),
    "calculation": (*descriptors.NAMES, *CALCULATION),
    "committee": (*descriptors.NAMES, *CALCULATION, *COMMITTEE),
}
"""What a score rests on, the least first: the formula, one calculation, the calculations of several potentials."""

DEVIATING = {"composition": (), "calculation": ("says_stable", "margin"), "committee": ("says_stable", "margin")}
"""Features whose weight each potential has for itself, beside the one that all share."""


def rows_of(suite: str) -> str:
    """The query for attempted rows of foundation potentials in `suite`; distilled ones know no DFT but their teacher's.

    Its columns are what `features` reads.
    """
    return f"""
SELECT p.compound, p.formula, p.A, p.B, p.X, p.lattice_constant, p.dft_omega_min_thz, p.potential, m.family,
       p.geometry, p.status, p.omega_min_thz, p.noise_floor_thz, p.undecidable, p.cusp_thz, h.asr_residual,
       p.cell_constant, r.relaxed_constant, p.comparable_level, p.comparable_reason
FROM pairs p
JOIN potentials m USING (potential)
LEFT JOIN harmonic h USING (run, suite, compound, potential, geometry)
LEFT JOIN (
    SELECT suite, compound, potential, arg_max(a, run) AS relaxed_constant FROM harmonic
    WHERE geometry = 'relaxed' AND status = 'ok' GROUP BY ALL
) r USING (suite, compound, potential)
WHERE p.suite = '{suite}' AND m.category <> 'distilled' AND p.status <> 'not-run'
"""


ROWS = rows_of(SUITE)
"""The rows that the model is fitted to."""

LISTED = f"""
SELECT compound, A, B, X, lattice_constant, omega_min_thz AS dft_omega_min_thz FROM "references" WHERE suite = '{SUITE}'
"""
"""Every compound of the suite."""


def stable(omega_min_thz: ArrayLike) -> NDArray[np.bool_]:
    """Whether ω_min (n,) in THz is above −tolerance: the raw label, which counts. False for NaN."""
    return np.asarray(omega_min_thz, float) > -TOLERANCE_THZ


def real(column: pd.Series[Any]) -> pd.Series[float]:
    """The numbers of a column, whatever its type: NaN for null, 1 and 0 for true and false."""
    return column.astype(object).where(column.notna(), np.nan).astype(float)


def of_composition(rows: pd.DataFrame) -> pd.DataFrame:
    """The features `descriptors.NAMES` of rows with A, B, X and `lattice_constant` in Å, NaN where there is no cell.

    All are NaN for a material without these sites, which is no perovskite.
    """
    bonds = [None if np.isnan(a) else round(a / 2, 4) for a in real(rows["lattice_constant"])]
    found = [
        {} if pd.isna(key[0]) else descriptors.descriptors(*key)
        for key in zip(rows["A"], rows["B"], rows["X"], bonds, strict=True)
    ]
    return pd.DataFrame(found, index=rows.index, columns=list(descriptors.NAMES), dtype=float)


def of_calculation(rows: pd.DataFrame) -> pd.DataFrame:
    """The features `CALCULATION` of harmonic rows; NaN for what a row lacks."""
    omega = real(rows["omega_min_thz"])
    margin = pd.Series(np.arcsinh((omega + TOLERANCE_THZ) / _SOFT_THZ), rows.index)
    reference = real(rows["lattice_constant"])
    return pd.DataFrame(
        {
            "says_stable": stable(omega).astype(float),
            "margin": margin,
            "distance": margin.abs(),
            "noise": np.log10(real(rows["noise_floor_thz"]) + _FLOOR_THZ),
            "asymmetry": np.log10(real(rows["asr_residual"]) + _SMALL),
            "strain": (real(rows["relaxed_constant"]) / reference - 1).abs(),
            "undecidable": real(rows["undecidable"]),
            "comparable": real(rows["comparable_level"]),
            "cusp": np.arcsinh(real(rows["cusp_thz"]) / _SOFT_THZ),
        },
        index=rows.index,
    )


def of_committee(rows: pd.DataFrame, calculated: pd.DataFrame) -> pd.DataFrame:
    """The features `COMMITTEE` of harmonic rows, from all rows of the same compound that have a frequency."""
    known = pd.DataFrame(
        {
            "compound": rows["compound"],
            "family": rows["family"],
            "says_stable": calculated["says_stable"],
            "margin": calculated["margin"],
        }
    )[calculated["margin"].notna()]
    by_compound = known.groupby("compound")
    families = known.groupby(["compound", "family"])["margin"].mean().groupby("compound").std(ddof=0)
    several = known.groupby("compound")["family"].nunique() > 1
    spread = np.log10(families[several] + _SPREAD_THZ)
    found = pd.DataFrame(
        {"votes": by_compound["says_stable"].mean(), "consensus": by_compound["margin"].mean(), "spread": spread}
    )
    return found.reindex(rows["compound"]).set_index(rows.index)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Every feature of rows as `ROWS` has them, in the order of the rows."""
    calculated = of_calculation(rows)
    return pd.concat([of_composition(rows), calculated, of_committee(rows, calculated)], axis=1)
