"""The page of findings says what the tables say, no more and no less."""

from __future__ import annotations

import re

import numpy as np
import pytest

from compute import tables
from compute.reports.findings import document
from compute.reports.markdown import DISTILLED, interval, number
from compute.statistics.deviation import Interval, agreement, mean_interval, rmse_difference
from tests.conftest import ROOT

DATA = ROOT / "data" / "parquet"


@pytest.fixture(scope="module")
def page() -> str:
    return document(DATA)


def test_the_committed_page_is_that_of_the_committed_tables(page):
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == page, (
        "softmode data findings > docs/findings.md"
    )


def test_its_numbers_are_those_of_the_tables(page):
    published = {(r["suite"], r["compound"]): r["sigma"] for r in tables.read(DATA, "references").to_pylist()}
    rows = [r for r in tables.read(DATA, "anharmonic").to_pylist()
            if (r["suite"], r["potential"], r["protocol"]) == ("abx3", "chgnet-0.3.0", "published-abx3")]  # fmt: skip
    run = [r for r in rows if r["status"] != "not-run" and published["abx3", r["compound"]] is not None]
    values = np.array([np.nan if r["sigma"] is None else r["sigma"] for r in run])
    found = agreement(values, [published["abx3", r["compound"]] for r in run])
    section = page.split("## σ at 300 K")[1].split("\n## ")[0]
    (line,) = (line for line in section.splitlines() if line.startswith("| abx3 | chgnet-0.3.0 | published-abx3 |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3:5] == [f"{found.n:,}", f"{found.n_failed:,}"]
    assert cells[5].startswith(number(found.rmse.value, 3))


def test_two_protocols_are_compared_on_the_compounds_of_both(page):
    sigma: dict[str, dict[str, float]] = {"published-abx3": {}, "one-shot": {}}
    failed: dict[str, set[str]] = {"published-abx3": set(), "one-shot": set()}
    for row in tables.read(DATA, "anharmonic").to_pylist():
        if (row["suite"], row["potential"]) == ("abx3", "chgnet-0.3.0") and row["status"] != "not-run":
            if row["sigma"] is None:
                failed[row["protocol"]].add(row["compound"])
            else:
                sigma[row["protocol"]][row["compound"]] = row["sigma"]
    first, second = sigma["published-abx3"], sigma["one-shot"]
    both = sorted(first.keys() & second.keys())
    lost = len(first.keys() & failed["one-shot"])
    (line,) = (x for x in page.splitlines() if x.startswith("| abx3 | chgnet-0.3.0 | published-abx3 | one-shot |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    apart = [second[c] - first[c] for c in both]
    assert cells[4] == str(len(both))
    assert cells[5].startswith(number(float(np.mean(apart)), 3, signed=True))
    assert cells[8] == str(sum((first[c] < 1) != (second[c] < 1) for c in both))
    assert sum(map(int, re.findall(r"\d+", cells[9]))) == lost


def test_two_cells_are_compared_on_the_compounds_of_both(page):
    published = {r["compound"]: r for r in tables.read(DATA, "references").to_pylist() if r["suite"] == "abx3"}
    found: dict[str, dict[str, dict]] = {"reference": {}, "relaxed": {}}
    for row in tables.read(DATA, "harmonic").to_pylist():
        if (row["suite"], row["potential"]) == ("abx3", "chgnet-0.3.0") and row["omega_min_thz"] is not None:
            found[row["geometry"]][row["compound"]] = row
    both = sorted(found["reference"].keys() & found["relaxed"].keys())
    assert len(both) > 3000
    grown = [100 * found["relaxed"][c]["a"] / published[c]["lattice_constant"] - 100 for c in both]
    softest = {cell: np.minimum([rows[c]["omega_min_thz"] for c in both], 0) for cell, rows in found.items()}
    (line,) = (x for x in page.splitlines() if x.startswith(f"| abx3 | chgnet-0.3.0 | {len(both):,} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3].startswith(number(float(np.mean(grown)), 2, signed=True))
    assert cells[4].startswith(number(float(np.sqrt(np.mean(np.square(grown)))), 2))
    apart = softest["relaxed"] - softest["reference"]
    assert cells[5].startswith(number(float(np.mean(apart)), 2, signed=True))


def test_it_states_what_limits_it(page):
    for said in ("Functional.", "Protocol.", "σ ≥ 2 are missing from hdp", "Class ratio.", "Noise.", "not run"):
        assert said in page
    assert "nan" not in re.findall(r"[a-z]+", page), "what is not defined says so"


def test_no_model_distilled_from_chgnet_stands_among_the_others(page):
    others, own = page.split("## Models distilled from CHGNet\n")
    assert DISTILLED not in others.split("## What limits")[0]
    assert "surrogate" not in others.casefold()
    assert "no\nfoundation models" in own


def test_an_empty_release_says_what_is_not_computed(tmp_path):
    tables.publish(
        tmp_path, {"potentials": tables.read(DATA, "potentials"), "references": tables.read(DATA, "references")}
    )
    assert document(tmp_path).count("Not computed.") >= 5


def test_intervals_in_words():
    assert interval(Interval(0.314, 0.281, 0.349)) == "0.31 [0.28, 0.35]"
    assert interval(Interval(-0.001, -0.2, 0.1), signed=True) == "+0.00 [−0.20, +0.10]"
    assert interval(Interval(np.nan, np.nan, np.nan)) == "not defined"


def test_differences_between_groups_of_compounds_are_measured_where_they_are_there():
    rng = np.random.default_rng(0)
    small, large = rng.normal(0, 1, 300), rng.normal(0, 3, 200)
    apart = rmse_difference(small, large)
    assert apart.low < apart.value < apart.high < 0
    assert apart.value == pytest.approx(-2, abs=0.4)
    same = rmse_difference(small[:150], small[150:])
    assert same.low < 0 < same.high
    assert np.isnan(rmse_difference(small, []).value)
    mean = mean_interval([*small, np.nan])
    assert mean.low < 0 < mean.high
    assert mean.high - mean.low == pytest.approx(2 * 1.96 / np.sqrt(300), rel=0.2)
