"""A site for what asks by address: served by a thread of the test, or by `softmode serve`."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import make_server

from dashboard.app import create_app
from dashboard.settings import Settings
from tests.conftest import ROOT


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


def free_port() -> int:
    """A port of this machine that nobody listens on, below those that the system gives to outgoing connections.

    A browser takes hundreds of those, and one of them could be gone again before a server listens.
    """
    for port in random.SystemRandom().sample(range(20000, 32768), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("none of 100 ports is free")


def answer(url: str, patience: float = 60.0) -> bytes:
    """What `url` sends once its server is up."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.read()
        except OSError:  # a busy machine may also take longer than the timeout
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextmanager
def served(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address and the process of `softmode serve`, which is told to stop in the end and must leave in order."""
    port = free_port()
    command = [Path(sys.executable).parent / "softmode", "serve", "--port", str(port), *options]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        killed = server.poll() is not None
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=90)
    assert f"http://127.0.0.1:{port}" in said
    assert killed or server.returncode == 0
