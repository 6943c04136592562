"""Stability: DFT's verdict against the potential's, with a movable tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.components import controls
from dashboard.components.blocks import address_notice, campaign_command, not_computed, page_head
from dashboard.components.confusion import comparison
from dashboard.components.provenance import provenance
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import results
from dashboard.queries.provenance import runs, sources
from dashboard.queries.results import anions
from dashboard.views.stability import StabilityView
from dashboard.viewstate import build, decode, encode, replaced

# What DFT publishes: hdp only σ, mp0b3 only harmonic phonons, abx3 both.
SUITE_CRITERIA = {"abx3": ("harmonic", "sigma"), "hdp": ("sigma",), "mp0b3": ("harmonic",)}
CRITERION_NAMES = {"harmonic": "harmonic", "sigma": "σ at 300 K"}


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(StabilityView, query)
    view = _resolved(dataset, asked)
    names = results.potential_names(dataset)
    return html.Div(
        [
            page_head(
                "Does the potential find the same compounds stable?",
                "DFT’s verdict on each compound against the potential’s. Move the tolerance and see which "
                "verdicts depend on it; failures stay in the count.",
            ),
            address_notice(problems + replaced(asked, view)),
            controls.bar(
                controls.select("stability-suite", "Suite", controls.SUITE_OPTIONS, view.suite),
                controls.select("stability-potential", "Potential", _potentials(dataset, view, names), view.potential),
                controls.multi("stability-anion", "Anion", anions(dataset, view.suite), view.anion),
                controls.choice("stability-criterion", "DFT criterion", _criteria(view), view.criterion),
                controls.slider(
                    "stability-tolerance_thz", "Tolerance (THz)",
                    value=view.tolerance_thz, low=0, high=0.5, step=0.01, marks=(0, 0.1, 0.2, 0.3, 0.4, 0.5),
                ),
                html.Div(
                    controls.slider(
                        "stability-threshold", "σ threshold",
                        value=view.threshold, low=0.5, high=2, step=0.05, marks=(0.5, 1, 1.5, 2),
                    ),
                    id="stability-threshold-box", hidden=view.criterion != "sigma", className="control wide",
                ),
                label="What to compare",
            ),
            html.Div(_results(dataset, view), id="stability-results"),
            dcc.Store(id=VIEW_QUERY, data=encode(_shown(dataset, view))),
        ],
        className="page",
    )  # fmt: skip


def _results(dataset: Dataset, view: StabilityView) -> list[Any]:
    foot = provenance(sources(dataset, [view.suite]), runs(dataset, [view.suite], view.potential or None))
    if not view.potential:
        return [not_computed("No potential has been run on this suite.", campaign_command(view.suite)), foot]
    return [*comparison(dataset, view), foot]


def _potentials(dataset: Dataset, view: StabilityView, names: Mapping[str, str]) -> list[dict[str, str]]:
    return controls.options(results.potentials_with_results(dataset, view.suite), names)


def _criteria(view: StabilityView) -> list[dict[str, str]]:
    return [{"value": c, "label": CRITERION_NAMES[c]} for c in SUITE_CRITERIA[view.suite]]


def _resolved(dataset: Dataset, view: StabilityView) -> StabilityView:
    """The view with what its suite offers: a potential with results, a published criterion, anions that occur."""
    computed = results.potentials_with_results(dataset, view.suite)
    criteria = SUITE_CRITERIA[view.suite]
    present = anions(dataset, view.suite)
    return replace(
        view,
        potential=view.potential if view.potential in computed else next(iter(computed), ""),
        criterion=view.criterion if view.criterion in criteria else criteria[0],
        anion=tuple(a for a in view.anion if a in present),
    )


def _shown(dataset: Dataset, view: StabilityView) -> StabilityView:
    """The view as the address states it: without what the suite alone implies."""
    computed = results.potentials_with_results(dataset, view.suite)
    if view.potential == next(iter(computed), ""):
        view = replace(view, potential="")
    if len(SUITE_CRITERIA[view.suite]) == 1:
        view = replace(view, criterion="harmonic")
    return view


def register(app: Dash, dataset: Dataset) -> None:
    """Every control recomputes every number; the suite also decides what the other controls offer."""

    @app.callback(
        Output("stability-results", "children"),
        Output("stability-potential", "data"),
        Output("stability-potential", "value"),
        Output("stability-anion", "data"),
        Output("stability-anion", "value"),
        Output("stability-criterion", "data"),
        Output("stability-criterion", "value"),
        Output("stability-tolerance_thz-value", "children"),
        Output("stability-threshold-value", "children"),
        Output("stability-threshold-box", "hidden"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("stability-suite", "value"),
        Input("stability-potential", "value"),
        Input("stability-anion", "value"),
        Input("stability-criterion", "value"),
        Input("stability-tolerance_thz", "value"),
        Input("stability-threshold", "value"),
        prevent_initial_call=True,
    )
    def _update(
        suite: Any, potential: Any, anion: Any, criterion: Any, tolerance_thz: Any, threshold: Any
    ) -> tuple[Any, ...]:
        asked = build(
            StabilityView, suite=suite, potential=potential, anion=anion, criterion=criterion,
            tolerance_thz=tolerance_thz, threshold=threshold,
        )  # fmt: skip
        view = _resolved(dataset, asked)
        return (
            _results(dataset, view),
            _potentials(dataset, view, results.potential_names(dataset)),
            view.potential,
            anions(dataset, view.suite),
            list(view.anion),
            _criteria(view),
            view.criterion,
            f"{view.tolerance_thz:.2f}",
            f"{view.threshold:.2f}",
            view.criterion != "sigma",
            encode(_shown(dataset, view)),
        )


PAGE = Page(
    "/stability",
    "Stability",
    "Stability · Softmode",
    "Does a potential find the same compounds stable as DFT? Confusion matrices, thresholds, ROC, costs.",
    layout,
    register,
)
