"""The order of potentials on one suite, and which of them cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.figures.ranking import ranking as ranking_figure
from dashboard.queries.ranking import METRICS, SUITE_METRICS, Metric, Ranked
from dashboard.ui.blocks import campaign_command, captioned, not_computed, table
from dashboard.ui.text import NOT_DEFINED, count, level_sentence, listed, marked, number, plural
from dashboard.views.codec import DEFAULT_TOLERANCE_THZ

Names = Mapping[str, str]
ROW_REM = 2.4


def with_unit(metric: Metric) -> str:
    """Name of a metric with its unit, where it has one."""
    return f"{metric.name} ({metric.unit})" if metric.unit else metric.name


def ranking(entries: Sequence[Ranked], suite: str, names: Names) -> Component:
    """Figure, sentence and table of `entries`, as `queries.ranking.ranking` gives them for `suite`."""
    metric = METRICS[entries[0].metric if entries else SUITE_METRICS[suite][0]]
    if not entries:
        return not_computed(
            f"No potential has been run on {SUITES[suite].title} for this: {metric.name}.",
            campaign_command(suite, *(["--stage sigma"] if metric.stage == "sigma" else [])),
        )
    ranked = [entry for entry in entries if entry.group]
    return html.Div(
        [
            _figure(ranked, metric, names) if len(ranked) > 1 else None,
            html.P(_sentence(ranked, metric, names)),
            _table(entries, metric, names),
            *_notes(entries, ranked, metric, names),
        ],
        className="ranking",
    )


def _figure(ranked: Sequence[Ranked], metric: Metric, names: Names) -> Component:
    figure = ranking_figure(
        [names.get(entry.potential, entry.potential) for entry in ranked],
        np.array([entry.value for entry in ranked]),
        np.array([(entry.low, entry.high) for entry in ranked]),
        [entry.group for entry in ranked],
        x_title=with_unit(metric).replace("ω_min", "ω<sub>min</sub>"),
    )
    better = "right" if metric.higher_is_better else "left"
    return captioned(
        figure,
        [
            html.Strong(f"n = {plural(ranked[0].n, 'compound')}. "),
            f"Further to the {better} is better. Lines are 95 % intervals over compounds; potentials with a letter in "
            "common, at the right, have no measurable difference.",
        ],
        label=f"{metric.name} of each potential with its interval",
        height=f"{5 + ROW_REM * len(ranked):g}rem",
    )


def _sentence(ranked: Sequence[Ranked], metric: Metric, names: Names) -> list[Component | str]:
    """Who is best, and who cannot be told from the best."""
    if not ranked:
        return marked(f"No {metric.name} is defined on the compounds that all of these potentials were run on.")
    best, *others = ranked
    first = names.get(best.potential, best.potential)
    if not others:
        return marked(
            f"Only {first} has been run far enough: {metric.name} {_value(best.value, metric)}. An order needs two."
        )
    level = [names.get(e.potential, e.potential) for e in others if set(e.group) & set(best.group)]
    if level:
        return marked(f"No measurable difference between {listed([first, *level])}; they come first.")
    return marked(f"{first} comes first, measurably: {metric.name} {_value(best.value, metric)}.")


def _table(entries: Sequence[Ranked], metric: Metric, names: Names) -> Component:
    rows = [
        [
            names.get(entry.potential, entry.potential),
            _group(entry),
            [_value(entry.value, metric), _sub(f"{number(entry.low)} to {number(entry.high)}")] if entry.group else "",
            [count(entry.n), _sub(_not_decided(entry, metric))],
        ]
        for entry in entries
    ]
    return table(("potential", "group", "value, 95 % interval", "n"), rows, caption=marked(_caption(metric)))


def _sub(text: str) -> Component:
    return html.Span(text, className="sub")


def _not_decided(entry: Ranked, metric: Metric) -> str:
    """What of the n compounds has no verdict, or no number."""
    undecidable = entry.n_undecidable if metric.id == "mcc" and entry.group else 0
    parts = {"failed": entry.n_failed, "undecidable": undecidable}
    return ", ".join(f"{count(n)} {what}" for what, n in parts.items() if n) or "none failed"


def _caption(metric: Metric) -> str:
    common = "Over the compounds that every ranked potential was run on."
    if metric.id == "mcc":
        return (
            f"{with_unit(metric)}, stable where ω_min > −{DEFAULT_TOLERANCE_THZ:g} THz; 0 is guessing, 1 is "
            f"perfect. {common} Failed and undecidable count as wrong."
        )
    return f"{with_unit(metric)} against DFT. {common} A compound that failed for one is left out for all."


def _notes(entries: Sequence[Ranked], ranked: Sequence[Ranked], metric: Metric, names: Names) -> list[Component]:
    parts = []
    few = [entry for entry in entries if not entry.complete]
    if few:
        incomplete = listed([f"{names.get(e.potential, e.potential)} ({count(e.n)})" for e in few])
        parts.append(f"Not ranked, run on fewer than half of the compounds of the most complete: {incomplete}.")
    if taught := [names.get(entry.potential, entry.potential) for entry in entries if entry.teacher]:
        teachers = listed(sorted({entry.teacher for entry in entries if entry.teacher}))
        parts.append(f"Distilled from {teachers}, and no foundation models: {listed(taught)}.")
    protocols = sorted({entry.protocol for entry in ranked})
    if len(protocols) > 1:
        parts.append(f"Protocols differ ({', '.join(protocols)}): part of the difference is the protocol.")
    if others := level_sentence({entry.potential: entry.level for entry in ranked if entry.level}, names):
        parts.append(others)
    return [html.P(part, className="fine") for part in parts]


def _group(entry: Ranked) -> str:
    if not entry.complete:
        return "not ranked"
    return entry.group or NOT_DEFINED


def _value(value: float, metric: Metric) -> str:
    return f"{number(value)} {metric.unit}".rstrip()
