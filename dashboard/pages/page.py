"""What the router knows of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dash import Dash
from dash.development.base_component import Component

from dashboard.dataset import Dataset

VIEW_QUERY = "view-query"
"""Id of the store with the query of the view; a clientside function writes it to the address."""


def clicked(clicks: Any) -> Mapping[str, Any]:
    """The point of a figure that was clicked, as the browser sends it; empty for anything else."""
    points = clicks.get("points") if isinstance(clicks, dict) else None
    first = points[0] if isinstance(points, list) and points else None
    return first if isinstance(first, dict) else {}


@dataclass(frozen=True)
class Page:
    """A page of the site: `layout` takes the dataset and the query, `register` adds its callbacks to the app.

    With `below`, the names of what the path is continued by, such as ("suite", "compound"), are passed to `layout` by
    keyword, and `path` alone is no page. `listed` puts the page in the navigation. `description` is for previews. One
    that shows more than the data is not `remembered`.
    """

    path: str
    name: str
    title: str
    description: str
    layout: Callable[..., Component]
    register: Callable[[Dash, Dataset], None]
    below: tuple[str, ...] = ()
    listed: bool = True
    remembered: bool = True

    def match(self, path: str) -> dict[str, str] | None:
        """What `path` says below the page's own, decoded; None when it is no address of this page."""
        if not self.below:
            return {} if path == self.path else None
        parts = path.removeprefix(self.path + "/").split("/")
        if not path.startswith(self.path + "/") or len(parts) != len(self.below) or not all(parts):
            return None
        return dict(zip(self.below, map(unquote, parts), strict=True))
