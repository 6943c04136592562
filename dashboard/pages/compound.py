"""Compound."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.blocks import page_head
from dashboard.dataset import Dataset
from dashboard.pages.page import Page


def layout(dataset: Dataset, query: Mapping[str, str], suite: str, compound: str) -> Component:
    """The page for the view in `query`."""
    return html.Div(page_head("Compound"), className="page")


def register(app: Dash, dataset: Dataset) -> None:
    """Nothing yet."""


PAGE = Page(
    "/compound",
    "Compound",
    "Softmode",
    "Structure, phonon bands, modes, anharmonicity and error sources of one compound, from DFT and from potentials.",
    layout,
    register,
    below=("suite", "compound"),
    listed=False,
)
