"""σ of potentials against published DFT: parity, agreement, and the same per site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from compute.protocols import SAMPLING_PROTOCOLS
from compute.statistics.bootstrap import Interval
from compute.statistics.criteria import LEFT, THRESHOLD
from compute.statistics.deviation import Agreement
from dashboard.dataset import Dataset
from dashboard.figures.compounds_parity import Points
from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.sigma_parity_figure import DENSE, outside, sigma_density, sigma_parity, window
from dashboard.queries.potentials import other_levels, reference_functionals, trained_on
from dashboard.ui.blocks import campaign_command, captioned, not_computed, table
from dashboard.ui.compound_text import address, formula
from dashboard.ui.text import NOT_DEFINED, count, drawn_by, few, level_sentence, number, plural
from dashboard.views.anharmonicity import AnharmonicityView

PARITY, PICKED = "anharmonicity-parity", "anharmonicity-picked"
SAMPLERS = {
    "andersen": "molecular dynamics by the published schedule",
    "langevin": "Langevin dynamics",
    "one-shot": "independent samples of the harmonic crystal",
}


def compute_command(suite: str) -> str:
    """The command that computes σ by the published schedule with a potential that can be had without asking."""
    return campaign_command(suite, "--stage sigma", "--protocol published")


def protocol_options(protocols: Sequence[offer.Protocol]) -> list[dict[str, str]]:
    """Options of the control, each with how many compounds have σ by it."""
    return [{"value": p.name, "label": f"{protocol_name(p.name)} (n = {count(p.n)})"} for p in protocols]


def protocol_name(protocol: str) -> str:
    """What a sampling protocol is called."""
    return "published" if protocol.startswith("published-") else protocol


@dataclass(frozen=True)
class Cast:
    """The potentials that are shown, what they are called, and how each is drawn whatever else is shown."""

    shown: Sequence[str]
    offered: Sequence[str]
    names: Mapping[str, str]

    def name(self, potential: Any) -> str:
        """Name for people."""
        return self.names.get(potential, str(potential))


def compared(dataset: Dataset, view: AnharmonicityView, frame: pd.DataFrame, cast: Cast) -> list[Any]:
    """Parity of σ of every potential in `cast`, how far they are from DFT, and what is not like with like."""
    if frame.empty:
        name = protocol_name(view.protocol)
        return [not_computed(f"No potential shown has σ by the protocol {name} here.", compute_command(view.suite))]
    finished = frame[frame["value"].notna()]
    figures: list[Component] = [html.P("No compound that is chosen has σ of both DFT and a potential.")]
    if not finished.empty:
        figures = _parity(view, finished, cast)
    levels = html.P(_levels(dataset, view.suite, cast), className="fine")
    published = offer.total(offer.published(dataset, view, "sigma"))
    like_with_like = offer.is_published(view)
    return [
        protocol_notice(view),
        html.Div([html.Div(figures), levels], className="side-by-side"),
        _outcome_table(frame, published, cast, view),
        _agreement_table(view, frame, published, cast) if like_with_like else None,
    ]


def protocol_notice(view: AnharmonicityView) -> Component | None:
    """Says that two samplings are compared; nothing for the published schedule."""
    if offer.is_published(view):
        return None
    protocol = SAMPLING_PROTOCOLS.get(view.protocol)
    how = SAMPLERS[protocol.sampler.kind] if protocol else f"the protocol {view.protocol}"
    return html.Div(
        "Not like with like: DFT’s σ is from molecular dynamics by the published schedule, the potential’s from "
        f"{how}. Differences are shown and not scored: part of each is the sampling.",
        className="notice",
        role="note",
    )


def _levels(dataset: Dataset, suite: str, cast: Cast) -> str:
    """Functional of DFT, and whose training data are of another."""
    dft = reference_functionals(dataset)[suite]
    trained = {p: text for p, text in trained_on(dataset).items() if p in cast.shown}
    said = f"The published DFT is {' and '.join(dft)}."
    return f"{said} {level_sentence(other_levels(trained, dft), cast.names)}".rstrip()


def _parity(view: AnharmonicityView, finished: pd.DataFrame, cast: Cast) -> list[Component]:
    log = "log" in view.shown
    limits = window(np.concatenate([finished["dft"], finished["value"]]), log)
    missed = outside(finished["dft"].to_numpy(), finished["value"].to_numpy(), limits)
    caption = [
        html.Strong(f"{_above(finished, cast) if offer.is_published(view) else 'σ by two samplings.'} "),
        f"n = {count(finished['compound'].nunique())} compounds; solid line: equal; dotted lines: σ = 0.5 and 1, the "
        "edges of the strata.",
        f" {plural(missed, 'point')} outside the axes." if missed else "",
    ]
    if len(finished) > DENSE:
        return [
            captioned(
                sigma_density(
                    mine["dft"].to_numpy(),
                    mine["value"].to_numpy(),
                    limits,
                    log=log,
                    name=cast.name(name),
                ),
                [html.Strong(f"{cast.name(name)}. "), *caption],
                label=f"Density of compounds: σ of {cast.name(name)} against σ of DFT, n = {len(mine)}",
                shape="square",
            )
            for name, mine in finished.groupby("potential", sort=False)
        ]
    bars = "bars" in view.shown
    groups, errors = points(view, finished, cast, "dft", "value")
    return [
        captioned(
            sigma_parity(groups, errors if bars else [None] * len(groups), limits, log=log),
            [*caption, " Bars: one standard error of the potential’s σ." if bars else ""],
            label=f"σ of {', '.join(g.name for g in groups)} against σ of DFT, n = {finished['compound'].nunique()}",
            shape="square",
            identity=PARITY,
        ),
        html.P("Choose a point to see its compound.", id=PICKED, className="picked", role="status"),
    ]  # fmt: skip


def points(
    view: AnharmonicityView, frame: pd.DataFrame, cast: Cast, dft: str, value: str
) -> tuple[list[Points], list[Any]]:
    parts = [(str(name), mine) for name, mine in frame.groupby("potential", sort=False)]
    groups = [
        Points(
            name=cast.name(name),
            compounds=mine["compound"].tolist(),
            dft=mine[dft].to_numpy(),
            values=mine[value].to_numpy(),
            potential=name,
        )
        for name, mine in parts
    ]
    return groups, [mine["se"].to_numpy() for _, mine in parts]


def _above(finished: pd.DataFrame, cast: Cast) -> str:
    """How often a potential finds a larger σ than DFT."""
    above, n = int((finished["error"] > 0).sum()), len(finished)
    potentials = finished["potential"].unique()
    who = cast.name(potentials[0]) if len(potentials) == 1 else f"{len(potentials)} potentials"
    return f"{who}: {count(above)} of {count(n)} values above DFT’s."


def picked(view: AnharmonicityView, compound: str) -> list[Any]:
    """The compound of a chosen point, as a link to its page."""
    return [dcc.Link(formula(compound), href=address(view.suite, compound)), ": all that is known of it."]


def interval_text(interval: Interval, decimals: int = 2, *, sign: bool = False) -> Any:
    """A number with its 95 % interval beneath."""
    if not np.isfinite(interval.value):
        return NOT_DEFINED
    between = f"{number(interval.low, decimals, sign=sign)} to {number(interval.high, decimals, sign=sign)}"
    return [
        number(interval.value, decimals, sign=sign),
        html.Span(between if np.isfinite(interval.low) else NOT_DEFINED, className="sub"),
    ]


def error_cells(group: query.ErrorGroup) -> list[Any]:
    """n, failed, not run, median, RMSE and bias of a row of a table of errors."""
    return [
        count(group.n),
        count(group.n_failed),
        count(group.n_not_run),
        number(group.median, sign=True),
        interval_text(group.rmse),
        interval_text(group.bias, sign=True),
    ]


def _outcome_table(frame: pd.DataFrame, published: int, cast: Cast, view: AnharmonicityView) -> Component:
    """How the runs ended, per potential: σ below 1, above, or the structure was left; of `published` compounds."""
    rows = []
    for name, mine in frame.groupby("potential", sort=False):
        value, left = mine["value"].to_numpy(float), (mine["status"] == LEFT).to_numpy()
        ends = (value < THRESHOLD, value >= THRESHOLD, left, ~np.isfinite(value) & ~left)
        dft = (mine["dft"] < THRESHOLD).to_numpy()
        rows.append(
            [
                cast.name(name),
                count(len(mine)),
                *([count(int(end.sum())), html.Span(f"{count(int((end & dft).sum()))} of them σ < 1 in DFT",
                                                   className="sub")] for end in ends),
            ]
        )  # fmt: skip
    return table(
        ("", "run", "σ < 1", "σ ≥ 1", "left their sites", "failed"),
        rows,
        caption=f"How the runs by the protocol {protocol_name(view.protocol)} ended, of {count(published)} compounds "
        "with DFT’s σ. Atoms that leave their sites say that the structure is not stable at 300 K: there σ is larger "
        "than any number, and no average holds it. A failure is numerical and says nothing.",
    )


def _agreement_table(view: AnharmonicityView, frame: pd.DataFrame, published: int, cast: Cast) -> Component:
    """A row per potential with a run by this protocol, of `published` compounds; who has none is named."""
    level = frame[frame["comparable_level"]]
    found, same_level = query.agreements(frame), query.agreements(level)

    def cells(a: Agreement, beside: str) -> list[Any]:
        return [
            [count(a.n), html.Span(beside, className="sub")],
            interval_text(a.rmse), interval_text(a.mae), interval_text(a.bias, sign=True),
            interval_text(a.spearman, sign=True),
        ]  # fmt: skip

    rows = [
        [f"{cast.name(potential)}, comparable level", *cells(a, _sample(level, potential))]
        for potential in cast.shown
        if (a := same_level.get(potential)) is not None and a.n
    ]
    rows += [
        [cast.name(potential), *cells(a, f"{_sample(frame, potential)}; {_left_out(mine, published)}")]
        for potential in cast.shown
        if (a := found.get(potential)) is not None
        for mine in [frame[frame["potential"] == potential]]
    ]
    without = [cast.name(potential) for potential in cast.shown if potential not in found]
    missing = f"Not computed by this protocol: {few(without)}." if without else ""
    if not rows:
        return html.P(missing)
    rows += [[name, *cells(a, "the compounds of the rows above")] for name, a in query.null_agreements(frame).items()]
    return table(
        ("", "n", "RMSE", "MAE", "bias", "Spearman correlation"),
        rows,
        caption="σ of the potential against σ of DFT, by the published schedule. The means of a random sample are "
        "weighted to the suite; those of compounds as run are their own and say nothing of the suite. Comparable "
        "level: potential and DFT mean the same by the energy (no open d or f shell, no +U, the same functional). "
        f"Bias: mean of potential − DFT. Beneath: 95 % interval, {drawn_by(view.suite)}. What has no σ is in no "
        f"average. {missing}",
    )


def _sample(frame: pd.DataFrame, potential: str) -> str:
    """Whether the compounds of the potential stand for the suite."""
    mine = frame[frame["potential"] == potential]
    return "as run, unweighted" if query.sample_weights(mine) is None else "random sample, weighted to the suite"


def _left_out(frame: pd.DataFrame, published: int) -> str:
    failed = ", ".join(f"{count(n)} {kind}" for kind, n in query.failures(frame).items()) or "0 failed"
    return f"{failed}, {count(published - len(frame))} not run"
