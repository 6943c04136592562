"""The site in a browser: what is drawn, what a control changes, and that the address is the view."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import draw_all, settled_width

pytestmark = pytest.mark.e2e

PATHS = ("/", "/compounds", "/stability", "/stability?s=hdp")


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_drawn_within_the_window_in_both_schemes(visit, path):
    page = visit(path)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_selector("#compounds-table tbody tr") if path == "/compounds" else draw_all(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            assert settled_width(page) <= width


def test_navigation_keeps_history_and_marks_the_page(visit):
    page = visit("/")
    page.get_by_role("navigation").get_by_text("Stability").click()
    expect(page.locator("#nav [aria-current=page]")).to_have_text("Stability")
    expect(page).to_have_title("Stability · Softmode")
    page.go_back()
    expect(page.locator("#nav [aria-current=page]")).to_have_text("Overview")


def test_the_colour_scheme_is_remembered(visit):
    page = visit("/stability")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_controls_have_names_and_the_skip_link_works(visit):
    page = visit("/stability")
    assert page.evaluate("document.documentElement.lang") == "en"
    for name in ("Suite", "Potential", "Anion"):
        expect(
            page.get_by_role("textbox", name=name, exact=True).or_(page.get_by_label(name).first).first
        ).to_be_visible()
    expect(page.get_by_role("slider", name="Tolerance (THz)")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page"


def test_malformed_address_gives_the_default_and_a_notice(visit):
    page = visit("/stability?t=abc")
    expect(page.locator(".notice")).to_contain_text("replaced by the default: t")
    expect(page.locator("#stability-tolerance_thz-value")).to_have_text("0.10")


def test_unknown_paths_are_404_and_say_so(server, chromium):
    context = chromium.new_context()
    page = context.new_page()
    response = page.goto(server + "/no-such-page")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    context.close()
