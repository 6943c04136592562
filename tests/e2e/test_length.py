"""A page is at most four screens and a few hundred words before a click, in both themes and on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.acting import settled_width
from tests.e2e.conftest import visiting

pytestmark = pytest.mark.e2e

TALLEST = 3600
MOST_WORDS = 700
PATHS = (
    "/", "/compounds", "/trust", "/stability", "/stability?s=hdp", "/anharmonicity", "/anharmonicity?s=hdp&y=sigma",
    "/errors", "/models", "/recompute", "/methods", "/add", "/add?k=calculator",
)  # fmt: skip
PARTS = (
    "/#chemistry", "/#frequencies", "/#coverage", "/stability#cuts", "/stability#pairs", "/stability#ranking",
    "/stability#screening", "/anharmonicity?y=omega#kinds", "/anharmonicity?y=omega#elements",
    "/anharmonicity?y=omega#slices", "/errors#set", "/errors#tilt", "/errors#softening", "/errors#explained",
    "/models#two", "/models#cards", "/models#field", "/models#learned",
    "/methods#formulas", "/methods#limitations", "/methods#cite", "/methods#tables",
)  # fmt: skip
# Rows of the table of compounds are data: it has as many as fit into its frame.
WORDS = """(() => {
    const count = element => element.innerText.split(/\\s+/).filter(Boolean).length;
    const rows = Array.from(document.querySelectorAll("#compounds-table"));
    return rows.reduce((left, grid) => left - count(grid), count(document.querySelector("main")));
})()"""
HEIGHT = "document.documentElement.scrollHeight"


@pytest.fixture
def server(published_server: str) -> str:
    """Address of a server over the published tables."""
    return published_server


@pytest.fixture(scope="module")
def turn(published_server: str, visitor: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Opens a path, by its part alone where its page stands open."""
    with visiting(visitor, published_server) as visit:
        page: Page | None = None

        def go(path: str) -> Page:
            nonlocal page
            address, _, part = path.partition("#")
            if page is None:
                page = visit(path)
            elif page.url.partition("#")[0] == published_server + address:
                page.evaluate("part => { location.hash = part; }", part)
            else:
                page.goto(published_server + path)
            page.wait_for_selector("h1")
            page.wait_for_load_state("networkidle")
            return page

        yield go


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_short_before_a_click(visit, path):
    page = visit(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(HEIGHT) <= TALLEST
    assert page.evaluate(WORDS) < MOST_WORDS


@pytest.mark.parametrize("path", PARTS)
def test_a_part_is_at_most_four_screens(turn, path):
    page = turn(path)
    expect(page.locator(f"#{path.partition('#')[2]}")).to_be_visible()
    page.wait_for_timeout(150)  # what it fetches is asked for when it is seen
    expect(page.locator("[data-dash-is-loading=true]")).to_have_count(0)
    assert page.evaluate(HEIGHT) <= TALLEST


def test_the_answer_is_within_two_screens_of_a_telephone(visit):
    page = visit("/", width=390)
    page.wait_for_selector(".leaderboard")
    assert settled_width(page) <= 390
    bottom = page.locator(".answer").evaluate("element => element.getBoundingClientRect().bottom + scrollY")
    assert bottom <= 2 * 900
