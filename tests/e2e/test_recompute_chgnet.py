"""Recompute as a visitor has it: `softmode serve` with its own worker, CHGNet 0.3.0 and the published tables.

The times are printed (`pytest -s`) and not judged: they depend on what else the machine does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from compute.jobs import service
from compute.jobs.service import JobRequest
from tests.conftest import ROOT
from tests.e2e.conftest import SECONDS, wait_until_ready
from tests.faults.harness import wait_for
from tests.support.site import free_port

# A job that is done answers at once, so a test that is run again asks for another.
COMPOUNDS = iter(("CsPbBr3", "CsPbI3", "CsPbCl3", "RbPbBr3", "RbPbI3", "CsSnBr3"))
LONG = 600_000

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a site with two web processes, whose worker has loaded CHGNet."""
    pytest.importorskip("chgnet")
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTMODE_VAR", str(tmp_path_factory.mktemp("var")))
        command = [Path(sys.executable).with_name("softmode"), "serve", "--port", str(port), "--workers", "2"]
        process = subprocess.Popen(list(map(str, command)), cwd=ROOT)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
            warm = service.submit(JobRequest(stage="harmonic", compound="CsSnI3", potential="chgnet-0.3.0"), "test")
            wait_for(warm.id, "done", seconds=600)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)


def seconds_until(page: Page, start: float, *words: str) -> float:
    """Seconds since `start` until the page says one of `words` of the job."""
    expect(page.locator("#recompute-state")).to_contain_text(re.compile("|".join(words)), timeout=LONG)
    return time.perf_counter() - start


def test_a_formula_is_typed_and_its_result_is_kept_and_shared(visit):
    page, compound = visit("/recompute?p=chgnet-0.3.0"), next(COMPOUNDS)
    page.locator("#recompute-compound").fill(compound)
    expect(page.locator("#recompute-reading")).to_contain_text("in the suite")
    page.locator("#recompute-compound").press("Escape")
    start = time.perf_counter()
    page.get_by_role("button", name="Compute", exact=True).click()
    first = seconds_until(page, start, "Running", "Done")
    done = seconds_until(page, start, "Done")
    print(f"\nfirst progress {first:.2f} s, result {done:.2f} s after the click, load {os.getloadavg()[0]:.1f}")
    page.wait_for_url("**/recompute?job=*")
    address = page.url.partition("/recompute")[2]
    page.reload()
    guest = visit(f"/recompute{address}", guest=True)
    for seen in (page, guest):
        expect(seen.locator("#recompute-state")).to_contain_text("Done")
        expect(seen.locator("#recompute-heading")).to_contain_text("CHGNet 0.3.0")
        # The campaign computed the same: the worker must find what it found.
        expect(seen.locator("#recompute-result")).to_contain_text("5 of 5 numbers agree with the published row")
        expect(seen.locator("#recompute-bands .main-svg").first).to_be_visible()


def test_sampling_is_cancelled_and_leaves_the_worker_free(visit):
    page = visit(f"/recompute?c={next(COMPOUNDS)}&st=converged&p=chgnet-0.3.0")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#recompute-progress")).to_contain_text(re.compile("frames, .* left"), timeout=LONG)
    start = time.perf_counter()
    page.get_by_role("button", name="Cancel").click()
    print(f"\ncancelled {seconds_until(page, start, 'Cancelled'):.2f} s after the click")
    # The worker is free for the next, with the potential still loaded.
    after = visit(f"/recompute?c={next(COMPOUNDS)}&st=harmonic&p=chgnet-0.3.0")
    after.get_by_role("button", name="Compute", exact=True).click()
    seconds_until(after, start, "Done")
