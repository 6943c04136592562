"""What a visitor does, and what a test must do to see what a visitor would."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, TimeoutError

STILL = """async () => {
  const moving = () => document.getAnimations()
    .filter((one) => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime));
  do {
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    await Promise.allSettled(moving().map((one) => one.finished));
  } while (moving().length);
}"""
LISTEN = """plot => {
  const heard = {click: false};
  plot.on("plotly_click", () => { heard.click = true; });
  return heard;
}"""


def settled(page: Page) -> None:
    """Wait until every change of colour or place that the style of the page draws out is over."""
    page.evaluate(STILL)


def draw_all(page: Page) -> None:
    """Scroll by every figure of the open part, which is drawn as it comes near the window, and wait until it is."""
    page.wait_for_selector(".graph .js-plotly-plot, .graph .dash-graph", state="attached")
    for graph in page.locator(".graph:visible").all():
        graph.scroll_into_view_if_needed()
        graph.locator(".main-svg").first.wait_for()
    page.evaluate("window.scrollTo(0, 0)")


def open_part(page: Page, name: str) -> None:
    """Open the tab `name`."""
    page.get_by_role("tab", name=name, exact=True).click()


def press(figure: Locator, target: Locator, at: tuple[float, float] | None = None) -> None:
    """Click where `target` is drawn in `figure`, at `at` within it or in its middle.

    A figure knows what is clicked by what is hovered, and it may still move or be drawn anew as its page is: so the
    mouse comes again until the figure has named what is under it, and has heard the click.
    """
    page = target.page
    for _ in range(30):
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        x, y = at or (box["width"] / 2, box["height"] / 2)
        page.mouse.move(box["x"] + x - 2, box["y"] + y)
        page.mouse.move(box["x"] + x, box["y"] + y)
        try:
            figure.locator(".hovertext").first.wait_for(timeout=1000)
        except TimeoutError:
            continue
        heard = figure.locator(".js-plotly-plot").first.evaluate_handle(LISTEN)
        if target.bounding_box() == box:
            page.mouse.down()
            page.mouse.up()
            if heard.evaluate("heard => heard.click"):
                return
    raise AssertionError(f"{figure} does not hear what is clicked in it")


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
