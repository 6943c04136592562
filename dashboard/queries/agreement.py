"""How far the frequencies of a potential are from DFT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from compute.statistics.comparable import CUT_AT_ZERO, comparable
from compute.statistics.deviation import Deviation
from dashboard.dataset import Dataset

PLACE_COLUMNS = {
    "min": "omega_min_thz",
    "gamma": "omega_gamma_thz",
    "r": "omega_r_thz",
    "m": "omega_m_thz",
    "x": "omega_x_thz",
}
PLACE_NAMES = {"min": "any", "gamma": "Γ", "r": "R", "m": "M", "x": "X"}


@dataclass(frozen=True)
class FrequencyError:
    """RMSE of all modes against DFT on a common q mesh, over the compounds of a suite (THz)."""

    n: int
    median: float
    lower_quartile: float
    upper_quartile: float


def frequency_pairs(dataset: Dataset, suite: str, potential: str, place: str) -> pd.DataFrame:
    """Columns `dft` and `potential` (THz), one row per compound in which both are known.

    Positive numbers are cut at 0 for the places in `comparison.CUT_AT_ZERO`.
    """
    column = PLACE_COLUMNS[place]
    frame = dataset.frame(
        f"SELECT dft_{column} AS dft, {column} AS potential FROM pairs "
        f"WHERE suite = $suite AND potential = $potential AND status = 'ok' "
        f"AND dft_{column} IS NOT NULL AND {column} IS NOT NULL",
        {"suite": suite, "potential": potential},
    )
    for side in ("dft", "potential"):
        frame[side] = comparable(frame[side], suite, place)
    return frame


def deviations(dataset: Dataset, suite: str, potential: str) -> dict[str, Deviation]:
    """Deviation potential − DFT of the softest mode at every place that the suite compares (THz)."""
    places = ", ".join(
        f"('{place}', {_cut(column, suite, place)} - {_cut(f'dft_{column}', suite, place)})"
        for place, column in PLACE_COLUMNS.items()
    )
    frame = dataset.frame(
        "SELECT place, count(*) AS n, sqrt(avg(d * d)) AS rmse, avg(abs(d)) AS mae, avg(d) AS bias "
        f"FROM pairs, LATERAL (VALUES {places}) AS differences(place, d) "
        "WHERE suite = $suite AND potential = $potential AND status = 'ok' AND isfinite(d) GROUP BY place",
        {"suite": suite, "potential": potential},
    )
    found = {row.place: Deviation(int(row.n), row.rmse, row.mae, row.bias) for row in frame.itertuples(index=False)}
    return {place: found.get(place, Deviation(0, np.nan, np.nan, np.nan)) for place in PLACE_COLUMNS}


def _cut(column: str, suite: str, place: str) -> str:
    """`comparable` in SQL."""
    return f"if({column} > 0, 0, {column})" if (suite, place) in CUT_AT_ZERO else column


def median_noise_floor(dataset: Dataset, suite: str, potential: str) -> float:
    """Median of `noise_floor_thz` over finished calculations (THz); NaN when there is none."""
    frame = dataset.frame(
        "SELECT median(noise_floor_thz) AS v FROM pairs WHERE suite = $suite AND potential = $potential "
        "AND status = 'ok'",
        {"suite": suite, "potential": potential},
    )
    return float(frame["v"].fillna(np.nan).iloc[0])


def noise_floors(dataset: Dataset, suite: str, potential: str) -> pd.DataFrame:
    """Columns `bond` (B–X distance of the ABX3 cell, Å) and `noise_floor` (THz) of finished calculations."""
    return dataset.frame(
        "SELECT cell_constant / 2 AS bond, noise_floor_thz AS noise_floor FROM pairs WHERE suite = $suite "
        "AND potential = $potential AND status = 'ok' AND cell_constant IS NOT NULL AND noise_floor_thz IS NOT NULL",
        {"suite": suite, "potential": potential},
    )


def frequency_error(dataset: Dataset, suite: str, potential: str) -> FrequencyError:
    """Median and quartiles of `omega_rmse_thz`; NaN when no compound has it."""
    values = dataset.frame(
        "SELECT omega_rmse_thz AS v FROM pairs WHERE suite = $suite AND potential = $potential "
        "AND status = 'ok' AND omega_rmse_thz IS NOT NULL",
        {"suite": suite, "potential": potential},
    )["v"].to_numpy(float)
    if values.size == 0:
        return FrequencyError(0, np.nan, np.nan, np.nan)
    lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75))
    return FrequencyError(int(values.size), float(median), float(lower), float(upper))
