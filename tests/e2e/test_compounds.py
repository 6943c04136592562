"""The table of compounds in a browser: filters, elements, columns, links, files, and the address that restores it."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import visiting
from tests.support.dashboard_data import CHGNET, MACE

pytestmark = pytest.mark.e2e

ROWS = "#compounds-table tbody tr"
NAMES = f"{ROWS} th"
GROUPS = "#compounds-table th[scope=colgroup]"
COUNT = "#compounds-count"


def element(page: Page, symbol: str) -> None:
    page.locator(f"[data-element={symbol}]").click()


def test_filters_follow_the_address_and_write_it(visit):
    page = visit("/compounds")
    expect(page.locator(COUNT)).to_have_text("10 of 10 compounds")
    expect(page.locator(ROWS)).to_have_count(10)
    page.get_by_label("Formula contains").fill("cspb")
    expect(page.locator(COUNT)).to_have_text("3 of 10 compounds")
    expect(page.locator(ROWS)).to_have_count(3)
    page.wait_for_url("**/compounds?f=cspb")
    page.reload()
    expect(page.locator(COUNT)).to_have_text("3 of 10 compounds")
    expect(page.locator(NAMES).first).to_contain_text("CsPbBr3")


def test_elements_go_from_none_to_must_to_must_not(visit):
    page = visit("/compounds")
    page.locator("#compounds-elements-summary").click()
    element(page, "Cs")
    expect(page.locator(COUNT)).to_have_text("4 of 10 compounds")
    expect(page.get_by_role("button", name="Cs: must contain")).to_have_attribute("aria-pressed", "true")
    element(page, "Pb")
    element(page, "Pb")
    expect(page.locator(COUNT)).to_have_text("1 of 10 compounds")
    expect(page.locator("#compounds-elements-summary")).to_have_text("Elements: with Cs; without Pb")
    page.wait_for_url("**/compounds?el=Cs&no=Pb")
    page.reload()
    expect(page.locator(COUNT)).to_have_text("1 of 10 compounds")
    expect(page.locator(f"{NAMES} a")).to_have_text(["CsSrF3"])
    page.locator("#compounds-elements-summary").click()
    expect(page.get_by_role("button", name="Xe")).to_be_disabled()
    page.get_by_role("button", name="Pb: must not contain").focus()
    page.keyboard.press("Enter")
    expect(page.locator(COUNT)).to_have_text("4 of 10 compounds")
    page.wait_for_url("**/compounds?el=Cs")


def test_another_suite_offers_its_own_elements(visit):
    page = visit("/compounds?el=Pb")
    page.locator("#compounds-elements-summary").click()
    page.locator("#compounds-suite").click()
    page.get_by_role("option", name="Halide double perovskites", exact=True).click()
    expect(page.locator(COUNT)).to_have_text("3 of 3 compounds")
    expect(page.locator("[data-element=Pb]")).to_be_disabled()
    expect(page.locator("[data-element=Pb]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("[data-element=Bi]")).to_be_enabled()
    page.wait_for_url("**/compounds?s=hdp")


def test_a_cell_of_the_matrix_of_stability_opens_its_compounds(visit):
    page = visit(f"/compounds?s=abx3&p={CHGNET}&dl=stable&la=unstable")
    expect(page.locator(COUNT)).to_have_text("1 of 10 compounds")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.locator(f"{NAMES} a")).to_have_text(["RbCaF3"])
    expect(page.locator(".notice")).to_have_count(0)


def test_the_tolerance_moves_by_keyboard_and_with_it_the_labels(visit):
    page = visit(f"/compounds?p={CHGNET}&la=unstable")
    expect(page.locator(COUNT)).to_have_text("4 of 10 compounds")
    page.locator("#compounds-verdicts-summary").focus()
    page.keyboard.press("Enter")
    page.locator("#compounds-tolerance_thz [role=slider]").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#compounds-tolerance_thz-value")).to_have_text("0.30")
    # RbCaF3 (−0.25) and CsPbBr3 (−0.30): only what is below −0.30 or at it
    expect(page.locator(COUNT)).to_have_text("3 of 10 compounds")
    page.wait_for_url("**t=0.3*")


def test_potentials_stand_in_groups_of_columns_that_can_be_chosen(visit):
    page = visit(f"/compounds?p={CHGNET}~{MACE}&c=harmonic")
    expect(page.locator(ROWS)).to_have_count(10)
    expect(page.locator(GROUPS)).to_have_text(["Chgnet-Test", "Mace-Test"])
    page.locator("#compounds-columns-summary").click()
    page.locator("#compounds-columns-fold").get_by_text("elements on sites").click()
    expect(page.locator(GROUPS).first).to_have_text("DFT")
    expect(page.get_by_role("columnheader", name="A", exact=True)).to_be_visible()
    page.wait_for_url("**c=sites.harmonic*")
    expect(page.locator(f"{ROWS}:first-child td").first).to_have_text("Ba")


def test_sorting_is_of_all_rows_and_stays_in_the_address(visit):
    page = visit("/compounds")
    first, head = page.locator(NAMES).first, page.locator("th:has([data-sort=dft_sigma])")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(first).to_have_text("KMgF3")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(head.get_by_role("button")).to_be_focused()
    page.wait_for_url("**/compounds?o=dft_sigma.asc")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(first).to_have_text("BaTiO3")
    page.wait_for_url("**/compounds?o=dft_sigma.desc")
    page.get_by_label("Formula contains").fill("cspb")
    expect(page.locator(COUNT)).to_have_text("3 of 10 compounds")
    page.wait_for_url("**/compounds?f=cspb&o=dft_sigma.desc")
    page.reload()
    expect(first).to_have_text("CsPbI3")


def test_a_formula_is_a_link_of_the_keyboard_too(visit):
    page = visit("/compounds?f=cspbi")
    link = page.locator(f"{NAMES} a")
    expect(link).to_have_attribute("href", "/compound/abx3/CsPbI3")
    expect(page.locator(".pager button")).to_have_count(0)
    link.press("Enter")
    page.wait_for_url("**/compound/abx3/CsPbI3", wait_until="commit")


def test_rows_come_in_pages_that_the_address_names(published_server, visitor):
    """Of the published tables: 3,660 compounds."""
    with visiting(visitor, published_server) as visit:
        page = visit("/compounds?p=sevennet-0")
        rows = page.locator("#compounds-range")
        expect(rows).to_have_text("Rows 1 to 50 of 3,660")
        expect(page.locator(ROWS)).to_have_count(50)
        expect(page.get_by_role("button", name="Previous")).to_be_disabled()
        seen = page.locator(NAMES).all_inner_texts()
        page.get_by_role("button", name="Next").click()
        expect(rows).to_have_text("Rows 51 to 100 of 3,660")
        page.wait_for_url("**/compounds?p=sevennet-0&pg=2")
        assert not set(seen) & set(page.locator(NAMES).all_inner_texts())
        page.get_by_role("button", name="Last").click()
        expect(rows).to_have_text("Rows 3,651 to 3,660 of 3,660")
        expect(page.get_by_role("button", name="Next")).to_be_disabled()
        page.reload()
        expect(rows).to_have_text("Rows 3,651 to 3,660 of 3,660")
        page.get_by_label("Formula contains").fill("cspb")  # of which there are fewer: the first page
        expect(page.locator(NAMES).first).to_contain_text("CsPb")
        expect(rows).to_have_text(re.compile(r"Rows 1 to (\d+) of \1"))


def test_files_and_sql_are_of_what_is_shown(visit):
    page = visit("/compounds?f=cspb")
    files = {}
    for kind in ("CSV", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {kind}").click()
        files[kind] = download.value.path().read_bytes()
    written, stored = pd.read_csv(io.BytesIO(files["CSV"])), pd.read_parquet(io.BytesIO(files["Parquet"]))
    assert len(written) == len(stored) == 6
    assert {"doi", "source", "run", "protocol", "release"} <= set(written.columns)
    page.get_by_text("SQL that made these rows").click()
    expect(page.locator("#compounds-sql")).to_contain_text("contains(lower(formula), lower('cspb'))")


def test_no_match_says_so_and_offers_the_way_back(visit):
    page = visit(f"/compounds?p={CHGNET}&f=zzz")
    expect(page.locator("#compounds-missing")).to_contain_text("No compound matches these filters.")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator(COUNT)).to_have_text("10 of 10 compounds")
    page.wait_for_url(f"**/compounds?p={CHGNET}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_narrow_window_with_every_part_open(visit, scheme):
    page = visit("/compounds?c=sites.dft.descriptors.harmonic.sigma.reason", width=390, scheme=scheme)
    page.wait_for_selector(ROWS)
    for part in ("verdicts", "chemistry", "elements", "columns"):
        page.locator(f"#compounds-{part}-summary").click()
    page.get_by_text("SQL that made these rows").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
