"""The page about the API: under the site's own rules, on any screen, from the keyboard."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_telephone(visit, scheme):
    page = visit("/api/v1/", width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    expect(page.locator("body")).to_have_css(
        "background-color", "rgb(20, 24, 26)" if scheme == "dark" else "rgb(247, 248, 248)"
    )


def test_the_keyboard_reaches_the_content_and_its_links(visit):
    page = visit("/api/v1/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="/api/v1/openapi.json")).to_be_focused()
