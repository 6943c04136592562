"""OPTIMADE on a Flask server: addresses, parameters, caching, errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request
from pydantic import Field

from dashboard.api import parameters
from dashboard.api.problems import ApiError, BadParameters, handle, published_release
from dashboard.dataset import Dataset
from dashboard.optimade import answers
from dashboard.optimade.answers import API_VERSION, PATHS, ROOT
from dashboard.optimade.entries import find, resource
from dashboard.optimade.filters import Condition, condition
from dashboard.optimade.properties import NOT_HELD, PROPERTIES, Property, is_foreign
from dashboard.server.cache_headers import unless_known

LARGEST_PAGE = 500
VERSION_NOT_SUPPORTED = 553
MEDIA_TYPE = "application/vnd.api+json"


class _Asked(parameters.Parameters):
    """Of any request."""

    api_hint: str = Field("", pattern=r"^(v\d+(\.\d+)?)?$", max_length=20)
    email_address: str = Field("", max_length=300)
    response_format: str = Field("json", pattern="^json$")


class _One(_Asked):
    """Of a request for one entry."""

    response_fields: str = Field("", max_length=5000)
    include: str = Field("", pattern="^(references)?$")  # there are none to include


class _Many(_One):
    """Of a request for entries."""

    filter: str = ""
    sort: str = Field("", max_length=1000)
    page_limit: int = Field(20, ge=1)
    page_offset: int = Field(0, ge=0, le=10**9)


def serve_optimade(server: Flask, dataset: Dataset) -> None:
    """Serve the compounds of `dataset` under `ROOT`, with and without the version in the address."""
    served = Blueprint("optimade", __name__, url_prefix=ROOT)
    served.add_url_rule("/versions", "versions", _versions)
    for number, prefix in enumerate(PATHS):
        for path, name, model, answer in (
            ("/info", "info", _Asked, lambda _: answers.info()),
            ("/info/structures", "structures_info", _Asked, lambda _: answers.structures_info()),
            ("/links", "links", _Asked, lambda _: answers.links()),
            ("/structures", "structures", _Many, _structures(dataset)),
            ("/structures/<name>", "structure", _One, _structure(dataset)),
        ):
            served.add_url_rule(prefix + path, f"{name}{number}", _view(dataset, model, answer))
    served.add_url_rule("/<path:rest>", "nothing", _nothing)
    handle(served, _problem)

    @served.after_request
    def _open_to_scripts(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    server.register_blueprint(served)


def _view(dataset: Dataset, model: type[_Asked], answer: Callable[..., dict[str, Any]]) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        asked = parameters.read(model, request.args)
        return unless_known(_etag(published_release(dataset)), lambda: _json(answer(asked, **path)), weak=True)

    return view


def _etag(release: str) -> str:
    """Of the present request: what it answers depends on its address, the host in it and the release only."""
    return f"{release}-{hashlib.sha256(f'{API_VERSION} {request.url}'.encode()).hexdigest()[:12]}"


def _structures(dataset: Dataset) -> Callable[[_Many], dict[str, Any]]:
    def answer(asked: _Many) -> dict[str, Any]:
        if asked.page_limit > LARGEST_PAGE:
            raise ApiError(HTTPStatus.FORBIDDEN, f"A page has at most {LARGEST_PAGE} entries.")
        wanted, order = condition(asked.filter), _order(asked.sort)
        fields, foreign = _fields(asked.response_fields)
        found = find(dataset, wanted, order, asked.page_limit, asked.page_offset)
        end = asked.page_offset + len(found.rows)
        more = end < found.n and bool(found.rows)
        return {
            "data": [resource(row, fields) for row in found.rows],
            "links": {"next": answers.next_page(end) if more else None},
            "meta": answers.meta(more, wanted.foreign + foreign, data_returned=found.n, data_available=found.available),
        }

    return answer


def _structure(dataset: Dataset) -> Callable[[_One, str], dict[str, Any]]:
    def answer(asked: _One, name: str) -> dict[str, Any]:
        fields, foreign = _fields(asked.response_fields)
        found = find(dataset, Condition('"id" = $name', {"name": name}))
        if not found.rows:
            raise ApiError(HTTPStatus.NOT_FOUND, "There is no structure with this id.")
        numbers = {"data_returned": 1, "data_available": found.available}
        return {"data": resource(found.rows[0], fields), "meta": answers.meta(False, foreign, **numbers)}

    return answer


def _fields(text: str) -> tuple[list[str] | None, tuple[str, ...]]:
    """Names of the properties that are asked for, None for all, and those of them that other databases have."""
    names = [name for name in text.split(",") if name]
    foreign = tuple(filter(is_foreign, names))
    if unknown := [name for name in names if name not in PROPERTIES and name not in (*NOT_HELD, *foreign)]:
        raise BadParameters([("response_fields", f"There is no property {unknown[0]}.")])
    return names or None, foreign


def _order(text: str) -> list[tuple[Property, bool]]:
    """What to sort by, each with whether it descends."""
    order = []
    for name in filter(None, text.split(",")):
        found = PROPERTIES.get(name.removeprefix("-"))
        if found is None or not found.sortable:
            raise BadParameters([("sort", f"There is no sorting by {name.removeprefix('-')}.")])
        order.append((found, name.startswith("-")))
    return order


def _versions() -> Response:
    response = Response("version\n1\n", content_type="text/csv; header=present")
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _nothing(rest: str) -> Response:
    first = rest.partition("/")[0]
    if first[:1] == "v" and first[1:2].isdigit() and f"/{first}" not in PATHS:
        return _problem(VERSION_NOT_SUPPORTED, f"Version {first} is not served; /versions lists what is.")
    raise ApiError(HTTPStatus.NOT_FOUND, f"There is nothing at this address; {ROOT}/v1/info lists what there is.")


def _problem(status: int, detail: str, wrong: Sequence[tuple[str, str]] = ()) -> Response:
    response = _json(answers.errors(status, detail, wrong), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _json(content: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(content), status, mimetype=MEDIA_TYPE)
