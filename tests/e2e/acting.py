"""What a visitor does, and what a test must do to see what a visitor would."""

from __future__ import annotations

from playwright.sync_api import Page


def draw_all(page: Page) -> None:
    """Scroll by every figure, which is drawn as it comes near the window, and wait until it is."""
    page.wait_for_selector(".graph .js-plotly-plot, .graph .dash-graph", state="attached")
    for graph in page.locator(".graph").all():
        graph.scroll_into_view_if_needed()
        graph.locator(".main-svg").first.wait_for()
    page.evaluate("window.scrollTo(0, 0)")


def choose(page: Page, control: str, option: str) -> None:
    """Pick `option` in a select."""
    page.locator(control).click()
    page.get_by_role("option", name=option, exact=True).click()


def settled_width(page: Page) -> int:
    """Width of the page once figures have followed a change of the window."""
    for _ in range(30):
        if page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]:
            break
        page.wait_for_timeout(100)
    return page.evaluate("document.documentElement.scrollWidth")
