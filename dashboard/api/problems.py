"""Errors as problem details (RFC 9457): a title, a sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

import orjson
from flask import Response
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


class Wrong(BaseModel):
    """One parameter that is wrong."""

    parameter: str = Field(description="name of the parameter")
    message: str = Field(description="what is wrong with it")


class Problem(BaseModel):
    """Why a request was not answered."""

    type: str = Field("about:blank", description="kind of problem")
    title: str = Field(description="the status in words")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="what is wrong, in a sentence")
    errors: list[Wrong] = Field([], description="parameters that are wrong")


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


def answer_error(error: ApiError) -> Response:
    """The response to a request that raised `error`."""
    return _response(error.status, error.detail, error.errors)


def answer_http_error(error: HTTPException) -> Response:
    """The response to a request that the server itself refused, with its headers, such as Allow."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = _response(status, error.description or status.phrase)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_unreadable(error: Exception) -> Response:
    """The response while the tables cannot be read."""
    _log.error("the tables cannot be read", exc_info=error)
    return _response(HTTPStatus.SERVICE_UNAVAILABLE, "The published tables cannot be read. Try again later.")


def answer_failure(error: Exception) -> Response:
    """The response to a request that failed for no reason of its own."""
    _log.error("a request to the API failed", exc_info=error)
    return _response(HTTPStatus.INTERNAL_SERVER_ERROR, "The request could not be answered.")


def _response(status: HTTPStatus, detail: str, errors: Sequence[tuple[str, str]] = ()) -> Response:
    problem = Problem(
        title=status.phrase, status=status, detail=detail,
        errors=[Wrong(parameter=name, message=message) for name, message in errors],
    )  # fmt: skip
    body = orjson.dumps(problem.model_dump(), option=orjson.OPT_INDENT_2)
    response = Response(body, status=status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response
