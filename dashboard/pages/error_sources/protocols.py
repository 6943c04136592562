"""What the sampling protocol alone does to σ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from compute.suites import SUITES
from dashboard.pages.error_sources.amplification_figure import MOST, Cloud, thinned
from dashboard.pages.error_sources.protocols_data import ProtocolPair, Protocols
from dashboard.pages.error_sources.protocols_figure import outside
from dashboard.pages.error_sources.protocols_figure import protocols as protocols_figure
from dashboard.ui.blocks import captioned, not_computed, table
from dashboard.ui.text import count, number, plural

Names = Mapping[str, str]
FEWEST = 5
MOST_SENTENCES = 2
COMMAND = "softmode campaign run --suite abx3 --potential chgnet-0.3.0 --stage sigma --limit 60 --protocol"


def options(pairs: Sequence[ProtocolPair]) -> list[dict[str, str]]:
    """Pairs as a select shows them."""
    return [
        {"value": p.id, "label": f"{SUITES[p.suite].title}: {p.first} and {p.second} ({count(p.n)})"} for p in pairs
    ]


def missing(present: Sequence[str]) -> Any:
    """Says that no two protocols share a compound, and how to compute another than those `present`."""
    have = f" So far: {', '.join(present)}." if present else ""
    wanted = [name for name in ("published", "one-shot", "quick") if not any(p.startswith(name) for p in present)]
    commands = wanted[: 1 if present else 2]
    return not_computed(
        f"No compound has σ by two protocols with the same potential and cell.{have}",
        " && ".join(f"{COMMAND} {name}" for name in commands),
    )


def effect(found: Sequence[Protocols], pair: ProtocolPair, names: Names) -> list[Any]:
    """Figure, sentences and table of σ by the two protocols of `pair`."""
    clouds = [
        Cloud(names.get(p.potential, p.potential), p.compounds.tolist(), p.first, p.second, p.potential) for p in found
    ]
    every = thinned(clouds)
    thin = f"One point in {every} is drawn: at most {count(MOST)}. " if every > 1 else ""
    figure = captioned(
        protocols_figure(clouds, x_title=f"σ, {pair.first}", y_title=f"σ, {pair.second}"),
        [
            html.Strong(f"n = {count(pair.n)} compounds and potentials. "),
            "Same compound, same potential, same cell: off the diagonal is what the sampling does. Upper left and "
            "lower right of the dotted lines the protocol decides the verdict σ < 1. ",
            thin,
            f"{plural(outside(clouds), 'point')} beyond the frame.",
        ],
        label=f"σ by {pair.second} against σ by {pair.first}, per compound and potential",
        shape="square",
    )
    rows = [
        [
            names.get(p.potential, p.potential),
            count(p.agreement.n),
            [number(p.agreement.bias.value, 3, sign=True), html.Span(_interval(p), className="sub")],
            number(p.agreement.rmse.value, 3),
            number(p.agreement.spearman.value) if p.agreement.n >= FEWEST else "too few",
            [count(p.n_flipped), html.Span(f"{count(p.n_beyond)} beyond the noise", className="sub")],
            *(_only(failed) for failed in (p.first_only, p.second_only)),
        ]
        for p in found
    ]
    beside = html.Div(
        [
            html.P(_sentences(found, pair, names)),
            html.P(
                "Where a comparison with published σ rests on another protocol than the published schedule, this "
                "difference is part of what looks like an error of the potential.",
                className="fine",
            ),
        ]
    )
    numbers = table(
        ("potential", "n", "mean difference", "RMS difference", "rank correlation", "verdict changes",
         f"finished by {pair.first} only", f"by {pair.second} only"),
        rows,
        caption=f"σ by {pair.second} less σ by {pair.first}. The verdict is σ < 1; beyond the noise: both sides are "
        "further from 1 than two standard errors. The last columns: what one finished and the other did not, and how "
        "the other failed.",
    )  # fmt: skip
    return [html.Div([figure, beside], className="side-by-side"), numbers]


def _only(failed: Mapping[str, int]) -> list[Any]:
    how = ", ".join(f"{count(n)} {status}" for status, n in failed.items())
    return [count(sum(failed.values())), html.Span(how, className="sub")]


def _interval(p: Protocols) -> str:
    bias = p.agreement.bias
    if p.agreement.n < FEWEST:
        return f"no interval below {FEWEST} compounds"
    return f"95 % {number(bias.low, 3)} to {number(bias.high, 3)}"


def _sentences(found: Sequence[Protocols], pair: ProtocolPair, names: Names) -> str:
    """One per potential, or one for all where they would be many."""
    if len(found) <= MOST_SENTENCES:
        return " ".join(_sentence(p, pair, names) for p in found)
    biases = [p.agreement.bias.value for p in found]
    flipped, n = sum(p.n_flipped for p in found), sum(p.agreement.n for p in found)
    return (
        f"The mean difference is measurable for {count(sum(map(_measurable, found)))} of {count(len(found))} "
        f"potentials and lies between {number(min(biases), sign=True)} and {number(max(biases), sign=True)}; the "
        f"verdict σ < 1 changes in {count(flipped)} of {count(n)}."
    )


def _measurable(p: Protocols) -> bool:
    return p.agreement.n >= FEWEST and p.agreement.bias.sign != 0


def _sentence(p: Protocols, pair: ProtocolPair, names: Names) -> str:
    bias, called = p.agreement.bias, names.get(p.potential, p.potential)
    over = plural(p.agreement.n, "compound")
    flips = f"the verdict σ < 1 changes in {count(p.n_flipped)}"
    for failed, other in ((p.first_only, pair.second), (p.second_only, pair.first)):
        if failed:
            flips += f"; {plural(sum(failed.values()), 'compound')} more failed by {other}"
    if _measurable(p):
        way = "larger" if bias.value > 0 else "smaller"
        return (
            f"{called}: σ by {pair.second} is {way} than by {pair.first} by {number(abs(bias.value))} on average over "
            f"{over}; {flips}."
        )
    return f"{called}: no measurable mean difference over {over}; {flips}."
