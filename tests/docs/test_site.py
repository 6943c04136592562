"""The documentation as a site, and what the front page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from compute.suites import SUITES
from tests.conftest import ROOT
from tests.support.documentation import NUMBER, WRITTEN, numbers

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s#]+)\)?")
FINDINGS = re.findall(r"^- (.+(?:\n  .+)*)", README.split("## Some findings")[1].split("\n## ")[0], re.MULTILINE)
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
