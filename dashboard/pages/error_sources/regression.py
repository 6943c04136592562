"""How much of σ beyond DFT's goes together with the harmonic errors: shares, and coefficients by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.statistics.bootstrap import Interval
from compute.statistics.regression import LEAST, PLACES, Explained
from dashboard.pages.error_sources.mean_contributions_figure import Numbers, grouped
from dashboard.pages.error_sources.regression_data import DRAWS, SUITE, ExplainedShare, Regression
from dashboard.queries.agreement import PLACE_NAMES
from dashboard.ui.blocks import campaign_command, captioned, statement, statements, table
from dashboard.ui.text import count, number, plural

Names = Mapping[str, str]
ROW_REM = 3.2
COMMAND = campaign_command(SUITE, "--stage", "sigma")


def options(found: Sequence[Regression], names: Names) -> list[dict[str, str]]:
    """Potentials and protocols as a select shows them."""
    return [{"value": r.id, "label": f"{names.get(r.potential, r.potential)}, {r.protocol} ({r.n:,})"} for r in found]


def shares(found: Sequence[ExplainedShare], regression: Regression, names: Names) -> list[Any]:
    """What the regression says over all compounds, and by anion where there are enough."""
    called = names.get(regression.potential, regression.potential)
    everything = found[0].result
    note = html.P(_protocol_note(regression), className="fine")
    if everything.too_few:
        return [
            html.P(
                f"Too few: {plural(everything.n, 'compound')} of {called} have σ by {regression.protocol} and ω at Γ, "
                f"R, M and X on both sides; a regression is made from {LEAST} on "
                f"({count(everything.n_left_out)} left out: a number is missing)."
            ),
            note,
        ]
    fitted = [share for share in found if not share.result.too_few]
    return [
        html.Div(
            [
                _figure(fitted, called),
                html.Div(
                    [
                        _tiles(everything),
                        html.P(_sentence(everything, called)),
                        _table(found),
                        note,
                    ]
                ),
            ],
            className="side-by-side",
        )
    ]


def _protocol_note(regression: Regression) -> str:
    same = (
        "σ of the potential and of DFT are sampled by the same published schedule."
        if regression.protocol.startswith("published")
        else f"σ of the potential is sampled by {regression.protocol}, that of DFT by the published schedule: part of "
        "the error is the protocol."
    )
    return f"{same} The regression says what goes together, not what causes what."


def _tiles(result: Explained) -> Component:
    return statements(
        statement(
            number(result.r2_cross_validated),
            "cross-validated R²: share of what σ of DFT leaves of σ",
            f"plain {number(result.r2)}, by chance below {number(result.r2_null)} in 95 % of permutations",
        ),
        statement(
            number(result.magnitude.value),
            "rank correlation of the sizes",
            f"what σ of DFT leaves of σ and of the largest ω² error; 95 % {_ends(result.magnitude)}",
        ),
    )


def _ends(interval: Interval) -> str:
    return f"{number(interval.low)} to {number(interval.high)}"


def _sentence(result: Explained, called: str) -> str:
    over = f"over {plural(result.n, 'compound')} ({count(result.n_left_out)} left out: a number is missing)"
    if not result.r2_cross_validated > 0 or result.p_value > 0.05:
        return (
            f"With σ of DFT known, the errors of ω² at Γ, R, M and X say nothing measurable about {called}’s σ {over} "
            f"(permutation p = {number(result.p_value, 3)}). What is left comes from elsewhere (sampling, anharmonic "
            "forces, stiffer modes), or so few compounds do not show it."
        )
    certain = [PLACE_NAMES[place] for place, interval in result.coefficients.items() if interval.sign]
    where = f"Measurable coefficients: {', '.join(certain)}." if certain else "No single coefficient is measurable."
    return (
        f"Beyond σ of DFT, the errors of ω² go together with part of {called}’s σ {over}; permutation p = "
        f"{number(result.p_value, 3)}. {where}"
    )


def _figure(fitted: Sequence[ExplainedShare], called: str) -> Component:
    series = {}
    for place in PLACES:
        values = [share.result.coefficients[place] for share in fitted]
        ends = (np.array([getattr(v, end) for v in values]) for end in ("value", "low", "high"))
        series[PLACE_NAMES[place]] = Numbers(*ends)
    rows = [f"{share.anion or 'all'}<br>n = {count(share.result.n)}" for share in fitted]
    return captioned(
        grouped(rows, series, x_title="standardised coefficient"),
        [
            html.Strong(f"{called}, n = {plural(fitted[0].result.n, 'compound')}. "),
            "Change of what σ of DFT leaves of σ, in its standard deviations, per standard deviation of what it leaves "
            "of the ω² error. Negative: too soft a mode goes with too large a σ. Lines are 95 % intervals over "
            f"compounds ({count(DRAWS)} bootstrap draws). The four errors are correlated: their joint share is firmer "
            "than any coefficient.",
        ],
        label="Standardised coefficients of the ω² errors at Γ, R, M and X, by anion",
        height=f"{9 + ROW_REM * max(len(fitted), 2):g}rem",
    )


def _table(found: Sequence[ExplainedShare]) -> Component:
    rows = []
    for share in found:
        result = share.result
        name = share.anion or "all"
        left = [count(result.n), html.Span(f"{count(result.n_left_out)} left out", className="sub")]
        if result.too_few:
            rows.append([name, left, html.Span("too few", className="muted"), "", ""])
        else:
            rows.append(
                [
                    name,
                    left,
                    number(result.r2_cross_validated),
                    number(result.r2_null),
                    [number(result.magnitude.value), html.Span(_ends(result.magnitude), className="sub")],
                ]
            )
    return table(
        ("anion", "n", "R², cross-validated", "R², by chance", "|σ|, |ω²|"),
        rows,
        caption=f"Fewer than {LEAST} compounds are too few. By chance: 95 % of permutations stay below it with "
        "the plain R². Last column: rank correlation of the sizes of what σ of DFT leaves of σ and of the largest ω² "
        "error, with its 95 % interval.",
    )
