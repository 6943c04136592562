"""What every page owes a reader: drawn without errors, accessible, within the window, reachable, citable."""

from __future__ import annotations

import html
import re
import urllib.request
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.acting import settled, settled_width
from tests.e2e.conftest import visiting

pytestmark = pytest.mark.e2e

PATHS = (
    "/",
    "/compounds",
    "/compound/abx3/CsPbI3",
    "/stability",
    "/stability?s=hdp",
    "/anharmonicity",
    "/errors",
    "/models",
    "/recompute",
    "/methods",
    "/add",
)
OF_COLOUR = ("color-contrast", "link-in-text-block")
"""The rules that a scheme can break: in the second all others would find the same again."""
LOOK = """element => {
  const near = [element, element.parentElement, element.parentElement.parentElement].map((e) => getComputedStyle(e));
  return near.map((s) => [s.outlineStyle, s.outlineColor, s.borderTopColor, s.boxShadow, s.backgroundColor]).join("|");
}"""
SHIFT = """() => new Promise((answer) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) sum += e.value; }))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => answer(sum), 200);
})"""
BEYOND = """() => [...document.querySelectorAll("main *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .filter((e) => !e.closest(".table-scroll, svg, pre"))
  .slice(0, 5).map((e) => e.tagName + "." + e.className)"""


def drawn(page: Page) -> Page:
    """The page once its figures and tables have come."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("main h1")).to_have_count(1)
    return page


def focus_is_visible(page: Page) -> bool:
    """Whether the focused element, or the box that it sits in, looks otherwise than without focus."""
    focused = page.evaluate_handle("document.activeElement")
    settled(page)
    look = focused.evaluate(LOOK)
    focused.evaluate("element => element.blur()")
    settled(page)
    visible = focused.evaluate(LOOK) != look
    focused.evaluate("element => element.focus({focusVisible: true})")
    return visible


def grave_violations(page: Page, *rules: str) -> list[tuple[str, list[str]]]:
    """What axe-core calls serious or critical by `rules`, or by all: which rule, and where it is broken and why."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    return [
        (found["id"], [node["html"][:160] + " " + node["failureSummary"] for node in found["nodes"][:4]])
        for found in Axe().run(page, options=options).response["violations"]
        if found["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="module", params=PATHS)
def opened(request: pytest.FixtureRequest, server: str, visitor: BrowserContext) -> Iterator[tuple[Page, str]]:
    """The page at each path, opened once for all tests of it, and its address."""
    with visiting(visitor, server) as visit:
        yield visit(request.param), server + request.param


@pytest.fixture
def page(opened: tuple[Page, str], request: pytest.FixtureRequest) -> Page:
    """The page as the test before has left it, wide and light; a test that is run again gets it afresh."""
    page, address = opened
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    if request.node.execution_count > 1:
        page.goto(address)
    return drawn(page)


def test_the_keyboard_reaches_navigation_and_content_and_shows_where_it_is(page):
    page.keyboard.press("Tab")
    skip = page.locator(".skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Softmode", exact=True)).to_be_focused()
    for name in page.locator("#nav a").all_inner_texts():
        page.keyboard.press("Tab")
        expect(page.locator("#nav a", has_text=name)).to_be_focused()
    assert focus_is_visible(page)
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#page') !== null && document.activeElement.id !== 'page'")
    assert focus_is_visible(page), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_every_page_stays_within_the_window(page):
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled_width(page) <= width, page.evaluate(BEYOND)


def test_every_page_is_accessible_in_both_schemes(page):
    for scheme, rules in {"light": (), "dark": OF_COLOUR}.items():
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        settled(page)
        assert grave_violations(page, *rules) == [], scheme


def test_back_and_forward_restore_the_view(page):
    heading, address = page.locator("main h1").inner_text(), page.url
    elsewhere = "Stability" if "/models" in page.url else "Models"
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=elsewhere).click()
    expect(page).to_have_title(re.compile(elsewhere))
    expect(page.locator("main h1")).not_to_have_text(heading)
    page.go_back()
    expect(page.locator("main h1")).to_have_text(heading)
    assert page.url == address
    page.go_forward()
    expect(page.locator("main h1")).not_to_have_text(heading)


@pytest.mark.parametrize("path", ["/", "/compound/abx3/CsPbI3", "/methods"])
def test_nothing_moves_in_sight_while_a_page_comes(visit, path):
    assert drawn(visit(path)).evaluate(SHIFT) < 0.02


def test_going_back_restores_what_was_chosen(visit):
    page = drawn(visit("/stability?t=0.3"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Methods").click()
    expect(page).to_have_title(re.compile("Methods"))
    page.go_back()
    expect(page.locator("#stability-tolerance_thz-value")).to_have_text("0.30")
    assert page.url.endswith("/stability?t=0.3")


def test_every_page_introduces_itself_before_it_is_drawn(server):
    titles, descriptions = set(), set()
    paths = [path for path in PATHS if "?" not in path]
    for path in paths:
        with urllib.request.urlopen(server + path) as answer:
            text = answer.read().decode()
        (title,) = re.findall(r"<title>(.*?)</title>", text)
        (description,) = re.findall(r'<meta property="og:description" content="(.*?)">', text)
        assert f'<meta property="og:title" content="{title}">' in text
        assert "Softmode" in title
        titles.add(html.unescape(title))
        descriptions.add(html.unescape(description))
    assert len(titles) == len(descriptions) == len(paths)
    assert "" not in descriptions


@pytest.mark.parametrize("path", ["/stability?t=0.3", "/methods"])
def test_a_copied_link_names_the_release(visit, path):
    page = drawn(visit(path))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy-link").click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"[?&]v=[0-9a-f]{8}$", copied)
    page.goto(copied)
    drawn(page)
    expect(page.locator(".notice")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/compound/abx3/CsPbI3", "/stability?s=hdp"])
def test_a_link_of_an_unknown_release_says_so(visit, path):
    page = drawn(visit(path + ("&" if "?" in path else "?") + "v=00000000"))
    expect(page.locator(".notice.release")).to_contain_text("not on record")
