"""Errors as problem details (RFC 9457): a title, a sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

import orjson
from flask import Blueprint, Response
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException

from compute.tables import TableError
from dashboard.dataset import Dataset

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """One parameter that is wrong."""

    parameter: str = Field(description="name of the parameter")
    message: str = Field(description="what is wrong with it")


class Problem(BaseModel):
    """Why a request was not answered."""

    type: str = Field(default="about:blank", description="kind of problem")
    title: str = Field(description="the status in words")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what is wrong, in a sentence")
    errors: list[Wrong] = Field(default=[], description="parameters that are wrong")


class ApiError(Exception):
    """A request that cannot be answered, with the `status` and the sentence that say so."""

    def __init__(self, status: HTTPStatus, detail: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


class BadParameters(ApiError):
    """A query that the endpoint does not know or cannot read."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        names = ", ".join(dict.fromkeys(name for name, _ in errors))
        super().__init__(HTTPStatus.BAD_REQUEST, f"Not understood: {names}.", errors)


def published_release(dataset: Dataset) -> str:
    """Name of the release that answers the present request; raises `ApiError` where nothing is published."""
    if release := dataset.release():
        return release
    raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "No tables are published here.")


Respond = Callable[[int, str, Sequence[tuple[str, str]]], Response]
"""The form of a problem: from a status, a sentence, and the parameters that are wrong, each with why."""


def handle(blueprint: Blueprint, respond: Respond) -> None:
    """Have `respond` answer every request to `blueprint` that raises."""

    def refused(error: HTTPException) -> Response:
        return http_problem(error, respond)

    def wrong(error: ApiError) -> Response:
        return respond(error.status, error.detail, error.errors)

    def unreadable(error: Exception) -> Response:
        _log.error("the tables cannot be read", exc_info=error)
        return respond(HTTPStatus.SERVICE_UNAVAILABLE, "The published tables cannot be read. Try again later.", ())

    def failed(error: Exception) -> Response:
        _log.error("a request to %s failed", blueprint.url_prefix, exc_info=error)
        return respond(HTTPStatus.INTERNAL_SERVER_ERROR, "The request could not be answered.", ())

    blueprint.register_error_handler(HTTPException, refused)
    blueprint.register_error_handler(ApiError, wrong)
    blueprint.register_error_handler(TableError, unreadable)
    blueprint.register_error_handler(OSError, unreadable)
    blueprint.register_error_handler(Exception, failed)


def http_problem(error: HTTPException, respond: Respond) -> Response:
    """The response to a request that the server itself refused, with its headers, such as Allow."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = respond(status, error.description or status.phrase, ())
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def problem(status: int, detail: str, errors: Sequence[tuple[str, str]]) -> Response:
    """The response as problem details, which nobody may keep."""
    found = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail,
        errors=[Wrong(parameter=name, message=message) for name, message in errors],
    )  # fmt: skip
    body = orjson.dumps(found.model_dump(), option=orjson.OPT_INDENT_2)
    response = Response(body, status=status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
