"""Error sources: tilt wells of DFT against potentials, and where a potential's error of σ comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.error_sources import sections as parts
from dashboard.pages.error_sources.view import addressed, resolved
from dashboard.pages.page import VIEW_QUERY, Page, clicked
from dashboard.queries.attribution import sets
from dashboard.queries.provenance import runs, sources
from dashboard.ui.attribution import CONTRIBUTIONS, reference_notice
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.provenance import provenance
from dashboard.ui.tabs import tabs
from dashboard.ui.wells import PARITY_HARMONIC, PARITY_HEIGHT
from dashboard.views.codec import changed, decode, encode, replaced
from dashboard.views.error_sources import ErrorSourcesView


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(ErrorSourcesView, query)
    view = resolved(dataset, asked)
    one_set = parts.one_set(dataset, view)
    return html.Div(
        [
            page_head(
                "Where do the errors come from?",
                "Tests against DFT. Is it the harmonic or the anharmonic part of the energy that a potential gets "
                "wrong? Does its error of σ come from its forces, from its Hessian or from sampling, and how much of "
                "it would a single number mend?",
            ),
            address_notice(problems + replaced(asked, view)),
            parts.level(dataset),
            tabs(
                ("attribution", "Attribution", parts.attribution(dataset, view)),
                ("set", "One set", one_set) if one_set else None,
                ("tilt", "Tilt wells", parts.tilt(dataset, view)),
                ("softening", "Softening", parts.softening(dataset)),
                ("explained", "Harmonic errors", parts.explained(dataset, view)),
                ("protocols", "Sampling", parts.protocols(dataset, view)),
                label="Kinds of error",
            ),
            provenance(sources(dataset, parts.SUITES), runs(dataset, parts.SUITES)),
            dcc.Store(id=VIEW_QUERY, data=encode(addressed(dataset, view))),
        ],
        className="page",
    )


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a point moves the control that chooses it."""

    def under(query: Any, **raw: Any) -> tuple[ErrorSourcesView, str]:
        """The view after the controls `raw` have changed, and its address."""
        view = resolved(dataset, changed(ErrorSourcesView, query, **raw))
        return view, encode(addressed(dataset, view))

    @app.callback(
        Output("errors-compared", "children"),
        Output("errors-one", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-potentials", "value"),
        Input("errors-quantity", "value"),
        Input("errors-compound", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_wells(potentials: Any, quantity: Any, compound: Any, query: Any) -> tuple[Any, ...]:
        view, address = under(query, potentials=potentials, quantity=quantity, compound=compound)
        return parts.compared_wells(dataset, view), parts.one_well(dataset, view), address

    @app.callback(
        Output("errors-compound", "value"),
        Input(PARITY_HARMONIC, "clickData"),
        Input(PARITY_HEIGHT, "clickData"),
        prevent_initial_call=True,
    )
    def _choose_compound(harmonic: Any, height: Any) -> Any:
        compound = clicked(height if ctx.triggered_id == PARITY_HEIGHT else harmonic).get("customdata")
        return compound if isinstance(compound, str) else no_update

    def follows(place: str, control: str, field: str, drawn: Callable[[Dataset, ErrorSourcesView], Any]) -> None:
        """A section at `place` that `drawn` makes again when its one control, of `field`, changes."""

        @app.callback(
            Output(place, "children"),
            Output(VIEW_QUERY, "data", allow_duplicate=True),
            Input(control, "value"),
            State(VIEW_QUERY, "data"),
            prevent_initial_call=True,
        )
        def _update(value: Any, query: Any) -> tuple[Any, str]:
            view, address = under(query, **{field: value})
            return drawn(dataset, view), address

    follows("errors-means", "errors-split", "split", parts.means)

    @app.callback(
        Output("errors-reference-notice", "children"),
        Output("errors-means", "children", allow_duplicate=True),
        Output("errors-all-sets", "children"),
        Output("errors-frames", "data"),
        Output("errors-frames", "value", allow_duplicate=True),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-reference", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_reference(reference: Any, query: Any) -> tuple[Any, ...]:
        view, address = under(query, reference=reference)
        return (
            reference_notice(view.reference),
            parts.means(dataset, view),
            parts.all_sets(dataset, view),
            sets(dataset, view.reference),
            view.frames,
            address,
        )

    follows("errors-explained", "errors-regression", "regression", parts.shares)
    follows("errors-effect", "errors-protocols", "protocols", parts.effect)

    @app.callback(
        Output("errors-breakdown", "children"),
        Output("errors-scored", "data"),
        Output("errors-scored", "value"),
        Output("errors-order", "data"),
        Output("errors-order", "value"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-frames", "value"),
        Input("errors-scored", "value"),
        Input("errors-order", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_attribution(frames: Any, scored: Any, order: Any, query: Any) -> tuple[Any, ...]:
        view, address = under(query, frames=frames, scored=scored, order=order)
        return (
            parts.breakdown(dataset, view),
            parts.scored_options(dataset, view),
            view.scored,
            parts.order_options(dataset, view),
            view.order,
            address,
        )

    @app.callback(
        Output("errors-frames", "value"),
        Output("errors-scored", "value", allow_duplicate=True),
        Input(CONTRIBUTIONS, "clickData"),
        prevent_initial_call=True,
    )
    def _choose_set(clicks: Any) -> Any:
        chosen = clicked(clicks).get("customdata")
        if not isinstance(chosen, list) or len(chosen) != 2 or not all(isinstance(p, str) for p in chosen):
            return no_update, no_update
        return chosen[0], chosen[1]


PAGE = Page(
    "/errors",
    "Error sources",
    "Error sources · Softmode",
    "Where a potential's error of the anharmonicity score comes from: forces, Hessian or sampling.",
    layout,
    register,
)
