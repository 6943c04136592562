"""Someone who sees the site for the first time finds five answers on the published tables, each in three clicks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acting import press

pytestmark = pytest.mark.e2e


@pytest.fixture
def server(published_server: str) -> str:
    """Address of a server over the published tables."""
    return published_server


@pytest.fixture
def first_page(visit: Callable[..., Page]) -> Page:
    """The first page, as one finds it."""
    page = visit("/")
    page.wait_for_selector(".leaderboard")
    return page


def test_what_the_four_mace_models_do_on_phonons_is_said_before_a_click(first_page):
    said = first_page.locator("#overview-mace")
    expect(said).to_contain_text("Of the four published MACE models")
    expect(said).to_contain_text("force constants are off by")
    expect(said).to_be_in_viewport()
    expect(first_page.locator(".leaderboard tbody tr").first).to_be_in_viewport()
    bottom = first_page.locator(".answer .fine").evaluate("element => element.getBoundingClientRect().bottom")
    assert bottom <= 900, "the answer is above the fold"


def test_a_cell_of_the_map_leads_to_the_compounds_that_it_counts(first_page):
    figure = first_page.locator("#overview-map")
    plot = figure.locator(".nsewdrag")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    press(figure, plot, (0.5 * box["width"], 0.65 * box["height"]))  # where most compounds are
    said = first_page.locator("#overview-cell")
    said.locator("a").wait_for()
    counted = said.locator("a").inner_text().split()[0]
    said.locator("a").click()
    expect(first_page.locator("#compounds-count")).to_contain_text(f"{counted} of 3,660 compounds")


def test_which_potential_for_bromide_double_perovskites(first_page):
    first_page.get_by_role("tab", name="By chemistry").click()
    rows = first_page.locator("#chemistry tbody tr").filter(has_text="Halide double perovskites")
    expect(rows.filter(has_text="X = Br").or_(rows.filter(has_text="any X")).first).to_be_visible()


def test_why_chgnet_fails_on_compounds_like_csmgf3(first_page):
    first_page.locator("#overview-search").fill("CsMgF3")
    first_page.get_by_role("button", name="Find").click()
    first_page.wait_for_url("**/compound/abx3/CsMgF3*")
    first_page.get_by_role("tab", name="Why it may fail here").click()
    expect(first_page.locator("#why")).to_contain_text("CHGNet")
    expect(first_page.locator("#why")).to_contain_text("cusp")


def test_whether_rb2naincl6_is_stable_according_to_two_potentials(first_page):
    first_page.locator("#overview-search").fill("InNaRb2Cl6")
    first_page.keyboard.press("Enter")
    first_page.wait_for_url("**/compound/hdp/Rb2NaInCl6*")
    main = first_page.locator("main")
    for potential in ("CHGNet 0.3.0", "CHGNet 0.2.0"):
        expect(main).to_contain_text(potential)


def test_where_sigma_is_defined(first_page):
    first_page.get_by_role("navigation", name="Pages").get_by_role("link", name="Methods").click()
    first_page.wait_for_url("**/methods*")
    expect(first_page.locator("#term-sigma + dd")).to_contain_text("std(F + Φu)/std(F)")
    expect(first_page.locator("#term-sigma")).to_be_in_viewport()
    first_page.locator("#term-sigma + dd").get_by_role("link", name="Formula").click()
    expect(first_page.locator("#sigma-pooled")).to_be_in_viewport()
