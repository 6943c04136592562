"""Compounds: every compound of a suite with DFT and several potentials side by side, filtered and downloadable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.statistics.comparable import CUT_AT_ZERO
from dashboard.dataset import Dataset
from dashboard.pages.compounds import data as table
from dashboard.pages.compounds import filters as parts
from dashboard.pages.compounds import periodic_table
from dashboard.pages.compounds.columns import drawn, fields
from dashboard.pages.compounds.counts import cautions, counted, nothing_found
from dashboard.pages.compounds.data import SuiteChoices, offered
from dashboard.pages.page import VIEW_QUERY, Page, PageState
from dashboard.queries import coverage
from dashboard.queries.potentials import trained_on
from dashboard.queries.provenance import runs, sources
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, attributes, campaign_command, copy_button, not_computed, page_head
from dashboard.ui.provenance import provenance
from dashboard.ui.text import IMPLAUSIBLE, count, marked
from dashboard.views.codec import build, encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import SUITE_CRITERIA

_TABLE, _ROWS, _PLACE, _RANGE = (f"compounds-{name}" for name in ("table", "rows", "place", "range"))
_PAGE_ROWS = 50
_HEAD_REM, _ROW_REM = 4.2, 2.07  # heights of the head of the table and of a row
_FIELDS = (
    "suite", "potentials", "formula", "anion", *parts.SITE_FIELDS, "criterion", "truth", "answer", "agreement",
    "status", "level", "common", "differ", "stratum", "tolerance_thz", "threshold", "columns",
)  # fmt: skip
_CONTROLS = {name: f"compounds-{name}" for name in (*_FIELDS, *parts.RANGES)}
_FOLDS = ("verdicts", "chemistry", "elements", "columns")
_OF_SITES = {"anion": "X"} | {field: site for field, (site, _) in parts.SITE_FIELDS.items()}
_FOOTED = frozenset(_CONTROLS[name] for name in ("suite", "potentials"))
"""Controls that change whose runs are cited."""
_CUT = (
    "In cubic ABX₃ DFT’s ω_min is at most 0, because its source counts the acoustic modes: Δω_min is between values "
    "cut at 0. "
)


def resolve(dataset: Dataset, asked: CompoundsView) -> PageState[CompoundsView]:
    """What its suite offers of `asked`: potentials with results, elements that occur, labels that DFT has."""
    offer = offered(dataset, asked.suite)
    criteria = SUITE_CRITERIA[asked.suite]
    criterion = asked.criterion if asked.criterion in criteria else criteria[0]
    kept: dict[str, Any] = {
        field: tuple(e for e in getattr(asked, field) if e in offer.sites[site]) for field, site in _OF_SITES.items()
    }
    view = replace(
        asked,
        **kept,
        potentials=tuple(p for p in asked.potentials if p in offer.potentials),
        common=tuple(p for p in asked.common if p in offer.potentials),
        elements=tuple(e for e in asked.elements if e in offer.elements and e not in asked.without),
        without=tuple(e for e in asked.without if e in offer.elements),
        criterion=criterion,
        agreement=() if criterion == "cross" else asked.agreement,
    )
    return PageState(view, encode(view, criterion=criteria[0]))


def layout(dataset: Dataset, state: PageState[CompoundsView], ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view = state.view
    rest = _results(dataset, view)
    return html.Div(
        [
            page_head(
                "Compounds",
                "Every compound of a suite with the numbers of DFT and of the potentials side by side. Filter, sort "
                "by a column, open a compound, and download what is left with its sources.",
            ),
            address_notice(ignored),
            *parts.filters(view, offered(dataset, view.suite), coverage.potential_names(dataset)),
            html.Div(
                [
                    html.P(rest["count"], id="compounds-count", className="count", role="status"),
                    html.Div(
                        [
                            dmc.Button("Download CSV", id="compounds-csv", variant="light", size="sm"),
                            dmc.Button("Download Parquet", id="compounds-parquet", variant="light", size="sm"),
                        ],
                        className="buttons",
                    ),
                    dcc.Download(id="compounds-file"),
                ],
                className="toolbar",
            ),
            html.Div(rest["missing"], id="compounds-missing"),
            _table(rest["rows"]),
            html.Div(rest["summary"], id="compounds-summary"),
            html.Details(
                [
                    html.Summary("SQL that made these rows"),
                    html.P(
                        "Runs in DuckDB in a folder that holds the published tables as data/parquet.", className="fine"
                    ),
                    copy_button("compounds-sql", "Copy SQL"),
                    html.Pre(html.Code(rest["sql"], id="compounds-sql"), tabIndex=0, className="sql"),
                ],
                className="more",
            ),
            html.Div(_foot(dataset, view), id="compounds-foot"),
            dcc.Store(id=_ROWS, data=rest["rows"]),
            dcc.Store(id=_PLACE, data=_place(view)),
        ],
        className="page compounds",
    )


def _table(rows: dict[str, Any]) -> Component:
    """Where assets/compounds.js draws `rows` and, below, the way to the others; a place as high is held for them."""
    return html.Div(
        [
            html.Div(
                id=_TABLE,
                className="table-scroll",
                tabIndex=0,
                role="region",
                style={"minHeight": f"min(var(--table-height), {_HEAD_REM + _ROW_REM * len(rows['rows']):.1f}rem)"},
                **attributes(aria_label="Compounds"),
            ),
            html.Div(
                [
                    html.P(rows["range"], id=_RANGE, className="fine", role="status"),
                    html.Nav(**attributes(aria_label="Pages of the table")),
                ],
                className="pager",
            ),
        ],
        className="compounds-table",
    )


def _rows(dataset: Dataset, view: CompoundsView) -> dict[str, Any]:
    """The page of rows that `view` asks for, the first where there are fewer, as assets/compounds.js draws it."""
    first = int(view.page - 1) * _PAGE_ROWS
    records, total = table.rows(dataset, view, fields(view.columns), first, first + _PAGE_ROWS)
    if first and not records:
        return _rows(dataset, replace(view, page=1.0))
    names, trained = coverage.potential_names(dataset), trained_on(dataset)
    potentials = [
        (names.get(p, p), f"{p}, trained on {trained.get(p, 'unknown data')}") for p in table.potentials(dataset, view)
    ]
    return {
        **drawn(view.columns, potentials, records),
        "sort": view.sort.rsplit(".", 1) if view.sort else ["", ""],
        "page": int(view.page),
        "pages": -(-total // _PAGE_ROWS),
        "range": f"Rows {count(first + 1)} to {count(first + len(records))} of {count(total)}" if records else "",
    }


def _place(view: CompoundsView) -> dict[str, Any]:
    """What assets/compounds.js asks for: the order of the rows and which page of them."""
    return {"sort": view.sort, "page": int(view.page)}


def _results(dataset: Dataset, view: CompoundsView) -> dict[str, Any]:
    """What the filters decide: count, missing, rows, summary and sql."""
    counts = table.counts(dataset, view)
    n = int(counts["n"].max()) if len(counts) else 0
    size = offered(dataset, view.suite).size
    return {
        "rows": _rows(dataset, view),
        "count": f"{count(n)} of {count(size)} compounds",
        "missing": _missing(dataset, view, n),
        "summary": _summary(dataset, view, counts),
        "sql": table.export_sql(dataset, view),
    }


def _foot(dataset: Dataset, view: CompoundsView) -> Component:
    frame = runs(dataset, [view.suite])
    shown = frame[frame["potential"].isin(table.potentials(dataset, view))]
    return provenance(sources(dataset, [view.suite]), shown)


def _missing(dataset: Dataset, view: CompoundsView, n: int) -> Component | None:
    offer = offered(dataset, view.suite)
    if offer.size == 0:
        return not_computed("The published numbers are not imported.", f"softmode reference import {view.suite}")
    if n == 0:
        bare = CompoundsView(suite=view.suite, potentials=view.potentials, columns=view.columns)
        return nothing_found(f"/compounds?{encode(bare)}".rstrip("?"))
    if not offer.potentials:
        return not_computed(
            "No potential has been run on this suite; the table has DFT alone.", campaign_command(view.suite)
        )
    return None


def _summary(dataset: Dataset, view: CompoundsView, counts: pd.DataFrame) -> list[Any]:
    names = coverage.potential_names(dataset)
    said = cautions(counts, names, trained_on(dataset), view.suite)
    return [
        html.P(
            marked(
                "Labels: stable when ω_min > −tolerance, or σ < threshold; undecidable when ω_min is within the noise "
                "floor, or σ within two standard errors of the threshold. Δ is potential − DFT. "
                + (_CUT if (view.suite, "min") in CUT_AT_ZERO else "")
                + f"⚠: {IMPLAUSIBLE}. A dash means that there is no number; status and reason say why. "
                + " ".join(said)
            ),
            className="fine",
        ),
        counted(counts, names, view.criterion),
    ]


def _of_controls(values: Mapping[str, Any], place: Any) -> CompoundsView:
    required, excluded = periodic_table.read_chosen(values["elements"])
    raw = {name: values[name] for name in _FIELDS} | parts.of_controls(values)
    asked = place if isinstance(place, dict) else {}
    return build(
        CompoundsView,
        **raw,
        elements=required,
        without=excluded,
        sort=asked.get("sort", ""),
        page=asked.get("page", 1),
    )


def _offers(view: CompoundsView, offer: SuiteChoices, names: Mapping[str, str]) -> dict[str, Any]:
    """Outputs by name: what the controls offer in the view's suite, and what of it is chosen."""
    return {
        "potentials": controls.options(offer.potentials, names),
        "potentials_value": list(view.potentials),
        "common": controls.options(offer.potentials, names),
        "common_value": list(view.common),
        "criterion": parts.criteria(view.suite),
        "criterion_value": view.criterion,
        "chemistry_fold": not parts.has_chemistry(offer),
        "agreement_value": list(view.agreement),
        "agreement_box": view.criterion == "cross",
        "present": list(offer.elements),
        **{field: list(offer.sites[site]) for field, site in _OF_SITES.items()},
        **{f"{field}_value": list(getattr(view, field)) for field in _OF_SITES},
        **{f"{field}_box": not offer.sites[site] for field, site in _OF_SITES.items()},
        **{f"{name}_box": name not in offer.ranges for name in parts.RANGES},
    }


def _outputs() -> dict[str, Output]:
    offering = ("potentials", "common", "criterion", *_OF_SITES)
    return {
        **{name: Output(_CONTROLS[name], "data") for name in offering},
        **{f"{name}_value": Output(_CONTROLS[name], "value") for name in (*offering, "agreement")},
        **{
            f"{name}_box": Output(f"compounds-{name}-box", "hidden")
            for name in (*_OF_SITES, *parts.RANGES, "agreement")
        },
        **{f"{name}_text": Output(f"compounds-{name}-value", "children") for name in parts.RANGES},
        **{f"{name}_text": Output(f"compounds-{name}-value", "children") for name in ("tolerance_thz", "threshold")},
        **{f"{name}_said": Output(f"compounds-{name}-summary", "children") for name in _FOLDS},
        **{name: Output(f"compounds-{name}", "children") for name in ("count", "missing", "summary", "sql", "foot")},
        "chemistry_fold": Output("compounds-chemistry-fold", "hidden"),
        "chosen": Output(periodic_table.chosen_id(parts.TABLE), "data"),
        "present": Output(periodic_table.present_id(parts.TABLE), "data"),
        "rows": Output(_ROWS, "data"),
        "place": Output(_PLACE, "data"),
        "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
    }


def register(app: Dash, dataset: Dataset) -> None:
    """Filters change the counts and the rows, of which the first page is shown then; order and page the rows alone."""
    store = periodic_table.chosen_id(parts.TABLE)
    inputs = {name: Input(identity, "value") for name, identity in _CONTROLS.items()}
    states = {name: State(identity, "value") for name, identity in _CONTROLS.items()}
    periodic_table.register(app, parts.TABLE)

    @app.callback(
        output=_outputs(),
        inputs={"values": {**inputs, "elements": Input(store, "data")}, "place": Input(_PLACE, "data")},
        prevent_initial_call=True,
    )
    def _update(values: dict[str, Any], place: Any) -> dict[str, Any]:
        asked = _of_controls(values, place)
        if ctx.triggered_id == _PLACE:
            state = resolve(dataset, asked)
            unchanged = dict.fromkeys(_outputs(), no_update)
            return {**unchanged, "rows": _rows(dataset, state.view), "address": state.address}
        state = resolve(dataset, replace(asked, page=1.0))
        view, said = state.view, parts.summaries(state.view)
        elements = periodic_table.chosen(view.elements, view.without)
        return {
            **_results(dataset, view),
            **_offers(view, offered(dataset, view.suite), coverage.potential_names(dataset)),
            **{f"{name}_text": parts.interval_words(view, name) for name in parts.RANGES},
            "tolerance_thz_text": f"{view.tolerance_thz:.2f}",
            "threshold_text": f"{view.threshold:.2f}",
            **{f"{name}_said": said[name] for name in _FOLDS},
            "chosen": no_update if values["elements"] == elements else elements,  # or a quick click would be undone
            "foot": _foot(dataset, view) if ctx.triggered_id in _FOOTED else no_update,
            "place": _place(view),
            "address": state.address,
        }

    app.clientside_callback(
        ClientsideFunction("compoundsTable", "draw"),
        Output(_RANGE, "children"),
        Input(_ROWS, "data"),
        Input(_TABLE, "id"),
    )

    @app.callback(
        Output("compounds-file", "data"),
        inputs={"_csv": Input("compounds-csv", "n_clicks"), "_parquet": Input("compounds-parquet", "n_clicks")},
        state={"values": {**states, "elements": State(store, "data")}},
        prevent_initial_call=True,
    )
    def _download(_csv: Any, _parquet: Any, values: dict[str, Any]) -> Any:
        view = resolve(dataset, _of_controls(values, None)).view
        name = f"softmode-{view.suite}-{dataset.release()}"
        if ctx.triggered_id == "compounds-parquet":
            return dcc.send_bytes(table.export_parquet(dataset, view), f"{name}.parquet")
        return {"content": table.export_csv(dataset, view), "filename": f"{name}.csv"}


PAGE = Page(
    "/compounds",
    "Compounds",
    "Compounds · Softmode",
    "Every compound of a suite with the numbers of DFT and of the potentials side by side: filter, sort, download.",
    view=CompoundsView,
    resolve=resolve,
    layout=layout,
    register=register,
)
