"""A potential looks the same everywhere, and like no other."""

from __future__ import annotations

import tomllib

from dashboard.figures.identity import MARKS, MOST_DRAWN, few, mark
from dashboard.figures.theme import SERIES, SYMBOLS
from tests.conftest import ROOT


def test_every_registered_potential_has_a_mark_of_its_own():
    registered = tomllib.loads((ROOT / "compute/potentials/registry.toml").read_text(encoding="utf-8"))["potentials"]
    assert set(MARKS) == set(registered)
    assert len({(colour, symbol) for colour, symbol, _ in MARKS.values()}) == len(MARKS)
    assert all(colour in SERIES and symbol in SYMBOLS for colour, symbol, _ in MARKS.values())


def test_one_that_is_added_keeps_its_mark():
    assert mark("my-potential") == mark("my-potential")


def test_the_first_five_potentials_are_drawn_and_the_others_named():
    potentials = [f"p{i}" for i in range(7)]
    traces = few([{"name": p} for p in potentials], potentials)
    assert [trace.get("visible", True) for trace in traces] == [True] * MOST_DRAWN + ["legendonly"] * 2
