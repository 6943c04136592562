"""A real server over the invented data set, and a real browser that fails a test on any console error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import ROOT
from tests.support import dashboard_data
from tests.support.site import free_port

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--process-per-site",
)  # fmt: skip
SECONDS = 60
PATIENCE = 1000 * SECONDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may be late once; what is wrong is wrong twice."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a gunicorn over the invented data set."""
    data = dashboard_data.publish(tmp_path_factory.mktemp("data"))
    with served(SOFTMODE_DATA=str(data), SOFTMODE_VAR=str(tmp_path_factory.mktemp("var"))) as address:
        yield address


@pytest.fixture(scope="session")
def published_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a gunicorn over the published tables."""
    data, var = ROOT / "data" / "parquet", tmp_path_factory.mktemp("var")
    with served(SOFTMODE_DATA=str(data), SOFTMODE_VAR=str(var)) as address:
        yield address


@contextmanager
def served(**environment: str) -> Iterator[str]:
    """Address of a gunicorn with `environment`."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "dashboard.wsgi:app"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server at `address` answers; fail when its `process` ends."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"gunicorn ended with {process.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=SECONDS) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"no answer from {address} within {SECONDS} s")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; skipped where the machine has none."""
    executable = os.environ.get("SOFTMODE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no chromium found (Debian: apt-get install chromium)")
    expect.set_options(timeout=PATIENCE)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """One visitor for all tests, whose browser keeps the scripts of the site as of a reader who comes back."""
    context = chromium.new_context(accept_downloads=True)
    yield context
    context.close()


@contextmanager
def visiting(visitor: BrowserContext, server: str) -> Iterator[Callable[..., Page]]:
    """Opens a path, for a `guest` as another visitor, and waits until it is drawn; an error in its console fails.

    What the site stored for its visitor, and what the visitor allowed it, is forgotten then.
    """
    pages, errors = list[Page](), list[str]()
    if not visitor.pages:  # it stays open, and with it the process that has compiled the scripts
        visitor.new_page().goto(f"{server}/healthz")

    def heard(message: ConsoleMessage) -> None:
        # Without a graphics card the browser itself warns that it is slow at WebGL.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            errors.append(message.text)

    def go(path: str, width: int = 1440, scheme: str = "light", *, guest: bool = False) -> Page:
        page = visitor.browser.new_page() if guest else visitor.new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.on("console", heard)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(server + path)
        page.wait_for_selector("h1")
        return page

    yield go
    for page in pages:
        stored = {"origin": server, "storageTypes": "cookies,local_storage"}
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", stored)
        page.close()
    visitor.clear_permissions()
    assert errors == []


@pytest.fixture
def visit(server: str, visitor: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open a path and wait until its page is drawn; console errors fail the test at its end."""
    with visiting(visitor, server) as go:
        yield go
