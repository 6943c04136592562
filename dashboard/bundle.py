"""Serves the cartesian bundle of plotly.js, a third of the full one, in place of what plotly brings along."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_file
from plotly.offline import get_plotlyjs_version

from dashboard.settings import ASSETS

PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
CARTESIAN = ASSETS / "vendor" / "plotly" / "plotly-cartesian.min.js"


def bundle_version(bundle: Path) -> str:
    """Version that the comment at the head of a plotly.js bundle states."""
    with bundle.open(encoding="utf-8") as text:
        head = text.read(200)
    return head.split("minified) v", 1)[1].split(maxsplit=1)[0]


def serve_cartesian_plotly(server: Flask) -> None:
    """Answer for plotly.js with the vendored bundle; figures here use no other traces.

    Another version than plotly.py was written for may draw differently, so after an upgrade of plotly the full
    bundle is served until the vendored one is renewed.
    """
    if not CARTESIAN.exists() or bundle_version(CARTESIAN) != get_plotlyjs_version():
        return

    @server.before_request
    def _serve() -> Response | None:
        if request.path != PLOTLY_PATH:
            return None
        return send_file(CARTESIAN, mimetype="text/javascript", conditional=True)
