"""Methods & data in a browser: anchors, folded tables, downloads."""

from __future__ import annotations

import json
import urllib.request

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def test_a_word_of_the_glossary_leads_to_its_formula_without_drawing_the_page_again(visit):
    page = visit("/methods")
    page.evaluate("document.querySelector('h1').dataset.kept = 'yes'")
    page.locator("#term-sigma + dd").get_by_role("link", name="Formula").click()
    page.wait_for_url("**/methods#sigma-pooled")
    expect(page.locator("#sigma-pooled")).to_be_in_viewport()
    page.get_by_role("tab", name="Limits").click()
    page.wait_for_url("**/methods#limitations")
    expect(page.locator("h1")).to_have_attribute("data-kept", "yes")


def test_an_address_with_an_anchor_opens_and_shows_its_part(visit):
    page = visit("/methods#table-runs")
    expect(page.locator("#table-runs")).to_have_attribute("open", "")
    expect(page.locator("#table-runs summary")).to_be_in_viewport()
    expect(page.locator("#table-references")).not_to_have_attribute("open", "")
    assert page.url.endswith("/methods#table-runs")


def test_a_listed_table_is_downloaded_whole(visit, server):
    with urllib.request.urlopen(f"{server}/data/manifest.json") as answer:
        entry = json.load(answer)["tables"]["harmonic"]
    page = visit("/methods#downloads")
    with page.expect_download() as download:
        page.get_by_role("link", name="harmonic.parquet", exact=True).click()
    assert download.value.suggested_filename == "harmonic.parquet"
    assert pq.read_table(download.value.path()).num_rows == entry["rows"]


def test_the_dictionary_opens_by_keyboard_and_stays_within_a_narrow_window(visit):
    page = visit("/methods#dictionary", width=390)
    page.locator("#table-harmonic summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Columns of harmonic")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
