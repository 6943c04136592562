"""DFT's mode beside the potential's in a browser: both crystals are drawn, and move in step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import choose
from tests.e2e.conftest import served
from tests.support import dft_modes
from tests.support.dashboard_data import CHGNET

pytestmark = pytest.mark.e2e

ADDRESS = f"/compound/abx3/CsPbI3?fc={CHGNET}~harmonic~reference-geometry"
FIRST, SECOND = "#compound-viewer", "#compound-viewer-second"
FRAMES = f"['{FIRST}', '{SECOND}'].map(one => document.querySelector(one).dataset.frame)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server over tables in which one compound has DFT's force constants."""
    data = dft_modes.publish(tmp_path_factory.mktemp("data"))
    with served(SOFTMODE_DATA=str(data), SOFTMODE_VAR=str(tmp_path_factory.mktemp("var"))) as address:
        yield address


def test_both_crystals_move_in_step_and_follow_the_mode(visit):
    page = visit(ADDRESS)
    page.locator(SECOND).scroll_into_view_if_needed()
    for viewer in (FIRST, SECOND):
        page.locator(viewer).scroll_into_view_if_needed()  # it is drawn when it is seen
        page.wait_for_selector(f"{viewer}[data-drawn=true] canvas")
    page.get_by_role("button", name="Play mode").click()
    page.wait_for_selector(f"{SECOND}[data-frame]")
    # Both are drawn within one frame of the browser, of which this may fall in the middle once.
    assert any(len(set(page.evaluate(FRAMES))) == 1 for _ in range(10))
    page.get_by_role("button", name="Pause mode").click()
    for viewer in (FIRST, SECOND):
        expect(page.locator(viewer)).not_to_have_attribute("data-frame", "0")
        assert page.locator(viewer).get_attribute("data-frame") is None
    choose(page, "#compound-q", "X (½ 0 0)")
    expect(page.locator("#compound-mode")).to_contain_text("|⟨DFT|potential⟩| = 1.00")
    for viewer in (FIRST, SECOND):
        expect(page.locator(viewer)).to_have_attribute("data-mode", re.compile(r'"q": ?\[0\.5, ?0(\.0)?, ?0'))
    patterns = [json.loads(page.locator(viewer).get_attribute("data-mode")) for viewer in (FIRST, SECOND)]
    assert [pattern["q"] for pattern in patterns] == [[0.5, 0, 0]] * 2
    assert patterns[0]["omega"] != patterns[1]["omega"]


def test_at_a_telephone_both_fit(visit):
    page = visit(ADDRESS, width=390)
    page.locator(SECOND).scroll_into_view_if_needed()  # what is far below is not drawn yet
    page.wait_for_selector(f"{SECOND}[data-drawn=true] canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
