"""Error sources: tilt wells of DFT against potentials, and where a potential's error of σ comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.error_sources import sections as parts
from dashboard.pages.error_sources.view import resolve
from dashboard.pages.page import VIEW_QUERY, Page, PageState, clicked, outputs
from dashboard.queries.attribution import sets
from dashboard.queries.provenance import runs, sources
from dashboard.ui.attribution import CONTRIBUTIONS, reference_notice
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.provenance import provenance
from dashboard.ui.tabs import tabs
from dashboard.ui.wells import PARITY_HARMONIC, PARITY_HEIGHT
from dashboard.views.codec import changed
from dashboard.views.error_sources import ErrorSourcesView


def layout(dataset: Dataset, state: PageState[ErrorSourcesView], ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view = state.view
    one_set = parts.one_set(dataset, view)
    return html.Div(
        [
            page_head(
                "Where do the errors come from?",
                "Tests against DFT. Is it the harmonic or the anharmonic part of the energy that a potential gets "
                "wrong? Does its error of σ come from its forces, from its Hessian or from sampling, and how much of "
                "it would a single number mend?",
            ),
            address_notice(ignored),
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
        ],
        className="page",
    )


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a point moves the control that chooses it."""

    def under(query: Any, **raw: Any) -> tuple[ErrorSourcesView, str]:
        """The view after the controls `raw` have changed, and its address."""
        state = resolve(dataset, changed(ErrorSourcesView, query, **raw))
        return state.view, state.address

    @app.callback(
        output=outputs("errors", ("compared", "one")),
        inputs={name: Input(f"errors-{name}", "value") for name in ("potentials", "quantity", "compound")},
        state={"query": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _update_wells(query: Any, **values: Any) -> dict[str, Any]:
        view, address = under(query, **values)
        return {
            "compared": parts.compared_wells(dataset, view),
            "one": parts.one_well(dataset, view),
            "address": address,
        }

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
        output={
            "notice": Output("errors-reference-notice", "children"),
            "means": Output("errors-means", "children", allow_duplicate=True),
            "all_sets": Output("errors-all-sets", "children"),
            "frames_offered": Output("errors-frames", "data"),
            "frames": Output("errors-frames", "value", allow_duplicate=True),
            "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
        },
        inputs={"reference": Input("errors-reference", "value")},
        state={"query": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _update_reference(reference: Any, query: Any) -> dict[str, Any]:
        view, address = under(query, reference=reference)
        return {
            "notice": reference_notice(view.reference),
            "means": parts.means(dataset, view),
            "all_sets": parts.all_sets(dataset, view),
            "frames_offered": sets(dataset, view.reference),
            "frames": view.frames,
            "address": address,
        }

    follows("errors-explained", "errors-regression", "regression", parts.shares)
    follows("errors-effect", "errors-protocols", "protocols", parts.effect)

    @app.callback(
        output=outputs("errors", ("breakdown",), ("scored", "order")),
        inputs={name: Input(f"errors-{name}", "value") for name in ("frames", "scored", "order")},
        state={"query": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _update_attribution(query: Any, **values: Any) -> dict[str, Any]:
        view, address = under(query, **values)
        return {
            "breakdown": parts.breakdown(dataset, view),
            "scored_offered": parts.scored_options(dataset, view),
            "scored": view.scored,
            "order_offered": parts.order_options(dataset, view),
            "order": view.order,
            "address": address,
        }

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
    view=ErrorSourcesView,
    resolve=resolve,
    layout=layout,
    register=register,
)
