"""What live jobs cost, measured in one run: python benchmarks/jobs.py [--json FILE].

Starts gunicorn with two workers and one worker of the jobs over the published tables, in a folder of its own. First,
over REST and with the potential loaded: the seconds from the request of a harmonic job with CHGNet 0.3.0 to its first
progress and to its result, medians over some compounds, and from a cancellation to the start of the next job. Then the
times of all callbacks of the pages for 8 clients, with 20 queued jobs and no worker; while a worker computes them; and
while one does so at the priority of the web. Callbacks are computed every time (SOFTMODE_CACHE_MB=0).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from web import ROOT, callbacks, server, timed

from compute.campaigns.provenance import hardware
from compute.settings import data_directory

POTENTIAL = "chgnet-0.3.0"
CLIENTS, QUEUED = 8, 20
COMPOUNDS = ("CsPbBr3", "CsPbCl3", "RbPbBr3", "RbPbI3", "CsSnBr3")
PATIENCE = 600.0
SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "SOFTMODE_CACHE_MB": "0",
    "SOFTMODE_JOBS_PER_CLIENT": "100",
    "SOFTMODE_JOBS_IN_ALL": "100",
    "SOFTMODE_JOBS_PER_HOUR": "1000",
}
Row = dict[str, Any]


class Visitor:
    """A client of the jobs, with its cookie."""

    def __init__(self, port: int):
        self._port, self._cookie = port, ""

    def ask(self, method: str, path: str, body: Row | None = None) -> Row:
        """The answer as JSON; raises `RuntimeError` with the problem."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = json.loads(response.read())
        if response.status >= 400:
            raise RuntimeError(content["detail"])
        if cookie := response.headers["Set-Cookie"]:
            self._cookie = cookie.partition(";")[0]
        connection.close()
        return dict(content)

    def submit(self, compound: str, **values: Any) -> str:
        """The id of a job of `compound`."""
        asked = {"stage": "harmonic", "compound": compound, "potential": POTENTIAL, **values}
        return str(self.ask("POST", "/jobs", asked)["id"])

    def wait(self, id: str, reached: Callable[[Row], bool]) -> float:
        """The moment at which job `id` is first seen as `reached` says."""
        end = time.monotonic() + PATIENCE
        while not reached(job := self.ask("GET", f"/jobs/{id}")):
            if time.monotonic() > end or job["state"] == "failed":
                raise RuntimeError(f"job {id}: {job['state']}, {job['error']}")
            time.sleep(0.05)
        return time.monotonic()


@contextmanager
def worker(var: Path, **environment: str) -> Iterator[None]:
    """A worker of the jobs in `var`."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from compute.cli import app; app()", "worker"],
        cwd=ROOT,
        env={**os.environ, **SETTINGS, "SOFTMODE_VAR": str(var), **environment},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def times(visitor: Visitor) -> Row:
    """Seconds over REST with a warm worker."""
    visitor.wait(visitor.submit("CsSnI3"), _done)
    first, results = [], []
    for compound in COMPOUNDS:
        asked = time.monotonic()
        id = visitor.submit(compound)
        first.append(visitor.wait(id, lambda job: job["progress"] is not None) - asked)
        results.append(visitor.wait(id, _done) - asked)
    long, after = visitor.submit("CsPbI3", stage="sigma"), visitor.submit("CsGeCl3")
    visitor.wait(long, lambda job: bool(job["progress"] and job["progress"]["stage"] == "sampling"))
    visitor.ask("DELETE", f"/jobs/{long}")
    cancelled = time.monotonic()
    started = visitor.wait(after, lambda job: job["progress"] is not None)
    visitor.wait(after, _done)
    return {
        "n": len(COMPOUNDS),
        "first_progress_s": round(float(np.median(first)), 2),
        "result_s": round(float(np.median(results)), 2),
        "cancelled_to_next_job_s": round(started - cancelled, 2),
    }


def _done(job: Row) -> bool:
    return bool(job["state"] == "done")


def pages(port: int, rounds: int) -> dict[str, float]:
    """Median and 95th percentile in ms of all callbacks of the pages, for 8 clients at once, and the load then."""
    found = timed(port, callbacks(port), CLIENTS, rounds)
    every = np.concatenate([np.array(values) for values in found.values()])
    p50, p95 = np.percentile(every, (50, 95))
    return {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--rounds", type=int, default=2, help="times that each client asks for every callback")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        load = round(os.getloadavg()[0], 1)
        with server(data_directory(), **SETTINGS, SOFTMODE_VAR=folder) as (port, _, _):
            visitor = Visitor(port)
            with worker(var):
                found = times(visitor)
            for kelvin in range(QUEUED):
                visitor.submit("CsPbBr3", stage="sigma", temperature=200 + kelvin)
            pages(port, 1)
            measured = {"no_worker": pages(port, arguments.rounds)}
            for name, nice in (("worker", "10"), ("worker_not_nice", "0")):
                with worker(var, SOFTMODE_WORKER_NICE=nice):
                    visitor.wait(_first(visitor), lambda job: bool(job["progress"] and job["progress"]["done"]))
                    measured[name] = pages(port, arguments.rounds)
    found |= {"clients": CLIENTS, "queued": QUEUED, "pages": measured, "hardware": hardware(), "load_before": load}
    print(json.dumps(found, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def _first(visitor: Visitor) -> str:
    """The job that a worker takes next."""
    waiting = [job for job in visitor.ask("GET", "/jobs")["jobs"] if job["state"] in ("queued", "running")]
    return str(min(waiting, key=lambda job: job["submitted"])["id"])


if __name__ == "__main__":
    main()
