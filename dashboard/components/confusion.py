"""The comparison of two sets of verdicts: matrix, scores or shares, and their course over the tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from compute.physics import metrics
from compute.protocols import SUITES
from dashboard.components.blocks import captioned, section, statement, statements, table
from dashboard.components.text import compared_how, count, marked, number, percent
from dashboard.dataset import Dataset
from dashboard.figures.sweep import sweep
from dashboard.queries import results
from dashboard.queries import stability as query
from dashboard.views.stability import StabilityView

CROSS_ABOUT = (
    "Two different questions. DFT: is the compound stable at 300 K (σ below the threshold)? Potential: is it "
    "harmonically stable at 0 K? Heat can stabilise a compound whose harmonic phonons are soft, so a "
    "disagreement here is not an error and no score is given."
)


def comparison(dataset: Dataset, view: StabilityView) -> list[Component]:
    """Everything that depends on the view, in reading order."""
    data = query.compared(dataset, view)
    truth = query.truth_labels(data, view, view.tolerance_thz)
    answer = query.answer_labels(data, view.tolerance_thz)
    counts = query.crosstab(truth, answer)
    sigma = view.criterion == "sigma"
    geometry = results.geometry(dataset, view.suite, view.potential)
    about = CROSS_ABOUT if sigma else compared_how(view.suite, geometry)
    beside = _shares(counts) if sigma else _scores(truth, answer)
    matrix = html.Div([_matrix(counts, view), _accounting(counts, view)], className="matrix", id="stability-matrix")
    title = "Cross-tabulation" if sigma else "Confusion matrix"
    return [
        section(title, html.Div([matrix, html.Div(beside)], className="side-by-side"), about=about),
        section("How much the tolerance decides", _curve(query.sweep(data, view), view)),
    ]


def _matrix(counts: NDArray[np.int64], view: StabilityView) -> Component:
    asked = f"DFT: σ < {view.threshold:g} at 300 K" if view.criterion == "sigma" else "DFT: harmonic"
    totals = counts.sum(1).tolist()
    head = [
        html.Th([truth, html.Span(f"n = {count(total)}", className="sub")], scope="col")
        for truth, total in zip(query.TRUTHS, totals, strict=True)
    ]
    rows = [
        html.Tr(
            [
                html.Th(answer, scope="row"),
                *(
                    html.Td(
                        _cell(int(n), total),
                        className=_kind(truth, answer, view),
                        style={"--share": f"{n / total if total else 0:.3f}"},
                    )
                    for truth, total, n in zip(query.TRUTHS, totals, counts[:, j].tolist(), strict=True)
                ),
            ]
        )
        for j, answer in enumerate(query.ANSWERS)
    ]
    above = html.Tr([html.Td(""), html.Th(asked, colSpan=len(query.TRUTHS), scope="colgroup")])
    return html.Table(
        [
            html.Caption(f"n = {count(int(counts.sum()))} compounds; shares are of each column"),
            html.Thead([above, html.Tr([html.Th("potential: harmonic", scope="col"), *head])]),
            html.Tbody(rows),
        ]
    )


def _cell(n: int, total: int) -> Component:
    if n == 0:
        return html.Span("0", className="zero")
    return html.Div([html.Span(count(n), className="big"), html.Span(percent(n, total), className="sub")])


def _kind(truth: str, answer: str, view: StabilityView) -> str:
    decided = truth in metrics.CLASSES and answer in metrics.CLASSES
    if not decided:
        return "open"
    if view.criterion == "sigma":
        return "cross"
    return "agree" if truth == answer else "disagree"


def _accounting(counts: NDArray[np.int64], view: StabilityView) -> Component:
    columns = dict(zip(query.ANSWERS, counts.sum(0).tolist(), strict=True))
    return html.P(
        marked(
            f"Stable means ω_min > −{view.tolerance_thz:.2f} THz. Undecidable: ω_min is within the noise floor of "
            f"that calculation ({count(columns['undecidable'])}). Failed: {count(columns['failed'])}. Not run: "
            f"{count(columns['not run'])}. No label: DFT gives no number ({count(int(counts[2].sum()))})."
        ),
        className="fine",
    )


def _scores(truth: NDArray[np.str_], answer: NDArray[np.str_]) -> list[Component]:
    scores = query.scores(truth, answer)
    decided = scores["decided"]
    low, high = metrics.bootstrap_interval(metrics.confusion_counts(truth, answer), "mcc")
    interval = f"95 % interval {number(low)} to {number(high)}" if np.isfinite(low) else ""
    columns = list(scores.values())
    single = ("accuracy", "balanced_accuracy", "mcc")
    rows: list[list[Any]] = [["n", *(count(s.n) for s in columns)]]
    rows += [
        [name.replace("_", " ").replace("mcc", "MCC"), *(number(getattr(s, name), 3) for s in columns)]
        for name in single
    ]
    rows += [
        [
            f"{name if name != 'f1' else 'F1'}, {label}",
            *(number(getattr(s, name)[i], 3) for s in columns),
        ]
        for i, label in enumerate(metrics.CLASSES)
        for name in ("precision", "recall", "f1")
    ]
    return [
        statements(
            statement(number(decided.mcc), "Matthews correlation", interval),
            statement(number(decided.balanced_accuracy), "balanced accuracy", f"n = {count(decided.n)} decided"),
        ),
        table(
            ("score", *scores),
            rows,
            caption="Decided: both sides have a verdict. All run: failed and undecidable count as wrong. "
            f"Not run and in no score: {count(int((answer == query.NOT_RUN).sum()))}.",
        ),
    ]


def _shares(counts: NDArray[np.int64]) -> list[Component]:
    (ss, su), (us, uu) = counts[:2, :2].tolist()
    return [
        statements(
            statement(percent(ss, ss + us), "σ-stable among harmonically stable", f"{count(ss)} of {count(ss + us)}"),
            statement(percent(su, su + uu), "σ-stable among harmonically unstable", f"{count(su)} of {count(su + uu)}"),
        ),
        html.P("If harmonic stability decided stability at 300 K, the first share would be 100 % and the second 0 %."),
    ]


def _curve(counts: metrics.Counts, view: StabilityView) -> Component:
    n = int(counts.sum((-2, -1)).max(initial=0))
    where = f"{SUITES[view.suite].title}, {view.potential}"
    if view.criterion == "sigma":
        totals = counts.sum(1)
        stable = counts[:, 0, :] / np.where(totals == 0, np.nan, totals)
        figure = sweep(
            query.SWEEP_THZ,
            {"among harmonically stable": stable[:, 0], "among harmonically unstable": stable[:, 1]},
            view.tolerance_thz,
            y_title="share that is σ-stable",
        )
        see = "The further apart the lines, the more harmonic stability says about 300 K."
        return captioned(figure, [html.Strong(f"{where}, n up to {count(n)}. "), see], label="Shares over tolerance")
    figure = sweep(
        query.SWEEP_THZ,
        {"Matthews correlation": metrics.mcc(counts), "balanced accuracy": metrics.balanced_accuracy(counts)},
        view.tolerance_thz,
        y_title="score of decided compounds",
    )
    see = (
        "The tolerance moves both verdicts. Where a line is steep, the score says as much about the tolerance "
        "as about the potential."
    )
    return captioned(figure, [html.Strong(f"{where}, n up to {count(n)}. "), see], label="Scores over tolerance")
