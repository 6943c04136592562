"""The section of the overview on the suite of stored forces."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries import agreement, coverage
from dashboard.ui.blocks import campaign_command, not_computed, section, table
from dashboard.ui.text import count, number

BENCHMARK = "mp0b3"


def benchmark(dataset: Dataset) -> Component:
    """Frequency RMSE of every potential with stored forces."""
    suite = SUITES[BENCHMARK]
    about = (
        f"{suite.size} materials of any structure. DFT and potential each relax their own cell; the error is the "
        "RMSE over all modes on a common mesh of q points."
    )
    computed = coverage.potentials_with_results(dataset, BENCHMARK)
    names = coverage.potential_names(dataset)
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
