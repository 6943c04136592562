"""Memory of one web process over many different pages: python benchmarks/memory.py [--pages 2600] [--json FILE].

Starts gunicorn as it is hosted, opens so many different compounds one after another, each as a browser does (the page
and its content), and then sends as many different requests that are remembered, each with a large body.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from web import HEADERS, SECONDS, callbacks, megabytes, server

from compute import tables
from compute.settings import data_directory

LOOKS = 10
LARGEST = 300.0  # megabytes of a web process, which fits into the smallest of hosts


def addresses(data: Path) -> list[str]:
    """Paths of the pages of all compounds."""
    listed = tables.read(data, "references").select(["suite", "compound"]).to_pylist()
    return [f"/compound/{row['suite']}/{row['compound']}" for row in listed]


def opened(connection: http.client.HTTPConnection, body: bytes) -> int:
    """The status of the callback `body`."""
    connection.request("POST", "/_dash-update-component", body, HEADERS)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def grown(port: int, worker: int, pages: int) -> dict[str, Any]:
    """Megabytes of `worker` before, while and after so many different pages are opened, and bodies remembered."""
    bodies = callbacks(port)
    router = json.loads(next(body for name, (_, body) in bodies.items() if "(the page itself)" in name))
    wanted = addresses(data_directory())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    found: dict[str, Any] = {"pages": pages, "cores": os.cpu_count(), "start": _own(worker), "over_pages": []}
    print(0, found["start"], file=sys.stderr, flush=True)
    refused = 0
    for number in range(pages):
        # As many compounds as there are, and then again with a threshold of the visitor's own.
        router["inputs"][0]["value"] = wanted[number % len(wanted)]
        router["state"][0]["value"] = f"?t={number / 100_000:.5f}" if number >= len(wanted) else ""
        refused += opened(connection, json.dumps(router).encode()) != 200
        if (number + 1) % max(pages // LOOKS, 1) == 0:
            found["over_pages"].append(_own(worker))
            print(number + 1, found["over_pages"][-1], file=sys.stderr, flush=True)
    found["refused"] = refused
    router["inputs"][0]["value"] = "/methods"
    statuses = set()
    for number in range(500):
        router["state"][0]["value"] = f"?{number}{'x' * 200_000}"
        statuses.add(opened(connection, json.dumps(router).encode()))
        router["unknown"] = "x" * 1000
        statuses.add(opened(connection, json.dumps(router).encode()))
        del router["unknown"]
    found["large_bodies"] = {"n": 1000, "statuses": sorted(statuses), "after": _own(worker)}
    connection.close()
    return found


def _own(worker: int) -> float:
    return round(megabytes(worker)["own"], 1)


def main() -> None:
    """Open the pages, print the memory, and fail where a web process became too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2600)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as var, server(data_directory(), SOFTMODE_VAR=var) as (port, _, worker):
        result = grown(port, worker, given.pages)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(max(*result["over_pages"], result["large_bodies"]["after"]) > LARGEST)


if __name__ == "__main__":
    main()
