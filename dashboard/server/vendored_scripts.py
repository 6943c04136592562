"""Serves two libraries of the browser in a form that it compiles faster than the form they come in.

Both come wrapped in a function for module loaders. A browser skims a function that is handed on to be called later, and
compiles it when it is called, which here is at once and holds up the page.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import dash_mantine_components as dmc
from flask import Flask, Response, request, send_file
from plotly.offline import get_plotlyjs_version

from dashboard.server.cache_headers import kept
from dashboard.settings import ASSETS

PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
PLOTLY = ASSETS / "vendor" / "plotly" / "plotly-scatter-heatmap.min.js"
MANTINE_PATH = re.compile(r"/_dash-component-suites/dash_mantine_components/dash_mantine_components\.v\w+\.js")
MANTINE = Path(dmc.__file__).parent / "dash_mantine_components.js"

_WRAPPED = re.compile(r"(\}\(self,)(\([\w,]*\)=>\(\(\)=>\{.*\}\)\(\))(\);?\s*)\Z", re.DOTALL)


def serve_libraries(server: Flask) -> None:
    """Answer for plotly.js with the vendored bundle, and for the components of Mantine with `at_once` of theirs.

    `dashboard.figures.theme` makes no other traces than the bundle has. Another version than plotly.py was written for
    may draw differently, so after an upgrade of plotly the full one is served until the bundle is made anew (build.mjs
    beside it).
    """
    same_version = bundle_version(PLOTLY) == get_plotlyjs_version()

    @server.before_request
    def _serve() -> Response | None:
        if request.path == PLOTLY_PATH and same_version:
            return send_file(PLOTLY, mimetype="text/javascript", conditional=True)
        if MANTINE_PATH.fullmatch(request.path):
            return kept(Response(_mantine(), mimetype="text/javascript"))
        return None


def bundle_version(bundle: Path) -> str:
    """Version that the comment at the head of a plotly.js bundle states."""
    with bundle.open(encoding="utf-8") as text:
        head = text.read(200)
    return head.split("minified) v", 1)[1].split(maxsplit=1)[0]


def at_once(script: str) -> str:
    """`script` with its wrapped function in brackets, which have a browser compile it as it comes; else unchanged."""
    return _WRAPPED.sub(r"\1(\2)\3", script)


@cache
def _mantine() -> str:
    return at_once(MANTINE.read_text(encoding="utf-8"))
