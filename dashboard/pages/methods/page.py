"""Methods & data."""

from __future__ import annotations

from dash import Dash, html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.methods import data
from dashboard.pages.methods.citing import adding, citing, licensing
from dashboard.pages.methods.definitions import definitions
from dashboard.pages.methods.limits import limits
from dashboard.pages.methods.protocols import protocols
from dashboard.pages.methods.tables import dictionary, downloads
from dashboard.pages.page import Page, PageState
from dashboard.queries.provenance import runs, sources
from dashboard.ui.blocks import address_notice, page_head
from dashboard.ui.glossary import glossary
from dashboard.ui.provenance import provenance
from dashboard.ui.tabs import tabs
from dashboard.views.methods import MethodsView


def resolve(dataset: Dataset, asked: MethodsView) -> PageState[MethodsView]:
    """The one view there is."""
    return PageState(asked, "")


def layout(dataset: Dataset, state: PageState[MethodsView], ignored: tuple[str, ...]) -> Component:
    """The page."""
    published = sources(dataset, tuple(SUITES))
    files, release = data.published(dataset), dataset.release()
    return html.Div(
        [
            page_head(
                "Methods & data",
                "What every word and number means, what the numbers cannot say, what to cite, and the tables "
                "themselves. The documentation has the rest.",
            ),
            address_notice(ignored),
            tabs(
                ("glossary", "Glossary", glossary()),
                ("formulas", "Formulas", html.Div([*definitions(), protocols()])),
                ("limitations", "Limits", limits(
                    published, data.functionals(dataset), data.sigma_coverage(dataset), data.noise_by_bond(dataset)
                )),
                ("cite", "Cite", html.Div([
                    citing(release, published, data.potential_citations(dataset)), licensing(data.licences(dataset))
                ])),
                ("tables", "Data", html.Div([downloads(files, release), dictionary(files, release)])),
                ("add", "Add a potential", adding()),
                label="Methods and data",
            ),
            provenance(published, runs(dataset, tuple(SUITES))),
        ],
        className="page methods",
    )  # fmt: skip


def register(app: Dash, dataset: Dataset) -> None:
    """The page has no controls."""


PAGE = Page(
    "/methods",
    "Methods",
    "Methods & data · Softmode",
    "Definitions, protocols, limits, citations, the data dictionary and the downloads.",
    view=MethodsView,
    resolve=resolve,
    layout=layout,
    register=register,
)
