"""What the router knows of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dash import Dash
from dash.development.base_component import Component

from dashboard.dataset import Dataset

VIEW_QUERY = "view-query"
"""Id of the store with the query of the view; a clientside function writes it to the address."""


@dataclass(frozen=True)
class Page:
    """A page of the site: `layout` takes the dataset and the query, `register` adds its callbacks to the app."""

    path: str
    name: str
    title: str
    layout: Callable[[Dataset, Mapping[str, str]], Component]
    register: Callable[[Dash, Dataset], None]
