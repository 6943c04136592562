"""What the server answers beyond the pages: security headers, 404, and 400 for callbacks that no page sends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any

import orjson
from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask, Request, Response, abort, g, request
from werkzeug.exceptions import ClientDisconnected, NotFound

from dashboard.server.cache_headers import DAY, YEAR

CALLBACK_PATH = "/_dash-update-component"
MAX_BODY = 256 * 1024
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_FIELDS = {"output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds"}
_OF_ITEM = {"id", "property", "value"}


def secure(app: Dash, is_page: Callable[[str], bool]) -> None:
    """Guard the server of `app`; `is_page` knows the paths that are pages."""
    server: Flask = app.server
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY

    @server.before_request
    def _refuse_writes_of_other_sites() -> None:
        if request.method not in SAFE_METHODS and from_another_site(request):
            abort(403, "Pages of other sites may read here and change nothing.")

    @server.before_request
    def _refuse_slow_bodies() -> None:
        if request.method not in SAFE_METHODS:
            try:
                request.get_data()
            except ClientDisconnected:
                abort(HTTPStatus.REQUEST_TIMEOUT, "The body of the request did not arrive in time.")

    @server.before_request
    def _refuse_malformed_callbacks() -> None:
        if request.path == CALLBACK_PATH and not is_callback_body(_body(request), app.callback_map):
            abort(400)

    @server.errorhandler(DependencyException)
    def _no_such_script(_: DependencyException) -> NotFound:
        return NotFound()

    @server.after_request
    def _headers(response: Response) -> Response:
        # Dash answers every unknown path with the site itself; the page then says that it does not exist.
        if request.endpoint == "/<path:path>" and not is_page(request.path):
            response.status_code = 404
        response.headers["Content-Security-Policy"] = content_security_policy(
            [*app.csp_hashes(), *g.get("inline_scripts", ())]
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        # plotly and the lazily loaded chunks carry no fingerprint and would be asked for on every visit.
        if request.path.startswith("/_dash-component-suites/") and not response.cache_control.max_age:
            response.headers["Cache-Control"] = f"public, max-age={DAY}"
        return response


def from_another_site(asked: Request) -> bool:
    """Whether a browser sent `asked` from a page of another origin; programs send neither header.

    `Sec-Fetch-Site` holds behind any proxy, but browsers send it over TLS and to the own machine only.
    """
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = asked.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != asked.host


def content_security_policy(script_hashes: Collection[str]) -> str:
    """Everything from this server; inline scripts only by hash. Plotly and Mantine write inline styles."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _body(asked: Request) -> Any:
    """The JSON of `asked`; None for what is none, nests too deep, or has halves of characters (lone surrogates)."""
    try:
        return orjson.loads(asked.get_data()) if asked.is_json else None
    except orjson.JSONDecodeError:
        return None


def is_callback_body(body: Any, callbacks: dict[str, Any]) -> bool:
    """Whether `body` asks for a registered callback with exactly the outputs, inputs and states it declares, and with
    nothing else: what is remembered by the whole body must not be the same answer a thousand times."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str) or not body.keys() <= _FIELDS:
        return False
    callback = callbacks.get(body["output"])
    if callback is None or not _are_outputs(body.get("outputs"), body["output"]):
        return False
    changed = body.get("changedPropIds", [])
    if body.get("parsedChangedPropsIds", changed) != changed or not isinstance(changed, list):
        return False
    if not all(change in [f"{d['id']}.{d['property']}" for d in callback["inputs"]] for change in changed):
        return False
    return all(
        _names(body.get(part, [])) == [(d["id"], d["property"]) for d in callback[key]]
        for part, key in (("inputs", "inputs"), ("state", "state"))
    )


def _are_outputs(items: Any, output: str) -> bool:
    """Whether `items` are what `output` names, one or, between double dots, several."""
    several = output.startswith("..")
    parts = [part.rpartition(".") for part in (output[2:-2].split("...") if several else [output])]
    names = _names(items if several else [items])
    # After an @ Dash tells apart callbacks with the same output.
    return names is not None and [(i, str(p).partition("@")[0]) for i, p in names] == [
        (identity, name.partition("@")[0]) for identity, _, name in parts
    ]


def _names(items: Any) -> list[tuple[Any, Any]] | None:
    if not isinstance(items, list) or not all(isinstance(item, dict) and item.keys() <= _OF_ITEM for item in items):
        return None
    return [(item.get("id"), item.get("property")) for item in items]
