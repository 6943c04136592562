"""What the documents say is held by a test is held by one that exists."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.support.documentation import WRITTEN

NAMED = re.compile(r"(?<![\w/])((?:tests|benchmarks)/[\w/]*\w+\.(?:py|json))(?:::(\w+))?")
BARE = re.compile(r"(?<![\w/])test_\w+\.py")


@pytest.mark.parametrize("written", WRITTEN, ids=lambda path: path.name)
def test_a_test_or_benchmark_that_is_named_exists(written):
    named = [found for found in NAMED.findall(written.read_text(encoding="utf-8")) if found[0].endswith(".py")]
    assert [name for name, _ in named if not (ROOT / name).is_file()] == []
    for name, function in named:
        assert not function or f"def {function}" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["threat-model.md", "jobs.md"])
def test_tests_are_named_by_their_whole_path(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert BARE.findall(text) == []
    assert len(NAMED.findall(text)) > 3
    assert [name for name, _ in NAMED.findall(text) if not (ROOT / name).is_file()] == []


def test_every_threat_says_what_holds_it():
    rows = re.findall(
        r"^\| \*\*(.+?)\*\*.*\| ([^|]+) \|$", (ROOT / "docs" / "threat-model.md").read_text(), re.MULTILINE
    )
    assert len(rows) > 15
    assert [threat for threat, held in rows if not NAMED.search(held) and held != "by hand"] == []
