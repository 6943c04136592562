"""Methods & data."""

from __future__ import annotations

from collections.abc import Mapping

from dash import Dash, dcc, html
from dash.development.base_component import Component

from compute.protocols import SUITES
from dashboard.components.blocks import address_notice, page_head
from dashboard.components.contents import contents
from dashboard.components.methods_citing import adding, citing, licensing
from dashboard.components.methods_data import dictionary, downloads
from dashboard.components.methods_definitions import definitions
from dashboard.components.methods_limits import limits
from dashboard.components.methods_protocols import protocols
from dashboard.components.provenance import provenance
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import methods
from dashboard.queries.provenance import runs, sources


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page; it has one view, and its parts have anchors."""
    published = sources(dataset, tuple(SUITES))
    files, release = methods.published(dataset), dataset.release()
    parts = [
        *definitions(),
        protocols(),
        limits(
            published, methods.functionals(dataset), methods.sigma_coverage(dataset), methods.noise_by_bond(dataset)
        ),
        citing(release, published, methods.potential_citations(dataset)),
        licensing(methods.licences(dataset)),
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
