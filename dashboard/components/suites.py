"""Sections of the overview on the suites beside the cubic perovskites."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from compute.protocols import SUITES
from dashboard.components.blocks import campaign_command, not_computed, section, table
from dashboard.components.text import count, number
from dashboard.dataset import Dataset
from dashboard.queries import agreement, results
from dashboard.views.stability import StabilityView
from dashboard.viewstate import encode

BENCHMARK = "mp0b3"


def benchmark(dataset: Dataset) -> Component:
    """Frequency RMSE of every potential with stored forces."""
    suite = SUITES[BENCHMARK]
    about = (
        f"{suite.size} materials of any structure. DFT and potential each relax their own cell; the error is the "
        "RMSE over all modes on a common mesh of q points."
    )
    computed = results.potentials_with_results(dataset, BENCHMARK)
    names = results.potential_names(dataset)
    if not computed:
        missing = not_computed("The stored forces of this suite have not been evaluated.", campaign_command(BENCHMARK))
        return section(suite.title, missing, about=about)
    rows: list[list[Any]] = []
    for potential in computed:
        error = agreement.frequency_error(dataset, BENCHMARK, potential)
        rows.append(
            [
                names.get(potential, potential),
                count(error.n),
                number(error.median),
                number(error.lower_quartile),
                number(error.upper_quartile),
            ]
        )
    return section(
        suite.title,
        table(
            ("potential", "n", "median RMSE (THz)", "lower quartile (THz)", "upper quartile (THz)"),
            rows,
            caption="Frequency RMSE against DFT, over materials",
        ),
        about=about,
    )


def double_perovskites(dataset: Dataset) -> Component:
    """What can be asked of a suite without published frequencies."""
    suite = SUITES["hdp"]
    about = (
        f"For these {count(suite.size)} compounds the source gives σ at 300 K and no frequencies, so a potential’s "
        "phonons cannot be compared one by one."
    )
    if not results.potentials_with_results(dataset, suite.id):
        missing = not_computed("No potential has been run on this suite.", campaign_command(suite.id))
        return section(suite.title, missing, about=about)
    view = StabilityView(suite=suite.id)
    link = dcc.Link("Harmonic stability against stability at 300 K", href=f"/stability?{encode(view)}")
    return section(suite.title, html.P([link, "."]), about=about)
