"""Serves plotly.js in a form that a browser compiles faster than the published one, with the traces that are drawn.

The published bundle is wrapped in a function for module loaders. A browser skims a function that is handed on to be
called later, and compiles it when it is called, which here is at once and holds up the page.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_file
from plotly.offline import get_plotlyjs_version

from dashboard.settings import ASSETS

PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
PLOTLY = ASSETS / "vendor" / "plotly" / "plotly-scatter-heatmap.min.js"


def serve_libraries(server: Flask) -> None:
    """Answer for plotly.js with the vendored bundle.

    `dashboard.figures.theme` makes no other traces than the bundle has. Another version than plotly.py was written for
    may draw differently, so after an upgrade of plotly the full one is served until the bundle is made anew (build.mjs
    beside it).
    """
    same_version = bundle_version(PLOTLY) == get_plotlyjs_version()

    @server.before_request
    def _serve() -> Response | None:
        if request.path == PLOTLY_PATH and same_version:
            return send_file(PLOTLY, mimetype="text/javascript", conditional=True)
        return None


def bundle_version(bundle: Path) -> str:
    """Version that the comment at the head of a plotly.js bundle states."""
    with bundle.open(encoding="utf-8") as text:
        head = text.read(200)
    return head.split("minified) v", 1)[1].split(maxsplit=1)[0]
