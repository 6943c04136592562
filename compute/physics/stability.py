"""Stability labels: the one place where a number becomes stable, unstable, undecidable or missing.

Every label in the tables and on the pages comes from here. A NaN compares false with everything, so a plain
`<` would turn a missing number into one of the two answers; here it is `missing`, never a verdict.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

STABLE = "stable"
UNSTABLE = "unstable"
UNDECIDABLE = "undecidable"
MISSING = "missing"
LABELS = (STABLE, UNSTABLE, UNDECIDABLE, MISSING)

BELOW, ABOVE, LEAVES = "below", "above", "leaves-sites"
OUTCOMES = (BELOW, ABOVE, LEAVES)
LEFT_SITES = "left-sites"
"""Status of a run that ended because an atom left its site."""


def harmonic_labels(
    omega_min_thz: ArrayLike, tolerance_thz: float, noise_floor_thz: ArrayLike | None = None
) -> NDArray[np.str_]:
    """Harmonic labels of compounds, in the shape of `omega_min_thz`.

    Stable: ω_min > −tolerance. Undecidable: |ω_min| < noise floor, whatever the tolerance. Missing: ω_min is
    not finite. All in THz, imaginary modes as negative numbers. A noise floor that is absent or NaN makes no
    row undecidable: the sources publish none for DFT. Raises `ValueError` for a negative or NaN tolerance.
    """
    if not tolerance_thz >= 0:
        raise ValueError(f"tolerance must not be negative: {tolerance_thz}")
    omega = np.asarray(omega_min_thz, dtype=float)
    doubt = None if noise_floor_thz is None else np.abs(omega) < np.asarray(noise_floor_thz, dtype=float)
    return _labels(omega, omega > -tolerance_thz, doubt)


def ladder_labels(
    omega_min_thz: ArrayLike,
    omega_rungs_thz: ArrayLike,
    tolerance_thz: float,
    noise_floor_thz: ArrayLike | None = None,
) -> NDArray[np.str_]:
    """Harmonic labels that no displacement turns, in the shape (…) of `omega_min_thz`.

    `omega_rungs_thz` (…, R) are the softest mode again, frozen in at R amplitudes. Stable or unstable: ω_min and every
    rung say so at the tolerance. Undecidable: they differ, or |ω_min| is below the noise floor. Missing: ω_min or a
    rung is not finite, as where no ladder was climbed. In THz, imaginary as negative; errors as of `harmonic_labels`.
    """
    omega = np.asarray(omega_min_thz, dtype=float)
    every = np.concatenate([omega[..., None], np.asarray(omega_rungs_thz, dtype=float)], axis=-1)
    low, high = every.min(axis=-1), every.max(axis=-1)  # NaN where one is
    labels, others = harmonic_labels(low, tolerance_thz), harmonic_labels(high, tolerance_thz)
    doubt = labels != others
    if noise_floor_thz is not None:
        doubt |= np.abs(omega) < np.asarray(noise_floor_thz, dtype=float)
    known = np.isfinite(every).all(axis=-1)
    return np.asarray(np.where(known, np.where(doubt, UNDECIDABLE, labels), MISSING), dtype=np.str_)


def sigma_labels(sigma: ArrayLike, threshold: float = 1.0, sigma_se: ArrayLike | None = None) -> NDArray[np.str_]:
    """Labels at temperature from the anharmonicity score σ (dimensionless), in the shape of `sigma`.

    Stable: σ < threshold, the published criterion at 300 K with threshold 1. Undecidable: |σ − threshold| is
    below two standard errors. Missing: σ is not finite. Raises `ValueError` for a threshold that is not positive.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be positive: {threshold}")
    score = np.asarray(sigma, dtype=float)
    doubt = None
    if sigma_se is not None:
        doubt = np.abs(score - threshold) < 2 * np.asarray(sigma_se, dtype=float)
    return _labels(score, score < threshold, doubt)


def sigma_outcomes(sigma: ArrayLike, status: ArrayLike, threshold: ArrayLike = 1.0) -> NDArray[np.str_]:
    """How runs of σ ended, in the shape of `sigma`: each an answer to whether the crystal stays as it is.

    Below or above: σ < threshold or not. Leaves sites: an atom did, so this structure is dynamically unstable, and σ is
    censored. Missing: the run failed or was not run, or σ is not finite.
    """
    score, ended = np.asarray(sigma, dtype=float), np.asarray(status)
    answered = np.where(score < np.asarray(threshold, dtype=float), BELOW, ABOVE)
    finished = np.where((ended == "ok") & np.isfinite(score), answered, MISSING)
    return np.asarray(np.where(ended == LEFT_SITES, LEAVES, finished), dtype=np.str_)


def renormalised_labels(
    omega_min_thz: ArrayLike,
    tolerance_thz: float,
    omega_min_se_thz: ArrayLike,
    noise_floor_thz: ArrayLike | None = None,
) -> NDArray[np.str_]:
    """Labels at temperature from effective force constants, in the shape of `omega_min_thz`.

    Stable: renormalised ω_min ≥ −tolerance. Undecidable: |ω_min| is below two standard errors or below the noise
    floor, whatever the tolerance. Missing: ω_min is not finite or its error is NaN. All in THz, imaginary modes as
    negative numbers. Raises `ValueError` for a negative or NaN tolerance.
    """
    if not tolerance_thz >= 0:
        raise ValueError(f"tolerance must not be negative: {tolerance_thz}")
    omega = np.asarray(omega_min_thz, dtype=float)
    error = np.asarray(omega_min_se_thz, dtype=float)
    doubt = np.abs(omega) < 2 * error
    if noise_floor_thz is not None:
        doubt |= np.abs(omega) < np.asarray(noise_floor_thz, dtype=float)
    return _labels(np.where(np.isnan(error), np.nan, omega), omega >= -tolerance_thz, doubt)


def _labels(
    values: NDArray[np.float64], stable: NDArray[np.bool_], doubt: NDArray[np.bool_] | None
) -> NDArray[np.str_]:
    labels = np.where(stable, STABLE, UNSTABLE)
    if doubt is not None:
        labels = np.where(doubt, UNDECIDABLE, labels)
    return np.asarray(np.where(np.isfinite(values), labels, MISSING), dtype=np.str_)
