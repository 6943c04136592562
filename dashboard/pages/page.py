"""What the router knows of a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from dash import Dash, Output, dcc, html
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.views.codec import View, decode, replaced

VIEW_QUERY = "view-query"
"""Id of the store with the query of the view; a clientside function writes it to the address."""


def clicked(clicks: Any) -> Mapping[str, Any]:
    """The point of a figure that was clicked, as the browser sends it; empty for anything else."""
    points = clicks.get("points") if isinstance(clicks, dict) else None
    first = points[0] if isinstance(points, list) and points else None
    return first if isinstance(first, dict) else {}


def outputs(page: str, parts: Iterable[str], offering: Collection[str] = ()) -> dict[str, Output]:
    """What a callback of the page whose ids begin with `page` writes, by name.

    The `parts` that it draws; of each control in `offering` the value and, as `…_offered`, the choices; the address.
    """
    return {
        **{part: Output(f"{page}-{part}", "children") for part in parts},
        **{name: Output(f"{page}-{name}", "value") for name in offering},
        **{f"{name}_offered": Output(f"{page}-{name}", "data") for name in offering},
        "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
    }


@dataclass(frozen=True)
class PageState(Generic[View]):
    """What a page shows: the view as far as the data follow it, and its query, without what comes first anyway."""

    view: View
    address: str


State = TypeVar("State", bound=PageState[Any])


@dataclass(frozen=True)
class Page(Generic[View, State]):
    """A page of the site.

    `view` is what its address states, `resolve` what the dataset can show of one, and nothing else decides that;
    `layout` draws a state, with the keys of the address that it does not follow, and `register` adds the callbacks.
    With `below`, the names of what the path is continued by, such as ("suite", "compound"), are passed to `resolve` by
    keyword, and `path` alone is no page. `listed` puts the page in the navigation. `description` is for previews. One
    that shows more than the data is not `remembered`.
    """

    path: str
    name: str
    title: str
    description: str
    view: type[View]
    resolve: Callable[..., State]
    layout: Callable[[Dataset, State, tuple[str, ...]], Component]
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

    def show(self, dataset: Dataset, query: Mapping[str, str], **named: str) -> Component:
        """The page for the view in `query` with the address of what it shows; `named` is what `match` says."""
        asked, problems = decode(self.view, query)
        state = self.resolve(dataset, asked, **named)
        shown = self.layout(dataset, state, problems + replaced(asked, state.view))
        return html.Div([shown, dcc.Store(id=VIEW_QUERY, data=state.address)])
