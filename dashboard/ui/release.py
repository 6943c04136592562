"""What has changed since a link was made, and whether the newest release is shown."""

from __future__ import annotations

from dash import html

from dashboard.dataset import Dataset
from dashboard.ui.blocks import Child
from dashboard.ui.text import count

RELEASE_KEY = "v"
"""Query key under which a copied link names the release of the data that it showed."""


def release_notice(dataset: Dataset, seen: str | None) -> Child:
    """Which tables differ between the release `seen` and the one at hand, or that a newer one cannot be read."""
    if problem := dataset.problem():
        return _notice(
            f"A newer release of the data is published here but cannot be read ({problem}). "
            f"This is release {dataset.release()}."
        )
    if seen is None or seen == dataset.release():
        return None
    changes = dataset.manifest().changes_since(seen.partition("+")[0])
    if changes == []:
        text = "The results of this machine, which are marked as local, have changed since this link was made."
    elif changes is None:
        text = "This link names a release of the data that is not on record here; its numbers may have been different."
    else:
        parts = [f"{c.table} ({_rows(c.before)} → {_rows(c.now)})" for c in changes]
        text = f"The data have changed since this link was made: {', '.join(parts)}."
    return _notice(text)


def _notice(text: str) -> Child:
    return html.Div(text, role="status", className="notice release page")


def _rows(n: int | None) -> str:
    return "none" if n is None else f"{count(n)} rows"
