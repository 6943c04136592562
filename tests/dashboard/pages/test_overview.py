"""The overview: its sentence and its map are counts that can be made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from dash import html

from compute import tables
from compute.statistics import verdicts
from dashboard.dataset import Dataset
from dashboard.pages.overview import data
from dashboard.pages.overview.factor_map_figure import factor_map, outside
from dashboard.pages.overview.headline import headline as headline_text
from dashboard.pages.overview.leaderboard_table import COST_ATOMS, board, leaderboard_table
from dashboard.queries.trust import screens
from tests.conftest import ROOT
from tests.support.components import drawn, nodes, text_of, words
from tests.support.dashboard_data import CHGNET, MACE


@pytest.fixture(scope="module")
def published() -> Dataset:
    return Dataset(ROOT / "data" / "parquet")


def test_every_compound_with_a_dft_label_is_counted_once(dataset):
    found = data.headline(dataset, "abx3", CHGNET)
    # DFT unstable: CsPbI3, CsPbBr3, CsPbCl3 (missed), KMnF3 (missed, in doubt), BaTiO3 (failed); stable: CsSrF3, KMgF3,
    # RbCaF3 (called unstable)
    assert (found.n_unstable, found.missed, found.n_stable, found.alarms) == (5, 3, 3, 1)
    assert (found.score.n_undecidable, found.score.n_failed, found.n_not_run) == (1, 1, 1)
    assert found.n_unstable + found.n_stable + found.n_not_run == 9, "ten compounds, one without a DFT label"


def test_nothing_is_said_of_a_small_class_and_what_is_counted_is(dataset, monkeypatch):
    text = text_of(html.Div(headline_text(dataset, "abx3", CHGNET, {CHGNET: "A potential"})))
    assert "DFT’s smaller class has 3 compounds, fewer than 20" in text
    assert "misses" not in text
    assert "n = 8, 1 in doubt, whose own label counts, 1 failed, counted as wrong, 1 not run" in text
    assert "trained on invented" in text
    monkeypatch.setattr(verdicts, "SMALLEST_CLASS", 3)
    text = text_of(html.Div(headline_text(dataset, "abx3", CHGNET, {CHGNET: "A potential"})))
    assert "A potential misses 60.0 % of the instabilities that DFT finds (n = 5)" in text
    assert "does not call 33.3 % of its stable compounds stable (n = 3)" in text


def test_without_published_frequencies_there_is_no_share(dataset):
    text = text_of(html.Div(headline_text(dataset, "hdp", CHGNET, {})))
    assert "%" not in text
    assert "no frequencies" in text


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("error", {"CsPbI3": -0.1, "CsPbBr3": 0.05, "CsPbCl3": 0.1, "CsSrF3": 0.02, "KMgF3": 0.0}),
        ("disagreement", {"CsPbI3": 0, "CsPbBr3": 0, "CsPbCl3": 0, "CsSrF3": 0, "KMgF3": 0}),
    ],
)
def test_the_value_of_the_map(directory, tmp_path, colour, expected):
    rows = [
        {**row, "tolerance_factor": 0.9, "octahedral_factor": 0.5}
        for row in tables.read(directory, "references").to_pylist()
    ]
    kept = {name: tables.read(directory, name) for name in ("potentials", "harmonic", "anharmonic", "runs")}
    tables.publish(tmp_path, {"references": tables.from_rows("references", rows), **kept})
    found = data.factor_map(Dataset(tmp_path), "abx3", MACE, colour)
    assert sorted(found.value.round(6)) == sorted(expected.values())
    assert found.n_without_value == 5


def test_compounds_without_factors_are_counted(dataset):
    found = data.factor_map(dataset, "abx3", CHGNET, "error")
    assert (len(found.value), found.n_without_factors) == (0, 10)


def test_the_map_has_the_mean_of_each_cell_and_loses_nobody():
    rng = np.random.default_rng(0)
    t, mu = rng.uniform(0.7, 1.0, 500), rng.uniform(0.4, 0.9, 500)
    value = t - mu
    (heat,) = drawn(factor_map(t, mu, value, title="mean", signed=True)).data
    n = np.array(heat.text, dtype=float)
    assert n.sum() + outside(t, mu) == 500
    x, y = np.meshgrid(np.array(heat.x, float), np.array(heat.y, float))
    means = np.array(heat.z, float)
    filled = n > 0
    assert np.abs(means[filled] - (x - y)[filled]).max() < 0.03, "the mean of a cell is the value near its middle"
    assert np.isnan(means[~filled]).all()
    assert heat.zmin == -heat.zmax


def test_the_leaderboard_says_what_a_label_is_worth_and_what_a_force_call_costs(published):
    found = board(published)
    prior = found.stable_in_dft
    assert 0 < prior < 0.5, "DFT calls most cubic perovskites unstable"
    labels = screens(published)
    assert set(found.trusts) == set(labels)
    for potential, trust in found.trusts.items():
        own = labels[potential]
        assert trust.n_stable + trust.n_unstable == np.isfinite(own.trust).sum()
        assert prior < trust.stable <= 1, "a label that says stable is worth more than none"
        assert trust.unstable > 1 - prior - 0.05
    cells = {row["potential"]: row for row in shown_rows(found)}
    costs = found.costs
    assert costs is not None
    for potential, row in cells.items():
        us = costs.us_per_atom.get(potential, {}).get(COST_ATOMS)
        assert row["cost"] == ("–" if us is None else f"{round(us):,}")
        assert ("/" in row["trust"]) == (potential in found.trusts)


def shown_rows(found):
    """What the table shows of trust and cost, by potential."""
    table = leaderboard_table(found, {}, set(), {}, {})
    body = next(node for node in nodes(table) if isinstance(node, html.Tbody))
    for line, potential in zip(body.children, found.potentials, strict=True):
        yield {"potential": potential, "trust": words(line.children[11]), "cost": words(line.children[12])}
