"""A wider field: forty potentials on 103 binaries, as another benchmark stored their frequencies; sortable."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.records import records
from dashboard.ui.blocks import doi_link, not_computed
from dashboard.ui.text import count

SUITE = "kappa103"
_ROWS = """
SELECT any_value(name) AS name, bool_or(mace) AS mace, count(*) FILTER (status = 'ok') AS n,
       count(*) FILTER (status <> 'ok') AS without, median(omega_rmse_thz) AS rmse, median(omega_bias_thz) AS bias,
       count(*) FILTER (imaginary) AS imaginary, avg(srme) AS srme
FROM wider_field WHERE entry <> 'dft' GROUP BY entry ORDER BY rmse, name
"""
_COLUMNS = (
    ("name", "potential", 220, None, "as the source names it; ★ a MACE model by its name"),
    ("n", "n", 70, 0, "binaries with frequencies"),
    ("without", "without", 90, 0, "binaries without frequencies: a failure of the potential's own run"),
    ("rmse", "ω RMSE (THz)", 130, 3, "median over binaries of the RMSE of 17 quantiles of ω"),
    ("bias", "ω bias (THz)", 130, 3, "median over binaries of the mean of quantile(potential) − quantile(DFT)"),
    ("imaginary", "imaginary", 110, 0, "binaries with an imaginary mode, by the source"),
    (
        "srme",
        "κ error",
        100,
        3,
        "mean symmetric relative error of the thermal conductivity; 2 at worst, and for a failure",
    ),
)


def wider_field(dataset: Dataset) -> list[Component]:
    """The table, the smallest error first."""
    frame = field(dataset)
    suite = SUITES[SUITE]
    if frame.empty:
        return [not_computed("The source has not been imported.", f"softmode reference import {SUITE} --source FILE")]
    grid = dag.AgGrid(
        id="potentials-wider-field",
        rowData=[_row(row) for row in records(frame)],
        columnDefs=[_column(*column) for column in _COLUMNS],
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={"rowHeight": 30, "headerHeight": 38, "tooltipShowDelay": 300},
        className="grid",
        style={"height": "clamp(20rem, 60vh, 40rem)", "width": "100%"},
    )
    said = (
        f"{count(len(frame))} potentials, of which {int(frame['mace'].sum())} are MACE models (★), on"
        f" {suite.size} binaries. {suite.dft.described}; each potential in its own relaxed cell; whether with a"
        f" non-analytic correction is not stated. {suite.caution} Source: {suite.citation}. "
    )
    return [html.P([said, doi_link(suite.doi) if suite.doi else html.A(suite.source, href=suite.source)]), grid]


def field(dataset: Dataset) -> pd.DataFrame:
    """One row per potential of the wider field, in order of the median RMSE."""
    return dataset.frame(_ROWS)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "name": f"{row['name']}{' ★' if row['mace'] else ''}"}


def _column(name: str, header: str, width: int, decimals: int | None, meaning: str) -> dict[str, Any]:
    definition: dict[str, Any] = {"field": name, "headerName": header, "width": width, "headerTooltip": meaning}
    if decimals is None:
        return definition | {"pinned": "left"}
    number = f"params.value == null ? '–' : params.value.toFixed({decimals}).replace('-', '−')"
    return definition | {"type": "rightAligned", "valueFormatter": {"function": number}}
