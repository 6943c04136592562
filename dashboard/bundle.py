"""Serves a bundle of plotly.js with two traces, a quarter of the full one, in place of what plotly brings along."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_file
from plotly.offline import get_plotlyjs_version

from dashboard.settings import ASSETS

PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
BUNDLE = ASSETS / "vendor" / "plotly" / "plotly-scatter-heatmap.min.js"


def bundle_version(bundle: Path) -> str:
    """Version that the comment at the head of a plotly.js bundle states."""
    with bundle.open(encoding="utf-8") as text:
        head = text.read(200)
    return head.split("minified) v", 1)[1].split(maxsplit=1)[0]


def serve_small_plotly(server: Flask) -> None:
    """Answer for plotly.js with the vendored bundle; `dashboard.figures.theme` makes no other traces.

    Another version than plotly.py was written for may draw differently, so after an upgrade of plotly the full
    bundle is served until the vendored one is made anew (build.mjs beside it).
    """
    if not BUNDLE.exists() or bundle_version(BUNDLE) != get_plotlyjs_version():
        return

    @server.before_request
    def _serve() -> Response | None:
        if request.path != PLOTLY_PATH:
            return None
        return send_file(BUNDLE, mimetype="text/javascript", conditional=True)
