"""Stability: DFT's verdict against those of several potentials, with movable cuts and the price of mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html, no_update
from dash.development.base_component import Component

from compute.statistics.verdicts import RULES, SCORE
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
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
from dashboard.views.codec import build, decode, encode, replaced, written
from dashboard.views.stability import MOST_POTENTIALS, SUITE_CRITERIA, StabilityView, addressed

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
ONE_ALONE = "Two potentials are compared by a score; here there is one potential, or no score."


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(StabilityView, query)
    found = _resolved(dataset, asked)
    view = found.view
    names = coverage.potential_names(dataset)
    return html.Div(
        [
            page_head(
                "Does the potential find the same compounds stable?",
                "DFT’s verdict on each compound against each potential’s. Move the tolerance and see which "
                "verdicts depend on it.",
            ),
            address_notice(problems + replaced(asked, view)),
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
            dcc.Store(id=SHOWN, data=encode(view)),
            dcc.Store(id=VIEW_QUERY, data=encode(addressed(view))),
        ],
        className="page",
    )  # fmt: skip


def _screening(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> Component:
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


@dataclass(frozen=True)
class _Resolved:
    """A view that its suite can follow, and the potentials that it shows."""

    view: StabilityView
    potentials: tuple[str, ...]
    offered: tuple[str, ...]


def _resolved(dataset: Dataset, view: StabilityView) -> _Resolved:
    """The view with what its suite offers: a criterion, potentials with such results, anions that occur."""
    criteria = SUITE_CRITERIA[view.suite]
    criterion = view.criterion if view.criterion in criteria else criteria[0]
    offered = tuple(preferred(dataset, view.suite, query.potentials(dataset, view.suite, criterion)))
    present = anions(dataset, view.suite)
    chosen = tuple(p for p in view.potentials if p in offered)[:MOST_POTENTIALS]
    view = replace(view, criterion=criterion, potentials=chosen, anion=tuple(a for a in view.anion if a in present))
    plain = tuple(foundation(dataset, offered)) or offered
    shown = tuple(p for p in offered if p in chosen) or plain[:MOST_POTENTIALS]
    return _Resolved(view, shown, offered)


def _controls(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> Component:
    view = found.view
    moved = query.moved(view.criterion)
    return controls.bar(
        controls.select("stability-suite", "Suite", controls.SUITE_OPTIONS, view.suite),
        controls.multi(
            "stability-potentials", f"Potentials (at most {MOST_POTENTIALS})", controls.options(found.offered, names),
            view.potentials,
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
    return dmc.NumberInput(id=identity, label=label, value=value, min=0, max=10_000, decimalScale=1, debounce=300)


def _criteria(view: StabilityView) -> list[dict[str, str]]:
    return [{"value": c, "label": CRITERION_NAMES[c]} for c in SUITE_CRITERIA[view.suite]]


def _data(dataset: Dataset, found: _Resolved) -> query.Compared:
    return query.compared(dataset, found.view, found.potentials)


def _results(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> list[Any]:
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


def _not_shown(found: _Resolved, names: Mapping[str, str]) -> Component | None:
    """Says how many potentials have such results and are not on the page; names them where they are few."""
    left_out = [names.get(p, p) for p in found.offered if p not in found.potentials]
    if not left_out or found.view.potentials:
        return None
    which = f": {listed(left_out)}" if len(left_out) < 3 else ""
    said = f"{plural(len(left_out), 'potential')} with such results can be chosen above{which}."
    return html.P(said, className="fine", id="stability-not-shown")


def _sweeps(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> Component | None:
    if not found.potentials:
        return None
    data = _data(dataset, found)
    return html.Div([curves.sweeps(data, names), ladder.displacements(dataset, data, names)])


def _pairs(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> Component:
    shown = confusion.pairs(_data(dataset, found), names) if found.potentials else None
    return html.Div(shown or html.P(ONE_ALONE))


def _rankings(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> Component:
    return html.Div(curves.rankings(_data(dataset, found), names) if found.potentials else None)


def _economics(dataset: Dataset, found: _Resolved, names: Mapping[str, str]) -> list[Component]:
    if not found.potentials:
        return []
    trusted = screening.with_trust(dataset, found.view, found.potentials, names)
    return [*screening.economics(_data(dataset, found), names), trusted]


def _foot(dataset: Dataset, found: _Resolved) -> Component:
    behind = runs(dataset, [found.view.suite])
    return provenance(sources(dataset, [found.view.suite]), behind[behind["potential"].isin(found.potentials)])


def _of_store(dataset: Dataset, shown: Any) -> _Resolved:
    return _resolved(dataset, written(StabilityView, shown))


def register(app: Dash, dataset: Dataset) -> None:
    """Every control recomputes every number; the slower sections follow the view once it is settled."""

    @app.callback(
        Output("stability-results", "children"),
        Output("stability-potentials", "data"),
        Output("stability-potentials", "value"),
        Output("stability-anion", "data"),
        Output("stability-anion", "value"),
        Output("stability-criterion", "data"),
        Output("stability-criterion", "value"),
        Output("stability-tolerance_thz-value", "children"),
        Output("stability-threshold-value", "children"),
        Output("stability-tolerance-box", "hidden"),
        Output("stability-threshold-box", "hidden"),
        Output("stability-common-box", "hidden"),
        Output("stability-rule-box", "hidden"),
        Output(SHOWN, "data"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("stability-suite", "value"),
        Input("stability-potentials", "value"),
        Input("stability-common", "checked"),
        Input("stability-rule", "value"),
        Input("stability-level", "value"),
        Input("stability-anion", "value"),
        Input("stability-criterion", "value"),
        Input("stability-tolerance_thz", "value"),
        Input("stability-threshold", "value"),
        Input("stability-false_stable", "value"),
        Input("stability-false_unstable", "value"),
        prevent_initial_call=True,
    )
    def _update(
        suite: Any, potentials: Any, common: Any, rule: Any, level: Any, anion: Any, criterion: Any, tolerance_thz: Any,
        threshold: Any, false_stable: Any, false_unstable: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        asked = build(
            StabilityView, suite=suite, potentials=potentials, common="yes" if common else "no", rule=rule,
            level=level, anion=anion, criterion=criterion, tolerance_thz=tolerance_thz, threshold=threshold,
            false_stable=false_stable, false_unstable=false_unstable,
        )  # fmt: skip
        found = _resolved(dataset, asked)
        view, names, moved = found.view, coverage.potential_names(dataset), query.moved(found.view.criterion)
        return (
            _results(dataset, found, names),
            controls.options(found.offered, names),
            list(view.potentials),
            anions(dataset, view.suite),
            list(view.anion),
            _criteria(view),
            view.criterion,
            f"{view.tolerance_thz:.2f}",
            f"{view.threshold:.2f}",
            "tolerance" not in moved,
            "threshold" not in moved,
            len(found.potentials) < 2,
            view.criterion == "cross",
            encode(view),
            encode(addressed(view)),
        )

    @app.callback(
        Output("stability-sweeps", "children"),
        Output("stability-foot", "children"),
        Input(SHOWN, "data"),
        prevent_initial_call=True,
    )
    def _update_sweeps(shown: Any) -> tuple[Component | None, Component]:
        found = _of_store(dataset, shown)
        return _sweeps(dataset, found, coverage.potential_names(dataset)), _foot(dataset, found)

    @app.callback(Output("stability-pairs", "children"), Input(SHOWN, "data"))
    def _update_pairs(shown: Any) -> Component:
        return _pairs(dataset, _of_store(dataset, shown), coverage.potential_names(dataset))

    @app.callback(Output("stability-rankings", "children"), Input(SHOWN, "data"))
    def _update_rankings(shown: Any) -> Component:
        return _rankings(dataset, _of_store(dataset, shown), coverage.potential_names(dataset))

    @app.callback(Output("stability-file", "data"), Input("stability-next", "n_clicks"), prevent_initial_call=True)
    def _download(_clicks: Any) -> Any:
        do_not_remember()
        content = next_csv(dataset)
        return no_update if content is None else {"content": content, "filename": "softmode-next-dft.csv"}

    @app.callback(Output("stability-economics", "children"), Input(SHOWN, "data"), prevent_initial_call=True)
    def _update_economics(shown: Any) -> list[Component]:
        return _economics(dataset, _of_store(dataset, shown), coverage.potential_names(dataset))


PAGE = Page(
    "/stability",
    "Stability",
    "Stability · Softmode",
    "Does a potential find the same compounds stable as DFT? Confusion matrices, thresholds, ROC, costs.",
    layout,
    register,
)
