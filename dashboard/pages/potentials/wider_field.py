"""A wider field: forty potentials on 103 binaries, as another benchmark stored their frequencies; sortable."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.records import records
from dashboard.ui.blocks import attributes, doi_link, not_computed, scrolling
from dashboard.ui.glossary import explained
from dashboard.ui.text import count, number

SUITE = "kappa103"
_ROWS = """
SELECT any_value(name) AS name, bool_or(mace) AS mace, count(*) FILTER (status = 'ok') AS n,
       count(*) FILTER (status <> 'ok') AS without, median(omega_rmse_thz) AS rmse, median(omega_bias_thz) AS bias,
       count(*) FILTER (imaginary) AS imaginary, avg(srme) AS srme
FROM wider_field WHERE entry <> 'dft' GROUP BY entry ORDER BY rmse, name
"""
_NUMBERS = (
    ("n", "n", 0, "Binaries with frequencies."),
    ("without", "without", 0, "Binaries without frequencies: a failure of the potential's own run."),
    ("rmse", "ω RMSE (THz)", 3, "Median over binaries of the RMSE of 17 quantiles of ω."),
    ("bias", "ω bias (THz)", 3, "Median over binaries of the mean of quantile(potential) − quantile(DFT)."),
    ("imaginary", "imaginary", 0, "Binaries with an imaginary mode, by the source."),
    ("srme", "κ error", 3, "Mean symmetric relative error of the thermal conductivity; 2 at worst, and for a failure."),
)
"""Columns of numbers: name in the table, heading, decimals and meaning."""


def wider_field(dataset: Dataset) -> list[Component]:
    """The table, the smallest error first."""
    frame = field(dataset)
    suite = SUITES[SUITE]
    if frame.empty:
        return [not_computed("The source has not been imported.", f"softmode reference import {SUITE} --source FILE")]
    who = explained("potential", "As the source names it; ★: a MACE model by its name.")
    titles = [explained(heading, meaning) for _, heading, _, meaning in _NUMBERS]
    head = [html.Th(who, scope="col"), *(html.Th(title, scope="col", className="num") for title in titles)]
    table = html.Table(
        [html.Thead(html.Tr(head)), html.Tbody([_row(row) for row in records(frame)])], className="sortable wider-field"
    )
    said = (
        f"{count(len(frame))} potentials, of which {int(frame['mace'].sum())} are MACE models (★), on"
        f" {suite.size} binaries. {suite.dft.described}; each potential in its own relaxed cell; whether with a"
        f" non-analytic correction is not stated. {suite.caution} Source: {suite.citation}. "
    )
    where = doi_link(suite.doi) if suite.doi else html.A(suite.source, href=suite.source)
    return [html.P([said, where]), scrolling(table, "A wider field of potentials")]


def field(dataset: Dataset) -> pd.DataFrame:
    """One row per potential of the wider field, in order of the median RMSE."""
    return dataset.frame(_ROWS)


def _row(row: dict[str, Any]) -> Component:
    name = f"{row['name']}{' ★' if row['mace'] else ''}"
    return html.Tr([html.Th(name, scope="row"), *(_cell(row[key], decimals) for key, _, decimals, _ in _NUMBERS)])


def _cell(value: float | None, decimals: int) -> Component:
    if value is None:
        return html.Td("–", className="num")
    return html.Td(number(value, decimals), className="num", **attributes(data_value=f"{value:.6g}"))
