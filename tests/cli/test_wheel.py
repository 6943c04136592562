"""The package as pip installs it, away from the checkout: what it holds, and that it serves the site."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

_SOURCES = ("compute", "dashboard", "pyproject.toml", "README.md", "LICENSE", "softmode.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel of the package; it is built from a copy, since setuptools writes beside its sources."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", built, source], check=True, capture_output=True)
    (file,) = built.glob("softmode-*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel alone; what it depends on is that of this interpreter."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return folder


def environment(installed: Path, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOFTMODE_", "XDG_"))}
    return kept | {"PYTHONPATH": str(installed), "HOME": str(home)}


def test_the_wheel_holds_every_file_that_the_packages_do(wheel):
    """Styles, scripts, viewers, registry, weights: whatever git keeps in the packages."""
    listed = subprocess.run(
        ["git", "ls-files", "compute", "dashboard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\n")
    wanted = {name for name in listed if name and (ROOT / name).is_file()}
    wanted |= {f"dashboard/{path.relative_to(ROOT)}" for path in (ROOT / "assets").rglob("*") if path.is_file()}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - held == set()
    assert {"dashboard/assets/softmode.css", "dashboard/assets/vendor/3dmol/3Dmol-min.js", "softmode.py"} <= held
    assert not any(name.startswith(("tests/", "data/", "docs/")) for name in held)


def test_outside_a_checkout_the_tables_have_to_be_named(installed, tmp_path):
    command = [sys.executable, installed / "bin" / "softmode", "serve", "--no-worker"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(installed, tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "name their folder with --data" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_installed_package_serves_the_site_with_its_styles_and_viewers(installed, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, installed / "bin" / "softmode", "serve", "--no-worker", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--data", ROOT / "data" / "parquet"], cwd=tmp_path, env=environment(installed, tmp_path)
    )

    def get(path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=120) as answer:
            return answer.read()

    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                get("/healthz")
                break
            time.sleep(0.5)
        page = get("/").decode()
        own = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
        assert any(address.endswith(".css") for address in own)
        for address in (*own, "/assets/vendor/3dmol/3Dmol-min.js", "/compounds", "/compound/abx3/CsPbBr3"):
            assert get(address)
        assert b'"table":"references"' in get("/api/v1/dataset").replace(b" ", b"")
        assert list((installed / "var").glob("*")) == []
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(120)
