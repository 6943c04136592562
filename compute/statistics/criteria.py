"""The verdicts of both sides on the rows of `pairs`, by criterion, and the score made of them: here and nowhere else.

Pages, the API, the findings and the README call `scored`, so that one suite, potential and criterion has one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics.stability import (
    STABLE,
    UNDECIDABLE,
    UNSTABLE,
    harmonic_labels,
    renormalised_labels,
    sigma_labels,
)
from compute.protocols import HARMONIC_PROTOCOLS
from compute.statistics.bootstrap import DRAWS, clusters_of
from compute.statistics.confusion import CLASSES
from compute.statistics.verdicts import NOT_RUN, SCORE, Answers, Labels, Mask, Score, answers, score, truth_labels

CRITERIA = ("harmonic", "sigma", "renormalised", "cross")
"""DFT | potential: ω_min | ω_min; σ | σ; σ | renormalised ω_min; σ | ω_min, which are two questions and no score."""
TOLERANCE_THZ = HARMONIC_PROTOCOLS["reference-geometry"].tolerance_thz
THRESHOLD = 1.0

COLUMNS = (
    "dft_omega_min_thz", "dft_sigma", "omega_min_thz", "noise_floor_thz", "undecidable", "status", "sigma", "sigma_se",
    "sigma_status", "renormalised_min_thz", "renormalised_label", "composition_label", "composition_sigma_label",
)  # fmt: skip
"""Columns of `pairs` that verdicts are made of."""

CONSTANT, COMPOSITION = "constant", "composition"
NULLS = {CONSTANT: "null: the larger class", COMPOSITION: "null: composition only"}
"""What knows nothing of forces, by name for people: a score that one of these also has is no finding. The first always
names the class that DFT calls more often; the second predicts from elements alone.
"""
NULL_NUMBERS = {CONSTANT: "null: the mean of DFT", COMPOSITION: "null: composition only"}
"""The same where numbers are predicted: the constant that is nearest to DFT, and the elements alone."""

LEFT = "left-sites"
"""Status of a run whose atoms left their sites: it has no σ, and says that the structure is not stable at 300 K."""

Rows = Mapping[str, Any]
"""Columns (n,) by name: a frame of `pairs`, or a dictionary of arrays."""


LABELLED = """\
    SELECT * EXCLUDE (label, sigma_label, renormalised_label, tolerance_thz),
        CASE
            WHEN NOT isfinite(dft_omega_min_thz) THEN NULL
            WHEN dft_omega_min_thz > -$tolerance_thz THEN 'stable'
            WHEN dft_omega_min_thz <= -$tolerance_thz THEN 'unstable'
        END AS dft_label,
        CASE
            WHEN NOT isfinite(dft_sigma) THEN NULL
            WHEN dft_sigma < $threshold THEN 'stable'
            WHEN dft_sigma >= $threshold THEN 'unstable'
        END AS dft_sigma_label,
        CASE
            WHEN potential IS NULL THEN NULL
            WHEN status = 'not-run' THEN 'not-run'
            WHEN status <> 'ok' OR NOT coalesce(isfinite(omega_min_thz), false) THEN 'failed'
            WHEN isfinite(noise_floor_thz) AND abs(omega_min_thz) < noise_floor_thz THEN 'undecidable'
            WHEN undecidable THEN 'undecidable'  -- another displacement turns the label
            WHEN omega_min_thz > -$tolerance_thz THEN 'stable'
            ELSE 'unstable'
        END AS label,
        CASE
            WHEN potential IS NULL THEN NULL
            WHEN sigma_status = 'not-run' THEN 'not-run'
            WHEN sigma_status = 'left-sites' THEN 'unstable'
            WHEN sigma_status <> 'ok' OR NOT coalesce(isfinite(sigma), false) THEN 'failed'
            WHEN isfinite(sigma_se) AND abs(sigma - $threshold) < 2 * sigma_se THEN 'undecidable'
            WHEN sigma < $threshold THEN 'stable'
            ELSE 'unstable'
        END AS sigma_label,
        CASE
            WHEN potential IS NULL THEN NULL
            WHEN sigma_status = 'not-run' OR sigma_status = 'ok' AND renormalised_label IS NULL THEN 'not-run'
            WHEN sigma_status <> 'ok' OR NOT coalesce(isfinite(renormalised_min_thz), false) THEN 'failed'
            WHEN renormalised_label = 'undecidable' THEN 'undecidable'
            WHEN renormalised_min_thz >= -$tolerance_thz THEN 'stable'
            ELSE 'unstable'
        END AS renormalised_label,
        CASE
            WHEN potential IS NULL OR status = 'not-run' THEN NULL
            WHEN status <> 'ok' OR NOT coalesce(isfinite(omega_min_thz), false) THEN 'failed'
            WHEN omega_min_thz > -$tolerance_thz THEN 'stable'
            ELSE 'unstable'
        END AS own_label,
        CASE
            WHEN potential IS NULL OR sigma_status = 'not-run' THEN NULL
            WHEN sigma_status = 'left-sites' THEN 'unstable'
            WHEN sigma_status <> 'ok' OR NOT coalesce(isfinite(sigma), false) THEN 'failed'
            WHEN sigma < $threshold THEN 'stable'
            ELSE 'unstable'
        END AS own_sigma_label,
        CASE
            WHEN potential IS NULL OR sigma_status = 'not-run' THEN NULL
            WHEN sigma_status = 'ok' AND renormalised_label IS NULL THEN NULL
            WHEN sigma_status <> 'ok' OR NOT coalesce(isfinite(renormalised_min_thz), false) THEN 'failed'
            WHEN renormalised_min_thz >= -$tolerance_thz THEN 'stable'
            ELSE 'unstable'
        END AS own_renormalised_label"""
"""What `dft_labels` and `potential_answers` say of the rows of `pairs`, in SQL: the columns that it names are added.

NULL where DFT has no number, or the potential was not run for its own label.
"""


def dft_labels(
    rows: Rows, criterion: str, tolerance_thz: float = TOLERANCE_THZ, threshold: float = THRESHOLD
) -> Labels:
    """DFT's label of each compound (n,) of `rows`; `no label` where DFT has no number."""
    if criterion == "harmonic":
        return truth_labels(harmonic_labels(_numbers(rows, "dft_omega_min_thz"), tolerance_thz))
    return truth_labels(sigma_labels(_numbers(rows, "dft_sigma"), threshold))


def potential_answers(
    rows: Rows, criterion: str, tolerance_thz: float = TOLERANCE_THZ, threshold: float = THRESHOLD
) -> Answers:
    """What the potential says of each compound (n,) of `rows`, with what lies within its noise."""
    if criterion in ("harmonic", "cross"):
        omega = _numbers(rows, "omega_min_thz")
        found = answers(
            harmonic_labels(omega, tolerance_thz),
            harmonic_labels(omega, tolerance_thz, _numbers(rows, "noise_floor_thz")),
            _words(rows, "status"),
        )
        # A label that another displacement turns is as doubtful as one within the noise floor.
        return Answers(found.own, found.doubtful | (_flags(rows, "undecidable") & np.isin(found.own, CLASSES)))
    ended = _words(rows, "sigma_status")
    if criterion == "sigma":
        sigma = _numbers(rows, "sigma")
        found = answers(
            sigma_labels(sigma, threshold), sigma_labels(sigma, threshold, _numbers(rows, "sigma_se")), ended
        )
        return Answers(np.where(ended == LEFT, UNSTABLE, found.own), found.doubtful)
    if criterion == "renormalised":
        omega, published = _numbers(rows, "renormalised_min_thz"), _words(rows, "renormalised_label")
        # The doubt, from the error of the fit, does not depend on the tolerance: it is in the published label.
        own = renormalised_labels(omega, tolerance_thz, np.zeros_like(omega))
        fitted = (ended != "ok") | np.isin(published, (STABLE, UNSTABLE, UNDECIDABLE))
        return answers(own, np.where(published == UNDECIDABLE, UNDECIDABLE, own), np.where(fitted, ended, "not-run"))
    raise ValueError(f"no criterion {criterion}: {', '.join(CRITERIA)}")


def scored(
    rows: Rows,
    suite: str,
    criterion: str,
    *,
    tolerance_thz: float = TOLERANCE_THZ,
    threshold: float = THRESHOLD,
    rule: str = SCORE,
    draws: int = DRAWS,
) -> Score:
    """The score of the potential whose rows of `pairs` in `suite` these are; its clusters are those of the suite."""
    cuts = (tolerance_thz, threshold)
    return score(
        dft_labels(rows, criterion, *cuts),
        potential_answers(rows, criterion, *cuts),
        clusters=clusters_of(rows, suite),
        rule=rule,
        draws=draws,
    )


def null_scores(
    rows: Rows,
    suite: str,
    criterion: str,
    run: Mask,
    *,
    tolerance_thz: float = TOLERANCE_THZ,
    threshold: float = THRESHOLD,
    draws: int = DRAWS,
) -> dict[str, Score]:
    """Scores of `NULLS` on the compounds of `rows` that were `run` (n,), as if each were a potential.

    The composition was learnt at the default cuts: at others it has no score, nor where it was never predicted.
    """
    truth = dft_labels(rows, criterion, tolerance_thz, threshold)
    stable, unstable = (np.sum(run & (truth == one)) for one in (STABLE, UNSTABLE))
    said = {CONSTANT: np.full(len(truth), UNSTABLE if unstable >= stable else STABLE)}
    harmonic = criterion == "harmonic"
    if (tolerance_thz == TOLERANCE_THZ) if harmonic else (threshold == THRESHOLD):
        said[COMPOSITION] = _words(rows, "composition_label" if harmonic else "composition_sigma_label")
    found = {}
    for name, labels in said.items():
        known = run & np.isin(labels, (STABLE, UNSTABLE))
        if known.any():
            answer = Answers(np.where(known, labels, NOT_RUN), np.zeros(len(truth), bool))
            found[name] = score(truth, answer, clusters=clusters_of(rows, suite), draws=draws)
    return found


def _numbers(rows: Rows, name: str) -> NDArray[np.float64]:
    return np.asarray(rows[name], dtype=float)


def _flags(rows: Rows, name: str) -> Mask:
    """Which rows (n,) have `name` true; not where it is null."""
    values = np.asarray(rows[name])
    if values.dtype.kind in "bif":
        return np.asarray(np.nan_to_num(values.astype(float)) > 0)
    return np.array([str(value) == "True" for value in values], dtype=bool)


def _words(rows: Rows, name: str) -> NDArray[np.str_]:
    return np.asarray(rows[name]).astype(str)
