"""Many visitors at once: python benchmarks/load.py [--clients 200] [--seconds 300] [--json FILE].

Starts gunicorn as it is hosted, two processes over the published tables, and sends it visitors with an address each:
one opens a page, has everything on it drawn, reads for a while and opens another. One page in four is asked for with a
threshold of the visitor's own, so that it has to be computed. Every answer but 200 and 204 is an error, and so is a
connection that ends early. Memory is that of both processes together, after a first round of everything.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from web import HEADERS, SECONDS, callbacks, megabytes, server, timed

from compute.settings import data_directory

PROCESSES = 2
READING = (2.0, 8.0)  # seconds that a visitor looks at a page
OWN = 0.25  # of the pages are asked for with a threshold of the visitor's own
EVERY = 10.0  # seconds between two looks at the memory


@dataclass
class Seen:
    """Milliseconds of every answer, by what was asked for, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "callback": [], "computed": []})
    errors: list[str] = field(default_factory=list)
    pages: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, milliseconds: float, status: int, what: str) -> None:
        with self.lock:
            self.times[kind].append(milliseconds)
            if status not in (200, 204):
                self.errors.append(f"{what}: {status}")

    def broken(self, what: str, error: Exception) -> None:
        with self.lock:
            self.errors.append(f"{what}: {error!r}")


def visit(port: int, page: str, requests: list[tuple[str, str, str, bytes | None]], address: str, seen: Seen) -> None:
    """Open `page` and send its `requests` (kind, method, path, body) over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        for kind, method, path, body in requests:
            start = time.perf_counter()
            connection.request(method, path, body, {**HEADERS, "X-Forwarded-For": address})
            answer = connection.getresponse()
            answer.read()
            seen.add(kind, 1000 * (time.perf_counter() - start), answer.status, f"{method} {path} of {page}")
    except (OSError, http.client.HTTPException) as error:
        seen.broken(page, error)
    finally:
        connection.close()
    with seen.lock:
        seen.pages += 1


def visitor(number: int, port: int, drawn: dict[str, list[bytes]], end: threading.Event, seen: Seen) -> None:
    """One visitor, who opens pages until `end`."""
    chance = random.Random(number)
    address = f"2001:db8:0:{number:x}::1"  # of the block that documents are written with
    while not end.wait(chance.uniform(*READING)):
        page = chance.choice(list(drawn))
        first, *rest = drawn[page]
        kind = "callback"
        if chance.random() < OWN:
            kind, first = "computed", _asked(first, f"?t={chance.uniform(0, 0.5):.4f}")
        callback = "/_dash-update-component"
        requests: list[tuple[str, str, str, bytes | None]] = [("page", "GET", page, None)]
        requests += [(kind, "POST", callback, first), *(("callback", "POST", callback, body) for body in rest)]
        visit(port, page, requests, address, seen)


def _asked(body: bytes, search: str) -> bytes:
    content = json.loads(body)
    content["state"][0]["value"] = search
    return json.dumps(content).encode()


def load(port: int, worker: int, clients: int, seconds: float) -> dict[str, Any]:
    """What `clients` visitors find in `seconds`, and the memory of `worker` and the processes beside it meanwhile."""
    bodies = callbacks(port)
    drawn: dict[str, list[bytes]] = {}
    for page, body in bodies.values():
        drawn.setdefault(page, []).append(body)
    timed(port, bodies, clients=2 * PROCESSES, rounds=2)
    hosting = int(Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[1])
    seen, end, memory, processes = Seen(), threading.Event(), [_memory(hosting)], set(_children(hosting))
    visitors = [threading.Thread(target=visitor, args=(n, port, drawn, end, seen), daemon=True) for n in range(clients)]
    busy = round(os.getloadavg()[0], 1)
    start = time.perf_counter()
    for one in visitors:
        one.start()
    while (left := seconds - (time.perf_counter() - start)) > 0:
        time.sleep(min(EVERY, left))
        memory.append(_memory(hosting))
        processes.update(_children(hosting))
    end.set()
    for one in visitors:
        one.join()
    took = time.perf_counter() - start
    answers = sum(map(len, seen.times.values()))
    return {
        "clients": clients, "load_average_before": busy, "cores": os.cpu_count(), "seconds": round(took, 1),
        "processes": PROCESSES, "processes_replaced": len(processes) - PROCESSES, "pages": seen.pages,
        "answers": answers, "answers_per_second": round(answers / took, 1),
        "errors": len(seen.errors), "first_errors": seen.errors[:10],
        "milliseconds": {kind: _quantiles(times) for kind, times in seen.times.items() if times},
        "memory_mb": {"start": memory[0], "end": memory[-1], "most": max(memory), "every_10_s": memory},
    }  # fmt: skip


def _quantiles(times: list[float]) -> dict[str, float]:
    p50, p95, p99 = np.quantile(times, (0.5, 0.95, 0.99))
    return {"n": len(times), "p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1)}


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _memory(hosting: int) -> float:
    """Megabytes that the processes which `hosting` has started, while they live, share with no file."""
    own = 0.0
    for child in _children(hosting):
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has just been replaced
            own += megabytes(child)["own"]
    return round(own, 1)


def main() -> None:
    """Send the visitors, print what they found, and fail on an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    hosted = {"WEB_CONCURRENCY": str(PROCESSES), "SOFTMODE_PROXIES": "1", "SOFTMODE_REQUESTS_PER_MINUTE": "1200"}
    with (
        tempfile.TemporaryDirectory() as var,
        server(data_directory(), SOFTMODE_VAR=var, **hosted) as (port, _, worker),
    ):
        result = load(port, worker, given.clients, given.seconds)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(bool(result["errors"]))


if __name__ == "__main__":
    main()
