"""How long a browser may keep an answer."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, request

DAY = 86_400
YEAR = 365 * DAY


def kept(response: Response) -> Response:
    """`response`, to be kept for good: its address changes with its content."""
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def unless_known(etag: str, answer: Callable[[], Response], *, weak: bool = False) -> Response:
    """What `answer` makes, or 304 to a client that has what `etag` names; to be asked for again every time."""
    known = request.if_none_match.contains_weak(etag)
    response = Response(status=HTTPStatus.NOT_MODIFIED) if known else answer()
    response.set_etag(etag, weak=weak)
    response.headers["Cache-Control"] = "public, no-cache"
    return response
