"""The page of one compound in a browser: the structure is drawn, a mode moves, the address is the view."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from compute.physics.phonons import THZ_PER_ROOT
from tests.e2e.acting import choose, press

pytestmark = pytest.mark.e2e

ADDRESS = "/compound/abx3/CsPbI3"
PLAY = "Play mode"
VIEWER = "#compound-viewer"


def drawn(page: Page) -> None:
    """Waits until the structure and the bands are there."""
    page.locator(VIEWER).scroll_into_view_if_needed()  # it is drawn when it is seen
    page.wait_for_selector(f"{VIEWER}[data-drawn=true] canvas")
    page.wait_for_selector("#compound-bands .js-plotly-plot .xtick text")


def opened(page: Page, tab: str) -> None:
    """Opens a part of the page."""
    page.get_by_role("tab", name=tab, exact=True).click()


def until(page: Page, script: str, ready: Callable[[Any], bool]) -> None:
    """Asks the page until what it answers is `ready`; the page's own policy forbids it to wait by itself."""
    for _ in range(100):
        if ready(page.evaluate(script)):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{script} stays {page.evaluate(script)}")


@pytest.mark.parametrize("path", [ADDRESS, "/compound/hdp/Cs2AgBiBr6", "/compound/mp0b3/mp-1", "/compound/abx3/No"])
def test_the_page_fits_the_window_in_both_schemes(visit, path):
    page = visit(path)
    if path == ADDRESS:
        drawn(page)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            until(page, "() => document.documentElement.scrollWidth", lambda found, width=width: found <= width)


def test_choosing_a_mode_moves_the_address_and_the_pattern(visit):
    page = visit(ADDRESS)
    drawn(page)
    choose(page, "#compound-q", "R (½ ½ ½)")
    page.wait_for_url(f"**{ADDRESS}?q=R")
    choose(page, "#compound-constants", "Chgnet-Test, harmonic")
    page.wait_for_url("**fc=chgnet-test*q=R*")
    # Atoms of 100 u on springs of 1 eV/Å².
    omega = THZ_PER_ROOT / 10
    expect(page.locator("#compound-mode")).to_contain_text(f"{omega:.2f} THz at R (½ ½ ½), mode 1 of 15")
    pattern = json.loads(page.locator(VIEWER).get_attribute("data-mode"))
    assert pattern["q"] == [0.5, 0.5, 0.5]
    assert pattern["omega"] == pytest.approx(omega, abs=1e-3)
    page.reload()
    drawn(page)
    expect(page.locator("#compound-mode")).to_contain_text("Chgnet-Test, harmonic")
    expect(page.locator("#compound-q")).to_have_value("R (½ ½ ½)")


def test_the_mode_plays_and_pauses_from_the_keyboard(visit):
    page = visit(ADDRESS)
    drawn(page)
    expect(page.locator(VIEWER)).not_to_have_attribute("data-frame", "0")
    page.get_by_role("button", name=PLAY).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{VIEWER}[data-frame]")
    first = page.locator(VIEWER).get_attribute("data-frame")
    until(page, f"() => document.querySelector('{VIEWER}').dataset.frame", lambda frame: frame != first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=PLAY)).to_be_visible()
    assert page.locator(VIEWER).get_attribute("data-frame") is None
    page.locator(VIEWER).focus()
    page.keyboard.press("ArrowLeft")


def test_amplitude_arrows_and_cells_change_what_is_drawn_and_saved(visit):
    page = visit(f"{ADDRESS}?q=R")
    drawn(page)
    page.get_by_role("slider", name="Amplitude").focus()
    page.keyboard.press("End")
    expect(page.locator(VIEWER)).to_have_attribute("data-amplitude", "1")
    page.get_by_role("switch", name="Arrows").press("Space")
    expect(page.locator(VIEWER)).to_have_attribute("data-arrows", "false")
    choose(page, "#compound-repeats", "1 × 1 × 1")
    page.wait_for_url("**r=1*")
    assert len(json.loads(page.locator(VIEWER).get_attribute("data-structure"))["octahedra"]) == 1
    with page.expect_download() as started:
        page.locator("#compound-frozen-poscar").click()
    text = started.value.path().read_text().splitlines()
    assert "frozen in at 1 Å" in text[0]
    assert text[6].split() == ["8", "8", "24"]


def test_with_reduced_motion_nothing_runs(visit):
    page = visit(ADDRESS)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    drawn(page)
    page.get_by_role("button", name="Show displaced").click()
    page.wait_for_selector(f"{VIEWER}[data-frame='0']")
    page.wait_for_timeout(500)
    expect(page.locator(VIEWER)).to_have_attribute("data-frame", "0")


def test_a_click_on_a_band_chooses_its_mode(visit):
    page = visit(ADDRESS)
    drawn(page)
    bands = page.locator("#compound-bands")
    page.locator("#compound-potentials").click(force=True)  # the field that takes clicks lies over it
    page.get_by_role("option", name="Chgnet-Test", exact=True).click()
    page.wait_for_url("**p=*chgnet-test*")
    page.keyboard.press("Escape")
    choose(page, "#compound-constants", "Chgnet-Test, harmonic")
    page.wait_for_url("**fc=chgnet-test*")
    expect(page.locator("#compound-mode")).to_contain_text("Chgnet-Test, harmonic")
    press(bands, bands.locator(".nsewdrag").first, (150, 12))  # the stiffer potential has the upper line
    expect(page.locator("#compound-constants")).to_have_value("Mace-Test, harmonic")


def test_a_part_is_opened_by_its_tab_and_by_the_address(visit):
    page = visit(f"{ADDRESS}#why")
    expect(page.get_by_role("heading", name="Why it may fail here")).to_be_visible()
    expect(page.locator(VIEWER)).to_be_hidden()
    opened(page, "σ at 300 K")
    page.wait_for_url(f"**{ADDRESS}#sigma")
    expect(page.get_by_role("tabpanel").locator(".main-svg").first).to_be_visible()
    opened(page, "Structure and modes")
    drawn(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= 3600


def test_moving_the_threshold_changes_the_verdicts(visit):
    page = visit(f"{ADDRESS}#labels")
    expect(page.locator("#compound-verdict")).to_contain_text("at 300 K ▲ unstable (σ 1.30)")
    page.get_by_role("slider", name="σ threshold").focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#compound-threshold-value")).to_have_text("1.40")
    expect(page.locator("#compound-verdict")).to_contain_text("at 300 K ● stable (σ 1.30)")
    page.wait_for_url("**th=1.4*")


def test_a_neighbour_is_one_click_away(visit):
    page = visit(ADDRESS)
    drawn(page)
    opened(page, "Neighbours")
    page.wait_for_url("**#neighbours")
    page.locator("#compound-neighbours").get_by_role("link", name="CsPbBr3").click()
    page.wait_for_url("**/compound/abx3/CsPbBr3")
    expect(page.get_by_role("heading", level=1)).to_have_text("CsPbBr3", timeout=15_000)
    # The same viewer now shows the other structure, without a mode.
    page.locator(VIEWER).scroll_into_view_if_needed()
    page.wait_for_selector(f"{VIEWER}[data-drawn=true] canvas")
    expect(page.locator(f"{VIEWER} canvas")).to_have_count(1)
    expect(page.locator(".structure-legend")).to_contain_text("Br (X)")
    expect(page.get_by_role("button", name=PLAY)).to_be_disabled()


@pytest.mark.parametrize(("button", "name"), [("CIF", "abx3-CsPbI3.cif"), ("JSON, everything", "abx3-CsPbI3.json")])
def test_files_are_downloaded(visit, button, name):
    page = visit(f"{ADDRESS}#files")
    with page.expect_download() as started:
        page.get_by_role("button", name=button, exact=True).click()
    assert started.value.suggested_filename == name
    assert "CsPbI3" in started.value.path().read_text()
