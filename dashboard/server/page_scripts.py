"""Which scripts a page starts with. Dash sends every component library with every page."""

from __future__ import annotations

import re

_TAG = r'<script src="([^"]*)(/_dash-component-suites/{0}[^"]*)"></script>'
_UNUSED = re.compile(_TAG.format("dash/dash_table/"))
_POLYFILL = re.compile(_TAG.format("dash/deps/polyfill"))
_RENDERER = re.compile(_TAG.format("dash/dash-renderer/"))
GENERATORS = "/assets/vendor/regenerator/runtime.js"
"""Of the polyfill of Dash, four fifths of which are for browsers that React does not know, the part that is called."""


def chosen(scripts: str, own: str) -> str:
    """`scripts` with those that a page needs, and the site's `own` before what starts it; the old DataTable, which
    nothing here uses, is left out."""
    scripts = _UNUSED.sub("", scripts)
    scripts = _POLYFILL.sub(rf'<script src="\1{GENERATORS}"></script>', scripts)
    return _RENDERER.sub(rf'<script src="\1{own}"></script>\g<0>', scripts)
