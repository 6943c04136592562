"""Invented cubic perovskites: a law for DFT, and potentials that miss it in a known way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from compute.trust.descriptors import descriptors
from compute.trust.training import Examples, examples

A_SITES = "Li Na K Rb Cs Tl Ag".split()
B_SITES = "Mg Ca Sr Ba Zn Cd Mn Fe Ni Ge Sn Pb".split()
X_SITES = "F Cl Br I".split()
ROUGH, SMOOTH = "rough", "smooth"


def rows(seed: int = 0) -> pd.DataFrame:
    """Rows as `features.ROWS` has them: DFT is stable near a tolerance factor of 0.9, `rough` is the noisier."""
    rng = np.random.default_rng(seed)
    found = []
    for A in A_SITES:
        for B in B_SITES:
            for X in X_SITES:
                factor = descriptors(A, B, X)["tolerance_factor"]
                dft = 1.0 - 12 * abs(factor - 0.9) + rng.normal(0, 0.3)
                for potential, noise in ((ROUGH, 1.5), (SMOOTH, 0.4)):
                    omega = dft + rng.normal(0, noise)
                    found.append(_row(A, B, X, potential, dft, omega, noise))
    return pd.DataFrame(found)


def _row(A: str, B: str, X: str, potential: str, dft: float, omega: float, noise: float) -> dict[str, object]:
    return {
        "compound": f"{A}{B}{X}3",
        "A": A,
        "B": B,
        "X": X,
        "lattice_constant": 2 * descriptors(A, B, X)["bond"],
        "dft_omega_min_thz": min(dft, 0.0),
        "potential": potential,
        "family": potential,
        "geometry": "reference",
        "status": "ok",
        "omega_min_thz": omega,
        "noise_floor_thz": noise / 10,
        "undecidable": None,
        "cusp_thz": np.nan,
        "asr_residual": noise / 100,
        "cell_constant": np.nan,
        "relaxed_constant": np.nan,
        "comparable_level": None,
        "comparable_reason": None,
    }


def data(seed: int = 0) -> Examples:
    """The examples of `rows`."""
    return examples(rows(seed))
