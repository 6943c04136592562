"""A site that a thread of the test serves, for what asks by address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from dashboard.app import create_app
from dashboard.settings import Settings


@contextmanager
def hosted(settings: Settings) -> Iterator[str]:
    """Address of a site with `settings`, with its prefix."""
    server = make_server("127.0.0.1", 0, create_app(settings).server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{settings.prefix}"
    finally:
        server.shutdown()
        thread.join()
