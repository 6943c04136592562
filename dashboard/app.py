"""The application: pages behind one router, over one dataset."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from html import escape as html_escape
from typing import Any
from urllib.parse import parse_qsl

import pyarrow as pa
from dash import ClientsideFunction, Dash, Input, Output, State, html, set_props
from dash.development.base_component import Component
from flask import Flask, Response, jsonify, request

from compute.settings import var_directory
from compute.suites import SUITES
from compute.tables import TableError
from compute.tables.pairs import TABLES
from dashboard.api.find import serve_find
from dashboard.api.serve import serve_api
from dashboard.dataset import Dataset
from dashboard.optimade.serve import serve_optimade
from dashboard.pages.add import page as add
from dashboard.pages.anharmonicity import page as anharmonicity
from dashboard.pages.compound import page as compound
from dashboard.pages.compounds import page as compounds
from dashboard.pages.error_sources import page as errors
from dashboard.pages.methods import page as methods
from dashboard.pages.overview import page as overview
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.pages.potentials import page as models
from dashboard.pages.recompute import page as recompute
from dashboard.pages.stability import page as stability
from dashboard.pages.trust import page as trust
from dashboard.server import security
from dashboard.server.asset_bundles import bundles, serve_bundles
from dashboard.server.callback_json import encoding
from dashboard.server.compression import compress_responses
from dashboard.server.concurrency import take_turns
from dashboard.server.documentation import serve_documentation
from dashboard.server.downloads import serve_data
from dashboard.server.page_scripts import chosen
from dashboard.server.prefix import mount
from dashboard.server.rate_limit import limit_computing
from dashboard.server.response_cache import do_not_remember, remember_answers
from dashboard.server.vendored_scripts import serve_libraries
from dashboard.settings import ASSETS, DOCUMENTATION, Settings
from dashboard.ui.blocks import attributes, page_head
from dashboard.ui.release import RELEASE_KEY, release_notice
from dashboard.ui.shell import navigation, shell
from dashboard.ui.tabs import TABS

_log = logging.getLogger(__name__)

PAGES: tuple[Page[Any, Any], ...] = (
    overview.PAGE,
    compounds.PAGE,
    compound.PAGE,
    trust.PAGE,
    stability.PAGE,
    anharmonicity.PAGE,
    errors.PAGE,
    models.PAGE,
    recompute.PAGE,
    methods.PAGE,
    add.PAGE,
)

LAY_OUT = "softmode.lay_out"
"""Name of the extension of the server that calls `lay_out`."""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
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


class _Site(Dash):
    """Dash with a title and a description for every address: what a shared link shows before it is opened.

    What callbacks return is encoded by `dashboard.server.callback_json`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.own = bundles(ASSETS)
        super().__init__(*args, **kwargs)

    def callback(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        register = super().callback(*args, **kwargs)
        by_name = isinstance(kwargs.get("output"), dict)
        return lambda function: register(encoding(function, by_name=by_name))

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]  # Dash gives all by name
        page, title = _page_at(request.path, request.args)
        prefix = self.config.requests_pathname_prefix.rstrip("/")
        description = html_escape(page.description if page else "There is no page at this address.")
        tags = (
            f'<meta name="description" content="{description}">'
            f'<meta property="og:title" content="{html_escape(title)}">'
            f'<meta property="og:description" content="{description}">'
            '<meta property="og:site_name" content="Softmode"><meta property="og:type" content="website">'
            f'<meta property="og:image" content="{request.host_url.rstrip("/")}{prefix}/assets/preview.png">'
            '<meta name="twitter:card" content="summary_large_image">'
        )
        changed = {
            "title": html_escape(title),
            "metas": parts["metas"] + tags,
            "css": f'{parts["css"]}<link rel="stylesheet" href="{prefix}{self.own["css"].path}">',
            "scripts": chosen(parts["scripts"], self.own["js"].path),
        }
        return str(Dash.interpolate_index(self, **{**parts, **changed}))


def _page_at(path: str, query: Mapping[str, str]) -> tuple[Page[Any, Any] | None, str]:
    """The page at `path` and its title, which names what the path is about, and the suite that `query` asks for."""
    for page in PAGES:
        if (named := page.match(path)) is not None:
            about = named[page.below[-1]] if named else getattr(SUITES.get(query.get("s", "")), "title", "")
            return page, f"{about} · {page.title}" if about else page.title
    return None, "Not found · Softmode"


def create_app(settings: Settings | None = None) -> Dash:
    """A Dash application over the tables in `settings.data`; nothing is read before the first request."""
    pa.set_memory_pool(pa.system_memory_pool())  # pyarrow's own keeps what reading the tables took
    settings = settings or Settings()
    dataset = Dataset(settings.data, settings.memory_mb, settings.local, var_directory() / "joined")
    app = _Site(
        "dashboard",
        assets_folder=str(ASSETS),
        include_assets_files=False,
        title="Softmode",
        update_title="",
        index_string=INDEX.replace('="/', f'="{settings.prefix}/'),
        requests_pathname_prefix=f"{settings.prefix}/",
        routes_pathname_prefix="/",
        suppress_callback_exceptions=True,  # the pages come and go with the router
        meta_tags=[{"name": "color-scheme", "content": "light dark"}],
        add_log_handler=False,
        on_error=_on_error,
    )
    # A request for another host is 400: with its name leading here, a page of anybody would be of this site's origin.
    app.server.config["TRUSTED_HOSTS"] = [host.strip() for host in settings.hosts.split(",") if host.strip()] or None
    app.layout = shell(settings.prefix, settings.source_url)
    _add_router(app, dataset)
    for page in PAGES:
        page.register(app, dataset)
    _add_address(app)
    _add_health(app.server, dataset)
    security.secure(app, lambda path: _page_at(path, {})[0] is not None)
    serve_libraries(app.server)
    remembered = remember_answers(app.server, dataset.release, settings.cache_mb)
    limit_computing(app.server, settings.requests_per_minute)
    take_turns(app.server, remembered)
    serve_data(app.server, dataset)
    serve_api(app.server, dataset, settings.prefix)
    serve_optimade(app.server, dataset)
    serve_find(app.server, dataset)
    serve_documentation(app.server, DOCUMENTATION)
    serve_bundles(app.server, app.own)
    compress_responses(app.server)
    mount(app.server, settings.prefix, settings.proxies)
    app.server.extensions[LAY_OUT] = lambda: lay_out(dataset)
    return app


def lay_out(dataset: Dataset) -> None:
    """Make every page once, so that what it computes of the data is remembered. Raises `TableError` without tables."""
    for page in PAGES:
        if page.remembered and not page.below:
            page.show(dataset, {})


def _add_router(app: Dash, dataset: Dataset) -> None:
    entries = [(page.path, page.name) for page in PAGES if page.listed]

    @app.callback(
        Output("page", "children"),
        Output("nav", "children"),
        Output("title", "data"),
        Input("location", "pathname"),
        State("location", "search"),
    )
    def _show(pathname: Any, search: Any) -> tuple[Component, list[Component], str]:
        path = (pathname if isinstance(pathname, str) else "").removeprefix(request.script_root) or "/"
        query = dict(parse_qsl(str(search or "").removeprefix("?"), keep_blank_values=True))
        page, title = _page_at(path, query)
        if page is None:
            return _not_found(), navigation(entries, path), title
        if not page.remembered:
            do_not_remember()
        seen = query.pop(RELEASE_KEY, None)
        try:
            content = page.show(dataset, query, **(page.match(path) or {}))
            notice = release_notice(dataset, seen)
        except TableError as error:
            do_not_remember()
            _log.exception("the tables cannot be read")
            return _not_readable(error), navigation(entries, page.path), title
        return (
            html.Div([notice, content], **attributes(data_release=dataset.release())),
            navigation(entries, page.path),
            title,
        )

    app.clientside_callback(ClientsideFunction("softmode", "arrive"), Input("title", "data"))


def _add_address(app: Dash) -> None:
    app.clientside_callback(ClientsideFunction("softmode", "writeAddress"), Input(VIEW_QUERY, "data"))
    app.clientside_callback(
        ClientsideFunction("softmode", "writePart"), Input(TABS, "value"), prevent_initial_call=True
    )


def _on_error(error: Exception) -> None:
    """A callback failed: log it, and say so above a page that keeps what it showed."""
    do_not_remember()
    _log.exception("a callback failed", exc_info=error)
    set_props("problem", {"children": "The last change could not be shown. Reload the page, or change it back."})


def _not_readable(error: Exception) -> Component:
    lead = f"The published tables cannot be read: {error}. Run softmode data check to see what is wrong."
    return html.Div(page_head("No data", lead), className="page")


def _not_found() -> Component:
    return html.Div(page_head("Not found", "There is no page at this address."), className="page")


def _add_health(server: Flask, dataset: Dataset) -> None:
    @server.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @server.get("/readyz")
    def readyz() -> tuple[Response, int]:
        try:
            if not (release := dataset.manifest().release):
                return jsonify(status="not ready", reason="no tables are published"), 503
            counts = {name: dataset.rows(name) for name in TABLES}
        except TableError as error:
            return jsonify(status="not ready", reason=str(error)), 503
        return jsonify(status="ready", release=release, rows=counts, problem=dataset.problem()), 200
