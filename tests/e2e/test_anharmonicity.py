"""Anharmonicity in a browser: what a control changes, where a click leads, and that the address is the view."""

from __future__ import annotations

import math
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.acting import choose, draw_all, open_part, press
from tests.support.dashboard_data import ABX3, ABX3_SIGMA, CHGNET

pytestmark = pytest.mark.e2e

DFT = {formula: sigma for formula, _, _, _, sigma, *_ in ABX3}
ANION = {formula: x for formula, _, _, x, *_ in ABX3}
ERROR = {formula: sigma - DFT[formula] for formula, sigma, *_ in ABX3_SIGMA if sigma is not None}


def number(page: Page, column: str) -> Locator:
    """The cell of the only potential in the table of agreement."""
    rows = page.locator("#anharmonicity-compared table").last.locator("tbody tr")
    return rows.first.locator("td").nth(("n", "RMSE").index(column))


def rmse(errors: list[float]) -> str:
    return f"{math.sqrt(sum(e * e for e in errors) / len(errors)):.2f}"


def test_a_filter_recomputes_every_number_and_the_address_restores_them(visit):
    page = visit(f"/anharmonicity?p={CHGNET}")
    # Seven were run, one of which melted and has no σ.
    expect(page.locator("#anharmonicity-compared tbody td").first).to_have_text("7")
    expect(number(page, "n")).to_contain_text(re.compile("^6"))
    expect(number(page, "RMSE")).to_contain_text(rmse(list(ERROR.values())))
    choose(page, "#anharmonicity-anion", "F")
    fluorides = [error for formula, error in ERROR.items() if ANION[formula] == "F"]
    page.wait_for_url(f"**/anharmonicity?p={CHGNET}&an=F")
    expect(number(page, "n")).to_contain_text(re.compile("^3"))
    expect(number(page, "RMSE")).to_contain_text(rmse(fluorides))
    page.reload()
    page.wait_for_selector("#anharmonicity-compared tbody")
    expect(number(page, "RMSE")).to_contain_text(rmse(fluorides))


def test_a_point_and_an_element_name_their_pages(visit):
    page = visit("/anharmonicity")
    parity, elements = page.locator("#anharmonicity-parity"), page.locator("#anharmonicity-map")
    press(parity, parity.locator(".points path").first)
    link = page.locator("#anharmonicity-picked a")
    expect(link).to_be_visible()
    assert link.get_attribute("href") == f"/compound/abx3/{link.inner_text()}"
    open_part(page, "Elements")
    draw_all(page)
    press(elements, elements.locator(".heatmap-label").filter(has_text="Cs"))
    link = page.locator("#anharmonicity-element a")
    expect(link).to_have_text("Compounds with Cs")
    assert link.get_attribute("href") == f"/compounds?p={CHGNET}&el=Cs&cr=sigma&dl=stable.unstable&st=ok"


def test_the_quantity_and_the_map_follow_the_keyboard(visit):
    page = visit("/anharmonicity")
    largest = page.locator("#anharmonicity-slices table").last
    expect(largest).to_contain_text("DFT σ")
    page.locator("#anharmonicity-quantity input[value=sigma]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/anharmonicity?y=omega&o={CHGNET}")
    expect(largest).to_contain_text("THz")
    open_part(page, "Elements")
    page.locator("#anharmonicity-measure input[value=bias]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/anharmonicity?y=omega&o={CHGNET}&m=rmse#elements")
    expect(page.locator("#anharmonicity-elements figcaption")).to_contain_text("the RMSE and n")
    open_part(page, "σ against DFT")
    page.get_by_label("logarithmic axes").focus()
    page.keyboard.press("Space")
    page.wait_for_url(f"**/anharmonicity?ax=log&y=omega&o={CHGNET}&m=rmse")


def test_the_suite_decides_what_is_offered(visit):
    page = visit("/anharmonicity")
    choose(page, "#anharmonicity-suite", "Halide double perovskites")
    page.wait_for_url("**/anharmonicity?s=hdp")
    expect(page.locator("#anharmonicity-compared .not-computed")).to_be_visible()
    expect(page.locator("#anharmonicity-quantity label")).to_have_count(1)


def test_the_page_fits_a_phone_in_both_schemes(visit):
    page = visit("/anharmonicity?y=omega", width=390)
    page.wait_for_selector(".js-plotly-plot .xtick text")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("document.documentElement.scrollWidth <= 390")
