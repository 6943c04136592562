"""Recompute in a browser, over a real server and a worker whose results are invented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.acting import choose, settled, settled_width
from tests.e2e.conftest import SECONDS, served
from tests.e2e.test_site import grave_violations
from tests.support import recompute_data

pytestmark = pytest.mark.e2e

# A job that is done answers at once, so a test that is run again asks for another.
COMPOUNDS, KELVIN = iter(("CsPbBr3", "CsPbI3")), count(400, 10)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the jobs are kept; while it has a file `hold`, the worker goes on and on."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def server(var: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with a worker beside it."""
    data = recompute_data.publish(tmp_path_factory.mktemp("data"))
    environment = {"SOFTMODE_DATA": str(data), "SOFTMODE_VAR": str(var), "SOFTMODE_JOBS_PER_CLIENT": "20"}
    log = var / "worker.log"
    with log.open("w") as said:
        command = [sys.executable, "-m", "tests.e2e.live_worker"]
        worker = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stderr=said)
    try:
        with served(**environment) as address:
            deadline = time.monotonic() + 2 * SECONDS
            while "takes jobs" not in log.read_text():
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield address
    finally:
        worker.terminate()
        worker.wait(timeout=SECONDS)


@pytest.fixture
def hold(var: Path) -> Iterator[Path]:
    """Keeps jobs running until it is unlinked."""
    (var / "hold").touch()
    yield var / "hold"
    (var / "hold").unlink(missing_ok=True)


def compute(page: Page, compound: str) -> None:
    """Type a compound and ask for it."""
    page.locator("#recompute-compound").fill(compound)
    expect(page.locator("#recompute-reading")).to_contain_text(f"{compound}, ")
    page.locator("#recompute-compound").press("Escape")
    page.get_by_role("button", name="Compute", exact=True).click()


def test_a_job_is_followed_kept_and_seen_by_who_has_its_link(visit, hold):
    page, compound = visit("/recompute?p=chgnet-0.3.0"), next(COMPOUNDS)
    compute(page, compound)
    page.wait_for_url("**/recompute?job=*")
    address = page.url.partition("/recompute")[2]
    expect(page.locator("#recompute-state")).to_contain_text("Running: force constants")
    expect(page.locator("#recompute-progress")).to_contain_text("force calls")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()

    page.reload()
    expect(page.locator("#recompute-state")).to_contain_text("Running")
    expect(page.locator("#recompute-compound")).to_have_value(compound)
    guest = visit(f"/recompute{address}", guest=True)
    expect(guest.locator("#recompute-state")).to_contain_text("Running")
    expect(guest.get_by_text("None yet.")).to_be_visible()
    expect(guest.get_by_role("button", name="Cancel")).to_be_hidden()

    hold.unlink()
    for seen in (page, guest):
        expect(seen.locator("#recompute-state")).to_contain_text("Done")
        expect(seen.locator("#recompute-result")).to_contain_text("2 of 3 numbers agree with the published row")
        expect(seen.locator("#recompute-heading")).to_contain_text("live, not published")
        expect(seen.locator("#recompute-bands .main-svg").first).to_be_visible()
    expect(page.locator("#recompute-mine")).to_contain_text("done")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    with guest.expect_download() as started:
        guest.get_by_role("button", name="POSCAR", exact=True).click()
    assert "not published" in started.value.path().read_text()


def test_sigma_grows_before_the_eye_and_a_job_is_cancelled(visit, hold):
    kelvin = next(KELVIN)
    page = visit(f"/recompute?c=CsPbI3&st=quick&t={kelvin}")
    expect(page.locator("#recompute-reading")).to_contain_text(f"at {kelvin} K")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#recompute-progress")).to_contain_text("of 1,000 frames, σ so far")
    expect(page.locator("#recompute-trace-figure .main-svg").first).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#recompute-state")).to_contain_text("Cancelled")
    expect(page.locator("#recompute-trace-figure")).to_be_hidden()
    hold.unlink()
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#recompute-state")).to_contain_text("Done")
    expect(page.locator("#recompute-result")).to_contain_text("published at 300 K alone")


def test_the_form_says_what_is_wrong_as_it_is_typed(visit):
    page = visit("/recompute?p=chgnet-0.3.0")
    button, compound = page.get_by_role("button", name="Compute", exact=True), page.locator("#recompute-compound")
    expect(button).to_be_disabled()
    compound.press_sequentially("CsPbXq3")
    expect(page.get_by_text("“Xq” in “CsPbXq3” is not an element")).to_be_visible()
    expect(button).to_be_disabled()
    compound.fill("CsPb")
    page.get_by_role("option", name="CsPbBr3", exact=True).click()
    expect(page.locator("#recompute-cost")).to_contain_text("CHGNet 0.3.0: about")
    expect(button).to_be_enabled()
    page.wait_for_url("**/recompute?c=CsPbBr3&p=chgnet-0.3.0")
    expect(page.get_by_text("double perovskite A₂MM′X₆")).to_be_hidden()
    compound.fill("CsInBr3")
    page.get_by_text("double perovskite A₂MM′X₆").click()
    expect(page.locator("#recompute-reading")).to_contain_text("B = In, B′ = In")
    choose(page, "#recompute-calculation", "σ, quick")
    page.locator("#recompute-temperature").fill("5")
    expect(page.get_by_text("greater than or equal to 10")).to_be_visible()
    expect(button).to_be_disabled()


POSCAR = """CsPbBr3
1
6 0 0
0 6 0
0 0 6
Cs Pb Br
1 1 3
Direct
0 0 0
0.5 0.5 0.5
0.5 0.5 0
0.5 0 0.5
0 0.5 0.5
"""


def test_a_file_is_named_before_it_is_computed_refused_and_removed(visit):
    page = visit("/recompute?c=CsPbBr3&p=chgnet-0.3.0")
    upload = page.locator("#recompute-upload input")
    upload.set_input_files({"name": "junk.cif", "mimeType": "text/plain", "buffer": b"data_x"})
    expect(page.locator("#recompute-uploaded")).to_contain_text("junk.cif: ")
    expect(page.locator("#recompute-uploaded")).to_have_class("recompute-refused")
    expect(page.locator("#recompute-compound")).to_be_enabled()
    upload.set_input_files({"name": "cell.vasp", "mimeType": "text/plain", "buffer": POSCAR.encode()})
    expect(page.locator("#recompute-uploaded")).to_contain_text("CsPbBr3, cubic perovskite with a = 6.0000 Å")
    expect(page.locator("#recompute-reading")).to_contain_text("Nothing is published about an uploaded structure")
    expect(page.locator("#recompute-compound")).to_be_disabled()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("#recompute-reading")).to_contain_text("CsPbBr3, ")


def test_several_potentials_are_computed_overlaid_and_moved_under_one_address(visit):
    page = visit("/recompute?c=CsPbCl3&p=chgnet-0.2.0~chgnet-0.3.0")
    page.get_by_role("button", name="Compute", exact=True).click()
    page.wait_for_url("**/recompute?job=*~*")
    expect(page.locator("#recompute-state")).to_contain_text("Done: 2 done")
    expect(page.locator("#recompute-heading")).to_contain_text("2 potentials, harmonic")
    table = page.locator("#recompute-result table").first
    for name in ("DFT, published", "chgnet-0.2.0", "chgnet-0.3.0"):
        expect(table).to_contain_text(name)
    expect(page.locator("#recompute-bands .main-svg").first).to_be_visible()
    page.locator("#recompute-viewer").scroll_into_view_if_needed()  # it is drawn when it is seen
    page.wait_for_selector("#recompute-viewer[data-drawn=true] canvas")
    choose(page, "#recompute-q", "R (½ ½ ½)")
    expect(page.locator("#recompute-mode")).to_contain_text("at R (½ ½ ½), mode 1 of 15")
    with page.expect_download() as started:
        page.get_by_role("button", name="mode frozen in, POSCAR", exact=True).click()
    assert started.value.path().read_text().splitlines()[6].split() == ["8", "8", "24"]


def test_the_page_of_a_compound_leads_to_it(visit):
    page = visit("/compound/abx3/CsPbI3#files")
    page.get_by_role("tabpanel").get_by_role("link", name="Recompute").click()
    expect(page).to_have_title(re.compile(r"Recompute · Softmode$"))
    expect(page.locator("#recompute-compound")).to_have_value("CsPbI3")


def test_a_result_fits_the_window_and_is_accessible(visit):
    page = visit("/recompute?c=KMgF3&p=chgnet-0.3.0")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#recompute-state")).to_contain_text("Done")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert settled_width(page) <= width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        settled(page)
        assert grave_violations(page) == [], scheme
