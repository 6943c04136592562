"""Brotli or gzip for what browsers accept compressed: the bundles are several megabytes of text.

A static file is sent at a quick quality at first, while a thread makes the smallest version for those who come later.
Flask-Compress (1.25) has one quality for static files and answers alike: plotly.js, Mantine, renderer and React of a
first visit would take 746 kB in place of 612. And it gives an answer another strong tag for each encoding, which the
tags that the API compares before it computes are not.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import sys
import threading

import brotli
from flask import Flask, Response, request

from dashboard.server.vendored_scripts import PLOTLY_PATH

SMALLEST = 1024
_JSON = ("application/json", "application/ld+json", "application/vnd.api+json")
TYPES = ("text/", "application/javascript", *_JSON, "image/svg+xml")
STATIC = ("/_dash-component-suites/", "/assets/")
QUICK, MIDDLE, HARD = 4, 9, 11


class _Static:
    """Static files by content and encoding; for brotli compressed twice: at once, and hard in the background."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._made: dict[tuple[bytes, str], bytes] = {}

    def body(self, data: bytes, encoding: str) -> bytes:
        key = (hashlib.blake2b(data, digest_size=16).digest(), encoding)
        if key not in self._made:
            self._made[key] = (
                gzip.compress(data, 9, mtime=0) if encoding == "gzip" else brotli.compress(data, quality=MIDDLE)
            )
            if encoding == "br":
                # A pool would keep a process that is to end until all is compressed that it has begun with.
                threading.Thread(target=self._harder, args=(key, data), daemon=True).start()
        return self._made[key]

    def _harder(self, key: tuple[bytes, str], data: bytes) -> None:
        _nice()
        with self._turn:
            self._made[key] = brotli.compress(data, quality=HARD)


def _nice() -> None:
    """Let requests go first: on Linux a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def compress_ahead(server: Flask, prefix: str) -> None:
    """Ask for what the first page is made of, so that it is compressed hard before a visitor comes."""
    client = server.test_client()
    wanted = re.findall(r'(?:src|href)="([^"?]+)', client.get(f"{prefix}/").text)
    for path in (*wanted, f"{prefix}{PLOTLY_PATH}"):
        if path.removeprefix(prefix).startswith(STATIC):
            client.get(path, headers={"Accept-Encoding": "br"})


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
