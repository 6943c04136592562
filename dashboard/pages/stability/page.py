"""Stability: DFT's verdict against those of several potentials, with movable cuts and the price of mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html, no_update
from dash.development.base_component import Component

from compute.statistics.verdicts import RULES, SCORE
from dashboard.dataset import Dataset
from dashboard.pages.page import Page, PageState, outputs
from dashboard.pages.stability import confusion, curves, ladder, screening
from dashboard.queries import coverage
from dashboard.queries import stability as query
from dashboard.queries.coverage import anions, foundation
from dashboard.queries.potentials import reference_functionals
from dashboard.queries.provenance import runs, sources
from dashboard.queries.ranking import preferred
from dashboard.queries.trust import next_csv
from dashboard.server.response_cache import do_not_remember
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, campaign_command, not_computed, page_head, section
from dashboard.ui.provenance import provenance
from dashboard.ui.tabs import tabs
from dashboard.ui.text import listed, plural
from dashboard.views.codec import build, encode, written
from dashboard.views.stability import MOST_POTENTIALS, SUITE_CRITERIA, StabilityView

CRITERION_NAMES = {
    "harmonic": "harmonic | harmonic",
    "sigma": "σ | σ",
    "renormalised": "σ | renormalised ω",
    "cross": "σ | harmonic",
}
RULE_OPTIONS = [
    {"value": rule, "label": f"{'the score' if rule == SCORE else rule}: {text}"} for rule, text in RULES.items()
]
SHOWN = "stability-view"
UNASKED = 3  # potentials that are shown where none is chosen: a row of matrices
ONE_ALONE = "Two potentials are compared by a score; here there is one potential, or no score."


@dataclass(frozen=True)
class StabilityState(PageState[StabilityView]):
    """A view that its suite can follow, the potentials that it shows, and all with such results."""

    potentials: tuple[str, ...]
    offered: tuple[str, ...]


def resolve(dataset: Dataset, asked: StabilityView) -> StabilityState:
    """What its suite offers of `asked`: a criterion, potentials with such results, anions that occur."""
    criteria = SUITE_CRITERIA[asked.suite]
    criterion = asked.criterion if asked.criterion in criteria else criteria[0]
    offered = tuple(preferred(dataset, asked.suite, query.potentials(dataset, asked.suite, criterion)))
    present = anions(dataset, asked.suite)
    chosen = tuple(p for p in asked.potentials if p in offered)[:MOST_POTENTIALS]
    view = replace(asked, criterion=criterion, potentials=chosen, anion=tuple(a for a in asked.anion if a in present))
    plain = tuple(foundation(dataset, offered)) or offered
    shown = tuple(p for p in offered if p in chosen) or plain[:UNASKED]
    return StabilityState(view, encode(view, criterion=criteria[0]), shown, offered)


def layout(dataset: Dataset, found: StabilityState, ignored: tuple[str, ...]) -> Component:
    """The page that shows `found`."""
    names = coverage.potential_names(dataset)
    return html.Div(
        [
            page_head(
                "Does the potential find the same compounds stable?",
                "DFT’s verdict on each compound against each potential’s. Move the tolerance and see which "
                "verdicts depend on it.",
            ),
            address_notice(ignored),
            _controls(dataset, found, names),
            tabs(
                ("matrices", "Matrices", html.Div(_results(dataset, found, names), id="stability-results")),
                ("cuts", "Tolerance", html.Div(_sweeps(dataset, found, names), id="stability-sweeps")),
                # Both need statistics that are slow to import: they follow once the page is there.
                ("pairs", "Differences", html.Div(id="stability-pairs", className="later")),
                ("ranking", "Ranking", html.Div(id="stability-rankings", className="later tall")),
                ("screening", "Screening", _screening(dataset, found, names)),
                label="What is compared",
            ),
            html.Div(_foot(dataset, found), id="stability-foot"),
            dcc.Store(id=SHOWN, data=found.address),
        ],
        className="page",
    )  # fmt: skip


def _screening(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> Component:
    return section(
        "What a screen is worth",
        controls.bar(
            _price("stability-false_stable", "False stable costs (DFT runs)", found.view.false_stable),
            _price("stability-false_unstable", "False unstable costs (DFT runs)", found.view.false_unstable),
            label="What mistakes cost",
        ),
        html.Div(_economics(dataset, found, names), id="stability-economics"),
        html.Div(
            dmc.Button("What DFT should do next (CSV)", id="stability-next", variant="light", size="sm"),
            className="downloads",
        ),
        dcc.Download(id="stability-file"),
        about=screening.ABOUT,
    )


def _controls(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> Component:
    view = found.view
    moved = query.moved(view.criterion)
    return controls.bar(
        controls.select("stability-suite", "Suite", controls.SUITE_OPTIONS, view.suite),
        controls.multi(
            "stability-potentials", f"Potentials (at most {MOST_POTENTIALS})", controls.options(found.offered, names),
            view.potentials, everything=f"the best {UNASKED}",
        ),
        controls.select("stability-criterion", "DFT | potential", _criteria(view), view.criterion),
        controls.multi("stability-anion", "Anion", anions(dataset, view.suite), view.anion),
        html.Div(
            controls.tolerance("stability-tolerance_thz", view.tolerance_thz),
            id="stability-tolerance-box", hidden="tolerance" not in moved, className="control wide",
        ),
        html.Div(
            controls.threshold("stability-threshold", view.threshold),
            id="stability-threshold-box", hidden="threshold" not in moved, className="control wide",
        ),
        html.Div(
            dmc.Switch(id="stability-common", label="Common compounds only", checked=view.common == "yes"),
            id="stability-common-box", hidden=len(found.potentials) < 2, className="control switch",
        ),
        controls.select("stability-level", "Level of theory", controls.LEVEL_OPTIONS, view.level),
        html.Div(
            controls.select("stability-rule", "What counts as right", RULE_OPTIONS, view.rule),
            id="stability-rule-box", hidden=view.criterion == "cross", className="control wide",
        ),
        label="What to compare",
    )  # fmt: skip


def _price(identity: str, label: str, value: float) -> Component:
    found: Component = dmc.NumberInput(
        id=identity, label=label, value=value, min=0, max=10_000, decimalScale=1, debounce=300
    )
    return found


def _criteria(view: StabilityView) -> list[dict[str, str]]:
    return [{"value": c, "label": CRITERION_NAMES[c]} for c in SUITE_CRITERIA[view.suite]]


def _data(dataset: Dataset, found: StabilityState) -> query.Compared:
    return query.compared(dataset, found.view, found.potentials)


def _results(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> list[Any]:
    view = found.view
    if not found.potentials:
        command = campaign_command(view.suite)
        if view.criterion in ("sigma", "renormalised"):
            command += f" --stage sigma --protocol {'published' if view.criterion == 'sigma' else 'converged'}"
        return [not_computed("No potential has such results on this suite.", command)]
    settings = query.settings(dataset, view.suite, found.potentials)
    return [
        _not_shown(found, names),
        confusion.comparison(_data(dataset, found), names, settings, reference_functionals(dataset)[view.suite]),
    ]


def _not_shown(found: StabilityState, names: Mapping[str, str]) -> Component | None:
    """Says how many potentials have such results and are not on the page; names them where they are few."""
    left_out = [names.get(p, p) for p in found.offered if p not in found.potentials]
    if not left_out or found.view.potentials:
        return None
    which = f": {listed(left_out)}" if len(left_out) < 3 else ""
    said = f"{plural(len(left_out), 'potential')} with such results can be chosen above{which}."
    return html.P(said, className="fine", id="stability-not-shown")


def _sweeps(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> Component | None:
    if not found.potentials:
        return None
    data = _data(dataset, found)
    return html.Div([curves.sweeps(data, names), ladder.displacements(dataset, data, names)])


def _pairs(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> Component:
    shown = confusion.pairs(_data(dataset, found), names) if found.potentials else None
    return html.Div(shown or html.P(ONE_ALONE))


def _rankings(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> Component:
    return html.Div(curves.rankings(_data(dataset, found), names) if found.potentials else None)


def _economics(dataset: Dataset, found: StabilityState, names: Mapping[str, str]) -> list[Component]:
    if not found.potentials:
        return []
    trusted = screening.with_trust(dataset, found.view, found.potentials, names)
    return [*screening.economics(_data(dataset, found), names), *([] if trusted is None else [trusted])]


def _foot(dataset: Dataset, found: StabilityState) -> Component:
    behind = runs(dataset, [found.view.suite])
    return provenance(sources(dataset, [found.view.suite]), behind[behind["potential"].isin(found.potentials)])


def register(app: Dash, dataset: Dataset) -> None:
    """Every control recomputes every number; the slower sections follow the view once it is settled."""

    offering = ("potentials", "anion", "criterion")
    inputs = {field.name: Input(f"stability-{field.name}", "value") for field in fields(StabilityView)}

    def at(shown: Any) -> StabilityState:
        return resolve(dataset, written(StabilityView, shown))

    @app.callback(
        output={
            **outputs("stability", ("results",), offering),
            **{
                f"{name}_text": Output(f"stability-{name}-value", "children") for name in ("tolerance_thz", "threshold")
            },
            **{
                f"no_{name}": Output(f"stability-{name}-box", "hidden")
                for name in ("tolerance", "threshold", "common", "rule")
            },
            "shown": Output(SHOWN, "data"),
        },
        inputs=inputs | {"common": Input("stability-common", "checked")},
        prevent_initial_call=True,
    )
    def _update(common: Any, **values: Any) -> dict[str, Any]:
        found = resolve(dataset, build(StabilityView, common="yes" if common else "no", **values))
        view, names, moved = found.view, coverage.potential_names(dataset), query.moved(found.view.criterion)
        return {
            "results": _results(dataset, found, names),
            "potentials_offered": controls.options(found.offered, names),
            "potentials": list(view.potentials),
            "anion_offered": anions(dataset, view.suite),
            "anion": list(view.anion),
            "criterion_offered": _criteria(view),
            "criterion": view.criterion,
            "tolerance_thz_text": f"{view.tolerance_thz:.2f}",
            "threshold_text": f"{view.threshold:.2f}",
            "no_tolerance": "tolerance" not in moved,
            "no_threshold": "threshold" not in moved,
            "no_common": len(found.potentials) < 2,
            "no_rule": view.criterion == "cross",
            "shown": found.address,
            "address": found.address,
        }

    @app.callback(
        Output("stability-sweeps", "children"),
        Output("stability-foot", "children"),
        Input(SHOWN, "data"),
        prevent_initial_call=True,
    )
    def _update_sweeps(shown: Any) -> tuple[Component | None, Component]:
        found = at(shown)
        return _sweeps(dataset, found, coverage.potential_names(dataset)), _foot(dataset, found)

    @app.callback(Output("stability-pairs", "children"), Input(SHOWN, "data"))
    def _update_pairs(shown: Any) -> Component:
        return _pairs(dataset, at(shown), coverage.potential_names(dataset))

    @app.callback(Output("stability-rankings", "children"), Input(SHOWN, "data"))
    def _update_rankings(shown: Any) -> Component:
        return _rankings(dataset, at(shown), coverage.potential_names(dataset))

    @app.callback(Output("stability-file", "data"), Input("stability-next", "n_clicks"), prevent_initial_call=True)
    def _download(_clicks: Any) -> Any:
        do_not_remember()
        content = next_csv(dataset)
        return no_update if content is None else {"content": content, "filename": "softmode-next-dft.csv"}

    @app.callback(Output("stability-economics", "children"), Input(SHOWN, "data"), prevent_initial_call=True)
    def _update_economics(shown: Any) -> list[Component]:
        return _economics(dataset, at(shown), coverage.potential_names(dataset))


PAGE = Page(
    "/stability",
    "Stability",
    "Stability · Softmode",
    "Does a potential find the same compounds stable as DFT? Confusion matrices, thresholds, ROC, costs.",
    view=StabilityView,
    resolve=resolve,
    layout=layout,
    register=register,
)
