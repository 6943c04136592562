"""The page of findings says what the tables say, no more and no less."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pytest

from compute import tables
from compute.reports import referee
from compute.reports.findings import document
from compute.reports.markdown import interval, number
from compute.statistics.bootstrap import Interval
from compute.statistics.deviation import agreement, mean_interval, rmse_difference
from compute.tables import pairs
from compute.tables.releases import opened
from tests.conftest import ROOT

DATA = ROOT / "data" / "parquet"
THEN = "\n## The release of then"


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
    line = next(line for line in section.splitlines() if line.startswith("| abx3 | chgnet-0.3.0 |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:5] == ["as run, unweighted", f"{found.n:,}", f"{found.n_failed:,}"]
    assert cells[5].startswith(number(found.rmse.value, 3))
    assert "one-shot" not in section, "σ by another sampling is held against no DFT"


def test_every_table_of_scores_has_what_knows_no_forces(page):
    for title, null in (
        ("Harmonic stability", "larger class"), ("Soft modes", "mean of DFT"), ("σ at 300 K", "mean of DFT")
    ):  # fmt: skip
        section = page.split(f"## {title}\n")[1].split("\n## ")[0]
        assert f"*null: the {null}*" in section
        assert "*null: composition only*" in section


def test_nothing_is_found_of_a_potential_that_knows_nothing(tmp_path):
    """A potential that answers the same of every compound goes through the findings; no sentence may speak for it."""
    kept = {name: tables.read(DATA, name) for name in ("references", "potentials", "baselines")}
    runs = [
        r for r in tables.read(DATA, "runs").to_pylist() if (r["suite"], r["potential"]) == ("abx3", "chgnet-0.3.0")
    ]
    rng = np.random.default_rng(0)
    rows: dict[str, list[dict]] = {"harmonic": [], "anharmonic": [], "runs": []}
    for name in ("constant", "coin"):
        common = {"suite": "abx3", "potential": name, "geometry": "reference", "status": "ok"}
        for reference in kept["references"].to_pylist():
            if reference["suite"] == "abx3":
                omega = -1.0 if name == "constant" else float(rng.choice([-1.0, 1.0]))
                here = {**common, "compound": reference["compound"]}
                rows["harmonic"].append({**here, "run": f"h-{name}", "protocol": "reference-geometry",
                                         "omega_min_thz": omega, "noise_floor_thz": 0.01})  # fmt: skip
                rows["anharmonic"].append({**here, "run": f"s-{name}", "protocol": "published-abx3", "sigma": 0.86,
                                           "sigma_se": 0.01})  # fmt: skip
        rows["runs"] += [{**runs[0], "run": f"{stage}-{name}", "potential": name} for stage in "hs"]
    tables.publish(tmp_path, kept | {name: tables.from_rows(name, listed) for name, listed in rows.items()})
    found = document(tmp_path)
    assert "| abx3 | constant | 3,518 | 127 | not defined | 0.50 [0.50, 0.50] |" in found
    weakly = next(line for line in found.splitlines() if line.startswith("- abx3, constant: RMSE"))
    assert weakly.endswith("a constant does the same, so it says nothing of the potential.")
    said = found.split("## Which potential is better")[1].split("\n## ")[0]
    assert said.count("no measurable difference") == 2
    assert " is better" not in said.split("| --- |")[-1]


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
    rows = tables.read(DATA, "potentials").to_pylist()
    distilled = [row["potential"] for row in rows if row["category"] == "distilled"]
    assert {row["teacher"] for row in rows if row["potential"] in distilled} == {"chgnet-0.3.0"}
    assert len(distilled) == 4
    assert not any(name in others for name in distilled)
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

    def difference(one, other):
        kind = np.repeat([0, 1], [len(one), len(other)])
        return rmse_difference(np.append(one, other), kind == 0, kind == 1)

    apart = difference(small, large)
    assert apart.low < apart.value < apart.high < 0
    assert apart.value == pytest.approx(-2, abs=0.4)
    same = difference(small[:150], small[150:])
    assert same.low < 0 < same.high
    assert np.isnan(difference(small, []).value)
    mean = mean_interval([*small, np.nan])
    assert mean.low < 0 < mean.high
    assert mean.high - mean.low == pytest.approx(2 * 1.96 / np.sqrt(300), rel=0.2)


def test_two_potentials_are_compared_at_the_same_level_of_theory_first(page):
    section = page.split("## Which potential is better")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "| all |" in line
            or "| comparable level |" in line]  # fmt: skip
    kinds: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        kinds.setdefault(tuple(row[:4]), []).append(row[4])
    assert ["comparable level", "all"] in kinds.values()
    assert all(found in (["all"], ["comparable level", "all"]) for found in kinds.values())


@pytest.fixture(scope="module")
def refereed() -> str:
    """The page of the referee, without the release of then where the history does not reach back to it."""
    try:
        with opened(referee.FORMER, DATA) as former:
            return referee.document(DATA, former)
    except tables.TableError:
        return referee.document(DATA)


def test_the_page_of_the_referee_is_that_of_the_tables(refereed):
    found, _, _ = refereed.partition(THEN)
    committed = (ROOT / "docs" / "referee.md").read_text(encoding="utf-8")
    assert committed.partition(THEN)[0] == found.removesuffix("\n") + "\n", (
        f"softmode data referee --former {referee.FORMER} > docs/referee.md"
    )
    assert all(f"| F{point} " in found for point in range(1, 15))


def test_the_rules_of_now_are_applied_to_the_release_of_then(refereed):
    committed = (ROOT / "docs" / "referee.md").read_text(encoding="utf-8")
    then = committed.split("## The release of then: ")[1]
    assert then.startswith("758f2bb2\n")
    assert "4 distilled potentials" in then, "though no column said so then"
    if THEN not in refereed:
        pytest.skip("the history of this checkout does not reach back to that release")
    assert refereed == committed


def test_what_was_written_before_the_columns_says_category_and_theory_in_words():
    """Of every potential the words agree with what its row declares now."""
    rows = tables.read(DATA, "potentials")
    with duckdb.connect(":memory:") as connection:
        connection.register("now", rows)
        connection.execute(
            "CREATE TABLE before AS SELECT * REPLACE (NULL::VARCHAR AS category, NULL::VARCHAR AS theory) FROM now"
        )
        found = connection.execute(
            f"SELECT potential, category, theory FROM ({pairs.POTENTIALS} FROM before)"
        ).fetchall()
    declared = {row["potential"]: (row["category"], row["theory"]) for row in rows.to_pylist()}
    for potential, category, theory in found:
        assert category == declared[potential][0]
        assert theory == declared[potential][1] or declared[potential][1] is None
