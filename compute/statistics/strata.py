"""Compounds by how anharmonic they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compute.physics.stability import MISSING

WEAK, MIDDLE, STRONG = "weak", "middle", "strong"
EDGES = (0.5, 1.0)


def anharmonicity_strata(sigma: ArrayLike, edges: tuple[float, float] = EDGES) -> NDArray[np.str_]:
    """Weak where σ < the lower edge, strong where σ > the upper, middle between, missing where σ is not finite.

    Raises `ValueError` for edges that do not rise.
    """
    low, high = edges
    if not low < high:
        raise ValueError(f"edges must rise: {edges}")
    values = np.asarray(sigma, float)
    strata = np.where(values < low, WEAK, np.where(values > high, STRONG, MIDDLE))
    return np.asarray(np.where(np.isfinite(values), strata, MISSING), dtype=np.str_)
