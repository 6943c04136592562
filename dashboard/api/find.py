"""Where a compound is: `/find?q=` leads to its page, to those that may be meant, or to the trust in a new one."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from compute.structures.formula import FormulaError, parse, plain
from compute.suites import COMPARED, SUITES
from dashboard.dataset import Dataset
from dashboard.queries.formulas import named
from dashboard.server.prefix import link
from dashboard.ui.controls import FIND
from dashboard.views.codec import build, encode
from dashboard.views.compounds import CompoundsView
from dashboard.views.trust import TrustView

LONGEST = 80


def serve_find(server: Flask, dataset: Dataset) -> None:
    """Answer `/find?q=FORMULA`, elements in any order, subscripts as they come."""

    @server.get(FIND)
    def find() -> Response:
        return redirect(link(address(dataset, request.args.get("q", "")[:LONGEST])))


def address(dataset: Dataset, text: str) -> str:
    """The page of the compound that `text` names, in the first suite that has it.

    The table of compounds where several are meant or `text` is a part of a formula; the page Trust for a cubic
    perovskite of no suite.
    """
    for suite in sorted(SUITES, key=lambda suite: suite not in COMPARED):
        found = named(dataset, [suite], text)
        if len(found) > 1 and suite in COMPARED:
            return _table(text, suite)
        if found:
            return f"/compound/{suite}/{quote(found[0])}"
    try:
        counts = sorted(parse(text).values())
    except FormulaError:
        counts = []
    if counts == [1, 1, 3]:
        return f"/trust?{encode(build(TrustView, compound=text))}"
    return _table(text, CompoundsView.suite)


def _table(text: str, suite: str) -> str:
    return f"/compounds?{encode(build(CompoundsView, suite=suite, formula=plain(text)))}".rstrip("?")
