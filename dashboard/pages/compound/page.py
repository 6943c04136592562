"""Compound: everything that DFT and the potentials say of one compound, and how right each potential is."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from dashboard.pages.page import VIEW_QUERY, Page, PageState, clicked
from dashboard.queries import bands as bands_query
from dashboard.queries.bands import DFT, mode, q_of, softest_point
from dashboard.queries.compound import runs, sites
from dashboard.queries.compound_page import KnownCompound, find
from dashboard.queries.provenance import sources
from dashboard.ui import bands
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.provenance import provenance
from dashboard.ui.structure import VIEWER, register_viewer
from dashboard.ui.tabs import tabs
from dashboard.views.codec import changed, encode
from dashboard.views.compound import CompoundView

AT = "compound-at"


@dataclass(frozen=True)
class CompoundState(PageState[CompoundView]):
    """A view that the tables can follow of the compound that the path names, if they hold it."""

    suite: str
    compound: str
    found: KnownCompound | None


def resolve(dataset: Dataset, asked: CompoundView, suite: str, compound: str) -> CompoundState:
    """What the tables hold of `asked` for this compound: force constants, one of their modes, runs of σ, sites."""
    found = find(dataset, suite, compound)
    if found is None:
        return CompoundState(asked, encode(asked), suite, compound, None)
    keys = [*(b.key for b in found.bands), *(pairs.potential for pairs in found.mode_pairs)]
    of_sigma = found.sigma["run"].tolist()
    with_bands = {b.potential for b in found.bands} | {b.source for b in found.stored_bands if b.source != DFT}
    finished = found.sigma.loc[found.sigma["status"] == "ok", "run"].tolist()
    implied = {"constants": found.first_constants, "sigma_run": next(iter(finished or of_sigma), "")}
    view = replace(
        asked,
        constants=asked.constants if asked.constants in keys else implied["constants"],
        potentials=tuple(name for name in asked.potentials if name in with_bands),
        sigma_run=asked.sigma_run if asked.sigma_run in of_sigma else implied["sigma_run"],
        site=asked.site if asked.site in sites(found.known) else CompoundView.site,
    )
    q, branch = _mode_of(found, view, view.q, view.branch)
    view, shown = replace(view, q=q, branch=branch), found.shown(view)
    first_q, first_branch = _mode_of(found, view, "", "")
    drawn = () if shown is None else (shown.potential,)  # whose bands are drawn anyway
    view = replace(view, potentials=() if view.potentials == drawn else view.potentials)
    address = encode(view, **implied, q=first_q, branch=first_branch, potentials=drawn)
    return CompoundState(view, address, suite, compound, found)


def _mode_of(found: KnownCompound, view: CompoundView, q: str, branch: str) -> tuple[str, str]:
    """The mode that moves as its q and branch: what is named where there is such, else the softest; empty for none."""
    if pairs := found.stored(view):
        q = q if q in pairs.points else pairs.points[0]
        return q, str(pairs.at(q, branch)[0].branch)
    if (shown := found.shown(view)) is None:
        return "", ""
    q = q if q_of(shown.prototype, q) is not None else softest_point(shown)
    return q, str(mode(shown, q, branch).branch)


def layout(dataset: Dataset, state: CompoundState, ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    found, view = state.found, state.view
    if found is None:
        return html.Div([page_head("Compound not found"), *unknown(state.suite, state.compound)], className="page")
    beside = html.Div([neighbours(found, view), other_dft(found)])
    return html.Div(
        [
            head(found, view),
            address_notice(ignored),
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
            provenance(sources(dataset, [found.suite]), runs(dataset, found.suite, found.name)),
            dcc.Download(id="compound-frozen"),
            dcc.Store(id=AT, data=[found.suite, found.name]),
        ],
        className="page",
    )


def _moved(found: KnownCompound, view: CompoundView) -> dict[str, Any] | None:
    """What follows another mode, by name; None where nothing moves."""
    if pairs := found.stored(view):
        return {"bands": no_update, **stored_modes.moved(found, view, pairs)}
    shown = found.shown(view)
    return None if shown is None else moved(found, view, shown)


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a band moves the controls that choose the mode."""

    def at() -> dict[str, State]:
        """The compound and its view; a dict of its own for each callback, since Dash writes into what it is given."""
        return {"place": State(AT, "data"), "written": State(VIEW_QUERY, "data")}

    address = Output(VIEW_QUERY, "data", allow_duplicate=True)

    def under(place: Any, written: Any, **raw: Any) -> CompoundState:
        """The page at `place` once the controls `raw` have changed what is `written`."""
        suite, compound = place if isinstance(place, list) and len(place) == 2 else ("", "")
        return resolve(dataset, changed(CompoundView, written, **raw), suite, compound)

    @app.callback(
        output={
            "bands": Output("compound-band-figure", "children"),
            "pattern": Output(VIEWER, "data-mode"),
            "scene": Output(VIEWER, "data-structure"),
            "beside": Output(f"{VIEWER}-beside", "children"),
            "cell": Output("compound-cell", "children"),
            "sentence": Output("compound-mode", "children"),
            "q_offered": Output("compound-q", "data"),
            "branch_offered": Output("compound-branch", "data"),
            "branch": Output("compound-branch", "value"),
            "address": address,
        },
        inputs={
            "drawn": {
                name: Input(f"compound-{name}", "value", allow_optional=True) for name in ("potentials", "drawn")
            },
            **{name: Input(f"compound-{name}", "value") for name in ("constants", "q", "branch", "repeats")},
        },
        state=at(),
        prevent_initial_call=True,
    )
    def _update_mode(place: Any, written: Any, drawn: dict[str, Any], **values: Any) -> Any:
        state = under(place, written, **values, **({} if drawn["drawn"] is None else drawn))
        parts = None if state.found is None else _moved(state.found, state.view)
        return no_update if parts is None else {**parts, "branch": state.view.branch, "address": state.address}

    @app.callback(
        output={
            "constants": Output("compound-constants", "value"),
            "q_offered": Output("compound-q", "data", allow_duplicate=True),
            "q": Output("compound-q", "value"),
            "branch": Output("compound-branch", "value", allow_duplicate=True),
        },
        inputs={"clicks": Input(bands.BANDS, "clickData")},
        state=at(),
        prevent_initial_call=True,
    )
    def _choose_mode(clicks: Any, place: Any, written: Any) -> Any:
        state = under(place, written)
        if state.found is None or not state.found.bands:
            return no_update
        listed, point = bands.drawn(state.found.bands, state.view), clicked(clicks)
        chosen = bands_query.clicked(listed, point.get("curveNumber"), point.get("pointNumber"))
        if chosen is None:
            return no_update
        constants, q, branch = chosen
        offered = bands.q_options(str(state.found.known["prototype"]), q)
        return {"constants": constants, "q_offered": offered, "q": q, "branch": branch}

    @app.callback(
        output={
            **{part: Output(f"compound-{part}", "children") for part in ("verdict", "labels", "neighbours")},
            **{name: Output(f"compound-{name}-value", "children") for name in ("tolerance_thz", "threshold")},
            "address": address,
        },
        inputs={name: Input(f"compound-{name}", "value") for name in ("tolerance_thz", "threshold", "site")},
        state=at(),
        prevent_initial_call=True,
    )
    def _update_labels(place: Any, written: Any, **values: Any) -> Any:
        state = under(place, written, **values)
        if state.found is None:
            return no_update
        return {
            "verdict": verdict(state.found, state.view),
            "labels": labels_table(state.found, state.view),
            "neighbours": neighbour_table(state.found, state.view),
            "tolerance_thz": f"{state.view.tolerance_thz:.2f}",
            "threshold": f"{state.view.threshold:.2f}",
            "address": state.address,
        }

    @app.callback(
        Output("compound-sigma-modes", "children"),
        address,
        inputs={"sigma_run": Input("compound-sigma_run", "value")},
        state=at(),
        prevent_initial_call=True,
    )
    def _update_sigma(sigma_run: Any, place: Any, written: Any) -> tuple[Any, ...]:
        state = under(place, written, sigma_run=sigma_run)
        if state.found is None or state.found.sigma.empty:
            return no_update, no_update
        return sigma.mode_figure(state.found, state.view), state.address

    register_viewer(app)

    @app.callback(
        Output("compound-frozen", "data"),
        inputs={"_clicks": [Input(f"compound-frozen-{name}", "n_clicks") for name in FROZEN]},
        state={"amplitude": State(f"{VIEWER}-amplitude", "value"), **at()},
        prevent_initial_call=True,
    )
    def _freeze(_clicks: Any, amplitude: Any, place: Any, written: Any) -> Any:
        state = under(place, written)
        name = str(ctx.triggered_id).removeprefix("compound-frozen-")
        file = None if state.found is None else files.frozen_mode(state.found, state.view, name, amplitude)
        return no_update if file is None else file

    @app.callback(
        Output("compound-file", "data"),
        inputs={"_clicks": [Input(f"compound-download-{name}", "n_clicks") for name in files.FILES]},
        state=at(),
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, place: Any, written: Any) -> Any:
        state = under(place, written)
        file = None if state.found is None else files.file(state.found, state.view, str(ctx.triggered_id))
        return no_update if file is None else file


PAGE = Page(
    "/compound",
    "Compound",
    "Softmode",
    "Structure, phonon bands, modes, anharmonicity and error sources of one compound, from DFT and from potentials.",
    view=CompoundView,
    resolve=resolve,
    layout=layout,
    register=register,
    below=("suite", "compound"),
    listed=False,
)
