"""What comes first: the four published MACE models in a sentence, all potentials in a table, what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.bootstrap import Interval
from compute.statistics.leaderboard import BoardLine, MedianInterval
from compute.statistics.verdicts import SMALLEST_CLASS, Score
from compute.suites import SUITES
from compute.tables.against_dft import AgainstDft
from dashboard.dataset import Dataset
from dashboard.figures.identity import colour
from dashboard.queries import stability
from dashboard.queries.coverage import benchmark_potentials, foundation, potential_names
from dashboard.queries.ranking import leaderboard, ranking, training_sets
from dashboard.ui.blocks import campaign_command, not_computed
from dashboard.ui.glossary import GLOSSARY, explained
from dashboard.ui.text import bracketed, count, listed, number
from dashboard.views.codec import encode
from dashboard.views.stability import StabilityView

PHONONS, LABELS = "alexandria50", "abx3"
"""The suites of the two halves of the table: DFT's force constants, and DFT's labels."""
PRESET = "softmode campaign run --preset pccp2026 --accept-licence"
Names = Mapping[str, str]


@dataclass(frozen=True)
class LeaderboardRows:
    """Both halves of the table: `phonons` against DFT's force constants, `labels` and `sigmas` by potential."""

    phonons: AgainstDft
    labels: Mapping[str, Score]
    by_composition: Interval
    sigmas: Mapping[str, tuple[float, int]]

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
    return LeaderboardRows(leaderboard(dataset, PHONONS), labels, unknown, sigmas)


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
            _table(found, names, four, training_sets(dataset), _licences(dataset)),
            html.P(_unknown(), className="fine"),
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
        return "Every two differ measurably." if tested else ""
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
        return [f"{name} is best at the ", link, f": MCC {_interval(mcc)}; from composition alone "
                f"{number(nobody.value)}."]  # fmt: skip
    return [
        "Do not trust a label unseen: at the ", link, f" no potential that was run beats the composition alone (MCC "
        f"{number(nobody.value)}; the best, {name}, {_interval(mcc)}).",
    ]  # fmt: skip


def _interval(found: Interval | MedianInterval) -> str:
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
    ("licence", "What its weights are given under."),
)
FIRST_OF_LABELS = 8
TEXT = (0, 1, 11)
"""Columns of text; all others are numbers."""
AT_EASE = (1, 2, 5, 9, 11)
"""Columns that a narrow window leaves out."""


def _table(
    found: LeaderboardRows, names: Names, four: set[str], training: Mapping[str, str], licences: Mapping[str, str]
) -> Component:
    lines = {line.potential: line for line in found.phonons.standings}
    rows = [
        [
            *_who(p, names, p in four, training.get(p, "")),
            *_phonons(lines.get(p)),
            *_labels(found, p),
            (licences.get(p, ""), None),
        ]
        for p in found.potentials
    ]
    suites = [
        html.Th("", colSpan=2, className="at-ease"),
        html.Th("", className="narrow"),
        html.Th(f"phonons: {count(found.phonons.n)} materials", colSpan=FIRST_OF_LABELS - 2, scope="colgroup"),
        html.Th(f"cubic ABX₃: {count(SUITES[LABELS].size)}", colSpan=len(HEAD) - FIRST_OF_LABELS, scope="colgroup"),
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
    return html.Div(
        table, className="table-scroll", tabIndex=0, role="region", **{"aria-label": "Leaderboard of potentials"}
    )


def _title(column: int) -> Component:
    name, meaning = HEAD[column]
    return explained(name, meaning)


def _kind(column: int) -> str:
    kinds = ["" if column in TEXT else "num", "at-ease" if column in AT_EASE else ""]
    return " ".join(kind for kind in kinds if kind)


Cell = tuple[Any, float | None]
"""What a cell shows, and the number that it is sorted by where it is one."""
_NONE: Cell = (html.Span("not computed", className="muted"), None)


def _cell(column: int, shown: Any, value: float | None) -> Component:
    known = {"data-value": f"{value:.6g}"} if value is not None and np.isfinite(value) else {}
    if column == 0:
        return html.Th(shown, scope="row")
    return html.Td(shown, className=_kind(column), **known)


def _who(potential: str, names: Names, published: bool, training: str) -> list[Cell]:
    mark = html.Span("", className="mark", style={"background": colour(potential)}, **{"aria-hidden": "true"})
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
        (_interval(medians["constants_error"]), medians["constants_error"].value),
        (number(medians["omega_rmse_thz"].value), medians["omega_rmse_thz"].value),
        (number(medians["slope_constants"].value), medians["slope_constants"].value),
        (number(medians["sigma_hessian"].value), medians["sigma_hessian"].value),
        (
            f"{labels.n_right} of {labels.n_stable + labels.n_unstable}",
            labels.n_right / max(labels.n_stable + labels.n_unstable, 1),
        ),
    ]


def _labels(found: LeaderboardRows, potential: str) -> list[Cell]:
    score = found.labels.get(potential)
    if score is None:
        return [_NONE, ("–", None), ("–", None)]
    value, n = found.sigmas.get(potential, (np.nan, 0))
    sigma = f"{number(value)} ({count(n)})" if np.isfinite(value) else "–"
    view = encode(StabilityView(suite=LABELS, potentials=(potential,)))
    return [
        (dcc.Link(_interval(score.mcc), href=f"/stability?{view}"), score.mcc.value),
        (count(score.n), score.n),
        (sigma, value),
    ]


def _nobody(found: LeaderboardRows) -> list[Cell]:
    """The row of what knows no forces."""
    stable, unstable = found.phonons.n_stable, found.phonons.n_unstable
    always = f"{max(stable, unstable)} of {stable + unstable}" if stable + unstable else "–"
    return [
        (explained("null: no forces", GLOSSARY["null"].meaning), None),
        ("larger class | composition", None),
        *[("–", None)] * (FIRST_OF_LABELS - 3),
        (always, None),
        (_interval(found.by_composition), None),
        ("", None), ("", None), ("", None),
    ]  # fmt: skip


def _unknown() -> list[Component | str]:
    return [
        html.Strong("Not known: "),
        "the four MACE models on perovskites (their weights are needed: ",
        html.Code(PRESET),
        "); their σ by molecular dynamics; any potential on halide double perovskites against DFT’s frequencies, which "
        "nobody published. Part of the error of r2SCAN potentials is that DFT is PBE here. Costs are shown once all "
        "are timed in one run on one machine.",
    ]


def _licences(dataset: Dataset) -> dict[str, str]:
    frame = dataset.frame("SELECT potential, licence FROM potentials")
    short = {potential: licence.split(" (")[0] for potential, licence in frame.itertuples(index=False)}
    return {potential: licence.replace("BSD-3-Clause-LBNL", "BSD") for potential, licence in short.items()}
