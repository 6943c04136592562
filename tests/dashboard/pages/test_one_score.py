"""One suite, potential and criterion has one score: on every page, in the API, the findings and the README."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest
from dash import html

from compute.reports.markdown import interval, number
from compute.statistics import criteria
from compute.statistics.bootstrap import Interval
from compute.tables import pairs
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.overview.headline import headline
from dashboard.pages.stability import page as stability_page
from dashboard.queries import coverage
from dashboard.queries.ranking import ranking
from dashboard.ui.ranking import ranking as ranking_block
from dashboard.views.stability import MOST_POTENTIALS, SUITE_CRITERIA, StabilityView
from tests.conftest import ROOT
from tests.support.components import words

DATA = ROOT / "data" / "parquet"
Key = tuple[str, str, str]


@pytest.fixture(scope="module")
def published() -> Dataset:
    return Dataset(DATA)


@pytest.fixture(scope="module")
def scores() -> dict[Key, Interval]:
    """The score of every suite, potential and criterion that has one, from the rows themselves."""
    found = {}
    with pairs.joined(DATA) as connection:
        rows = connection.execute("SELECT * FROM pairs WHERE potential IS NOT NULL").df()
    for (suite, potential), mine in rows.groupby(["suite", "potential"]):
        for criterion in SUITE_CRITERIA.get(suite, ()):
            if criterion != "cross" and (score := criteria.scored(mine, suite, criterion)).n:
                found[suite, potential, criterion] = score.mcc
    assert len(found) >= 4
    return found


def test_stability_shows_the_score(published, scores):
    for suite, criterion in {(suite, criterion) for suite, _, criterion in scores}:
        shown = {potential for s, potential, c in scores if (s, c) == (suite, criterion)}
        for start in range(0, len(shown), MOST_POTENTIALS):
            chosen = tuple(sorted(shown)[start : start + MOST_POTENTIALS])
            asked = StabilityView(suite=suite, criterion=criterion, potentials=chosen)
            found = stability_page.resolve(published, asked)
            assert found.potentials == tuple(p for p in found.offered if p in chosen)
            text = words(stability_page._results(published, found, {}))
            for potential in chosen:
                wanted = scores[suite, potential, criterion]
                card = text.split(f"{potential}Matthews correlation", 1)[1]
                assert card.startswith(number(wanted.value))
                if wanted.low == wanted.low:
                    assert f"95 %: {number(wanted.low)} to {number(wanted.high)}" in card[:60]


def test_overview_and_models_rank_by_the_score(published, scores):
    names = coverage.potential_names(published)
    for suite in SUITE_CRITERIA:
        for metric, criterion in (("mcc", "harmonic"), ("sigma_mcc", "sigma")):
            if (suite, metric) == ("hdp", "mcc") or suite == "mp0b3":
                continue
            entries = ranking(published, suite, metric)
            for entry in entries:
                if entry.complete:
                    wanted = scores[suite, entry.potential, criterion]
                    assert (entry.value, entry.low, entry.high) == pytest.approx(
                        (wanted.value, wanted.low, wanted.high), nan_ok=True
                    )
                    shown = words(ranking_block(entries, suite, names))
                    assert f"{number(wanted.value)}{number(wanted.low)} to {number(wanted.high)}" in shown


def test_the_sentence_of_the_overview_has_the_score(published, scores):
    for suite, potential, criterion in scores:
        if (suite, criterion) == ("abx3", "harmonic"):
            text = words(html.Div(headline(published, suite, potential, {})))
            wanted = scores[suite, potential, criterion]
            assert f"MCC {number(wanted.value)} [{number(wanted.low)}, {number(wanted.high)}]" in text


def test_the_api_answers_the_score(scores):
    client = create_app().server.test_client()
    query = "&".join(f"potential={potential}" for potential in {key[1] for key in scores})
    answer = json.loads(client.get(f"/api/v1/metrics?{query}").data)
    found = {
        (entry["suite"], entry["potential"], entry["criterion"]): entry["score"]["mcc"]
        for entry in answer["comparisons"]
        if entry["score"] and entry["score"]["n"]
    }
    assert found.keys() == scores.keys()
    for key, wanted in scores.items():
        assert found[key]["value"] == (pytest.approx(wanted.value) if wanted.value == wanted.value else None)


def test_the_findings_hold_the_score_and_no_other(scores):
    lines: dict[Key, set[str]] = defaultdict(set)
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    for title, criterion in (("Harmonic stability", "harmonic"), ("Stability at 300 K", "sigma")):
        for part in re.findall(rf"^#+ {title}\n(.*?)(?=^#|\Z)", page, flags=re.S | re.M):
            for line in part.splitlines():
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                if len(cells) > 5 and (cells[0], cells[1], criterion) in scores:
                    lines[cells[0], cells[1], criterion].add(cells[4])
    wanted = {key: {interval(score)} for key, score in scores.items() if key[2] in ("harmonic", "sigma")}
    assert dict(lines) == wanted


def test_the_readme_quotes_the_score(scores):
    said = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    (quoted,) = re.findall(r"CHGNet 0\.3\.0 calls .*? Matthews correlation ([0-9.]+ \[[^]]*\])", said)
    assert quoted == interval(scores["abx3", "chgnet-0.3.0", "harmonic"])
