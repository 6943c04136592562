"""How gunicorn serves the site: `gunicorn --config python:dashboard.gunicorn_config dashboard.wsgi:app`.

`PORT` is the port of all interfaces, as hosts set it, else 8050 of this machine alone; `WEB_CONCURRENCY` the number of
web processes; `SOFTMODE_REQUEST_SECONDS` how long an answer may take to be fetched, and a head or a body to come, which
have 10 s at most.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import re
import select
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

# Files are read with this allocator whatever pyarrow.set_memory_pool says: its own keeps 80 MB over 40 compounds.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

bind = f"0.0.0.0:{os.environ['PORT']}" if os.environ.get("PORT") else "127.0.0.1:8050"
threads = 8  # they share one set of tables in memory; a request asks DuckDB for milliseconds
preload_app = False  # DuckDB does not survive a fork
max_requests = 20_000  # a process is replaced before anything that grows matters
max_requests_jitter = 2_000
keepalive = 75  # longer than a proxy keeps a connection, so that it never sends into one that is closing
timeout = 60
graceful_timeout = 30
control_socket_disable = True
forwarder_headers = ""  # the path is SOFTMODE_PREFIX's to say, not a header's
secure_scheme_headers: dict[str, str] = {}  # whether X-Forwarded-Proto is believed, SOFTMODE_PROXIES says
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a full disk must not stop the heartbeat
# Nothing is logged of a request unless asked for, and then no address, no query and no browser.
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s bytes %(D)s us"

_M_TRIM_THRESHOLD, _M_ARENA_MAX = -1, -8  # of glibc's malloc.h
_COLLECT_AFTER = (10_000, 20, 20)  # a page is made of tens of thousands of objects, few of them in cycles
_TIDY_AFTER = 20  # requests
_REQUEST_SECONDS = float(os.environ.get("SOFTMODE_REQUEST_SECONDS", 60))
_ARRIVAL_SECONDS = min(10.0, _REQUEST_SECONDS)  # a body has 256 kB at most, which a slow telephone sends in that
_WAITING = threading.BoundedSemaphore(threads // 2)  # the others answer those who have sent what they ask
_FIRST_SECONDS = 0.2  # a client that has sent nothing by then waits without a thread
_CLOSING = threading.BoundedSemaphore(64)
_PIECE, _LARGEST_PIECE = 8192, 1024 * 1024
_WHOSE = re.compile(r" from ip=\S+: ")


class _Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, which no client keeps by sending a head slowly, nor by keeping a connection open."""

    def enqueue_req(self, conn: Any) -> None:
        """Have a thread answer the next request of `conn`."""
        conn.wait_for_data = partial(_begun, conn)
        conn.init = partial(_with_a_deadline, conn)
        conn.close = partial(close, conn)
        super().enqueue_req(conn)


worker_class = _Worker


def on_starting(server: Any) -> None:
    """Have gunicorn's log of malformed requests leave out whose they are."""
    server.log.error_log.addFilter(_without_visitor)


def post_fork(server: Any, worker: Any) -> None:
    """Look for garbage less often, a tenth of what a page costs, and have glibc keep less of what was freed: by itself
    it gives every thread a heap, and returns little of it."""
    gc.set_threshold(*_COLLECT_AFTER)
    _of_malloc("mallopt", _M_ARENA_MAX, 2)
    _of_malloc("mallopt", _M_TRIM_THRESHOLD, 128 * 1024)


def post_worker_init(worker: Any) -> None:
    """Beside the first requests, make ready what later ones would wait for."""
    worker.preparing = threading.Thread(target=_prepare, args=(worker,), daemon=True)
    worker.preparing.start()


def pre_request(worker: Any, req: Any) -> None:
    """Free the thread of a client that sends the body of `req`, or fetches its answer, too slowly.

    The whole body has its time, however it trickles; for an answer the socket takes it as that of each piece.
    """
    req.unreader.sock.settimeout(_REQUEST_SECONDS)
    req.unreader.chunk = partial(_arriving, req.unreader.sock, time.monotonic() + _ARRIVAL_SECONDS)


def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
    """What comes next on this connection is the head of another request.

    Now and then give back what was freed: Python would wait for millions of objects more, and glibc returns by itself
    only what lies at the end of a heap.
    """
    vars(req.unreader).pop("chunk", None)
    if worker.nr % _TIDY_AFTER == 0:
        gc.collect()  # which is quick: what stays for good is frozen
        _of_malloc("malloc_trim", ctypes.c_size_t(0))


def _of_malloc(name: str, *arguments: Any) -> None:
    """Call a function of glibc's malloc; other C libraries have none."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)


def _begun(conn: Any, seconds: float) -> bool:
    """Whether the client sends something within `seconds`, but no longer than `_FIRST_SECONDS`."""
    return bool(type(conn).wait_for_data(conn, min(seconds, _FIRST_SECONDS)))


def _with_a_deadline(conn: Any) -> None:
    """Begin with `conn` as gunicorn does, which waits for a head as long as its client likes."""
    type(conn).init(conn)
    conn.parser.unreader.chunk = partial(_arriving_head, conn.sock, time.monotonic() + _ARRIVAL_SECONDS)


def _arriving_head(sock: Any, deadline: float, wanted: int | None = None) -> bytes:
    """What has come of a head; after `deadline` nothing, as of a client that has left."""
    try:
        return _arriving(sock, deadline, wanted)
    except TimeoutError:
        return b""


def close(conn: Any, graceful: bool = False) -> None:
    """Close `conn`; where the client may be sending still, what it sends is let come, beside the other work.

    gunicorn does that in the thread that takes connections, for up to 2 s each.
    """
    if graceful and _CLOSING.acquire(blocking=False):
        threading.Thread(target=_close_gracefully, args=(conn.sock,), daemon=True).start()
    else:
        util.close(conn.sock)


def _close_gracefully(sock: Any) -> None:
    try:
        util.close_graceful(sock)
    finally:
        _CLOSING.release()


def _arriving(sock: Any, deadline: float, wanted: int | None = None) -> bytes:
    """What has come of a head or body, waited for until `deadline`, or for a second where half of the threads wait."""
    here = select.poll()
    here.register(sock, select.POLLIN)
    come = bool(here.poll(0))
    if not come and _WAITING.acquire(timeout=1):  # mostly it has come before that second is over
        try:
            come = bool(here.poll(1000 * max(deadline - time.monotonic(), 0)))
        finally:
            _WAITING.release()
    if time.monotonic() > deadline or not (come or here.poll(0)):
        raise TimeoutError("the request did not arrive in time")
    piece: bytes = sock.recv(min(max(wanted or 0, _PIECE), _LARGEST_PIECE))
    return piece


def worker_exit(server: Any, worker: Any) -> None:
    """Let a process that ends clear up what `_prepare` holds or froze: DuckDB would report its objects as leaked."""
    if (preparing := getattr(worker, "preparing", None)) is not None:  # a process that could not start has none
        preparing.join(timeout=graceful_timeout)
    gc.unfreeze()


def _prepare(worker: Any) -> None:
    """Load the tables, open the database of the jobs, compress what the first page is made of, and compute what pages
    show: in the order in which a visitor needs them, for side by side they would delay one another."""
    from compute.jobs import service
    from dashboard.app import LAY_OUT
    from dashboard.server.compression import compress_ahead
    from dashboard.settings import Settings

    app, prefix = worker.wsgi, Settings().prefix
    ready = app.test_client().get(f"{prefix}/readyz").status_code == 200
    lay_out = [app.extensions[LAY_OUT]] if ready else []
    for step in (service.prepare, partial(compress_ahead, app, prefix), *lay_out, _keep):
        if not worker.alive:  # it is asked to end
            return
        step()


def _keep() -> None:
    """Search no more for garbage in what is there by now and stays: that would hold up every thread for 0.2 s."""
    gc.collect()
    gc.freeze()


def _without_visitor(record: logging.LogRecord) -> bool:
    record.msg = _WHOSE.sub(": ", str(record.msg))
    if isinstance(record.args, tuple):
        record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
    return True
