"""Answers are remembered: every callback is a pure function of what it is sent and of the release of the data."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from cachetools import LRUCache
from flask import Flask, Response, g, request

from dashboard.server.security import CALLBACK_PATH

MEGABYTE = 1_000_000
LARGEST = 4 * MEGABYTE

OVERHEAD = 4096
"""Bytes that an answer takes beside its body: its headers, its place in the store."""

Key = tuple[str, str, bytes]


def remember_answers(server: Flask, release: Callable[[], str], megabytes: int) -> Callable[[], Response | None]:
    """Keep up to `megabytes` of answers to callbacks, the least recently used going first; 0 keeps none.

    Returns what answers the present request from memory, or None. Register it before the compression, so that what is
    kept is what is sent, and after what refuses requests.
    """
    answers: LRUCache[Key, Response] = LRUCache(
        megabytes * MEGABYTE, getsizeof=lambda kept: len(kept.get_data()) + OVERHEAD
    )
    lock = threading.Lock()

    @server.before_request
    def _known() -> Response | None:
        if request.path != CALLBACK_PATH or request.method != "POST" or not megabytes:
            return None
        encoding = request.accept_encodings.best_match(("br", "gzip")) or ""
        # A body may have 256 kB: what it asks for is known by its digest.
        key = (release(), encoding, hashlib.blake2b(request.get_data(), digest_size=16).digest())
        with lock:
            kept = answers.get(key)
        if kept is None:
            g.answer_key = key
            return None
        g.pop("answer_key", None)
        return _copy(kept)

    @server.after_request
    def _keep(response: Response) -> Response:
        key = g.get("answer_key")
        if key is not None and response.status_code == 200 and len(response.get_data()) < LARGEST:
            with lock:
                answers[key] = _copy(response)
        return response

    return _known


def do_not_remember() -> None:
    """The answer to the present request reports a problem, which may be gone the next time."""
    g.pop("answer_key", None)


def _copy(response: Response) -> Response:
    return Response(response.get_data(), status=response.status_code, headers=response.headers)
