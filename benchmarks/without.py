"""What each shortcut of the site buys, measured side by side: python -m benchmarks.without [--json FILE].

A shortcut is code that a plain Dash site does not have. One server runs with all of them and one without each; a
browser visits them in turn, always as a first visit, over the network that Lighthouse takes for a desktop's (10 Mbit/s,
40 ms). Printed are, as medians, the time until the first figure or row of a table and the bytes on the wire, and what
a server without one adds to both. The very first visit after a start stands for itself: what was compressed ahead
counts only there. No shortcut is a setting of the site; `site` replaces it, for the server that it starts alone.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from dash.development.base_component import Component
from flask import Flask

from benchmarks.web import BROWSER, server, settle
from compute.settings import data_directory
from dashboard.server import asset_bundles, compression
from dashboard.settings import ASSETS

PAGES = {
    "/": "#page tr:visible",
    "/compounds": "#compounds-table tbody tr",
    "/compound/abx3/CsPbBr3": ".js-plotly-plot .main-svg:visible",
}
"""Pages that are visited, and what is waited for there."""
BITS, LATENCY_MS = 10_240_000, 40
_NO_TAG = re.compile(r"(?!)()()")


def _nothing(*_: Any) -> None:
    """In place of what is left out."""


def _bundles_without(name: str) -> Callable[[Path], Mapping[str, asset_bundles.Bundle]]:
    def made(folder: Path) -> Mapping[str, asset_bundles.Bundle]:
        found = asset_bundles.bundles(folder)
        left_out = (ASSETS / name).read_text(encoding="utf-8")
        return {**found, "js": replace(found["js"], text=found["js"].text.replace(left_out, ""))}

    return made


def _one_by_one(folder: Path) -> dict[str, asset_bundles.Bundle]:
    """What `bundles` gives, with a path that makes the one element of a page an element per file."""

    def paths(kind: str, between: str) -> str:
        return between.join(f"/assets/{path.name}" for path in sorted(folder.glob(f"*.{kind}")))

    found = asset_bundles.bundles(folder)
    scripts = paths("js", '"></script><script src="')
    sheets = paths("css", '"><link rel="stylesheet" href="')
    return {"js": replace(found["js"], path=scripts), "css": replace(found["css"], path=sheets)}


def _at_once(content: Component, *, open: bool) -> Component:
    """What a tab opens, as it is."""
    return content


SHORTCUTS: dict[str, dict[str, Any]] = {
    "no DataTable (page_scripts)": {"dashboard.server.page_scripts._UNUSED": _NO_TAG},
    "small polyfill (page_scripts)": {"dashboard.server.page_scripts._POLYFILL": _NO_TAG},
    "plotly.js of two traces (vendored_scripts)": {"dashboard.app.serve_libraries": _nothing},
    "figures when near (lazy_figures.js)": {"dashboard.app.bundles": _bundles_without("lazy_figures.js")},
    "a script and a style sheet (asset_bundles)": {
        "dashboard.app.bundles": _one_by_one,
        "dashboard.app.serve_bundles": _nothing,
    },
    "HTML as one component (components.js)": {"dashboard.server.callback_json._is_html": lambda node: False},
    "closed tabs after the open one (components.js)": {"dashboard.ui.tabs.TabContent": _at_once},
    "static files compressed hard (compression)": {"dashboard.server.compression.HARD": compression.MIDDLE},
    "compressed ahead (compress_ahead)": {"dashboard.server.compression.compress_ahead": _nothing},
}
"""What is put in place of what, by shortcut."""
COMPRESSING = 2
"""As many of them, the last, count at the first visit alone."""


def site(number: int) -> Flask:
    """The server without shortcut `number` of `SHORTCUTS`, from 1; with all for 0. Called by gunicorn."""
    for name, instead in list(SHORTCUTS.values())[number - 1].items() if number else ():
        module, attribute = name.rsplit(".", 1)
        if not hasattr(import_module(module), attribute):
            raise AttributeError(name)
        setattr(import_module(module), attribute, instead)
    return import_module("dashboard.app").create_app().server


def visit(browser: Any, port: int, page: str) -> dict[str, float]:
    """Seconds until the first figure or row of a first visit, and its kilobytes on the wire."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    session = context.new_cdp_session(tab)
    session.send("Network.enable")
    network = {"latency": LATENCY_MS, "downloadThroughput": BITS / 8, "uploadThroughput": BITS / 8, "offline": False}
    session.send("Network.emulateNetworkConditions", network)
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    start = time.perf_counter()
    tab.goto(f"http://127.0.0.1:{port}{page}", wait_until="commit")
    tab.wait_for_selector(PAGES[page])
    first = time.perf_counter() - start
    tab.wait_for_load_state("networkidle")
    context.close()
    return {"first_chart_s": first, "wire_kb": sum(sizes) / 1000}


def measured(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """By server ("all", and one without each shortcut) and page the medians of `visit`; "first" is the first visit."""
    from playwright.sync_api import sync_playwright

    names = ["all", *SHORTCUTS]
    visited = names[:-COMPRESSING]
    with ExitStack() as stack:
        started = [
            stack.enter_context(server(data_directory(), application=f"benchmarks.without:site({number})"))
            for number in range(len(names))
        ]
        for _, _, pid in started:
            settle(pid)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(BROWSER))
        stack.callback(browser.close)
        ports = {name: port for name, (port, _, _) in zip(names, started, strict=True)}
        first = {name: visit(browser, port, "/") for name, port in ports.items()}
        visits = [
            (name, page, visit(browser, ports[name], page))
            for _ in range(rounds)
            for page in PAGES
            for name in visited
        ]  # fmt: skip
    found = {name: {"first": first[name]} for name in names}
    for name in visited:
        for page in PAGES:
            seen = [one for by, at, one in visits if (by, at) == (name, page)]
            found[name][page] = {key: float(np.median([one[key] for one in seen])) for key in seen[0]}
    return found


def printed(found: dict[str, dict[str, dict[str, float]]]) -> None:
    """What all shortcuts together give, and what each buys: without it minus with all."""
    for page, base in found["all"].items():
        print(f"\n{page}: with all {base['first_chart_s']:.2f} s, {base['wire_kb']:.0f} kB; without")
        for name in (name for name in SHORTCUTS if page in found[name]):
            seconds, size = (found[name][page][key] - base[key] for key in ("first_chart_s", "wire_kb"))
            print(f"  {name:<46} {1000 * seconds:+6.0f} ms {size:+7.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="visits of each page of each server")
    parser.add_argument("--json", type=Path, help="write the numbers into this file too, under the key without")
    asked = parser.parse_args()
    found = measured(asked.rounds)
    printed(found)
    if asked.json:
        known = json.loads(asked.json.read_text()) if asked.json.exists() else {}
        asked.json.write_text(json.dumps({**known, "without": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
