"""Brotli or gzip for what browsers accept compressed: the bundles are several megabytes of text.

A static file is sent at a quick quality at first, while a thread makes the smallest version for those who come later.
"""

from __future__ import annotations

import gzip
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import brotli
from flask import Flask, Response, request

SMALLEST = 1024
_JSON = ("application/json", "application/ld+json", "application/vnd.api+json")
TYPES = ("text/", "application/javascript", *_JSON, "image/svg+xml")
STATIC = ("/_dash-component-suites/", "/assets/")
QUICK, MIDDLE, HARD = 4, 9, 11


class _Static:
    """Static files by encoding, each compressed twice: at once, and hard in the background."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compress")
        self._hard: dict[bytes, Future[bytes]] = {}

    def body(self, data: bytes, encoding: str) -> bytes:
        if encoding == "gzip":
            return _gzip_once(data)
        if data not in self._hard:
            self._hard[data] = self._pool.submit(brotli.compress, data, quality=HARD)
        hard = self._hard[data]
        return hard.result() if hard.done() else _brotli_once(data)


def compress_responses(server: Flask) -> None:
    """Compress text responses; static files are compressed hard, once."""
    static = _Static()

    @server.after_request
    def _compress(response: Response) -> Response:
        encoding = request.accept_encodings.best_match(("br", "gzip"))
        if encoding is None or not _worth_it(response):
            return response
        response.direct_passthrough = False
        data = response.get_data()
        if len(data) < SMALLEST:
            return response
        if request.path.startswith(STATIC):
            response.set_data(static.body(data, encoding))
        elif encoding == "br":
            response.set_data(brotli.compress(data, quality=QUICK))
        else:
            response.set_data(gzip.compress(data, QUICK, mtime=0))
        response.headers["Content-Encoding"] = encoding
        response.vary.add("Accept-Encoding")
        if etag := response.get_etag()[0]:
            response.set_etag(etag, weak=True)  # same content, other bytes
        return response


def _worth_it(response: Response) -> bool:
    return (
        request.method in ("GET", "POST")
        and response.status_code in (200, 404)
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(TYPES)
    )


@lru_cache(maxsize=64)
def _gzip_once(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)


@lru_cache(maxsize=64)
def _brotli_once(data: bytes) -> bytes:
    return bytes(brotli.compress(data, quality=MIDDLE))
