"""The order of potentials on one suite, and which of them cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.statistics.verdicts import RULES, SCORE, SMALLEST_CLASS
from compute.suites import SUITES
from dashboard.figures.ranking import ranking as ranking_figure
from dashboard.queries.ranking import METRICS, SUITE_METRICS, Metric, Null, Ranked
from dashboard.ui.blocks import campaign_command, captioned, not_computed, table
from dashboard.ui.text import (
    NOT_DEFINED,
    count,
    drawn_by,
    few,
    interval,
    level_sentence,
    listed,
    marked,
    number,
    plural,
)
from dashboard.views.codec import DEFAULT_TOLERANCE_THZ

Names = Mapping[str, str]
ROW_REM = 2.4


def with_unit(metric: Metric) -> str:
    """Name of a metric with its unit, where it has one."""
    return f"{metric.name} ({metric.unit})" if metric.unit else metric.name


def ranking(entries: Sequence[Ranked], suite: str, names: Names, nulls: Sequence[Null] = ()) -> Component:
    """Figure, sentence and table of `entries` and `nulls`, as `queries.ranking` gives them for `suite`."""
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
            html.P(_sentence(ranked, metric, names, nulls)),
            _table(entries, nulls, metric, names, suite),
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
            html.Strong(f"n = {_sizes(ranked)} compounds. "),
            f"Further to the {better} is better. Lines are 95 % intervals; potentials with a letter in "
            "common, at the right, have no measurable difference.",
        ],
        label=f"{metric.name} of each potential with its interval",
        height=f"{5 + ROW_REM * len(ranked):g}rem",
    )


def _sizes(ranked: Sequence[Ranked]) -> str:
    low, high = min(entry.n for entry in ranked), max(entry.n for entry in ranked)
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _sentence(ranked: Sequence[Ranked], metric: Metric, names: Names, nulls: Sequence[Null]) -> list[Component | str]:
    """Who is best, and who cannot be told from the best; nothing that what knows no forces would earn too."""
    if not ranked:
        return marked(f"No {metric.name} is defined on the compounds that these potentials were run on.")
    best, *others = ranked
    first = names.get(best.potential, best.potential)
    if best.n_smaller is not None and best.n_smaller < SMALLEST_CLASS:
        return marked(
            f"DFT’s smaller class has {plural(best.n_smaller, 'compound')}, too few for a statement (fewer than "
            f"{SMALLEST_CLASS})."
        )
    beaten = [null.name.removeprefix("null: ") for null in nulls if _no_better(best, null, metric)]
    if beaten:
        return marked(
            f"No potential is better than {listed(beaten)}, which knows no forces: {first} has {metric.name} "
            f"{_value(best.value, metric)}."
        )
    if not others:
        return marked(
            f"Only {first} has been run far enough: {metric.name} {_value(best.value, metric)}. An order needs two."
        )
    level = [names.get(e.potential, e.potential) for e in others if set(e.group) & set(best.group)]
    if level:
        return marked(f"No measurable difference between {listed([first, *level])}; they come first.")
    return marked(f"{first} comes first, measurably: {metric.name} {_value(best.value, metric)}.")


def _no_better(entry: Ranked, null: Null, metric: Metric) -> bool:
    """Whether the potential's interval does not lie wholly on the better side of the null's score."""
    value = 0.0 if metric.of_labels and not np.isfinite(null.score.value) else null.score.value
    if not np.isfinite(value):
        return False
    return not (entry.low > value if metric.higher_is_better else entry.high < value)


def _table(entries: Sequence[Ranked], nulls: Sequence[Null], metric: Metric, names: Names, suite: str) -> Component:
    rows: list[list[Any]] = [
        [
            names.get(entry.potential, entry.potential),
            _group(entry),
            _comparable(entry, metric),
            [_value(entry.value, metric), _sub(interval(entry.low, entry.high))] if entry.group else "",
            [count(entry.n), _sub(_not_decided(entry, metric))],
        ]
        for entry in entries
    ]
    rows += [
        [
            null.name,
            "",
            "",
            [_value(null.score.value, metric), _sub(interval(null.score.low, null.score.high))],
            count(null.n),
        ]
        for null in nulls
    ]
    head = ("potential", "group", "comparable level", "all compounds, 95 % interval", "n")
    return table(head, rows, caption=marked(_caption(metric, suite)))


def _comparable(entry: Ranked, metric: Metric) -> Any:
    """The score where potential and DFT mean the same level of theory."""
    if entry.comparable is None:
        return "none"
    ends = interval(entry.comparable.low, entry.comparable.high)
    return [_value(entry.comparable.value, metric), _sub(f"{ends}, n = {count(entry.n_comparable)}")]


def _sub(text: str) -> Component:
    return html.Span(text, className="sub")


def _not_decided(entry: Ranked, metric: Metric) -> str:
    """What stands beside n: the smaller class, what lies in the noise, and what has no number."""
    parts = {"undecidable": entry.n_undecidable, "failed": entry.n_failed}
    said = [f"{count(n)} {what}" for what, n in parts.items() if n] or ["none failed"]
    smaller = [] if entry.n_smaller is None else [f"smaller class {count(entry.n_smaller)}"]
    part = [f"{count(entry.n_not_run)} not run: as run, unweighted"] if entry.n_not_run else []
    return ", ".join([*smaller, *said, *part])


def _caption(metric: Metric, suite: str) -> str:
    own = (
        "Comparable level: no open d or f shell, no +U in the training data, PBE on both sides. Each over the "
        f"compounds that it was run on; intervals with {drawn_by(suite)}."
    )
    if metric.of_labels:
        stable = f"ω_min > −{DEFAULT_TOLERANCE_THZ:g} THz" if metric.id == "mcc" else "σ < 1"
        return (
            f"{metric.name}, stable where {stable}; 0 is guessing, 1 is perfect. {RULES[SCORE].capitalize()}. {own} A "
            "constant answer has no correlation: not defined."
        )
    return f"{with_unit(metric)} against DFT. {own} What failed has no number and is not in n."


def _notes(entries: Sequence[Ranked], ranked: Sequence[Ranked], metric: Metric, names: Names) -> list[Component]:
    parts = []
    incomplete = [entry for entry in entries if not entry.complete]
    if incomplete:
        which = few([names.get(e.potential, e.potential) for e in incomplete])
        parts.append(f"Not ranked, run on fewer than half of the compounds of the most complete: {which}.")
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
