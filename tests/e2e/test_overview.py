"""The overview and what every page has: a sentence from the data, figures as files and tables, a link to the view."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import choose, draw_all

pytestmark = pytest.mark.e2e


def test_another_potential_has_another_sentence(visit):
    page = visit("/")
    finding = page.locator("#overview-results .finding")
    before = finding.inner_text()
    assert "Mace-Test" in page.locator("#overview-potential").input_value()
    choose(page, "#overview-potential", "Chgnet-Test")
    page.wait_for_url("**/?p=chgnet-test")
    expect(finding).not_to_have_text(before)
    after = finding.inner_text()
    page.reload()
    expect(finding).to_have_text(after)


def test_another_suite_changes_what_is_asked(visit):
    page = visit("/")
    choose(page, "#overview-suite", "Halide double perovskites")
    expect(page.locator("#overview-results .finding")).to_contain_text("no frequencies")
    expect(page.locator("#overview-place-box")).to_have_attribute("hidden", "")
    page.wait_for_url("**/?s=hdp")
    choose(page, "#overview-suite", "Cubic ABX3 perovskites")
    expect(page.locator("#overview-place-box")).not_to_have_attribute("hidden", "")


def test_another_place_recomputes_n(visit):
    page = visit("/#frequencies")
    compared = page.locator("#overview-agreement figcaption").first
    expect(compared).to_contain_text("n = 5")
    page.locator("#overview-place").get_by_text("M", exact=True).click()
    expect(compared).to_contain_text("n = 0")
    page.wait_for_url("**/?q=m#frequencies")


def test_a_figure_is_a_file_and_a_table(visit):
    page = visit("/#frequencies")
    tools = page.locator("#overview-agreement .figure-tools").first
    draw_all(page)
    with page.expect_download() as svg:
        tools.get_by_role("button", name="SVG").click()
    assert svg.value.path().read_text(encoding="utf-8").startswith("<svg")
    with page.expect_download() as png:
        tools.get_by_role("button", name="PNG").click()
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    tools.get_by_role("button", name="Table").click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as table:
        dialog.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(table.value.path().read_text(encoding="utf-8").splitlines()))
    assert sum(int(row["compounds per bin"]) for row in rows) == 5
    expect(dialog.locator("tbody tr")).to_have_count(len(rows))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_copied_link_names_the_release_and_opens_the_same_view(visit):
    page = visit("/?m=sigma")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#copied")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "m=sigma" in link
    assert "v=" in link
    page.goto(link)
    page.wait_for_selector("h1")
    expect(page.locator("#overview-colour input:checked")).to_have_value("sigma")
    expect(page.locator(".notice")).to_have_count(0)


def test_on_a_narrow_screen_the_pages_are_behind_a_button(visit):
    page = visit("/", width=390)
    expect(page.locator("#nav")).to_be_hidden()
    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    page.locator("#nav").get_by_text("Stability").click()
    page.wait_for_url("**/stability")
    expect(page.locator("#nav")).to_be_hidden()
