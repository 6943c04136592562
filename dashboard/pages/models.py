"""Models."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.blocks import page_head
from dashboard.dataset import Dataset
from dashboard.pages.page import Page


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    return html.Div(page_head("Models"), className="page")


def register(app: Dash, dataset: Dataset) -> None:
    """Nothing yet."""


PAGE = Page(
    "/models",
    "Models",
    "Models · Softmode",
    "A card per potential: what it was trained on, its licence and cost, its accuracy, and pairwise tests.",
    layout,
    register,
)
