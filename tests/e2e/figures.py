"""Figures are drawn as they come near the window: what a test must do to see those below."""

from __future__ import annotations

from playwright.sync_api import Page


def draw_all(page: Page) -> None:
    """Scroll by every figure of the page and wait until it is drawn."""
    page.wait_for_selector(".graph .js-plotly-plot, .graph .dash-graph", state="attached")
    for graph in page.locator(".graph").all():
        graph.scroll_into_view_if_needed()
        graph.locator(".main-svg").first.wait_for()
    page.evaluate("window.scrollTo(0, 0)")
