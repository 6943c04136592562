"""The page of models in a browser: its controls, its address, and that it can be used by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import choose

pytestmark = pytest.mark.e2e


def test_the_score_changes_the_order_and_the_address(visit):
    page = visit("/models")
    rows = page.locator("#models-order tbody tr")
    expect(rows.first).to_contain_text("Mace-Test")
    expect(rows.first).to_contain_text("1.00")
    page.locator("#models-score").get_by_text("σ", exact=True).click()
    # σ only of the first potential, over six compounds: √((0.2² + 0.4² + 0.45² + 0.1² + 0.05² + 0.6²) / 6)
    expect(rows.first).to_contain_text("Chgnet-Test")
    expect(rows.first).to_contain_text("0.36")
    page.wait_for_url("**/models?m=sigma")
    page.reload()
    expect(rows.first).to_contain_text("0.36")


def test_the_pair_follows_its_controls(visit):
    page = visit("/models#two")
    expect(page.locator("#models-pair")).to_contain_text("Mace-Test alone is right on 1 compounds")
    choose(page, "#models-first", "Chgnet-Test")
    expect(page.locator("#models-pair")).to_contain_text("Chgnet-Test alone is right on 0 compounds")
    expect(page.get_by_role("textbox", name="Second", exact=True)).to_have_value("Mace-Test")
    page.wait_for_url("**/models?a=chgnet-test&b=mace-test#two")
    expect(page.locator("#models-pair tbody a").first).to_have_attribute("href", "/compound/abx3/CsPbBr3")


def test_the_suite_decides_what_is_offered(visit):
    page = visit("/models")
    choose(page, "#models-suite", "MACE-MP-0b3 benchmark")
    expect(page.locator("#models-order")).to_contain_text("RMSE of all modes")
    expect(page.locator("#models-pair")).to_contain_text("It takes two potentials")
    page.wait_for_url("**/models?s=mp0b3")


def test_a_tab_opens_by_keyboard_and_the_address_names_it(visit):
    page = visit("/models")
    page.get_by_role("tab", name="Ranking").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/models#two")
    expect(page.get_by_role("heading", name="Two potentials")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Two potentials")).to_be_in_viewport()
