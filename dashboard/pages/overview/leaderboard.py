"""What comes first: the four published MACE models in a sentence, all potentials in a table, what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.leaderboard import BoardLine
from compute.statistics.verdicts import SMALLEST_CLASS
from compute.tables.against_dft import AgainstDft
from dashboard.dataset import Dataset
from dashboard.pages.overview.leaderboard_table import (
    PHONONS,
    LeaderboardRows,
    board,
    leaderboard_table,
    shown_interval,
)
from dashboard.queries.coverage import benchmark_potentials, potential_names
from dashboard.queries.ranking import training_sets
from dashboard.ui.blocks import campaign_command, not_computed
from dashboard.ui.text import count, listed, number

PRESET = "softmode campaign run --preset pccp2026 --accept-licence"
Names = Mapping[str, str]


def answer(dataset: Dataset) -> Component:
    """The sentence, the table, and what stands against both."""
    found = board(dataset)
    if not found.phonons.standings and not found.labels:
        missing = not_computed("No potential has been held against DFT.", campaign_command(PHONONS))
        return html.Section(missing, className="answer")
    names, four = potential_names(dataset), set(benchmark_potentials(dataset))
    return html.Section(
        [
            html.P(
                [html.Strong(_four(found.phonons, names, four)), " ", *_doubt(found, names)],
                className="finding",
                id="overview-mace",
            ),
            leaderboard_table(found, names, four, training_sets(dataset), _licences(dataset)),
            html.P(_unknown(found), className="fine"),
        ],
        className="answer",
    )


def _four(found: AgainstDft, names: Names, four: set[str]) -> str:
    lines = [line for line in found.standings if line.potential in four and line.n_ok]
    if not lines:
        return "None of the four published MACE models has been held against DFT’s force constants."
    best, *others = lines
    rest = [f"{_percent(line)} for {names.get(line.potential, line.potential)}" for line in others]
    said = (
        f"Of the four published MACE models {names.get(best.potential, best.potential)} is nearest to DFT: its force "
        f"constants are off by {_percent(best)} (median of {count(best.n_ok)} materials)"
    )
    return f"{said}{', against ' + listed(rest) if rest else ''}. {_told_apart(found, names, lines)}".rstrip()


def _percent(line: BoardLine) -> str:
    return f"{100 * line.medians['constants_error'].value:.0f} %"


def _told_apart(found: AgainstDft, names: Names, lines: Sequence[BoardLine]) -> str:
    tested = [found.pair("constants_error", one.potential, two.potential) for one, two in combinations(lines, 2)]
    alike = [pair for pair in tested if pair is None or not pair.measurable]
    if not alike:
        return "Any two of them differ measurably." if tested else ""
    shown = listed([f"{names.get(p.first, p.first)} and {names.get(p.second, p.second)}" for p in alike if p])
    return f"No difference is measured between {shown}; all others differ." if shown else ""


def _doubt(found: LeaderboardRows, names: Names) -> list[Any]:
    """Whether any potential tells stable perovskites from unstable ones better than what knows no forces."""
    enough = {p: score for p, score in found.labels.items() if score.enough and np.isfinite(score.mcc.value)}
    if not enough:
        return [f"No statement on labels: DFT’s smaller class has fewer than {SMALLEST_CLASS} compounds."]
    best = max(enough, key=lambda p: enough[p].mcc.value)
    mcc, nobody, name = enough[best].mcc, found.nobody, names.get(best, best)
    link = dcc.Link("labels of cubic ABX₃", href="/stability")
    if mcc.low > nobody.value:
        return [f"{name} is best on the ", link, f": MCC {shown_interval(mcc)}; from composition alone "
                f"{number(nobody.value)}."]  # fmt: skip
    return [
        "Do not trust a label unseen: on the ", link, f" no potential that was run beats composition alone (MCC "
        f"{number(nobody.value)}; the best, {name}, {shown_interval(mcc)}).",
    ]  # fmt: skip


def _unknown(found: LeaderboardRows) -> list[Component | str]:
    costs = "" if found.costs else " Costs are shown once all are timed in one run on one machine."
    return [
        dcc.Link("Add my potential", href="/add"),
        ". ",
        html.Strong("Not known: "),
        "the four MACE models on perovskites and their σ by molecular dynamics (with their weights: ",
        html.Code(PRESET),
        f"); frequencies of halide double perovskites, which nobody published. DFT here is PBE, not r2SCAN.{costs}",
    ]


def _licences(dataset: Dataset) -> dict[str, str]:
    frame = dataset.frame("SELECT potential, licence FROM potentials")
    short = {potential: licence.split(" (")[0] for potential, licence in frame.itertuples(index=False)}
    return {potential: licence.replace("BSD-3-Clause-LBNL", "BSD") for potential, licence in short.items()}
