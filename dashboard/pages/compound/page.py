"""Compound: everything that DFT and the potentials say of one compound, and how right each potential is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.compound import files, sigma, stored_modes
from dashboard.pages.compound.errors import errors
from dashboard.pages.compound.head import head, unknown, verdict
from dashboard.pages.compound.labels import labels, labels_table
from dashboard.pages.compound.neighbours import neighbour_table, neighbours
from dashboard.pages.compound.other_dft import other_dft
from dashboard.pages.compound.stored_bands import stored_errors
from dashboard.pages.compound.stored_modes import FROZEN
from dashboard.pages.compound.structure import bands as bands_and_controls
from dashboard.pages.compound.structure import movable, moved, structure
from dashboard.pages.compound.why import TITLE, why
from dashboard.pages.page import VIEW_QUERY, Page, clicked
from dashboard.queries import bands as bands_query
from dashboard.queries.compound import runs
from dashboard.queries.compound_page import KnownCompound, addressed, find, resolved
from dashboard.queries.provenance import sources
from dashboard.ui import bands
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.provenance import provenance
from dashboard.ui.structure import VIEWER, register_viewer
from dashboard.ui.tabs import tabs
from dashboard.views.codec import changed, decode, encode, replaced
from dashboard.views.compound import CompoundView

AT = "compound-at"


def layout(dataset: Dataset, query: Mapping[str, str], suite: str, compound: str) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(CompoundView, query)
    found = find(dataset, suite, compound)
    if found is None:
        return html.Div([page_head("Compound not found"), *unknown(suite, compound)], className="page")
    view = resolved(found, asked)
    beside = html.Div([neighbours(found, view), other_dft(found)])
    return html.Div(
        [
            head(found, view),
            address_notice(problems + replaced(asked, view)),
            html.Div(
                [
                    html.Div(verdict(found, view), id="compound-verdict"),
                    html.Div(bands_and_controls(found, view)),
                ],
                className="compound-answer",
            ),
            tabs(
                ("modes", "Structure and modes", structure(found, view)) if movable(found) else None,
                ("errors", "Errors", stored_errors(found)) if not found.prototyped else None,
                ("why", TITLE, why(found, view)),
                ("labels", "Labels", labels(found, view)),
                ("sigma", "σ at 300 K", sigma.sigma(found, view)) if found.prototyped else None,
                ("sources", "Error sources", errors(found)) if found.prototyped else None,
                ("neighbours", "Neighbours", beside) if found.prototyped else None,
                ("files", "Files", html.Div([files.downloads(found, view), files.again(found, view)])),
                label="More about this compound",
            ),
            None if found.prototyped else beside,
            provenance(sources(dataset, [suite]), runs(dataset, suite, found.name)),
            dcc.Download(id="compound-frozen"),
            dcc.Store(id=AT, data=[suite, found.name]),
            dcc.Store(id=VIEW_QUERY, data=encode(addressed(found, view))),
        ],
        className="page",
    )


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a band moves the controls that choose the mode."""

    def under(place: Any, written: Any, **raw: Any) -> tuple[KnownCompound | None, CompoundView]:
        """The compound of the page at `place`, and its view once the controls `raw` have changed what is `written`."""
        suite, compound = place if isinstance(place, list) and len(place) == 2 else (None, None)
        found, asked = find(dataset, suite, compound), changed(CompoundView, written, **raw)
        return found, asked if found is None else resolved(found, asked)

    @app.callback(
        Output("compound-band-figure", "children"),
        Output(VIEWER, "data-mode"),
        Output(VIEWER, "data-structure"),
        Output(f"{VIEWER}-beside", "children"),
        Output("compound-cell", "children"),
        Output("compound-mode", "children"),
        Output("compound-q", "data"),
        Output("compound-branch", "data"),
        Output("compound-branch", "value"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("compound-constants", "value"),
        Input("compound-q", "value"),
        Input("compound-branch", "value"),
        Input("compound-potentials", "value", allow_optional=True),
        Input("compound-drawn", "value", allow_optional=True),
        Input("compound-repeats", "value"),
        State(AT, "data"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_mode(
        constants: Any, q: Any, branch: Any, potentials: Any, drawn: Any, repeats: Any, place: Any, written: Any
    ) -> tuple[Any, ...]:
        asked = {"constants": constants, "q": q, "branch": branch, "repeats": repeats}
        asked |= {} if drawn is None else {"potentials": potentials, "drawn": drawn}
        found, view = under(place, written, **asked)
        if found and (pairs := found.stored(view)):
            return no_update, *stored_modes.moved(found, view, pairs), view.branch, encode(addressed(found, view))
        if found is None or (shown := found.shown(view)) is None:
            return (no_update,) * 10
        return *moved(found, view, shown), view.branch, encode(addressed(found, view))

    @app.callback(
        Output("compound-constants", "value"),
        Output("compound-q", "data", allow_duplicate=True),
        Output("compound-q", "value"),
        Output("compound-branch", "value", allow_duplicate=True),
        Input(bands.BANDS, "clickData"),
        State(AT, "data"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _choose_mode(clicks: Any, place: Any, written: Any) -> tuple[Any, ...]:
        found, view = under(place, written)
        if found is None or not found.bands:
            return (no_update,) * 4
        listed, point = bands.drawn(found.bands, view), clicked(clicks)
        chosen = bands_query.clicked(listed, point.get("curveNumber"), point.get("pointNumber"))
        if chosen is None:
            return (no_update,) * 4
        constants, q, branch = chosen
        return constants, bands.q_options(str(found.known["prototype"]), q), q, branch

    @app.callback(
        Output("compound-verdict", "children"),
        Output("compound-labels", "children"),
        Output("compound-neighbours", "children"),
        Output("compound-tolerance_thz-value", "children"),
        Output("compound-threshold-value", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("compound-tolerance_thz", "value"),
        Input("compound-threshold", "value"),
        Input("compound-site", "value"),
        State(AT, "data"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_labels(tolerance_thz: Any, threshold: Any, site: Any, place: Any, written: Any) -> tuple[Any, ...]:
        found, view = under(place, written, tolerance_thz=tolerance_thz, threshold=threshold, site=site)
        if found is None:
            return (no_update,) * 6
        return (
            verdict(found, view),
            labels_table(found, view),
            neighbour_table(found, view),
            f"{view.tolerance_thz:.2f}",
            f"{view.threshold:.2f}",
            encode(addressed(found, view)),
        )

    @app.callback(
        Output("compound-sigma-modes", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("compound-sigma_run", "value"),
        State(AT, "data"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_sigma(run: Any, place: Any, written: Any) -> tuple[Any, ...]:
        found, view = under(place, written, sigma_run=run)
        if found is None or found.sigma.empty:
            return no_update, no_update
        return sigma.mode_figure(found, view), encode(addressed(found, view))

    register_viewer(app)

    @app.callback(
        Output("compound-frozen", "data"),
        inputs={"_clicks": [Input(f"compound-frozen-{name}", "n_clicks") for name in FROZEN]},
        state={
            "amplitude": State(f"{VIEWER}-amplitude", "value"),
            "place": State(AT, "data"),
            "written": State(VIEW_QUERY, "data"),
        },
        prevent_initial_call=True,
    )
    def _freeze(_clicks: Any, amplitude: Any, place: Any, written: Any) -> Any:
        found, view = under(place, written)
        name = str(ctx.triggered_id).removeprefix("compound-frozen-")
        file = None if found is None else files.frozen_mode(found, view, name, amplitude)
        return no_update if file is None else file

    @app.callback(
        Output("compound-file", "data"),
        inputs={"_clicks": [Input(f"compound-download-{name}", "n_clicks") for name in files.FILES]},
        state={"place": State(AT, "data"), "written": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, place: Any, written: Any) -> Any:
        found, view = under(place, written)
        file = None if found is None else files.file(found, view, str(ctx.triggered_id))
        return no_update if file is None else file


PAGE = Page(
    "/compound",
    "Compound",
    "Softmode",
    "Structure, phonon bands, modes, anharmonicity and error sources of one compound, from DFT and from potentials.",
    layout,
    register,
    below=("suite", "compound"),
    listed=False,
)
