"""Verdicts of DFT against those of each potential: matrices of one scale, their scores, and pairs of potentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from compute.statistics import confusion, verdicts
from compute.statistics.paired import Difference
from dashboard.pages.stability.scores import origins, score_table
from dashboard.queries import stability as query
from dashboard.queries.stability import Compared, Setting
from dashboard.ui.blocks import attributes, section, statement, statements, table
from dashboard.ui.text import (
    compared_how,
    count,
    drawn_by,
    interval,
    marked,
    number,
    percent,
    plural,
)
from dashboard.views.codec import encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import StabilityView

Names = Mapping[str, str]

TITLES = {"cross": "Cross-tabulation"}
ANSWER_NAMES = {
    "harmonic": "potential: harmonic",
    "sigma": "potential: σ",
    "renormalised": "potential: renormalised",
    "cross": "potential: harmonic",
}
CROSS_ABOUT = (
    "Two different questions. DFT: is the compound stable at 300 K (σ below the threshold)? Potential: is it "
    "harmonically stable at 0 K? Heat can stabilise a compound whose harmonic phonons are soft, so a "
    "disagreement here is not an error and no score is given."
)
CROSS_SENTENCE = "If harmonic stability decided stability at 300 K, the first share would be 100 %, the second 0 %."
RENORMALISED_ABOUT = (
    "Both ask whether the compound is stable at 300 K, by different quantities. DFT: is σ below the threshold? "
    "Potential: is the softest mode of force constants fitted to its frames at 300 K above the tolerance? A "
    "disagreement can come from the definitions."
)
SIGMA_ABOUT = "Both ask whether σ at 300 K is below the threshold."


def comparison(data: Compared, names: Names, settings: Sequence[Setting], functionals: Sequence[str]) -> Component:
    """Every potential's matrix with its scores, and what was compared with what."""
    view = data.view
    every = [html.P(CROSS_SENTENCE)] if view.criterion == "cross" else score_table(data, names)
    cards = [_card(data, p, names) for p in data.potentials]
    return section(
        TITLES.get(view.criterion, "Confusion matrix" if len(data.potentials) == 1 else "Confusion matrices"),
        html.P(_classes(data), className="about", id="stability-classes"),
        html.Div(cards, className="matrices"),
        html.P(marked(_definitions(view)), className="fine"),
        html.P(_coverage(data), className="fine", id="stability-coverage"),
        *every,
        *origins(settings, functionals, names, view),
        about=_about(view, settings),
    )


def pairs(data: Compared, names: Names) -> Component | None:
    """Each potential against each other on the compounds that both have run; nothing for one, or without scores."""
    if len(data.potentials) < 2 or data.view.criterion == "cross":
        return None
    duels = query.duels(data)
    rows: list[list[Any]] = [
        [
            f"{names.get(duel.first, duel.first)} − {names.get(duel.second, duel.second)}",
            count(duel.mcc.n),
            _difference(duel.mcc),
            _difference(duel.balanced_accuracy),
            count(duel.test.first_only),
            count(duel.test.second_only),
        ]
        for duel in duels
    ]
    measured = sum(duel.mcc.measurable for duel in duels)
    return section(
        "Are they different?",
        html.Div(
            table(
                (
                    "first − second",
                    "n",
                    "difference of MCC",
                    "of balanced accuracy",
                    "only first right",
                    "only second right",
                ),
                rows,
                caption="Differences with 95 % intervals, compounds drawn together for both potentials, "
                f"{drawn_by(data.view.suite)}. The potential’s own label counts, a failure is wrong.",
            ),
            className="duels",
        ),
        about=f"Each pair on the compounds that both have run. The interval of the difference of MCC excludes 0 for "
        f"{measured} of {plural(len(rows), 'pair')}.",
    )


def _about(view: StabilityView, settings: Sequence[Setting]) -> str:
    if view.criterion == "cross":
        return CROSS_ABOUT
    if view.criterion == "renormalised":
        return RENORMALISED_ABOUT
    if view.criterion == "sigma":
        return SIGMA_ABOUT
    geometries = {setting.geometry for setting in settings}
    if len(geometries) == 1:
        return compared_how(view.suite, geometries.pop())
    return (
        "The same q points; some potentials in the published cell and some in their own relaxed one, as listed below."
    )


def _classes(data: Compared) -> str:
    stable, unstable = (int(np.sum(data.truth == label)) for label in confusion.CLASSES)
    decided = stable + unstable
    if decided == 0:
        return "DFT gives no verdict on any of these compounds."
    larger = max(stable, unstable)
    ratio = f"{100 * stable / decided:.0f} : {100 * unstable / decided:.0f}"
    text = (
        f"DFT calls {count(stable)} compounds stable and {count(unstable)} unstable ({ratio}); "
        f"{count(data.n - decided)} have no DFT number. "
    )
    if data.view.criterion == "cross":
        return text
    return text + (
        f"Naming the larger class alone is right for {percent(larger, decided)}, so read the MCC: 0 is guessing."
    )


def _card(data: Compared, potential: str, names: Names) -> Component:
    counts = verdicts.crosstab(data.truth, data.labels[potential])
    left_out = int(np.sum(np.isin(data.truth, confusion.CLASSES) & ~data.answers[potential].run))
    head = _shares(counts) if data.view.criterion == "cross" else _headline(data.scores[potential], left_out)
    return html.Div(
        [html.H3(names.get(potential, potential)), head, _matrix(counts, data, potential, names)],
        className="matrix",
        **attributes(data_potential=potential),
    )


def _headline(found: verdicts.Score, left_out: int) -> Component:
    n = f"n = {count(found.n)}, smaller class {count(found.n_smaller)}"
    if left_out:
        n += f"; {count(left_out)} not run: as run, unweighted"
    return statements(
        statement(
            number(found.mcc.value),
            "Matthews correlation",
            [interval(found.mcc.low, found.mcc.high, before="95 %: "), html.Br(), n],
        ),
    )


def _shares(counts: NDArray[np.int64]) -> Component:
    (ss, su), (us, uu) = counts[:2, :2].tolist()
    return statements(
        statement(percent(ss, ss + us), "σ-stable among harmonically stable", f"{count(ss)} of {count(ss + us)}"),
        statement(percent(su, su + uu), "σ-stable among harmonically unstable", f"{count(su)} of {count(su + uu)}"),
    )


def _matrix(counts: NDArray[np.int64], data: Compared, potential: str, names: Names) -> Component:
    view = data.view
    asked = "DFT: harmonic" if view.criterion == "harmonic" else f"DFT: σ < {view.threshold:g} at 300 K"
    totals = counts.sum(1).tolist()
    head = [
        html.Th([truth, html.Span(f"n = {count(total)}", className="sub")], scope="col")
        for truth, total in zip(verdicts.TRUTHS, totals, strict=True)
    ]
    rows = [
        html.Tr(
            [
                html.Th(_row_name(answer, data), scope="row"),
                *(
                    html.Td(
                        _cell(int(n), total, _link(data, potential, truth, answer), names.get(potential, potential)),
                        className=_kind(truth, answer, view),
                        style={"--share": f"{n / total if total else 0:.3f}"},
                    )
                    for truth, total, n in zip(verdicts.TRUTHS, totals, counts[:, j].tolist(), strict=True)
                ),
            ]
        )
        for j, answer in enumerate(verdicts.ANSWERS)
    ]
    above = html.Tr([html.Td(""), html.Th(asked, colSpan=len(verdicts.TRUTHS), scope="colgroup")])
    return html.Table(
        [
            html.Caption(f"n = {count(int(counts.sum()))} compounds; shares are of each column"),
            html.Thead([above, html.Tr([html.Th(ANSWER_NAMES[view.criterion], scope="col"), *head])]),
            html.Tbody(rows),
        ]
    )


def _row_name(answer: str, data: Compared) -> str:
    if answer != verdicts.NOT_RUN:
        return answer
    name = "not run by all" if data.restricted else answer
    return f"{name} or not comparable" if data.view.level == "comparable" else name


def _link(data: Compared, potential: str, truth: str, answer: str) -> str:
    """Address of the compounds in a cell."""
    view = data.view
    compounds = CompoundsView(
        suite=view.suite,
        potentials=(potential,),
        anion=view.anion,
        criterion=view.criterion,
        tolerance_thz=view.tolerance_thz if "tolerance" in query.moved(view.criterion) else CompoundsView.tolerance_thz,
        threshold=view.threshold if "threshold" in query.moved(view.criterion) else CompoundsView.threshold,
        truth=(truth.replace(" ", "-"),),
        answer=(answer.replace(" ", "-"),),
        level=view.level,
        common=data.potentials if data.restricted else (),
    )
    return f"/compounds?{encode(compounds)}"


def _cell(n: int, total: int, href: str, name: str) -> Component:
    if n == 0:
        return html.Span("0", className="zero")
    content = [html.Span(count(n), className="big"), html.Span(percent(n, total), className="sub")]
    return dcc.Link(content, href=href, title=f"These {plural(n, 'compound')} of {name} in the table")


def _kind(truth: str, answer: str, view: StabilityView) -> str:
    decided = truth in confusion.CLASSES and answer in confusion.CLASSES
    if not decided:
        return "open"
    if view.criterion == "cross":
        return "cross"
    return "agree" if truth == answer else "disagree"


def _definitions(view: StabilityView) -> str:
    omega = f"ω_min > −{view.tolerance_thz:.2f} THz"
    floor = "its ω_min is within the noise floor of that calculation"
    sigma = f"σ < {view.threshold:g}"
    text = {
        "harmonic": f"Stable: {omega}. Undecidable: {floor}.",
        "sigma": f"Stable: {sigma}. Undecidable: the potential’s σ is within two standard errors of the threshold. A "
        "run whose atoms leave their sites is unstable.",
        "renormalised": f"Stable: DFT {sigma}; potential renormalised {omega.replace('>', '≥')}. Undecidable: that "
        "ω_min is within two standard errors or the noise floor.",
        "cross": f"Stable: DFT {sigma}; potential {omega}. Undecidable: {floor}.",
    }[view.criterion]
    return (
        f"{text} Failed: the potential’s calculation gave no number. No label: DFT gives none. The number in a cell "
        "leads to its compounds."
    )


def _coverage(data: Compared) -> str:
    if not data.restricted:
        return ""
    common = int(data.common.sum())
    lost = {p: int(np.sum(answer.run & ~data.common)) for p, answer in data.own.items()}
    if not any(lost.values()):
        return f"Common compounds: all potentials have run the same {count(common)} of {count(data.n)}."
    return (
        f"Common compounds only: {count(common)} of {count(data.n)} have been run with every potential; up to "
        f"{count(max(lost.values()))} results of a potential are left out."
    )


def _difference(found: Difference) -> Any:
    if not np.isfinite(found.low):
        return number(found.difference)
    said = [f"{number(found.low, 3)} to {number(found.high, 3)}"]
    if not found.measurable:
        said.append("none measurable")
    return [number(found.difference, 3, sign=True), *(html.Span(text, className="sub") for text in said)]
