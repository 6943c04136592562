"""Methods & data."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, dcc, html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.methods import data
from dashboard.pages.methods.citing import adding, citing, licensing
from dashboard.pages.methods.definitions import definitions
from dashboard.pages.methods.limits import limits
from dashboard.pages.methods.protocols import protocols
from dashboard.pages.methods.tables import dictionary, downloads
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries.provenance import runs, sources
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.contents import contents
from dashboard.ui.provenance import provenance


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page; it has one view, and its parts have anchors."""
    published = sources(dataset, tuple(SUITES))
    files, release = data.published(dataset), dataset.release()
    parts = [
        *definitions(),
        protocols(),
        limits(published, data.functionals(dataset), data.sigma_coverage(dataset), data.noise_by_bond(dataset)),
        citing(release, published, data.potential_citations(dataset)),
        licensing(data.licences(dataset)),
        downloads(files, release),
        dictionary(files, release),
        adding(),
    ]
    return html.Div(
        [
            page_head(
                "Methods & data",
                "What every number means and how it was made, what it cannot say, what to cite, and the tables "
                "themselves.",
            ),
            address_notice(tuple(query)),
            html.Div([contents([_titled(p) for p in parts]), html.Div(parts)], className="with-contents"),
            provenance(published, runs(dataset, tuple(SUITES))),
            dcc.Store(id=VIEW_QUERY, data=""),
        ],
        className="page",
    )


def _titled(part: html.Section) -> tuple[str, str]:
    return part.id, part.children[0].children


def register(app: Dash, dataset: Dataset) -> None:
    """The page has no controls."""


PAGE = Page(
    "/methods",
    "Methods & data",
    "Methods & data · Softmode",
    "Definitions, protocols, limits, citations, the data dictionary and the downloads.",
    layout,
    register,
)
