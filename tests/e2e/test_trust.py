"""Trust in a browser, over the published tables: a formula, its elements, the screen, the file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import choose, settled_width

pytestmark = pytest.mark.e2e


@pytest.fixture
def server(published_server: str) -> str:
    """Address of a server over the published tables."""
    return published_server


def test_a_formula_of_no_suite_is_answered_and_the_address_is_the_view(visit):
    page = visit("/trust")
    expect(page.locator(".trust-advice h2")).to_have_text("CsPbBr3")
    page.locator("#trust-compound").fill("FrPbI3")
    page.locator("#trust-compound").press("Enter")
    expect(page.locator("#trust-answer")).to_contain_text("It is in no suite")
    expect(page.locator("#trust-answer")).to_contain_text("A = Fr")
    page.wait_for_url("**/trust?c=FrPbI3")
    page.reload()
    expect(page.locator(".trust-advice h2")).to_have_text("FrPbI3")


def test_picking_an_element_asks_about_another_compound(visit):
    page = visit("/trust?c=CsPbBr3")
    choose(page, "#trust-X", "Cl")
    expect(page.locator(".trust-advice h2")).to_have_text("CsPbCl3")
    expect(page.locator("#trust-compound")).to_have_value("CsPbCl3")
    page.wait_for_url("**/trust?c=CsPbCl3")


def test_what_is_no_cubic_perovskite_is_refused_and_a_typing_error_keeps_the_answer(visit):
    page = visit("/trust?c=Cs2AgBiBr6")
    expect(page.locator("[data-advice=none]")).to_contain_text("run DFT")
    page.locator("#trust-compound").fill("CsPbQq3")
    page.locator("#trust-compound").press("Enter")
    expect(page.get_by_text("“Qq” in “CsPbQq3” is not an element")).to_be_visible()
    expect(page.locator("[data-advice=none]")).to_contain_text("Cs2AgBiBr6")


def test_the_screen_follows_its_costs_and_fits_the_window(visit):
    page = visit("/trust")
    table = page.locator("#trust-screening table")
    expect(table).to_contain_text("DFT on all")
    page.locator("#trust-false_unstable").fill("0")
    page.locator("#trust-false_unstable").press("Tab")
    expect(table.locator("strong")).to_have_text("trust in all")  # nothing is lost by losing a material
    page.wait_for_url("**cu=0*")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled_width(page) <= width


def test_the_line_below_the_tabs_stays_with_them_in_a_narrow_window(visit):
    tabs = visit("/trust", width=390).get_by_role("tablist")
    line = "e => [getComputedStyle(e, '::before').position, getComputedStyle(e).position]"
    assert tabs.evaluate(line) == ["absolute", "relative"]  # an absolute line goes to what is not static


def test_the_next_runs_are_a_file(visit):
    page = visit("/trust#next")
    with page.expect_download() as download:
        page.locator("#trust-next").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) > 100
    assert {"formula", "expected_reduction"} <= set(rows[0])


def test_the_page_of_a_compound_says_why_it_may_fail_and_leads_to_what_may_be_trusted(visit, server):
    page = visit("/compound/abx3/CsSrF3#why")
    expect(page.get_by_role("heading", name="Why it may fail here")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Without the DFT of this compound one would say")
    page.locator("#compound-verdict").get_by_role("link", name="Trust", exact=True).click()
    page.wait_for_url("**/trust?c=CsSrF3")
    answer = page.request.get(f"{server}/api/v1/trust?compound=CsSrF3").json()
    expect(page.locator("#trust-answer")).to_contain_text(answer["advice"])
