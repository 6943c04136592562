"""The API on a Flask server: addresses, formats, caching, errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed

from dashboard.api import formats, parameters
from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.jobs import JOB_ENDPOINTS
from dashboard.api.openapi import ROOT, VERSION, Endpoint, LiveEndpoint, document
from dashboard.api.page import page
from dashboard.api.problems import ApiError, handle, http_problem, problem, published_release
from dashboard.api.rows import Rows
from dashboard.dataset import Dataset
from dashboard.server.cache_headers import unless_known

_READABLE_BY_SCRIPTS = "ETag, Link, Total-Count"


def serve_api(server: Flask, dataset: Dataset, prefix: str = "") -> None:
    """Serve the API of `dataset` under `ROOT`, its document and a page about it; a browser asks below `prefix`."""
    api = Blueprint("api", __name__, url_prefix=ROOT)
    described = document(ENDPOINTS, JOB_ENDPOINTS, prefix)
    api.add_url_rule("/", "page", partial(_text, page(described, prefix).encode(), "text/html"))
    api.add_url_rule("/openapi.json", "document", partial(_text, orjson.dumps(described), "application/json"))
    for endpoint in ENDPOINTS:
        api.add_url_rule(_rule(endpoint.path), endpoint.name, _view(dataset, endpoint))
    for live in JOB_ENDPOINTS:
        api.add_url_rule(_rule(live.path), live.name, _live_view(dataset, live), methods=[live.method.upper()])
    api.add_url_rule("/<path:rest>", "nothing", _nothing)
    handle(api, problem)
    server.register_blueprint(api)
    server.register_error_handler(MethodNotAllowed, _refused_method)

    @server.after_request
    def _open_to_scripts(response: Response) -> Response:
        if request.path.startswith(ROOT) and request.method in ("GET", "HEAD"):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = _READABLE_BY_SCRIPTS
        return response


def _view(dataset: Dataset, endpoint: Endpoint) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        asked = parameters.read(endpoint.parameters, request.args)
        named = formats.chosen(getattr(asked, "format", None), request.accept_mimetypes, endpoint.formats)
        release = published_release(dataset)
        response = unless_known(
            _etag(release, endpoint, path, asked, named),
            lambda: _response(endpoint.handle(dataset, release, asked=asked, **path), named),
        )
        response.vary.add("Accept")
        return response

    return answer


def _live_view(dataset: Dataset, endpoint: LiveEndpoint) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        parameters.read(parameters.Parameters, request.args)
        reply = endpoint.handle(dataset, **path)
        response = Response(formats.json(reply.content), reply.status, reply.headers, formats.MEDIA_TYPES["json"])
        response.headers["Cache-Control"] = "no-store"
        return response

    return answer


def _rule(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _etag(release: str, endpoint: Endpoint, path: dict[str, str], asked: parameters.Parameters, named: str) -> str:
    request_ = [VERSION, endpoint.name, path, asked.model_dump(exclude={"format"}), named]
    return f"{release}-{hashlib.sha256(orjson.dumps(request_, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]}"


def _response(content: Rows | dict[str, Any], named: str) -> Response:
    mimetype = formats.MEDIA_TYPES[named]
    if not isinstance(content, Rows):
        return Response(formats.json(content), mimetype=mimetype)
    if named == "json":
        whole = {"release": content.release, "table": content.table, "n": content.n, "next": content.next}
        body = formats.json(whole | {"rows": content.rows.to_pylist()})
    else:
        body = formats.csv(content.rows) if named == "csv" else formats.parquet(content.rows)
    response = Response(body, mimetype=mimetype)
    response.headers["Total-Count"] = str(content.n)
    if content.next is not None:
        query = parameters.changed(request.args, "cursor", content.next)
        response.headers["Link"] = f'<{request.script_root}{request.path}?{query}>; rel="next"'
    if named != "json":
        response.headers["Content-Disposition"] = f"attachment; filename={content.table}-{content.release}.{named}"
    return response


def _text(body: bytes, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _nothing(rest: str) -> Response:
    raise ApiError(HTTPStatus.NOT_FOUND, f"There is nothing at this address; {ROOT}/ lists what there is.")


def _refused_method(error: MethodNotAllowed) -> Response | MethodNotAllowed:
    return http_problem(error, problem) if request.path.startswith(ROOT) else error
