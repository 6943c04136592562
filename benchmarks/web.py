"""What the site costs, measured in one run: python benchmarks/web.py [--million] [--json FILE].

Starts gunicorn as the Procfile does, with one worker, over the published tables and prints: cold start, memory of the
worker, median and 95th percentile of every server-side callback at 1 and at 8 clients, once the worker has made ready
what it makes ready as it starts, first computed every time (SOFTMODE_CACHE_MB=0) and then as served, with answers
remembered; and per page, as medians of three first visits, the bytes on the wire, the time of the first chart, the
layout shift and the scores of Lighthouse. With --million the tables are multiplied until what filters go over,
compounds × potentials, has a million rows, and only callbacks are measured, computed every time, by one client. The
browser is Debian's chromium; without a Lighthouse on PATH or in SOFTMODE_LIGHTHOUSE its scores are not measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from compute import tables
from compute.settings import data_directory
from dashboard.dataset import Dataset

ROOT = Path(__file__).parents[1]
DATA = ":is(.js-plotly-plot .main-svg, tbody tr)"
PAGES = {
    "/": DATA, "/compounds": DATA, "/compound/abx3/CsPbBr3": DATA, "/trust": DATA, "/stability": DATA,
    "/anharmonicity": DATA, "/errors": DATA, "/models": DATA, "/recompute": "h2", "/methods": "button",
}  # fmt: skip
"""Pages that are visited, and what is waited for there: the first figure or row of a table, where there is one."""
MILLION = 1_000_000
CROWDS = (1, 8)  # clients at once
VISITS = 3  # first visits of a page, of which the median counts
TRIES = 3  # of Lighthouse, which now and then finds no start in what it recorded, and says to run it again
LARGE = {"SOFTMODE_MEMORY_MB": "8000"}  # what a million rows take, not what the site needs
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "gzip, br"}
SECONDS = 300
BROWSER = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
           "--disable-background-networking", "--disable-component-update")  # fmt: skip
CATEGORIES = ("performance", "accessibility", "best-practices")


@contextmanager
def server(data: Path, application: str = "dashboard.wsgi:app", **environment: str) -> Iterator[tuple[int, float, int]]:
    """A gunicorn over `data`: its port, the seconds until it was ready, and the process id of its worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn_config", "-b", f"127.0.0.1:{port}",
         "--log-level", "warning", application],
        cwd=ROOT,
        env={**os.environ, "SOFTMODE_DATA": str(data), "SOFTMODE_REQUESTS_PER_MINUTE": "0", **environment},
    )  # fmt: skip
    try:
        while not _ready(port):
            if process.poll() is not None or time.perf_counter() - start > SECONDS:
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        cold = time.perf_counter() - start
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, cold, int(children[0])
    finally:
        process.terminate()
        process.wait()


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def settle(pid: int) -> None:
    """Wait until process `pid` uses less than a tenth of a core."""
    used = _processor_seconds(pid)
    while True:
        time.sleep(1)
        before, used = used, _processor_seconds(pid)
        if used - before < 0.1:
            return


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> dict[str, float]:
    """Memory of a process: resident, and the part of it that no other process shares through a file."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(status[key].split()[0]) / 1024 for name, key in (("resident", "VmRSS"), ("own", "RssAnon"))}


def callbacks(port: int) -> dict[str, tuple[str, bytes]]:
    """Name to page and body of every server-side callback that a page could send as it is first drawn."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", "/_dash-dependencies")
    listed = [c for c in json.loads(connection.getresponse().read()) if c.get("clientside_function") is None]
    router = next(c for c in listed if c["inputs"][0]["id"] == "location")
    found: dict[str, tuple[str, bytes]] = {}
    for page in PAGES:
        address = {("location", "pathname"): page, ("location", "search"): ""}
        body = _body(router, address)
        found[f"{page} (the page itself)"] = (page, body)
        connection.request("POST", "/_dash-update-component", body, {"Content-Type": "application/json"})
        values = dict(_properties(json.loads(connection.getresponse().read())))
        values[("location", "pathname")] = page
        drawn = {identity for identity, _ in values}
        for spec in listed:
            needed = {item["id"] for item in spec["inputs"]}
            if spec is not router and needed <= drawn:
                found[f"{page} {_name(spec)}"] = (page, _body(spec, values))
    connection.close()
    return found


def _properties(tree: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    if isinstance(tree, list):
        for child in tree:
            yield from _properties(child)
    elif isinstance(tree, dict):
        identity = tree.get("id")
        for key, value in tree.items():
            if isinstance(identity, str):
                yield (identity, key), value
            yield from _properties(value)


def _name(spec: dict[str, Any]) -> str:
    return ", ".join(sorted({item["id"] for item in spec["inputs"]}))[:60]


def _body(spec: dict[str, Any], values: dict[tuple[str, str], Any]) -> bytes:
    """What the browser sends: of a button a first click."""

    def filled(items: list[dict[str, str]]) -> list[dict[str, Any]]:
        return [{"id": item["id"], "property": item["property"], "value": _value(item, values)} for item in items]

    outputs = [part.rsplit(".", 1) for part in spec["output"].removeprefix("..").removesuffix("..").split("...")]
    named = [{"id": identity, "property": name} for identity, name in outputs]
    return json.dumps(
        {
            "output": spec["output"],
            "outputs": named if spec["output"].startswith("..") else named[0],
            "inputs": filled(spec["inputs"]),
            "state": filled(spec["state"]),
            "changedPropIds": ["{id}.{property}".format(**spec["inputs"][0])],
        }
    ).encode()


def _value(item: dict[str, str], values: dict[tuple[str, str], Any]) -> Any:
    return 1 if item["property"] == "n_clicks" else values.get((item["id"], item["property"]))


def timed(port: int, requests: dict[str, tuple[str, bytes]], clients: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every request, sent `rounds` times by each of `clients` at once."""
    times: dict[str, list[float]] = {name: [] for name in requests}
    lock = threading.Lock()

    def client(seed: int) -> None:
        order = np.random.default_rng(seed)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        for _ in range(rounds):
            for name in order.permutation(list(requests)):
                start = time.perf_counter()
                connection.request("POST", "/_dash-update-component", requests[name][1], HEADERS)
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (200, 204):
                    raise RuntimeError(f"{name}: {answer.status}")
                with lock:
                    times[name].append(1000 * (time.perf_counter() - start))
        connection.close()

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def measured_callbacks(port: int, rounds: int, crowds: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Median and 95th percentile in ms of every callback, at each number of clients, after one warm round."""
    requests = callbacks(port)
    timed(port, requests, 1, 1)
    result: dict[str, dict[str, Any]] = {name: {} for name in requests}
    for clients in crowds:
        for name, times in timed(port, requests, clients, rounds).items():
            result[name][f"p50_ms_{clients}"], result[name][f"p95_ms_{clients}"] = np.quantile(times, (0.5, 0.95))
            result[name][f"all_ms_{clients}"] = times
    return result


_SHIFT = """
window.shift = 0;
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shift += e.value; })
  .observe({type: "layout-shift", buffered: true});
"""


def in_browser(port: int, page: str) -> dict[str, float]:
    """Kilobytes on the wire, seconds until the first chart or row of a table, and the layout shift of a first visit."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(BROWSER))
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(_SHIFT)
        tab = context.new_page()
        sizes: list[float] = []
        session = context.new_cdp_session(tab)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        start = time.perf_counter()
        tab.goto(f"http://127.0.0.1:{port}{page}")
        tab.wait_for_selector(f"#page {PAGES[page]}:visible")
        first = time.perf_counter() - start
        tab.wait_for_load_state("networkidle")
        tab.wait_for_timeout(1000)
        shift = tab.evaluate("window.shift")
        browser.close()
    return {"wire_kb": sum(sizes) / 1000, "first_chart_s": first, "layout_shift": shift}


def lighthouse(port: int, page: str) -> dict[str, float]:
    """Desktop scores of Lighthouse from 0 to 100; empty where it is not installed."""
    program = os.environ.get("SOFTMODE_LIGHTHOUSE") or shutil.which("lighthouse")
    if program is None:
        return {}
    for _ in range(TRIES):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:  # what goes through a pipe may be cut off
            done = subprocess.run(
                [program, f"http://127.0.0.1:{port}{page}", "--preset=desktop", "--output=json", "--quiet",
                 f"--output-path={report.name}", f"--only-categories={','.join(CATEGORIES)}",
                 f"--chrome-flags={' '.join(BROWSER)}"],
                capture_output=True, check=False, env={**os.environ, "CHROME_PATH": str(shutil.which("chromium"))},
            )  # fmt: skip
            said = Path(report.name).read_bytes()
        found = json.loads(said) if said else {}
        if done.returncode == 0 and "runtimeError" not in found:
            return {name: 100 * found["categories"][name]["score"] for name in CATEGORIES}
    raise RuntimeError(f"Lighthouse failed on {page}: {found.get('runtimeError') or done.stderr.decode()[-300:]}")


def multiplied(source: Path, target: Path) -> None:
    """The tables of `source` with every compound repeated under new names, to a million compounds × potentials."""
    copies = -(-MILLION // len(Dataset(source).frame("SELECT compound FROM pairs")))
    grown = {}
    for name in tables.read_manifest(source).tables:
        table = tables.read(source, name)
        if name in ("references", "harmonic", "anharmonic"):
            table = pa.concat_tables(_renamed(table, copy) for copy in range(copies)).combine_chunks()
        grown[name] = table
    tables.publish(target, grown)


def _renamed(table: pa.Table, copy: int) -> pa.Table:
    if copy == 0:
        return table
    place = table.schema.get_field_index("compound")
    names = pa.array([f"{compound}.{copy}" for compound in table["compound"].to_pylist()])
    return table.set_column(place, table.schema.field("compound"), names)


def report(data: Path, rounds: int, *, pages: bool) -> dict[str, Any]:
    """Everything that is measured over `data`, printed as it comes."""
    found: dict[str, Any] = {}
    modes: dict[str, dict[str, str]] = {"computed": {"SOFTMODE_CACHE_MB": "0"}, "served": {}}
    for mode, environment in list(modes.items())[: 2 if pages else 1]:
        with server(data, **environment, **({} if pages else LARGE)) as (port, cold, pid):
            found[mode] = {"cold_start_s": cold, "memory_cold_mb": megabytes(pid)}
            settle(pid)
            found[mode]["callbacks"] = measured_callbacks(port, rounds, CROWDS if pages else CROWDS[:1])
            found[mode]["memory_mb"] = megabytes(pid)
            _print(mode, found[mode])
            if mode == "served":
                found["pages"] = {page: _page(port, page) for page in PAGES}
    return found


def _page(port: int, page: str) -> dict[str, float]:
    visits = [in_browser(port, page) | lighthouse(port, page) for _ in range(VISITS)]
    row = {name: float(np.median([visit[name] for visit in visits])) for name in visits[0]}
    print(f"{page:<26} " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()), flush=True)
    return row


def _print(mode: str, found: dict[str, Any]) -> None:
    cold, warm = found["memory_cold_mb"], found["memory_mb"]
    print(
        f"\n{mode}: cold start {found['cold_start_s']:.2f} s; worker {cold['resident']:.0f} MB ({cold['own']:.0f} its "
        f"own), after all callbacks {warm['resident']:.0f} MB ({warm['own']:.0f} its own)"
    )
    rows = found["callbacks"]
    crowds = [n for n in CROWDS if all(f"p95_ms_{n}" in row for row in rows.values())]
    print(f"{'callback':<90}" + "".join(f" {f'p{p} ×{n}':>8}" for n in crowds for p in (50, 95)) + "  (ms)")
    for name in sorted(rows, key=lambda name: -rows[name][f"p95_ms_{crowds[-1]}"]):
        print(f"{name:<90}" + "".join(f" {rows[name][f'p{p}_ms_{n}']:8.1f}" for n in crowds for p in (50, 95)))
    for n in crowds:
        every = np.concatenate([row[f"all_ms_{n}"] for row in rows.values()])
        found[f"p50_ms_{n}"], found[f"p95_ms_{n}"] = np.quantile(every, (0.5, 0.95))
        print(f"all callbacks at {n} clients: p50 {found[f'p50_ms_{n}']:.1f} ms, p95 {found[f'p95_ms_{n}']:.1f} ms")
        for row in rows.values():
            del row[f"all_ms_{n}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", action="store_true", help="multiply the tables to a million rows")
    parser.add_argument("--rounds", type=int, default=10, help="times that each client sends each callback")
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = data_directory()
        if asked.million:
            multiplied(data, Path(folder))
            data = Path(folder)
        found = report(data, asked.rounds, pages=not asked.million)
    if asked.json:
        known = json.loads(asked.json.read_text()) if asked.json.exists() else {}
        found |= {"without": known["without"]} if "without" in known else {}  # of benchmarks/without.py
        asked.json.write_text(json.dumps(found, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
