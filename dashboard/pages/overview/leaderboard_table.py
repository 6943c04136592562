"""The table of the first screen: a row per potential, both halves side by side, sorted by a click (assets)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.costs import ForceCallCosts
from compute.statistics.bootstrap import Interval
from compute.statistics.leaderboard import BoardLine, MedianInterval
from compute.statistics.verdicts import Score
from compute.suites import SUITES
from compute.tables.against_dft import AgainstDft
from compute.trust.answer import LEAST
from dashboard.dataset import Dataset
from dashboard.figures.identity import colour
from dashboard.queries import stability
from dashboard.queries.coverage import foundation
from dashboard.queries.potentials import measured_costs
from dashboard.queries.ranking import leaderboard, ranking
from dashboard.queries.trust import MeanTrust, mean_trusts, share_stable
from dashboard.ui.blocks import attributes, scrolling
from dashboard.ui.glossary import GLOSSARY, explained
from dashboard.ui.text import bracketed, count, number
from dashboard.views.codec import encode
from dashboard.views.stability import StabilityView

PHONONS, LABELS = "alexandria50", "abx3"
"""The suites of the two halves of the table: DFT's force constants, and DFT's labels."""
Names = Mapping[str, str]


@dataclass(frozen=True)
class LeaderboardRows:
    """Both halves of the table: `phonons` against DFT's force constants; `labels`, `sigmas` and `trusts` by potential.

    `stable_in_dft` is the share of the compounds behind the trust that DFT calls stable, NaN without a trust.
    `costs` are those of a force call, None where they were not measured.
    """

    phonons: AgainstDft
    labels: Mapping[str, Score]
    by_composition: Interval
    sigmas: Mapping[str, tuple[float, int]]
    trusts: Mapping[str, MeanTrust]
    stable_in_dft: float
    costs: ForceCallCosts | None

    @property
    def potentials(self) -> list[str]:
        """By the error of the force constants, then those that have labels alone."""
        first = [line.potential for line in self.phonons.standings]
        return [*first, *(p for p in self.labels if p not in first)]

    @property
    def nobody(self) -> Interval:
        """The score of labels of the composition alone; without one, that of guessing."""
        return self.by_composition if np.isfinite(self.by_composition.value) else Interval(0.0, 0.0, 0.0)


def board(dataset: Dataset) -> LeaderboardRows:
    """What the table holds."""
    offered = tuple(foundation(dataset, stability.potentials(dataset, LABELS, "harmonic")))
    sigmas = {entry.potential: (entry.value, entry.n) for entry in ranking(dataset, LABELS, "sigma")}
    labels: Mapping[str, Score] = {}
    unknown = Interval(np.nan, np.nan, np.nan)
    if offered:
        data = stability.compared(dataset, StabilityView(suite=LABELS), offered)
        labels = data.scores
        unknown = data.nulls["composition"].mcc if "composition" in data.nulls else unknown
    return LeaderboardRows(
        leaderboard(dataset, PHONONS),
        labels,
        unknown,
        sigmas,
        mean_trusts(dataset),
        share_stable(dataset),
        measured_costs(),
    )


def shown_interval(found: Interval | MedianInterval) -> str:
    """A number with its 95 % interval."""
    return bracketed(found.value, found.low, found.high)


HEAD = (
    ("potential", "A foundation potential; ★: one of the four models of doi:10.1039/d5cp04693a."),
    ("training data", "What its authors trained it on."),
    ("n", "Materials with DFT’s force constants on which it was run."),
    ("Φ error", GLOSSARY["constants-error"].meaning),
    ("ω RMSE (THz)", GLOSSARY["omega-rmse"].meaning),
    ("softening", GLOSSARY["softening"].meaning),
    ("σ of Φ error", GLOSSARY["sigma-hessian"].meaning),
    ("labels right", "Materials that it labels as DFT does, stable or not; a failure is wrong."),
    ("MCC of labels", GLOSSARY["mcc"].meaning),
    ("n", "Cubic ABX₃ that DFT labels and it was run on."),
    ("σ RMSE", "RMSE of σ at 300 K against DFT by the published schedule, with its n. " + GLOSSARY["sigma"].meaning),
    (
        "trust (%)",
        "Mean probability that its label of a cubic ABX₃ is DFT’s: where it says stable / where it says unstable. By a "
        "model that has not seen the element on B; over the labels as run.",
    ),
    ("µs/atom", "Time of a force call per atom; a dash: not measured. On hover, where it was measured."),
    ("licence", "What its weights are given under."),
)
FIRST_OF_LABELS, FIRST_OF_BOTH = 8, 12
TEXT = (0, 1, 13)
"""Columns of text; all others are numbers."""
AT_EASE = (1, 2, 5, 9, 12, 13)
"""Columns that a narrow window leaves out."""
SLIM = (0, 3, 8)
"""Columns that a telephone shows."""
COST_ATOMS = 40
"""Size of the crystal whose cost is shown: the supercell of the cubic perovskites."""


def leaderboard_table(
    found: LeaderboardRows, names: Names, four: set[str], training: Mapping[str, str], licences: Mapping[str, str]
) -> Component:
    """A row per potential and one of what knows no forces."""
    lines = {line.potential: line for line in found.phonons.standings}
    rows = [
        [
            *_who(p, names, p in four, training.get(p, "")),
            *_phonons(lines.get(p)),
            *_labels(found, p),
            _cost(found.costs, p),
            (licences.get(p, ""), None),
        ]
        for p in found.potentials
    ]
    suites = [
        *_over(range(2), ""),
        *_over(range(2, FIRST_OF_LABELS), f"phonons: {count(found.phonons.n)} materials"),
        *_over(range(FIRST_OF_LABELS, FIRST_OF_BOTH), f"cubic ABX₃: {count(SUITES[LABELS].size)}"),
        *_over(range(FIRST_OF_BOTH, len(HEAD)), ""),
    ]
    titles = [html.Th(_title(i), scope="col", className=_kind(i)) for i in range(len(HEAD))]
    body = [html.Tr([_cell(i, *cell) for i, cell in enumerate(row)]) for row in rows]
    table = html.Table(
        [
            html.Thead([html.Tr(suites, className="suites"), html.Tr(titles)]),
            html.Tbody(body),
            html.Tfoot(html.Tr([_cell(i, *cell) for i, cell in enumerate(_nobody(found))])),
        ],
        className="sortable leaderboard",
    )
    return scrolling(table, "Leaderboard of potentials")


def _over(columns: range, title: str) -> list[Component]:
    """The heading above `columns`, once for each width of the window."""
    spans = (
        (len(columns), "at-ease"),
        (sum(column not in AT_EASE for column in columns), "narrow"),
        (sum(column in SLIM for column in columns), "slim"),
    )
    scope: dict[str, Any] = {"scope": "colgroup"} if title else {}
    return [html.Th(title, colSpan=n, className=kind, **scope) for n, kind in spans if n]


def _title(column: int) -> Component:
    name, meaning = HEAD[column]
    return explained(name, meaning)


def _kind(column: int) -> str:
    width = "at-ease" if column in AT_EASE else "" if column in SLIM else "roomy"
    return f"{'' if column in TEXT else 'num'} {width}".strip()


Cell = tuple[Any, float | None]
"""What a cell shows, and the number that it is sorted by where it is one."""
_NONE: Cell = (html.Span("–", title="not computed", className="muted"), None)


def _cell(column: int, shown: Any, value: float | None) -> Component:
    known = attributes(data_value=f"{value:.6g}") if value is not None and np.isfinite(value) else {}
    if column == 0:
        return html.Th(shown, scope="row")
    return html.Td(shown, className=_kind(column), **known)


def _who(potential: str, names: Names, published: bool, training: str) -> list[Cell]:
    mark = html.Span("", className="mark", style={"background": colour(potential)}, **attributes(aria_hidden="true"))
    name = [mark, names.get(potential, potential), " ★" if published else ""]
    return [(name, None), (html.Span(training, title=training, className="cut"), None)]


def _phonons(line: BoardLine | None) -> list[Cell]:
    if line is None:
        return [_NONE, *[("–", None)] * (FIRST_OF_LABELS - 3)]
    medians, labels = line.medians, line.labels
    total = line.n_ok + line.n_failed + line.n_not_run
    n = f"{line.n_ok} of {total}" if line.n_not_run else count(line.n_ok)
    return [
        (n, line.n_ok),
        (shown_interval(medians["constants_error"]), medians["constants_error"].value),
        (number(medians["omega_rmse_thz"].value), medians["omega_rmse_thz"].value),
        (number(medians["slope_constants"].value), medians["slope_constants"].value),
        (number(medians["sigma_hessian"].value), medians["sigma_hessian"].value),
        (
            f"{labels.n_right}/{labels.n_stable + labels.n_unstable}",
            labels.n_right / max(labels.n_stable + labels.n_unstable, 1),
        ),
    ]


def _labels(found: LeaderboardRows, potential: str) -> list[Cell]:
    score = found.labels.get(potential)
    if score is None:
        return [_NONE, *[("–", None)] * (FIRST_OF_BOTH - FIRST_OF_LABELS - 1)]
    value, n = found.sigmas.get(potential, (np.nan, 0))
    sigma = f"{number(value)} ({count(n)})" if np.isfinite(value) else "–"
    view = encode(StabilityView(suite=LABELS, potentials=(potential,)))
    return [
        (dcc.Link(shown_interval(score.mcc), href=f"/stability?{view}"), score.mcc.value),
        (count(score.n), score.n),
        (sigma, value),
        _trust(found.trusts.get(potential)),
    ]


def _trust(found: MeanTrust | None) -> Cell:
    if found is None:
        return _NONE
    in_stable, in_unstable = (f"{100 * one:.0f}" if np.isfinite(one) else "–" for one in (found.stable, found.unstable))
    about = (
        f"{count(found.n_stable)} labels say stable, {count(found.n_unstable)} unstable; of all of them "
        f"{100 * found.above:.0f} % have a trust of {100 * LEAST:.0f} % or more"
    )
    return html.Span(f"{in_stable}/{in_unstable}", title=about), found.stable


def _untried(stable: float) -> Cell:
    if not np.isfinite(stable):
        return "", None
    said = f"DFT calls {100 * stable:.0f} % of the compounds stable"
    return html.Span(f"{100 * stable:.0f}/{100 * (1 - stable):.0f}", title=said), None


def _cost(costs: ForceCallCosts | None, potential: str) -> Cell:
    us = costs.us_per_atom.get(potential, {}).get(COST_ATOMS) if costs else None
    if costs is None or us is None:
        refused = costs.refused.get(potential) if costs else None
        return html.Span("–", title=f"not measured{f': {refused}' if refused else ''}"), None
    return html.Span(count(round(us)), title=f"{COST_ATOMS} atoms: {costs.where}"), us


def _nobody(found: LeaderboardRows) -> list[Cell]:
    """The row of what knows no forces."""
    stable, unstable = found.phonons.n_stable, found.phonons.n_unstable
    always = f"{max(stable, unstable)}/{stable + unstable}" if stable + unstable else "–"
    return [
        (explained("null: no forces", GLOSSARY["null"].meaning), None),
        (html.Span("class, composition", title="the larger class; composition alone", className="cut"), None),
        *[("–", None)] * (FIRST_OF_LABELS - 3),
        (always, None),
        (shown_interval(found.by_composition), None),
        ("", None),
        ("", None),
        _untried(found.stable_in_dft),
        *[("", None)] * (len(HEAD) - FIRST_OF_BOTH),
    ]  # fmt: skip
