"""Compound: everything that DFT and the potentials say of one compound, and how right each potential is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.runs.jobs import JobSettings
from dashboard.components import compound as said
from dashboard.components import compound_figures as drawing
from dashboard.components import controls
from dashboard.components.blocks import address_notice, campaign_command, not_computed, page_head, section
from dashboard.components.provenance import provenance
from dashboard.components.structure import VIEWER, in_words, structure_json, viewer
from dashboard.components.text import compared_how, level_sentence
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import compound as compound_query
from dashboard.queries import export, results
from dashboard.queries.models import other_levels, trained_on
from dashboard.queries.provenance import sources
from dashboard.queries.structure import Structure, structure
from dashboard.views.compound import CompoundView
from dashboard.views.recompute import RecomputeView
from dashboard.viewstate import build, decode, encode, replaced

AT = "compound-at"
_DRAWN = [{"value": "both", "label": "harmonic and 300 K"}, {"value": "harmonic", "label": "harmonic"}]
_DOWNLOADS = ("cif", "poscar", "phonopy", "json")


@dataclass(frozen=True, eq=False)
class _Compound:
    """One compound of the data; what a callback does not ask for is not read."""

    dataset: Dataset
    known: dict[str, Any]
    view: CompoundView

    @property
    def suite(self) -> str:
        return str(self.known["suite"])

    @property
    def name(self) -> str:
        return str(self.known["compound"])

    @cached_property
    def answers(self) -> pd.DataFrame:
        view = self.view
        return compound_query.answers(self.dataset, self.suite, self.name, view.tolerance_thz, view.threshold)

    @cached_property
    def sigma(self) -> pd.DataFrame:
        return compound_query.sigma_rows(self.dataset, self.suite, self.name)

    @cached_property
    def bands(self) -> tuple[compound_query.Bands, ...]:
        return compound_query.bands(self.dataset, self.suite, self.name, self.known["prototype"])

    @cached_property
    def names(self) -> dict[str, str]:
        return results.potential_names(self.dataset)

    @cached_property
    def series(self) -> dict[str, int]:
        """Number of each potential with a run on the suite, or with force constants: it decides the colour."""
        known = compound_query.potentials(self.dataset, self.suite)
        return {name: number for number, name in enumerate(sorted({*known, *(b.potential for b in self.bands)}))}


def layout(dataset: Dataset, query: Mapping[str, str], suite: str, compound: str) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(CompoundView, query)
    found = _compound(dataset, suite, compound, asked)
    if found is None:
        return html.Div([page_head("Compound not found"), *said.unknown(suite, compound)], className="page")
    view = _resolved(found, asked)
    cell = _cell(dataset, found, view)
    return html.Div(
        [
            html.Header(
                [
                    html.P(dcc.Link("Compounds", href=f"/compounds?s={suite}"), className="crumbs"),
                    html.H1(said.formula(str(found.known["formula"]))),
                    html.Div(said.verdict(found.known, found.answers, view, found.names), id="compound-verdict"),
                    said.facts(found.known, cell),
                ],
                className="page-head compound-head",
            ),
            address_notice(problems + replaced(asked, view)),
            _structure_and_bands(found, view, cell),
            _labels(dataset, found, view),
            _sigma(found, view),
            section("Error sources", *_errors(dataset, found)),
            _neighbours(dataset, found, view),
            _downloads(found, cell),
            _again(found),
            provenance(sources(dataset, [suite]), compound_query.runs(dataset, suite, compound)),
            dcc.Store(id=AT, data=[suite, compound]),
            dcc.Store(id=VIEW_QUERY, data=encode(_shown(found, view))),
        ],
        className="page",
    )


def _compound(dataset: Dataset, suite: Any, compound: Any, view: CompoundView) -> _Compound | None:
    known = (
        compound_query.reference(dataset, suite, compound)
        if isinstance(suite, str) and isinstance(compound, str)
        else None
    )
    if known is None:
        return None
    return _Compound(dataset, known, view)


def _structure_and_bands(found: _Compound, view: CompoundView, cell: Structure | None) -> Component:
    title = "Structure, bands and modes"
    if cell is None:
        return section(
            title,
            not_computed(
                "Neither DFT’s lattice constant nor a relaxed cell of a potential is published.",
                f"softmode harmonic {found.name} --suite {found.suite} --potential chgnet-0.3.0",
            )
            if found.known["prototype"] in compound_query.PROTOTYPES
            else html.P("The source publishes forces of supercells; its structures are not among the tables."),
        )
    if not found.bands:
        return section(
            title,
            html.Div(
                [
                    html.Div([viewer(cell, None), html.P(in_words(cell), className="fine", id="compound-cell")]),
                    not_computed(
                        "Bands and modes: the force constants of this compound are not published.",
                        campaign_command(found.suite, f"--compound {found.name}"),
                    ),
                ],
                className="pair",
            ),
        )
    shown, mode = _mode(found, view)
    effective = any(b.kind == compound_query.EFFECTIVE for b in found.bands)
    return section(
        title,
        controls.bar(
            controls.select(
                "compound-constants", "Force constants of",
                [{"value": b.key, "label": drawing.name_of(b, found.names, found.bands)} for b in found.bands],
                view.constants,
            ),
            controls.select(
                "compound-q", "q point", drawing.q_options(shown.prototype, view.q), view.q
            ),
            controls.select("compound-branch", "Mode", drawing.branch_options(mode), view.branch),
            html.Div(
                controls.choice("compound-drawn", "Bands", _DRAWN, view.drawn),
                hidden=not effective, className="control",
            ),
            label="Which mode moves",
        ),
        html.Div(
            [
                html.Div(
                    [
                        viewer(cell, compound_query.pattern_json(mode)),
                        html.P(in_words(cell), className="fine", id="compound-cell"),
                    ]
                ),
                html.Div(
                    drawing.band_figure(found.bands, found.known, view, mode, found.names, found.series),
                    id="compound-band-figure",
                ),
            ],
            className="pair",
        ),
        html.P(
            drawing.mode_sentence(shown, mode, found.names, found.bands), id="compound-mode", role="status",
        ),
        about="Harmonic force constants at the cell stated below; those of 300 K are fitted to sampled forces. "
        "A mode below zero is imaginary.",
    )  # fmt: skip


def _mode(found: _Compound, view: CompoundView) -> tuple[compound_query.Bands, compound_query.Mode]:
    shown = next(b for b in found.bands if b.key == view.constants)
    return shown, compound_query.mode(shown, view.q, view.branch)


def _cell(dataset: Dataset, found: _Compound, view: CompoundView) -> Structure | None:
    """The cell of the force constants that are shown; without any, DFT's or a potential's."""
    shown = next((b for b in found.bands if b.key == view.constants), None)
    return structure(dataset, found.known) if shown is None else shown.structure


def _labels(dataset: Dataset, found: _Compound, view: CompoundView) -> Component:
    geometries = found.answers.loc[found.answers["status"] == "ok", "geometry"].unique().tolist()
    return section(
        "Labels",
        controls.bar(
            controls.tolerance("compound-tolerance_thz", view.tolerance_thz),
            controls.threshold("compound-threshold", view.threshold),
            label="Thresholds",
        ),
        html.Div(said.labels_table(found.known, found.answers, view, found.names), id="compound-labels"),
        html.P([f"{compared_how(found.suite, geometry)} " for geometry in geometries], className="fine"),
        html.P(_level(dataset, found, found.answers["potential"]), className="fine"),
        about="The number behind each verdict, and the verdict it becomes. Move a threshold to see which depend on it.",
    )  # fmt: skip


def _sigma(found: _Compound, view: CompoundView) -> Component:
    title = "Anharmonicity at 300 K"
    about = (
        "σ is the size of the forces that the harmonic force constants miss, over that of all forces: 0 for a harmonic "
        "crystal, 1 where what is missed is as large as the forces."
    )
    if found.known["prototype"] not in compound_query.PROTOTYPES:
        return section(title, html.P("σ needs structures to sample; this suite has stored forces alone."), about=about)
    command = f"softmode sigma {found.name} --suite {found.suite} --potential chgnet-0.3.0 --protocol quick"
    if found.sigma.empty:
        return section(
            title,
            said.sigma_table(found.known, found.sigma, found.names),
            not_computed("No potential has sampled this compound.", command),
            about=about,
        )
    traces = drawing.trace_figures(found.known, found.sigma, found.names, found.series)
    sites = drawing.site_figure(found.known, found.sigma, found.names, found.series)
    return section(
        title,
        said.sigma_table(found.known, found.sigma, found.names),
        html.P(said.sigma_protocols(found.sigma), className="fine"),
        html.Div(traces, className="pair") if traces else None,
        html.H3("σ of each site and mode"),
        controls.bar(
            controls.select(
                "compound-sigma_run", "Modes of", _sigma_options(found), view.sigma_run, className="control wide"
            ),
            label="Whose modes",
        ),
        html.Div([html.Div(_mode_figure(found, view), id="compound-sigma-modes"), sites], className="pair"),
        about=about,
    )


def _sigma_options(found: _Compound) -> list[dict[str, str]]:
    return [
        {"value": row.run, "label": f"{found.names.get(row.potential, row.potential)}, {row.protocol}"}
        for row in found.sigma.itertuples(index=False)
    ]


def _mode_figure(found: _Compound, view: CompoundView) -> Component:
    row = next(row for row in found.sigma.itertuples(index=False) if row.run == view.sigma_run)
    return drawing.mode_figure(row, found.names) or html.P("This run stored no σ per mode.")


def _errors(dataset: Dataset, found: _Compound) -> list[Component | None]:
    attributed = compound_query.attribution_rows(dataset, found.suite, found.name)
    wells = compound_query.well_rows(dataset, found.suite, found.name)
    level = _level(dataset, found, [*attributed["potential"], *wells["source"]])
    return [*said.errors(found.known, attributed, wells, found.names), html.P(level, className="fine")]


def _level(dataset: Dataset, found: _Compound, potentials: Iterable[str]) -> str:
    """Which of `potentials` are trained on another functional than the published numbers of the compound."""
    trained = {p: text for p, text in trained_on(dataset).items() if p in set(potentials)}
    return level_sentence(other_levels(trained, [found.known["functional"]]), found.names)


def _neighbours(dataset: Dataset, found: _Compound, view: CompoundView) -> Component:
    parts = section(
        "Neighbours in chemistry",
        controls.bar(said.site_control(found.known, view), label="Which neighbours"),
        html.Div(_neighbour_table(dataset, found, view), id="compound-neighbours"),
        about="Compounds of the suite that differ on one site: does a potential fail here alone, or along the series?",
    )
    # Without sites it is hidden, not left out: the thresholds share a callback with its control.
    return html.Div(parts, hidden=not compound_query.sites(found.known))


def _neighbour_table(dataset: Dataset, found: _Compound, view: CompoundView) -> Component:
    listed, frame = compound_query.neighbours(dataset, found.known, view.site, view.tolerance_thz, view.threshold)
    return said.neighbours(found.known, listed, frame, view, found.names)


def _downloads(found: _Compound, cell: Structure | None) -> Component:
    offered = said.download_names(cell is not None, bool(found.bands))
    buttons = [
        dmc.Button(
            label, id=f"compound-download-{name}", variant="light", size="sm",
            style=None if name in offered else {"display": "none"},
        )
        for name, label in said.DOWNLOADABLE.items()
    ]  # fmt: skip
    return section(
        "Downloads",
        html.Div([*buttons, dcc.Download(id="compound-file")], className="downloads"),
        about="The primitive cell as drawn above; its force constants as phonopy.load reads them; every row of every "
        "table about this compound.",
    )


def _again(found: _Compound) -> Component:
    computed = found.answers.loc[found.answers["status"] == "ok", "potential"].tolist()
    potential = next(iter(computed), RecomputeView.potential)
    title, commands = "Compute it yourself", said.commands(found.known, potential)
    own = "On your own machine, with any potential of the registry in place of this one."
    if found.known["prototype"] not in compound_query.PROTOTYPES or not JobSettings().live:
        return section(title, commands, about=own)
    asked = RecomputeView(compound=found.name, suite=found.suite, potential=potential)
    return section(
        title,
        dcc.Link("Recompute", href=f"/recompute?{encode(asked)}", className="button-link"),
        html.Details([html.Summary("On your own machine"), commands, html.P(own, className="fine")], className="more"),
        about="Here and now, with any registered potential; the result is held against what is published.",
    )


def _resolved(found: _Compound, view: CompoundView) -> CompoundView:
    """The view with what the tables hold of this compound."""
    keys = [b.key for b in found.bands]
    runs = found.sigma["run"].tolist()
    sites = compound_query.sites(found.known)
    view = replace(
        view,
        constants=view.constants if view.constants in keys else next(iter(keys), ""),
        sigma_run=view.sigma_run if view.sigma_run in runs else next(iter(_with_modes(found) or runs), ""),
        site=view.site if view.site in sites else CompoundView.site,
    )
    if not found.bands:
        return replace(view, q="", branch="")
    shown = next(b for b in found.bands if b.key == view.constants)
    q = view.q if compound_query.q_of(shown.prototype, view.q) is not None else compound_query.softest_point(shown)
    return replace(view, q=q, branch=str(compound_query.mode(shown, q, view.branch).branch))


def _with_modes(found: _Compound) -> list[str]:
    return found.sigma.loc[found.sigma["status"] == "ok", "run"].tolist()


def _shown(found: _Compound, view: CompoundView) -> CompoundView:
    """The view as the address states it: without what comes first anyway."""
    default = _resolved(found, CompoundView(constants=view.constants))
    first = next(iter(b.key for b in found.bands), "")
    return replace(
        view,
        constants="" if view.constants == first else view.constants,
        q="" if view.q == default.q else view.q,
        branch="" if view.branch == default.branch else view.branch,
        sigma_run="" if view.sigma_run == default.sigma_run else view.sigma_run,
    )


def _changed(written: Any, **raw: Any) -> CompoundView:
    """The view that the query `written` states, with some controls in place of what it says about them."""
    stated = dict(parse_qsl(written if isinstance(written, str) else "", keep_blank_values=True))
    present, _ = decode(CompoundView, stated)
    values = build(CompoundView, **raw)
    return replace(present, **{name: getattr(values, name) for name in raw})


def _at(place: Any) -> tuple[Any, Any]:
    """Suite and compound of the page that a callback comes from."""
    return (place[0], place[1]) if isinstance(place, list) and len(place) == 2 else (None, None)


def _nothing(n: int) -> tuple[Any, ...]:
    return (no_update,) * n


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a band moves the controls that choose the mode."""

    @app.callback(
        Output("compound-band-figure", "children"),
        Output(VIEWER, "data-mode"),
        Output(VIEWER, "data-structure"),
        Output("compound-cell", "children"),
        Output("compound-mode", "children"),
        Output("compound-q", "data"),
        Output("compound-branch", "data"),
        Output("compound-branch", "value"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("compound-constants", "value"),
        Input("compound-q", "value"),
        Input("compound-branch", "value"),
        Input("compound-drawn", "value"),
        State(AT, "data"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_mode(constants: Any, q: Any, branch: Any, drawn: Any, place: Any, written: Any) -> tuple[Any, ...]:
        asked = _changed(written, constants=constants, q=q, branch=branch, drawn=drawn)
        found = _compound(dataset, *_at(place), asked)
        if found is None or not found.bands:
            return _nothing(9)
        view = _resolved(found, asked)
        shown, mode = _mode(found, view)
        return (
            drawing.band_figure(found.bands, found.known, view, mode, found.names, found.series),
            json.dumps(compound_query.pattern_json(mode)),
            structure_json(shown.structure),
            in_words(shown.structure),
            drawing.mode_sentence(shown, mode, found.names, found.bands),
            drawing.q_options(shown.prototype, view.q),
            drawing.branch_options(mode),
            view.branch,
            encode(_shown(found, view)),
        )

    @app.callback(
        Output("compound-constants", "value"),
        Output("compound-q", "data", allow_duplicate=True),
        Output("compound-q", "value"),
        Output("compound-branch", "value", allow_duplicate=True),
        Input(drawing.BANDS, "clickData"),
        State("compound-drawn", "value"),
        State(AT, "data"),
        prevent_initial_call=True,
    )
    def _choose_mode(clicks: Any, drawn: Any, place: Any) -> tuple[Any, ...]:
        found = _compound(dataset, *_at(place), CompoundView())
        points = clicks.get("points") if isinstance(clicks, dict) else None
        first = points[0] if isinstance(points, list) and points and isinstance(points[0], dict) else {}
        if found is None or not found.bands:
            return _nothing(4)
        listed = drawing.drawn(found.bands, build(CompoundView, drawn=drawn))
        chosen = compound_query.clicked(listed, first.get("curveNumber"), first.get("pointNumber"))
        if chosen is None:
            return _nothing(4)
        constants, q, branch = chosen
        return constants, drawing.q_options(str(found.known["prototype"]), q), q, branch

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
        asked = _changed(written, tolerance_thz=tolerance_thz, threshold=threshold, site=site)
        found = _compound(dataset, *_at(place), asked)
        if found is None:
            return _nothing(6)
        view = _resolved(found, asked)
        return (
            said.verdict(found.known, found.answers, view, found.names),
            said.labels_table(found.known, found.answers, view, found.names),
            _neighbour_table(dataset, found, view),
            f"{view.tolerance_thz:.2f}",
            f"{view.threshold:.2f}",
            encode(_shown(found, view)),
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
        asked = _changed(written, sigma_run=run)
        found = _compound(dataset, *_at(place), asked)
        if found is None or found.sigma.empty:
            return _nothing(2)
        view = _resolved(found, asked)
        return _mode_figure(found, view), encode(_shown(found, view))

    @app.callback(
        Output("compound-file", "data"),
        inputs={"_clicks": [Input(f"compound-download-{name}", "n_clicks") for name in _DOWNLOADS]},
        state={"place": State(AT, "data"), "written": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, place: Any, written: Any) -> Any:
        found = _compound(dataset, *_at(place), CompoundView())
        if found is None:
            return no_update
        return _file(dataset, found, _resolved(found, _changed(written)), str(ctx.triggered_id))


def _file(dataset: Dataset, found: _Compound, view: CompoundView, button: str) -> Any:
    """What a download button gives: name and text of a file, or nothing where there is none."""
    title, stem = f"Softmode, {found.suite} {found.name}, release {dataset.release()}", f"{found.suite}-{found.name}"
    if button == "compound-download-json":
        return {"content": export.everything(dataset, found.known), "filename": f"{stem}.json"}
    shown = next((b for b in found.bands if b.key == view.constants), None)
    if button == "compound-download-phonopy" and shown is not None:
        return {"content": export.phonopy_yaml(shown, title), "filename": f"{stem}-{_plain(shown.key)}.yaml"}
    cell = _cell(dataset, found, view)
    if button == "compound-download-cif" and cell is not None:
        return {"content": export.cif(cell, title), "filename": f"{stem}.cif"}
    if button == "compound-download-poscar" and cell is not None:
        return {"content": export.poscar(cell, title), "filename": f"{stem}.vasp"}
    return no_update


def _plain(key: str) -> str:
    return key.replace("~", "-")


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
