"""Compounds: every compound of a suite with DFT and potential side by side, filtered and downloadable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.components import controls
from dashboard.components.blocks import address_notice, campaign_command, not_computed, page_head
from dashboard.components.grid import grid, rows_asked, shown
from dashboard.components.provenance import provenance
from dashboard.components.text import count, marked
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import results
from dashboard.queries.compounds import EXPORT, block, compounds, elements, suite_size
from dashboard.queries.provenance import runs, sources
from dashboard.views.compounds import AGREEMENTS, LABELS, SIGMA_MAX, STATUSES, CompoundsView
from dashboard.viewstate import DEFAULT_TOLERANCE_THZ, build, decode, encode, replaced

_FILTERS = {
    name: f"compounds-{name}"
    for name in ("suite", "potential", "anion", "element", "status", "label", "agreement", "formula")
}
_SIGMA = "compounds-sigma"
_REFETCH = "compounds-refetch"


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(CompoundsView, query)
    view = _resolved(dataset, asked)
    names = results.potential_names(dataset)
    computed = results.potentials_with_results(dataset, view.suite)
    return html.Div(
        [
            page_head(
                "Compounds",
                "Every compound of a suite with the softest mode of DFT and of the potential. Filter, sort by a "
                "column, and download what is left with its sources.",
            ),
            address_notice(problems + replaced(asked, view)),
            controls.bar(
                controls.select(_FILTERS["suite"], "Suite", controls.SUITE_OPTIONS, view.suite),
                controls.select(
                    _FILTERS["potential"], "Potential", controls.options(computed, names), view.potential
                ),
                dmc.TextInput(
                    id=_FILTERS["formula"], label="Formula contains", value=view.formula, debounce=300
                ),
                controls.select(
                    _FILTERS["element"], "Element", elements(dataset, view.suite), view.element or None,
                    clearable=True, searchable=True, placeholder="any",
                ),
                controls.multi(_FILTERS["anion"], "Anion", results.anions(dataset, view.suite), view.anion),
                controls.multi(_FILTERS["status"], "Status", STATUSES, view.status),
                controls.multi(_FILTERS["label"], "Label of the potential", LABELS, view.label),
                controls.multi(_FILTERS["agreement"], "DFT and potential", AGREEMENTS, view.agreement),
                controls.range_slider(
                    _SIGMA, "DFT σ at 300 K", value=(view.sigma_low, view.sigma_high), low=0, high=SIGMA_MAX,
                    step=0.1, marks=(0, 1, 2, 3, 4, 5),
                ),
                label="Filters",
            ),
            html.Div(
                [
                    html.P(_count(dataset, view), id="compounds-count", className="count", role="status"),
                    dmc.Button("Download CSV", id="compounds-download", variant="light", size="sm"),
                    dcc.Download(id="compounds-file"),
                ],
                className="toolbar",
            ),
            html.Div(_missing(dataset, view), id="compounds-missing"),
            grid("compounds-grid"),
            html.P(
                marked(
                f"Labels at a tolerance of {DEFAULT_TOLERANCE_THZ:g} THz: stable when ω_min > −tolerance, undecidable "
                "when ω_min is within the noise floor. Δω_min is potential − DFT. In cubic ABX₃ DFT’s ω_min is at "
                "most 0, because its source counts the acoustic modes. A dash means that there is no number; status "
                "and reason say why."
                ),
                className="fine",
            ),
            html.Div(_foot(dataset, view), id="compounds-foot"),
            dcc.Store(id=_REFETCH),
            dcc.Store(id=VIEW_QUERY, data=encode(_shown(dataset, view))),
        ],
        className="page",
    )  # fmt: skip


def _count(dataset: Dataset, view: CompoundsView) -> str:
    return f"{count(len(compounds(dataset, view)))} of {count(suite_size(dataset, view.suite))} compounds"


def _missing(dataset: Dataset, view: CompoundsView) -> Any:
    if suite_size(dataset, view.suite) == 0:
        return not_computed("The published numbers are not imported.", f"softmode reference import {view.suite}")
    if not view.potential:
        return not_computed(
            "No potential has been run on this suite; the table has DFT alone.", campaign_command(view.suite)
        )
    return None


def _foot(dataset: Dataset, view: CompoundsView) -> Component:
    return provenance(sources(dataset, [view.suite]), runs(dataset, [view.suite], view.potential or None))


def _resolved(dataset: Dataset, view: CompoundsView) -> CompoundsView:
    """The view with what its suite offers: a potential with results, anions and elements that occur."""
    computed = results.potentials_with_results(dataset, view.suite)
    present = results.anions(dataset, view.suite)
    return replace(
        view,
        potential=view.potential if view.potential in computed else next(iter(computed), ""),
        anion=tuple(a for a in view.anion if a in present),
        element=view.element if view.element in elements(dataset, view.suite) else "",
    )


def _shown(dataset: Dataset, view: CompoundsView) -> CompoundsView:
    """The view as the address states it: without the potential that comes first anyway."""
    computed = results.potentials_with_results(dataset, view.suite)
    return replace(view, potential="") if view.potential == next(iter(computed), "") else view


def _view(dataset: Dataset, values: Mapping[str, Any]) -> CompoundsView:
    sigma = values["sigma"] if isinstance(values["sigma"], list) and len(values["sigma"]) == 2 else (None, None)
    fields = {name: values[name] for name in _FILTERS}
    return _resolved(dataset, build(CompoundsView, **fields, sigma_low=sigma[0], sigma_high=sigma[1]))


def register(app: Dash, dataset: Dataset) -> None:
    """Filters change the count and empty the table's cache; the table then asks for rows again."""
    control_ids = {**_FILTERS, "sigma": _SIGMA}
    inputs = {name: Input(identity, "value") for name, identity in control_ids.items()}
    states = {name: State(identity, "value") for name, identity in control_ids.items()}

    @app.callback(
        Output("compounds-count", "children"),
        Output("compounds-missing", "children"),
        Output("compounds-foot", "children"),
        Output(_FILTERS["potential"], "data"),
        Output(_FILTERS["potential"], "value"),
        Output(_FILTERS["anion"], "data"),
        Output(_FILTERS["anion"], "value"),
        Output(_FILTERS["element"], "data"),
        Output(_FILTERS["element"], "value"),
        Output(f"{_SIGMA}-value", "children"),
        Output(_REFETCH, "data"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        inputs={"values": inputs},
        prevent_initial_call=True,
    )
    def _update(values: dict[str, Any]) -> tuple[Any, ...]:
        view = _view(dataset, values)
        computed = results.potentials_with_results(dataset, view.suite)
        return (
            _count(dataset, view),
            _missing(dataset, view),
            _foot(dataset, view),
            controls.options(computed, results.potential_names(dataset)),
            view.potential,
            results.anions(dataset, view.suite),
            list(view.anion),
            elements(dataset, view.suite),
            view.element or None,
            controls.interval_text(view.sigma_low, view.sigma_high, SIGMA_MAX),
            encode(view),
            encode(_shown(dataset, view)),
        )

    app.clientside_callback(ClientsideFunction("softmode", "refetch"), Input(_REFETCH, "data"))

    @app.callback(
        Output("compounds-grid", "getRowsResponse"),
        inputs={"request": Input("compounds-grid", "getRowsRequest")},
        state={"values": states},
    )
    def _rows(request: Any, values: dict[str, Any]) -> Any:
        if (asked := rows_asked(request)) is None:
            return no_update
        frame = compounds(dataset, _view(dataset, values))
        records = block(frame, *asked)
        return {"rowData": shown(records), "rowCount": len(frame)}

    @app.callback(
        Output("compounds-file", "data"),
        inputs={"_clicks": Input("compounds-download", "n_clicks")},
        state={"values": states},
        prevent_initial_call=True,
    )
    def _download(_clicks: Any, values: dict[str, Any]) -> Any:
        view = _view(dataset, values)
        content = compounds(dataset, view)[list(EXPORT)].to_csv(index=False)
        return {"content": content, "filename": f"softmode-{view.suite}-{view.potential or 'dft'}.csv"}


PAGE = Page(
    "/compounds",
    "Compounds",
    "Compounds · Softmode",
    "Every compound of a suite with the numbers of DFT and of the potentials side by side: filter, sort, download.",
    layout,
    register,
)
