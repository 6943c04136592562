"""The application: pages behind one router, over one dataset."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from dash import ClientsideFunction, Dash, Input, Output, State, html
from dash.development.base_component import Component
from flask import Response, jsonify

from compute.tables import TableError
from dashboard import security
from dashboard.bundle import serve_cartesian_plotly
from dashboard.components.blocks import page_head
from dashboard.components.shell import navigation, shell
from dashboard.compression import compress_responses
from dashboard.dataset import Dataset
from dashboard.pages import compounds, errors, overview, stability
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.settings import ASSETS, Settings

PAGES: tuple[Page, ...] = (overview.PAGE, compounds.PAGE, stability.PAGE, errors.PAGE)

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
<script src="/assets/head/scheme.js"></script>
</head>
<body>
<a class="skip" href="#page">Skip to content</a>
<noscript><p>Softmode draws its pages in the browser and needs JavaScript.</p></noscript>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""


def create_app(settings: Settings | None = None) -> Dash:
    """A Dash application over the tables in `settings.data`; nothing is read before the first request."""
    settings = settings or Settings()
    dataset = Dataset(settings.data)
    app = Dash(
        "dashboard",
        assets_folder=str(ASSETS),
        assets_path_ignore=["head", "vendor"],
        title="Softmode",
        update_title="",
        index_string=INDEX,
        suppress_callback_exceptions=True,  # the pages come and go with the router
        meta_tags=[
            {"name": "description", "content": "Soft phonons of foundation potentials against published DFT"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        add_log_handler=False,
    )
    app.layout = shell()
    _add_router(app, dataset)
    for page in PAGES:
        page.register(app, dataset)
    app.clientside_callback(ClientsideFunction("softmode", "writeAddress"), Input(VIEW_QUERY, "data"))
    _add_health(app, dataset)
    security.secure(app, {page.path for page in PAGES})
    serve_cartesian_plotly(app.server)
    compress_responses(app.server)
    return app


def _add_router(app: Dash, dataset: Dataset) -> None:
    by_path = {page.path: page for page in PAGES}
    entries = [(page.path, page.name) for page in PAGES]

    @app.callback(
        Output("page", "children"),
        Output("nav", "children"),
        Output("title", "data"),
        Input("location", "pathname"),
        State("location", "search"),
    )
    def _show(pathname: Any, search: Any) -> tuple[Component, list[Component], str]:
        path = pathname if isinstance(pathname, str) else "/"
        page = by_path.get(path)
        if page is None:
            return _not_found(), navigation(entries, path), "Not found · Softmode"
        query = dict(parse_qsl(str(search or "").removeprefix("?"), keep_blank_values=True))
        return page.layout(dataset, query), navigation(entries, path), page.title

    app.clientside_callback(ClientsideFunction("softmode", "setTitle"), Input("title", "data"))


def _not_found() -> Component:
    return html.Div(page_head("Not found", "There is no page at this address."), className="page")


def _add_health(app: Dash, dataset: Dataset) -> None:
    @app.server.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.server.get("/readyz")
    def readyz() -> tuple[Response, int]:
        try:
            counts = {name: dataset.rows(name) for name in ("references", "potentials", "harmonic", "runs")}
        except (OSError, TableError) as error:
            return jsonify(status="not ready", reason=str(error)), 503
        return jsonify(status="ready", rows=counts), 200
