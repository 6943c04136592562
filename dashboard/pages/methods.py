"""Methods & data."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.blocks import page_head
from dashboard.dataset import Dataset
from dashboard.pages.page import Page


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    return html.Div(page_head("Methods & data"), className="page")


def register(app: Dash, dataset: Dataset) -> None:
    """Nothing yet."""


PAGE = Page(
    "/methods",
    "Methods & data",
    "Methods & data · Softmode",
    "Definitions, protocols, limits, citations, the data dictionary and the downloads.",
    layout,
    register,
)
