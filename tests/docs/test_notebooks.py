"""The notebook runs from its first cell to its last against a site over the published tables, and says what it says."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from dashboard.settings import Settings
from tests.conftest import ROOT
from tests.support.site import hosted

NOTEBOOK = ROOT / "docs" / "notebooks" / "tables.ipynb"


@pytest.fixture
def site(monkeypatch):
    data = ROOT / "data" / "parquet"
    monkeypatch.setenv("SOFTMODE_DATA", str(data))
    with hosted(Settings(data=data)) as address:
        monkeypatch.setenv("SOFTMODE_SITE", address)
        yield


def run(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """The names after the cells ran one after another; what a cell ends with is its `shown[id]`."""
    names: dict[str, Any] = {}
    shown = {}
    for cell in cells:
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell["id"], "exec"), names)
        if last is not None:
            shown[cell["id"]] = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)
    return names | {"shown": shown}


def test_the_notebook_counts_what_the_site_counts(site, capsys):
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in cells)
    names = run(cells)
    shown, confusion = names["shown"], names["confusion"]
    for verdict, counts in names["comparison"]["counts"].items():
        row = confusion.loc[verdict.replace("_", " ")]
        assert {label: row.get(label, 0) for label in ("stable", "unstable", "undecidable")} == {
            label: counts[label] for label in ("stable", "unstable", "undecidable")
        }
    assert confusion.loc["All", "All"] == len(names["dft"]) == names["comparison"]["n"]
    assert len(shown["sigma"].data[0].x) == len(names["pairs"]) > 0
    assert str(len(names["pairs"])) in shown["sigma"].layout.title.text
    assert shown["optimade"]["attributes._softmode_sigma"].is_monotonic_decreasing
    assert (shown["optimade"]["attributes._softmode_sigma"] > 1).all()
    assert "release" in capsys.readouterr().out
