"""The rows of the table of compounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from compute.physics.stability import MISSING, harmonic_labels
from dashboard.dataset import Dataset
from dashboard.views.compounds import SIGMA_MAX, CompoundsView
from dashboard.viewstate import DEFAULT_TOLERANCE_THZ

_FILTERS = """
    suite = $suite AND potential IS NOT DISTINCT FROM $potential
    AND (len($anion) = 0 OR list_contains($anion, X))
    AND ($element = '' OR $element IN (coalesce(A, ''), coalesce(B, ''), coalesce(Bp, ''), coalesce(X, '')))
    AND ($formula = '' OR contains(lower(formula), lower($formula)) OR contains(lower(compound), lower($formula)))
    AND ($sigma_low <= 0 OR dft_sigma >= $sigma_low) AND ($sigma_high >= $sigma_max OR dft_sigma <= $sigma_high)
    AND (len($status) = 0 OR list_contains($status, CASE WHEN status IN ('ok', 'not-run') THEN status
                                                          WHEN status IS NULL THEN 'not-run' ELSE 'failed' END))
"""


EXPORT = (
    "suite", "compound", "formula", "prototype", "A", "B", "Bp", "X", "dft_sigma",
    "dft_omega_min_thz", "dft_omega_gamma_thz", "dft_omega_r_thz", "dft_omega_m_thz", "dft_omega_x_thz", "dft_label",
    "potential", "geometry", "omega_min_thz", "omega_gamma_thz", "omega_r_thz", "omega_m_thz", "omega_x_thz",
    "omega_l_thz", "delta_omega_min_thz", "label", "agreement", "tolerance_thz", "noise_floor_thz", "omega_rmse_thz",
    "status", "reason", "functional", "doi", "source", "run", "protocol",
)  # fmt: skip
"""Columns of the download: the numbers, then who published them and which run computed them."""


def suite_size(dataset: Dataset, suite: str) -> int:
    """Compounds of `suite` in the table `references`."""
    frame = dataset.frame('SELECT count(*) AS n FROM "references" WHERE suite = $suite', {"suite": suite})
    return int(frame["n"].iloc[0])


def compounds(dataset: Dataset, view: CompoundsView) -> pd.DataFrame:
    """Every row of `pairs` that the view admits, by compound, with DFT and potential labels at the default tolerance.

    Adds `dft_label`, `label`, `agreement` (agree, disagree or empty when either side has no verdict) and
    `delta_omega_min_thz` = potential − DFT (THz).
    """
    frame = dataset.frame(
        f"SELECT * FROM pairs WHERE {_FILTERS} ORDER BY compound",
        {
            "suite": view.suite,
            "potential": view.potential or None,
            "anion": list(view.anion),
            "element": view.element,
            "formula": view.formula,
            "sigma_low": view.sigma_low,
            "sigma_high": view.sigma_high,
            "sigma_max": SIGMA_MAX,
            "status": list(view.status),
        },
    )
    dft = harmonic_labels(frame["dft_omega_min_thz"].astype(float), DEFAULT_TOLERANCE_THZ)
    potential = harmonic_labels(
        frame["omega_min_thz"].astype(float), DEFAULT_TOLERANCE_THZ, frame["noise_floor_thz"].astype(float)
    )
    verdicts = ("stable", "unstable")
    comparable = np.isin(dft, verdicts) & np.isin(potential, verdicts)
    frame["dft_label"] = np.where(dft == MISSING, "", dft)
    frame["label"] = np.where(potential == MISSING, "", potential)
    frame["agreement"] = np.where(comparable, np.where(dft == potential, "agree", "disagree"), "")
    frame["delta_omega_min_thz"] = frame["omega_min_thz"] - frame["dft_omega_min_thz"]
    for column in ("label", "agreement"):
        if wanted := getattr(view, column):
            frame = frame[frame[column].isin(wanted)]
    return frame


def block(frame: pd.DataFrame, sort: Sequence[dict[str, str]], start: int, end: int) -> list[dict[str, Any]]:
    """Rows `start` to `end` of `frame` in the order asked for, as records with null for what is missing.

    `sort` holds `colId` and `sort` ("asc" or "desc"); columns that do not exist are ignored, nulls come last.
    """
    keys = [(s["colId"], s.get("sort") != "desc") for s in sort if s.get("colId") in frame.columns]
    if keys:
        columns, ascending = map(list, zip(*keys, strict=True))
        frame = frame.sort_values(columns, ascending=ascending, na_position="last", kind="stable")
    part = frame.iloc[max(start, 0) : max(end, 0)].astype(object)
    return part.where(part.notna(), None).to_dict("records")


def elements(dataset: Dataset, suite: str) -> list[str]:
    """Elements that occur on any site of `suite`, by name."""
    frame = dataset.frame(
        'SELECT DISTINCT unnest([A, B, Bp, X]) AS element FROM "references" WHERE suite = $suite ORDER BY element',
        {"suite": suite},
    )
    return frame["element"].dropna().tolist()
