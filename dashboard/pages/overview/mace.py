"""The answer that comes first: the four MACE models of the published benchmark, and all others beside them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.statistics.leaderboard import BoardLine, MedianInterval
from compute.suites import SUITES
from compute.tables.against_dft import AgainstDft
from dashboard.dataset import Dataset
from dashboard.queries.coverage import benchmark_potentials, potential_names
from dashboard.queries.ranking import leaderboard, training_sets
from dashboard.ui.blocks import campaign_command, not_computed, section, table
from dashboard.ui.text import count, listed, number

SUITE = "alexandria50"
TITLE = "How far are the four MACE models from DFT?"
PRESET = "softmode campaign run --preset pccp2026 --accept-licence"


def answer(dataset: Dataset) -> Component:
    """One sentence on the four, the table of all potentials, and what is not known."""
    found = leaderboard(dataset, SUITE)
    if not found.standings:
        command = campaign_command(SUITE)
        return section(TITLE, not_computed("No potential has been held against DFT's force constants.", command))
    names, four = potential_names(dataset), set(benchmark_potentials(dataset))
    return section(
        TITLE,
        html.P(_sentence(found, names, four), className="lead", id="overview-mace"),
        _table(found, names, four, training_sets(dataset)),
        html.P(_unknown(found), className="fine"),
    )


def _sentence(found: AgainstDft, names: Mapping[str, str], four: set[str]) -> str:
    lines = [line for line in found.standings if line.potential in four and line.n_ok]
    if not lines:
        return "None of the four has been held against DFT's force constants."
    errors = listed([f"{_percent(line)} for {names.get(line.potential, line.potential)}" for line in lines])
    sigmas = [line.medians["sigma_hessian"].value for line in lines]
    said = (
        f"On {count(found.n)} materials their force constants differ from DFT's by {errors} (median). Held against"
        f" them, DFT's own harmonic crystals would look anharmonic: σ = {number(min(sigmas))} to {number(max(sigmas))}."
    )
    return f"{said} {_told_apart(found, names, [line.potential for line in lines])}"


def _percent(line: BoardLine) -> str:
    return f"{100 * line.medians['constants_error'].value:.0f} %"


def _told_apart(found: AgainstDft, names: Mapping[str, str], potentials: list[str]) -> str:
    tested = [found.pair("constants_error", *two) for two in combinations(potentials, 2)]
    alike = [pair for pair in tested if pair is None or not pair.measurable]
    if not alike:
        return "Every two of them differ measurably." if tested else ""
    shown = listed([f"{names.get(p.first, p.first)} and {names.get(p.second, p.second)}" for p in alike if p])
    return f"No difference is measured between {shown}; all others differ." if shown else ""


def _table(found: AgainstDft, names: Mapping[str, str], four: set[str], training: Mapping[str, str]) -> Component:
    decided = max(found.n_stable, found.n_unstable)
    rows = [
        [
            [names.get(line.potential, line.potential), " ★" if line.potential in four else ""],
            training.get(line.potential, ""),
            _n(line),
            _with_interval(line.medians["constants_error"], 3),
            number(line.medians["omega_rmse_thz"].value),
            number(line.medians["omega_bias_thz"].value, sign=True),
            number(line.medians["slope_constants"].value),
            _with_interval(line.medians["sigma_hessian"], 3),
            f"{line.labels.n_right} of {line.labels.n_stable + line.labels.n_unstable}",
        ]
        for line in found.standings
    ]
    rows.append(["always stable" if found.n_stable == decided else "always unstable", "no potential", count(found.n),
                 *["–"] * 5, f"{decided} of {found.n}"])  # fmt: skip
    return table(
        ("potential", "training data", "n", "Φ error", "ω RMSE (THz)", "ω bias (THz)", "slope of Φ",
         "σ of the Hessian error", "labels right"),
        rows,
        caption=(
            "★ of the published benchmark. Medians over materials with 95 % intervals. Φ error: ‖ΔΦ‖/‖Φ‖. Slope below "
            f"1: too soft. Labels: stable or not, of which DFT calls {found.n_unstable} unstable; a failure counts as "
            f"wrong. {SUITES[found.suite].dft.described}, DFT’s cell and displacements."
        ),
        numeric_from=2,
    )  # fmt: skip


def _n(line: BoardLine) -> str:
    """Materials with numbers; of how many where some were not run."""
    total = line.n_ok + line.n_failed + line.n_not_run
    return f"{line.n_ok} of {total}" if line.n_not_run else count(line.n_ok)


def _with_interval(median: MedianInterval, decimals: int) -> str:
    if np.isnan(median.value):
        return "not defined"
    return f"{number(median.value, decimals)} [{number(median.low, decimals)}, {number(median.high, decimals)}]"


def _unknown(found: AgainstDft) -> list[Component | str]:
    halides = "None of these materials is a halide perovskite. "
    return [
        f"{SUITES[found.suite].caution} {halides}σ of the four by molecular dynamics is stored nowhere that we know; "
        "the two suites of perovskites need their weights: ",
        html.Code(PRESET),
        ".",
    ]
