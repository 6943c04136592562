"""`softmode serve` as `make run` starts it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.conftest import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, patience: float = 60.0) -> bytes:
    """What `url` sends once its server is up."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.read()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_the_published_tables_are_served_and_the_server_stops_when_told():
    port = free_port()
    command = [Path(sys.executable).parent / "softmode", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        ready = json.loads(answer(f"http://127.0.0.1:{port}/readyz"))
        assert ready["rows"]["references"] == 5533
        assert b"Softmode" in answer(f"http://127.0.0.1:{port}/")
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in said
    assert server.returncode == 0
