"""`softmode serve` and `softmode worker`: the site, and what computes what its visitors ask for."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from compute.cli.common import Data, fail, one_sentence, out
from compute.settings import data_directory, in_checkout

_OWN = ("localhost", "127.0.0.1")
_PR_SET_PDEATHSIG = 1  # of Linux's sys/prctl.h

_SECONDS = 30.0
"""A worker that has not left by then is killed."""


def command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8050,
    workers: Annotated[int, typer.Option(min=1, help="Web processes.")] = 1,
    worker: Annotated[
        bool | None,
        typer.Option("--worker/--no-worker", help="Compute what visitors ask for. Default: where torch is installed."),
    ] = None,
    data: Data = None,
) -> None:
    """Serve the dashboard until interrupted, and compute what its visitors ask for."""
    here: dict[str, str] = {}
    if data is not None:
        here["SOFTMODE_DATA"] = str(data.resolve())
    elif not in_checkout() and not (data_directory() / "manifest.json").is_file():
        fail("The tables do not come with the package: name their folder with --data, or with SOFTMODE_DATA.")
    if _is_own(host) and not os.environ.keys() & {"SOFTMODE_PROXIES", "SOFTMODE_HOSTS"}:
        # A page of another site may have its name lead to this machine, and would be of one origin with this site then.
        here["SOFTMODE_HOSTS"] = ",".join(dict.fromkeys((host, *_OWN)))
    commands = [[sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn_config"]]
    commands[0] += ["--bind", f"{host}:{port}", "--workers", str(workers), "dashboard.wsgi:app"]
    if _with_worker(worker):
        commands.append([str(Path(sys.executable).with_name("softmode")), "worker"])
    beside = ", with a worker" if len(commands) > 1 else ""
    out.print(f"Softmode at http://{host}:{port}{beside}  (Ctrl-C stops it)")
    raise typer.Exit(_run_together(os.environ | here, *commands))


def _is_own(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    return host in _OWN or host.startswith("127.")


def _with_worker(asked: bool | None) -> bool:
    """Whether a worker is started: as asked, else where it can compute and the site takes jobs."""
    from compute.jobs.service import JobSettings

    live, able = JobSettings().live, find_spec("torch") is not None
    if asked and not live:
        fail("SOFTMODE_LIVE is off: nothing is computed on demand.")
    if asked and not able:
        fail("A worker needs torch: pip install 'softmode[compute]'.")
    return live and able if asked is None else asked


def _end_with(parent: int) -> Callable[[], None]:
    """What has a child told to end when `parent` does, even by kill -9; only Linux can."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def follow() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(0)

    return follow


def _run_together(environment: Mapping[str, str], first: list[str], *others: list[str]) -> int:
    """Run `first` with `others` beside it in `environment`; the exit status of `first`.

    Its end ends them, as a signal to this does. One of the others that ends by itself is reported and missed, no more.
    """
    # In a session of its own each: Ctrl-C reaches this process alone, which passes it on once.
    follow = _end_with(os.getpid())
    main, *beside = (
        subprocess.Popen(line, env=environment, start_new_session=True, preexec_fn=follow) for line in (first, *others)
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: main.terminate())

    def report(process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if main.returncode is None:
            out.print("The worker ended; the web goes on without it. Start it again with softmode worker.")

    for process in beside:
        threading.Thread(target=report, args=(process,), daemon=True).start()
    status = main.wait()
    for process in beside:
        process.terminate()
    for process in beside:
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return status


def worker_command(
    name: Annotated[
        str, typer.Option(help="Name under which it comes back for its job; each worker needs its own.")
    ] = "worker",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the calculation. Default: all processors.")
    ] = None,
) -> None:
    """Compute jobs of the page Recompute until interrupted; the job in hand goes back on the queue then."""
    from compute.jobs.service import JobSettings

    if not JobSettings().live:
        fail("SOFTMODE_LIVE is off: nothing is computed on demand.")
    if not re.fullmatch("[A-Za-z0-9-]{1,60}", name):
        fail("The name of a worker is made of letters, digits and hyphens, 60 at most.")
    with one_sentence(RuntimeError):
        JobSettings().url  # noqa: B018
        from compute.campaigns.dask_cluster import default_workers
        from compute.jobs.worker import Worker

        Worker(name, threads=threads or default_workers()).work()
