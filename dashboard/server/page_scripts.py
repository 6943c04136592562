"""Which scripts a page starts with. Dash sends every component library with every page; the heaviest can wait."""

from __future__ import annotations

import re

_TAG = r'<script src="([^"]*)(/_dash-component-suites/{0}[^"]*)"></script>'
_GRID = re.compile(_TAG.format("dash_ag_grid/"))
_UNUSED = re.compile(_TAG.format("dash/dash_table/"))
_POLYFILL = re.compile(_TAG.format("dash/deps/polyfill"))
_RENDERER = re.compile(_TAG.format("dash/dash-renderer/"))
GENERATORS = "/assets/vendor/regenerator/runtime.js"
"""Of the polyfill of Dash, four fifths of which are for browsers that React does not know, the part that is called."""


def chosen(scripts: str, own: str) -> str:
    """`scripts` with those that a first screen needs, and the site's `own` before what starts it.

    The library of the table is fetched by assets/lazy_grid.js where a table is drawn; its address is left in a meta
    element. The old DataTable, which nothing here uses, is left out.
    """
    scripts = _UNUSED.sub("", scripts)
    scripts = _POLYFILL.sub(rf'<script src="\1{GENERATORS}"></script>', scripts)
    scripts = _RENDERER.sub(rf'<script src="\1{own}"></script>\g<0>', scripts)
    return _GRID.sub(r'<meta name="softmode-grid" content="\1\2">', scripts)
