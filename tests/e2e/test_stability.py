"""The page on stability in a browser: what its controls change, where its cells lead, and its address."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.acting import choose, draw_all, open_part
from tests.support.dashboard_data import CHGNET, MACE

pytestmark = pytest.mark.e2e

TOLERANCE = "#stability-tolerance_thz [role=slider]"
ALONE = f"/stability?p={CHGNET}"


def matrix(page: Page, potential: str = CHGNET) -> list[str]:
    cells = page.locator(f"[data-potential='{potential}'] tbody td").all_inner_texts()
    return [text.split("\n")[0] for text in cells]


def first_cell(page: Page, potential: str = CHGNET):
    return page.locator(f"[data-potential='{potential}'] tbody td").first


def caption(page: Page):
    return page.locator(f"[data-potential='{CHGNET}'] caption")


def test_moving_the_tolerance_by_keyboard_changes_the_matrix_and_the_address(visit):
    page = visit(ALONE)
    # rows: the potential's answer; columns: DFT stable, unstable, no label
    assert matrix(page) == ["2", "1", "0", "1", "2", "1", "0", "1", "0", "0", "1", "0", "0", "1", "0"]
    page.locator(TOLERANCE).focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#stability-tolerance_thz-value")).to_have_text("0.30")
    expect(first_cell(page)).to_contain_text("3")
    page.wait_for_url(f"**{ALONE}&t=0.3")
    before = matrix(page)
    page.reload()
    page.wait_for_selector(".matrix")
    assert matrix(page) == before
    expect(page.locator("#stability-tolerance_thz-value")).to_have_text("0.30")


def test_filters_change_n(visit):
    page = visit(ALONE)
    expect(caption(page)).to_contain_text("n = 10 compounds")
    choose(page, "#stability-anion", "F")
    expect(caption(page)).to_contain_text("n = 4 compounds")
    page.wait_for_url(f"**{ALONE}&an=F")


def test_the_suite_decides_which_criterion_is_offered(visit):
    page = visit("/stability")
    choose(page, "#stability-suite", "Halide double perovskites")
    expect(page.get_by_role("heading", name="Cross-tabulation")).to_be_visible()
    expect(page.locator("#stability-threshold-box")).to_be_visible()
    expect(caption(page)).to_contain_text("n = 3 compounds")
    page.wait_for_url("**/stability?s=hdp")


def test_common_compounds_can_be_switched_on(visit):
    page = visit("/stability")
    alone = matrix(page)[:6]
    page.get_by_role("switch", name="Common compounds").press("Space")
    page.wait_for_url("**/stability?k=yes")
    expect(page.locator("#stability-coverage")).to_contain_text("5 of 10 have been run with every potential")
    assert matrix(page, MACE)[:6] == ["2", "0", "0", "0", "3", "0"]
    assert matrix(page)[:6] == ["2", "1", "0", "0", "2", "0"]
    assert alone == ["2", "1", "0", "1", "2", "1"]


def test_pairs_and_rankings_follow_the_criterion(visit):
    page = visit("/stability")
    # Fewer than five cations: the difference stands without an interval.
    expect(page.locator("#stability-pairs tbody tr")).to_contain_text(["0.33"])
    # Each over its own compounds; on the five that both were run on, CHGNet too has all in order.
    expect(page.locator("#stability-rankings figcaption").first).to_contain_text("areas 0.667 to 1.000")
    choose(page, "#stability-criterion", "σ | harmonic")
    page.wait_for_url("**/stability?c=cross")
    expect(page.locator("#stability-pairs tbody tr")).to_have_count(0, timeout=15_000)


def test_a_cell_leads_to_its_compounds(visit):
    page = visit(f"{ALONE}&t=0.3")
    cell = first_cell(page).get_by_role("link")
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/compounds?p={CHGNET}&t=0.3&dl=stable&la=stable")
    expect(page.locator("#compounds-count")).to_contain_text("3 of 10")


def test_prices_change_the_cheapest_tolerance_and_the_address(visit):
    page = visit(f"{ALONE}#screening")
    row = page.locator("#stability-economics tbody tr").first
    expect(row).to_contain_text("0.26")
    lost = page.get_by_label("False unstable costs (DFT runs)")
    lost.fill("0")
    lost.press("Tab")
    expect(row).to_contain_text("0.10")
    page.wait_for_url(f"**{ALONE}&cu=0#screening")


@pytest.mark.parametrize("query", ["c=sigma", "c=renormalised", "c=cross", "s=mp0b3"])
def test_every_comparison_fits_a_telephone(visit, query):
    page = visit(f"/stability?{query}", width=390)
    page.wait_for_selector("#stability-economics .graph", state="attached")
    for part in ("Tolerance", "Ranking", "Screening"):
        open_part(page, part)
        draw_all(page)
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
