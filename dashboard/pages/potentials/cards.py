"""A card per potential that was run, and a list of those that were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.queries.potentials import Card, Covered, measured_costs
from dashboard.ui.blocks import attributes, card_id, doi_link, fold, table
from dashboard.ui.provenance import BENCHMARK_DOI
from dashboard.ui.text import count, level_sentence, listed, plural

LOCAL_RESULTS = (
    "results of this machine by softmode score, not published; softmode data promote takes them into a release."
)
STAGES = {"harmonic": "harmonic", "sigma": "σ"}
SUITE_STAGES = (("abx3", "harmonic"), ("abx3", "sigma"), ("hdp", "harmonic"), ("hdp", "sigma"), ("mp0b3", "harmonic"))
SEEN = 3
"""Facts of a card that are read without a click."""


def computed_cards(cards: Sequence[Card], levels: Mapping[str, str]) -> Component:
    """Full cards of what was run; `levels` is by potential the functional of its training data that is not DFT's."""
    shown = html.Div([_card(card, levels) for card in cards if card.computed], className="model-cards")
    here = [card.facts["name"] for card in cards if card.facts["local"]]
    return html.Div([html.P(f"{listed(here)}: {LOCAL_RESULTS}", className="about"), shown]) if here else shown


def _card(card: Card, levels: Mapping[str, str]) -> Component:
    facts = card.facts
    return html.Article(
        [
            html.H3(facts["name"]),
            html.P([html.Code(card.potential), *_badges(card)], className="model-id"),
            html.P(level, className="notice") if (level := _level(card, levels)) else None,
            html.Dl([part for pair in _facts(card)[:SEEN] for part in pair], className="model-facts"),
            fold(
                "More, coverage and cost",
                html.Dl([part for pair in _facts(card)[SEEN:] for part in pair], className="model-facts"),
                html.H4("Coverage"),
                html.Div([_coverage(card, suite, stage) for suite, stage in SUITE_STAGES], className="model-coverage"),
                html.H4("Cost of a force call"),
                *_costs(card),
            ),
        ],
        className="model-card",
        id=card_id(card.potential),
        **{"aria-label": facts["name"]},
    )


def _badges(card: Card) -> list[Component]:
    words = [card.facts["family"], *(["local"] if card.facts["local"] else [])]
    badges: list[Component] = [html.Span(word, className="badge") for word in words]
    if card.facts["benchmark"]:
        said = f"one of the four models of doi:{BENCHMARK_DOI}"
        badges.append(html.Span("published benchmark", className="badge", title=said))
    return badges


def _level(card: Card, levels: Mapping[str, str]) -> str:
    mine = {p: level for p, level in levels.items() if p == card.potential}
    return level_sentence(mine, {card.potential: card.facts["name"]})


def _facts(card: Card) -> list[tuple[Component, Component]]:
    facts = card.facts
    size, parameters = facts["training_structures"], facts["parameters"]
    sha = facts["checkpoint_sha256"]
    entries: list[tuple[str, Any]] = [
        (
            "Training",
            f"{facts['training_set']}; "
            + (f"{count(int(size))} structures" if size else "number of structures not stated by its authors"),
        ),
        ("Functional", facts["functional"]),
        ("Licence", facts["licence"]),
        ("Parameters", count(int(parameters)) if parameters else "not stated"),
        ("Checkpoint", [html.Code(sha[:16], title=f"sha256 {sha}"), "…"] if sha else "never loaded here"),
        ("Cite", [facts["citation"], *([". ", doi_link(facts["doi"])] if facts["doi"] else [])]),
    ]
    if facts["benchmark"]:
        entries.append(("Benchmark", ["one of the four models of ", doi_link(BENCHMARK_DOI)]))
    return [(html.Dt(name), html.Dd(value)) for name, value in entries]


def _coverage(card: Card, suite: str, stage: str) -> Component:
    entry = next((e for e in card.covered if (e.suite, e.stage) == (suite, stage)), None)
    title = html.Span(f"{SUITES[suite].title}, {STAGES[stage]}")
    if entry is None or entry.not_run == entry.n:
        return html.Div([title, html.Span("not run", className="muted")])
    return html.Div([title, html.Div([_bar(entry), html.Span(_counts(entry))])])


def _bar(entry: Covered) -> Component:
    parts = (("ok", entry.ok), ("failed", sum(entry.failures.values())), ("not-run", entry.not_run))
    return html.Div(
        [html.Span(className=kind, style={"width": f"{100 * n / entry.n:.2f}%"}) for kind, n in parts if n],
        className="cover-bar",
        **attributes(aria_hidden="true"),
    )


def _counts(entry: Covered) -> str:
    parts = [f"{count(entry.ok)} ok", *(f"{count(n)} {kind}" for kind, n in entry.failures.items())]
    if entry.not_run:
        parts.append(f"{count(entry.not_run)} not run")
    return f"{', '.join(parts)} ({entry.protocol})"


def _costs(card: Card) -> list[Component]:
    found, costs = measured_costs(), card.costs
    if found is None:
        return [html.P("Not measured.", className="muted")]
    if not costs:
        why = found.refused.get(card.potential, "its checkpoint was not on the machine that timed the others")
        return [html.P(f"Not measured: {why}.", className="muted")]
    rows = [["µs per atom and call", *(count(round(us)) for us in costs.values())]]
    return [table(("atoms", *(count(atoms) for atoms in costs)), rows, caption=f"{found.where}.")]


def not_computed_list(cards: Sequence[Card], levels: Mapping[str, str]) -> list[Component]:
    """What is registered and was not run, each with the command that does."""
    waiting = [card for card in cards if not card.computed]
    if not waiting:
        return [html.P("Every registered potential has been run.")]
    asking = sum(not card.permissive for card in waiting)
    terms = (
        f" The weights of {count(asking)} come under a licence with terms of its own, such as academic use only: "
        "read it before you pass --accept-licence."
        if asking
        else ""
    )
    return [
        html.P(f"{plural(len(waiting), 'potential')}, nothing attempted.{terms}", className="about"),
        html.Ul([_waiting(card, levels) for card in waiting], className="model-list"),
    ]


def _waiting(card: Card, levels: Mapping[str, str]) -> Component:
    facts = card.facts
    return html.Li(
        [
            html.Strong(facts["name"]),
            *_badges(card),
            html.Span(
                f"{facts['training_set']}; {facts['functional']}. {facts['licence']}. {_level(card, levels)}",
                className="sub",
            ),
            html.Code(compute_command(card)),
        ]
    )


def compute_command(card: Card) -> str:
    """From nothing to published results of `card` in suite abx3."""
    run = f"softmode campaign run --suite abx3 --potential {card.potential}"
    if card.packaged:
        return run
    return f"softmode potentials fetch {card.potential}{'' if card.permissive else ' --accept-licence'} && {run}"
