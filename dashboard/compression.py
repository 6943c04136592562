"""Gzip for what browsers accept compressed: the bundles are several megabytes of text."""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Flask, Response, request

SMALLEST = 1024
TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")
STATIC = ("/_dash-component-suites/", "/assets/")


def compress_responses(server: Flask) -> None:
    """Compress text responses; static files are compressed hard, once."""

    @server.after_request
    def _compress(response: Response) -> Response:
        if not _worth_it(response):
            return response
        response.direct_passthrough = False
        data = response.get_data()
        if len(data) < SMALLEST:
            return response
        static = request.path.startswith(STATIC)
        response.set_data(_once(data) if static else gzip.compress(data, 4, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
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
        and request.accept_encodings.quality("gzip") > 0
    )


@lru_cache(maxsize=64)
def _once(data: bytes) -> bytes:
    return gzip.compress(data, 9, mtime=0)
