"""A number that can be clicked opens exactly the rows that it counts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb
import numpy as np
import pytest
from dash import dcc, html
from pandas.testing import assert_frame_equal
from werkzeug.datastructures import MultiDict

from dashboard.api import rows as api
from dashboard.api.parameters import TABLE_PARAMETERS, read
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices, error_breakdown
from dashboard.pages.anharmonicity import data as errors
from dashboard.pages.compounds import data as compounds
from dashboard.pages.compounds.data import counts
from dashboard.pages.overview import data as overview
from dashboard.pages.overview import headline
from dashboard.pages.overview.coverage import coverage_table
from dashboard.pages.overview.factor_map_figure import factor_map
from dashboard.pages.potentials import learning, learning_data
from dashboard.pages.stability import confusion
from dashboard.queries import coverage, stability
from dashboard.queries.potentials import reference_functionals
from dashboard.ui.blocks import card_id
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import decode, encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import MOST_POTENTIALS, StabilityView
from tests.conftest import ROOT
from tests.support.components import drawn, nodes, words

OF_PBE = ("chgnet-0.2.0", "chgnet-0.3.0", "sevennet-0")
VIEWS = (
    StabilityView(),
    StabilityView(tolerance_thz=0.3),
    StabilityView(anion=("F",)),
    StabilityView(criterion="sigma"),
    StabilityView(criterion="sigma", threshold=0.7),
    StabilityView(criterion="cross"),
    StabilityView(suite="hdp", criterion="cross"),
    StabilityView(criterion="renormalised"),
    StabilityView(level="comparable"),
    StabilityView(level="comparable", anion=("Cl", "Br"), tolerance_thz=0.05),
    StabilityView(common="yes"),
    StabilityView(common="yes", criterion="sigma", threshold=0.8),
    StabilityView(common="yes", level="comparable", potentials=OF_PBE),
)
MAPS = [
    *itertools.product(("abx3",), ("error", "disagreement", "sigma")),
    ("hdp", "sigma"),
]


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
    offered = stability.potentials(dataset, view.suite, view.criterion)
    potentials = tuple([p for p in offered if p in view.potentials] or offered[:MOST_POTENTIALS])
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


def test_common_and_comparable_compounds_are_those_that_count(published):
    """By hand from the joined rows, whatever the potentials say of them."""
    listed = ", ".join(f"'{potential}'" for potential in OF_PBE)
    for level in ("all", "comparable"):
        counts_here = "AND comparable_level" if level == "comparable" else ""
        run = published.frame(
            f"SELECT compound FROM pairs WHERE suite = 'abx3' AND potential IN ({listed}) AND status <> 'not-run' "
            f"{counts_here} GROUP BY compound HAVING count(*) = 3"
        )
        view = CompoundsView(potentials=OF_PBE[:1], level=level, common=OF_PBE)
        assert opened(published, f"/compounds?{encode(view)}") == len(run) > 0


def test_the_sql_of_comparable_compounds_gives_the_same_rows_elsewhere(published):
    view = CompoundsView(potentials=("chgnet-0.3.0", "chgnet-r2scan"), anion=("Cl",), level="comparable")
    with duckdb.connect() as connection:
        found = connection.execute(compounds.export_sql(published, view, str(published.directory))).df()
    expected = compounds.export(published, view)
    assert len(expected) > 0
    assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize(("suite", "colour"), MAPS)
def test_every_cell_of_the_map_opens_its_compounds(published, suite, colour):
    potential = coverage.potentials_with_results(published, suite)[0]
    found = overview.factor_map(published, suite, potential, colour)
    if suite == "abx3":
        assert len(found.value)
    (heat,) = drawn(
        factor_map(found.tolerance_factor, found.octahedral_factor, found.value, title="", signed=True)
    ).data
    n = np.array(heat.text, dtype=int)
    for row, column in np.argwhere(n > 0)[:: 1 if colour == "error" else 9]:
        t, mu = np.array(heat.x, float)[column], np.array(heat.y, float)[row]
        ((count, href),) = links(html.P(headline.cell(published, suite, potential, colour, t, mu)))
        assert count == n[row, column] == opened(published, href), href


def test_the_api_has_the_rows_of_common_and_comparable_compounds(published):
    potentials = OF_PBE[1:]
    asked = MultiDict([("suite", "abx3"), ("potential", potentials[0]), ("level", "comparable"), ("limit", "1000")])
    for potential in potentials:
        asked.add("common", potential)
    page = api.page(published, "r", "harmonic", read(TABLE_PARAMETERS["harmonic"], asked))
    view = CompoundsView(potentials=potentials[:1], level="comparable", common=potentials)
    listed = set(compounds.export(published, view)["compound"])
    found = set(page.rows["compound"].to_pylist())
    assert found
    assert found <= listed
    if page.next is None:
        assert found == listed


def test_every_point_of_the_learning_curves_opens_the_rows_of_its_mean(published):
    found = learning_data.learned(published)
    assert found is not None
    for potential in found.potentials:
        said = html.P(learning.picked(potential, "A model", found))
        card, rows = [node.href for node in nodes(said) if isinstance(node, html.A)]
        assert card == f"#{card_id(potential)}"
        query = MultiDict(parse_qsl(urlsplit(rows).query))
        page = api.page(published, "r", "attribution", read(TABLE_PARAMETERS["attribution"], query))
        assert page.n == page.rows.num_rows == found.n
        assert set(page.rows["potential"].to_pylist()) == {potential}


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
