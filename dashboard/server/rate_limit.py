"""How often an address may ask: counted in a small file in `SOFTMODE_VAR`, so that all web processes count together.

Libraries for this count across processes only with a Redis or its like beside the site; SQLite needs nothing beside.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import cast

from flask import Flask, abort, request

from compute.settings import var_directory
from dashboard.server.security import CALLBACK_PATH

MINUTE, HOUR = 60, 3600

_APIS = ("/api/", "/optimade/")
_PREPARE = """
PRAGMA synchronous = OFF;  -- a count that a power cut loses is no loss
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS asked (who BLOB PRIMARY KEY, until REAL NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID;
"""
_COUNT = "INSERT INTO asked VALUES (?, ?, 1) ON CONFLICT (who) DO UPDATE SET n = n + 1 RETURNING n"

_of_thread = threading.local()
_log = logging.getLogger(__name__)


def limit_computing(server: Flask, per_minute: int) -> None:
    """Answer 429 to an address that has more than `per_minute` answers computed; 0: no limit.

    What is static or known from before costs nothing and is not counted, so register it after what keeps answers.
    """

    @server.before_request
    def _count() -> None:
        computed = request.path == CALLBACK_PATH or request.path.startswith(_APIS)
        if computed and per_minute and not allowed("computing", per_minute, MINUTE):
            abort(429, f"More than {per_minute} requests in a minute: wait for the next.")


def allowed(what: str, most: int, seconds: int) -> bool:
    """Count one `what` of the address that sends the present request; False from the one after `most` in `seconds`.

    True where nothing can be counted, as on a full disk: a site that cannot count still answers.
    """
    now = time.time()
    window = int(now // seconds)
    try:
        return _counted(var_directory() / "rates.sqlite", _key(what, window), (window + 1) * seconds, now) <= most
    except (sqlite3.Error, OSError) as error:
        _log.warning("requests cannot be counted: %s", error)
        return True


def _key(what: str, window: int) -> bytes:
    """A digest that names the address in this window only; a home has a /64 of IPv6 addresses."""
    who = request.remote_addr or ""
    with suppress(ValueError):  # a proxy may forward what is no address
        who = str(ip_network((who, 64), strict=False)) if ":" in who else who
    return hashlib.blake2b(f"{what} {window} {who}".encode(), digest_size=16).digest()


def _counted(path: Path, who: bytes, until: float, now: float) -> int:
    connection = _connection(path)
    n = int(connection.execute(_COUNT, (who, until)).fetchone()[0])
    if n == 1:
        connection.execute("DELETE FROM asked WHERE until < ?", (now,))
    return n


def _connection(path: Path) -> sqlite3.Connection:
    """The connection of this thread to the file at `path`."""
    if getattr(_of_thread, "path", None) != path:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        connection.executescript(_PREPARE)
        _of_thread.path, _of_thread.connection = path, connection
    return cast(sqlite3.Connection, _of_thread.connection)
