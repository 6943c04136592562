"""Error sources in a browser: what a control changes, and that the address is the view."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.acting import choose, press

pytestmark = pytest.mark.e2e


def test_a_click_on_a_point_chooses_the_compound(visit):
    page = visit("/errors#tilt")
    chosen = page.get_by_role("textbox", name="Compound", exact=True)
    expect(chosen).to_have_value("Cs2AgInCl6")
    # of CHGNet, by name: Cs2AgBiBr6, Cs2AgInCl6, Cs2NaBiI6
    parity = page.locator("#errors-parity-harmonic")
    press(parity, parity.locator(".scatterlayer .trace").first.locator("path.point").first)
    expect(chosen).to_have_value("Cs2AgBiBr6")
    expect(page.locator("#errors-one figcaption")).to_contain_text("Cs2AgBiBr6. DFT: still falling")
    page.wait_for_url("**/errors?c=Cs2AgBiBr6#tilt")


def test_the_order_of_an_attribution_follows_the_set(visit):
    page = visit("/errors?f=abx3-CsPbI3-test&sp=chgnet-test&o=fsh#set")
    step = page.locator("#errors-breakdown tbody tr:not(:has-text('net'))").nth(1)
    expect(step).to_contain_text("sampling")
    choose(page, "#errors-frames", "abx3-CsPbBr3-test")
    expect(step).to_contain_text("Hessian")  # of fsh two corners are not known here
    page.wait_for_url("**/errors#set")


def test_the_means_follow_the_way_the_error_is_shared_out(visit):
    page = visit("/errors")
    hessian = page.locator("#errors-means tbody tr").filter(has_text="Chgnet-Test, all").locator("td").nth(3)
    page.locator("#errors-means summary").focus()
    page.keyboard.press("Enter")
    expect(hessian).to_be_visible()
    expect(hessian).to_contain_text("−0.02")  # (−0.15 + 0.11) / 2
    choose(page, "#errors-split", "Hessian → forces → sampling")
    expect(hessian).to_contain_text("+0.11")  # (0.10 + 0.12) / 2
    page.wait_for_url("**/errors?g=hfs")
    page.reload()
    expect(page.get_by_role("textbox", name="How the error is shared out")).to_have_value("Hessian → forces → sampling")
