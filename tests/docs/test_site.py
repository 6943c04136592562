"""The documentation as a site, and what the front page says."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin

import pytest

from compute.suites import SUITES
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.conftest import ROOT
from tests.support.documentation import NUMBER, WRITTEN, numbers

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s#]+)\)?")
FINDINGS = re.findall(r"^- (.+(?:\n  .+)*)", README.split("## Some findings")[1].split("\n## ")[0], re.MULTILINE)
SCRIPT = re.compile(r"""<script(?:[^>]*\ssrc="([^"]+)")?[^>]*>(.*?)</script>""", re.DOTALL)
ASKED = re.compile(r"""<(?:script|img|link|iframe)[^>]+(?:src|href)=["'](?:https?:)?//|url\(\s*["']?https?:|@import""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A broken link, a missing image, a page that the index does not list: each is an error."""
    out = tmp_path_factory.mktemp("site")
    build = [Path(sys.executable).with_name("sphinx-build"), "--conf-dir", "docs", "--fail-on-warning", "--keep-going"]
    done = subprocess.run([*build, "--quiet", ".", out], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def test_the_site_has_every_page_and_asks_nobody_else_for_anything(site):
    pages = {path.name for path in site.rglob("*.html")}
    assert {f"{path.stem}.html" for path in WRITTEN if path.name != "README.md"} <= pages
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        assert ASKED.findall(path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize("name", ["docs/index.html", "docs/method.html", "search.html"])
def test_the_site_serves_it_with_its_search_and_its_policy_allows_what_it_needs(site, directory, monkeypatch, name):
    monkeypatch.setattr("dashboard.app.DOCUMENTATION", site)
    client = create_app(Settings(data=directory)).server.test_client()
    assert client.get(client.get("/docs/").location).status_code == 200
    answer = client.get(f"/docs/{name}")
    policy = answer.headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    scripts = SCRIPT.findall(answer.text)
    for _, text in scripts:
        assert not text or base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert not re.search(r"<[^>]+\son[a-z]+=", answer.text), "a handler in the page itself would be refused"
    files = [source for source, _ in scripts if source] + re.findall(
        r'<link rel="stylesheet"[^>]*href="([^"]+)"', answer.text
    )
    assert any("searchindex" in file for file in files) or name != "search.html"
    for file in files:
        assert client.get(urljoin(f"/docs/{name}", file)).status_code == 200, file
    # What the documentation is allowed, the other pages are not.
    assert len(client.get("/").headers["Content-Security-Policy"]) < len(answer.headers["Content-Security-Policy"])


@pytest.mark.parametrize("written", WRITTEN, ids=lambda path: path.name)
def test_links_of_the_plain_page_lead_to_files(written):
    local = [link for link in LINK.findall(written.read_text(encoding="utf-8")) if ":" not in link]
    assert [link for link in local if not (written.parent / link).exists()] == []


def test_the_front_page_counts_the_suites_as_they_are():
    for name, suite in SUITES.items():
        assert re.search(rf"`{name}` \| {suite.size:,} ", README)


@pytest.mark.parametrize("finding", FINDINGS, ids=range(len(FINDINGS)))
def test_the_numbers_of_a_finding_on_the_front_page_stand_together_in_the_page_that_it_names(finding):
    page = (ROOT / LINK.findall(finding)[0]).read_text(encoding="utf-8")
    rows_and_paragraphs = [numbers(part) for part in re.split(r"\n\n|\n(?=\||- )", page)]
    names = r"CHGNet [\d.]+|MACE-MP-0b3|[A-Z][A-Za-z]*\d\w*"
    written = NUMBER.findall(re.sub(names, "", LINK.sub("", finding)))
    assert written
    assert any(all(_among(number, known) for number in written) for known in rows_and_paragraphs), written


def _among(written: str, known: list[float]) -> bool:
    """Whether one of `known` is `written`, to the decimals that it is written with."""
    decimals = len(written.partition(".")[2])
    return numbers(written)[0] in {round(x, decimals) for x in known}
