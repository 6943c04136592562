"""A number that can be clicked opens exactly the rows that it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from dash import dcc

from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices, error_breakdown
from dashboard.pages.anharmonicity import data as errors
from dashboard.pages.compounds.data import counts
from dashboard.pages.overview.coverage import coverage_table
from dashboard.pages.stability import confusion
from dashboard.queries import coverage, stability
from dashboard.queries.potentials import reference_functionals
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import decode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import StabilityView
from tests.conftest import ROOT
from tests.support.components import nodes, words

VIEWS = (
    StabilityView(),
    StabilityView(tolerance_thz=0.3),
    StabilityView(anion=("F",)),
    StabilityView(criterion="sigma"),
    StabilityView(criterion="sigma", threshold=0.7),
    StabilityView(criterion="cross"),
    StabilityView(suite="hdp", criterion="cross"),
)


@pytest.fixture(scope="module")
def published() -> Dataset:
    return Dataset(ROOT / "data" / "parquet")


def opened(dataset: Dataset, href: str) -> int:
    """How many compounds the page of compounds lists at `href`."""
    view, problems = decode(CompoundsView, dict(parse_qsl(urlsplit(href).query)))
    assert problems == ()
    found = counts(dataset, view)
    return int(found["n"].max()) if len(found) else 0


def links(component: Any) -> Iterator[tuple[int, str]]:
    """The number that each link to the table of compounds begins with, and its address."""
    for node in nodes(component):
        if isinstance(node, dcc.Link) and node.href.startswith("/compounds"):
            first = node.children[0] if isinstance(node.children, list) else node.children
            yield int(words(first).split()[0].replace(",", "")), node.href


def matrices(dataset: Dataset, view: StabilityView) -> Any:
    potentials = tuple(stability.potentials(dataset, view.suite, view.criterion))
    if not potentials:
        return None
    settings = stability.settings(dataset, view.suite, potentials)
    functionals = reference_functionals(dataset)[view.suite]
    return confusion.comparison(stability.compared(dataset, view, potentials), {}, settings, functionals)


@pytest.mark.parametrize("view", VIEWS, ids=repr)
def test_every_cell_of_every_matrix_opens_its_compounds(dataset, published, view):
    walked = 0
    for tables in (dataset, published):
        for n, href in links(matrices(tables, view)):
            assert opened(tables, href) == n, href
            walked += 1
    assert walked


@pytest.mark.parametrize("name", ["dataset", "published"])
def test_every_count_of_the_coverage_opens_its_compounds(request, name):
    tables = request.getfixturevalue(name)
    names = coverage.potential_names(tables)
    walked = list(links(coverage_table(coverage.coverage(tables), names, [])))
    assert walked
    for n, href in walked:
        assert opened(tables, href) == n, href


@pytest.mark.parametrize("anion", [(), ("Cl", "Br")])
def test_every_element_and_slice_opens_the_compounds_that_it_averages(published, anion):
    potentials = choices.potentials(published, "abx3")
    view = AnharmonicityView(quantity="omega", focus=potentials[0], anion=anion)
    frame = errors.rows(published, view, [view.focus], "omega")
    found = errors.by_element(frame, "any").head(12)
    assert len(found) == 12
    for row in found.itertuples(index=False):
        assert opened(published, error_breakdown.picked_element(view, row.element)[0].href) == row.n
    shown = error_breakdown.worst_slices(view, frame, "A potential")
    rows = [node for node in nodes(shown) if type(node).__name__ == "Tr" and list(nodes(node))]
    walked = 0
    for row in rows:
        for link in (n for n in nodes(row) if isinstance(n, dcc.Link) and n.href.startswith("/compounds")):
            assert opened(published, link.href) == int(words(row.children[1]).replace(",", "")), link.href
            walked += 1
    assert walked or anion


def test_a_stratum_opens_the_compounds_between_its_edges(dataset):
    whole = replace(CompoundsView(), truth=("stable", "unstable"), criterion="sigma")
    parts = [
        opened(dataset, f"/compounds?cr=sigma&dl=stable.unstable&sd={stratum}")
        for stratum in ("weak", "middle", "strong")
    ]
    assert sum(parts) == int(counts(dataset, whole)["n"].max())
