"""`softmode serve`: the web over the published tables."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from compute.cli.common import Data, out


def command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8050,
    workers: Annotated[int, typer.Option(min=1, help="Web processes.")] = 1,
    data: Data = None,
) -> None:
    """Serve the dashboard until interrupted."""
    if data is not None:
        os.environ["SOFTMODE_DATA"] = str(data.resolve())
    out.print(f"Softmode at http://{host}:{port}  (Ctrl-C stops it)")
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"{host}:{port}"]
    # Threads share one set of in-memory tables; a request asks DuckDB for milliseconds.
    os.execv(sys.executable, [*command, "--workers", str(workers), "--threads", "8", "dashboard.wsgi:app"])
