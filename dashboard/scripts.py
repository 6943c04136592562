"""Which scripts a page starts with. Dash sends every component library with every page; the heaviest can wait."""

from __future__ import annotations

import re

_TAG = r'<script src="([^"]*/_dash-component-suites/{0}/[^"]*)"></script>'
_GRID = re.compile(_TAG.format("dash_ag_grid"))
_UNUSED = re.compile(_TAG.format("dash/dash_table"))


def deferred(scripts: str) -> str:
    """`scripts` without the library of the table, which assets/lazy_grid.js fetches where a table is drawn.

    Its address is left in a meta element. The old DataTable, which nothing here uses, is left out.
    """
    scripts = _UNUSED.sub("", scripts)
    return _GRID.sub(r'<meta name="softmode-grid" content="\1">', scripts)
