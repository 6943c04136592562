"""The page of models: cards, coverage, cost and two potentials in detail, counted by hand on the invented data set."""

import json
from dataclasses import replace

import numpy as np
import pytest

from compute import tables
from compute.costs import ForceCallCosts
from compute.statistics.paired import mcnemar
from dashboard.dataset import Dataset
from dashboard.figures.identity import colour, symbol
from dashboard.pages.potentials import learning_data
from dashboard.pages.potentials import page as models
from dashboard.pages.potentials.accuracy_figure import Model, accuracy, round_numbers
from dashboard.pages.potentials.cards import compute_command, computed_cards
from dashboard.pages.potentials.comparison import accuracy_block
from dashboard.pages.potentials.comparison_data import pairwise, potentials
from dashboard.queries import potentials as query
from dashboard.queries.ranking import ranking
from dashboard.ui.text import level_sentence
from tests.support.components import drawn, text_of
from tests.support.dashboard_data import CHGNET, IDLE, MACE


def republished(directory, target, **changed):
    """The data set with the tables in `changed` made of other rows."""
    names = ("references", "potentials", "harmonic", "anharmonic", "runs")
    rows = {name: tables.from_rows(name, changed[name]) for name in changed}
    tables.publish(target, {name: tables.read(directory, name) for name in names} | rows)
    return Dataset(target)


def card(dataset, potential):
    return next(card for card in query.cards(dataset) if card.potential == potential)


def test_what_was_run_comes_first_and_what_was_not_is_still_there(dataset):
    found = query.cards(dataset)
    assert [(c.potential, c.computed) for c in found] == [(CHGNET, True), (MACE, True), (IDLE, False)]


def test_coverage_counts_every_compound_of_a_suite_and_stage(dataset):
    found = {(c.suite, c.stage): c for c in card(dataset, CHGNET).covered}
    harmonic, sigma = found["abx3", "harmonic"], found["abx3", "sigma"]
    assert (harmonic.n, harmonic.ok, harmonic.not_run, harmonic.failures) == (10, 8, 1, {"not-relaxed": 1})
    assert (sigma.n, sigma.ok, sigma.not_run, sigma.failures) == (10, 6, 3, {"melted": 1})
    assert sigma.protocol == "published-abx3"
    assert ("mp0b3", "harmonic") not in found


@pytest.fixture
def costs(tmp_path, monkeypatch):
    """Costs of one potential, as `softmode bench --costs` writes them."""
    file = tmp_path / "costs.json"
    measured = ForceCallCosts(
        hardware="Invented", cores=8, threads=1, dtype="float32", compound="CsPbBr3", calls=5,
        measured="2026-11-30T12:00:00+00:00", versions={},
        us_per_atom={CHGNET: {10: 4000.0, 40: 1234.0}, MACE: {10: 900.0, 40: 450.0}}, refused={},
    )  # fmt: skip
    file.write_text(measured.model_dump_json())
    monkeypatch.setenv("SOFTMODE_COSTS", str(file))
    _forgotten()
    yield file
    _forgotten()


def _forgotten():
    query.measured_costs.cache_clear()
    query._cards.cache_clear()


def test_costs_are_those_of_one_run_of_all_potentials(directory, costs):
    found = Dataset(directory)
    assert dict(card(found, CHGNET).costs) == {10: 4000.0, 40: 1234.0}
    assert card(found, IDLE).costs == {}
    text = text_of(models.PAGE.show(found, {}))
    assert "1,234" in text
    assert "µs per atom and call" in text
    unmeasured = text_of(computed_cards([replace(card(found, CHGNET), costs={})], {}))
    assert "Not measured: its checkpoint was not on the machine that timed the others." in unmeasured
    assert "CsPbBr3 in float32, one thread of Invented with 8 cores" in text
    drawn_text = text_of(models.html.Div(accuracy_block(ranking(found, "abx3"), query.cards(found), "cost")))
    assert "Chgnet-Test has the most expensive force call" in drawn_text
    assert "Measured on 40 atoms of CsPbBr3" in drawn_text


def test_the_times_of_rows_are_no_costs(directory, tmp_path, costs):
    costs.unlink()
    _forgotten()
    timed = [
        {**row, "n_displacements": 3, "n_atoms": 40, "force_seconds": 2.0} if row["status"] == "ok" else row
        for row in tables.read(directory, "harmonic").to_pylist()
    ]
    found = republished(directory, tmp_path / "timed", harmonic=timed)
    assert all(one.costs == {} for one in query.cards(found))
    assert "Not measured" in text_of(models.PAGE.show(found, {}))


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("PBE(+U), Materials Project GGA/GGA+U", "PBE"),
        ("PBEsol (VASP)", "PBEsol"),
        ("r2SCAN", "r2SCAN"),
        ("invented", None),
    ],
)
def test_the_level_of_theory_is_read_from_its_name(text, level):
    assert query.level_of_theory(text) == level


def test_a_level_of_theory_is_another_only_where_both_are_known():
    trained = {"a": "r2SCAN", "b": "PBE(+U)", "c": "invented"}
    assert query.other_levels(trained, ["PBE (VASP)"]) == {"a": "r2SCAN"}
    assert query.other_levels(trained, ["PBE (VASP)", "r2SCAN"]) == {"a": "r2SCAN", "b": "PBE"}
    assert query.other_levels(trained, ["invented"]) == {}
    assert "than DFT’s: First (r2SCAN). Part of" in level_sentence({"a": "r2SCAN"}, {"a": "First"})
    assert level_sentence({}, {}) == ""


def test_another_functional_is_said_on_the_cards(directory, tmp_path):
    rows = [{**row, "functional": "r2SCAN"} for row in tables.read(directory, "potentials").to_pylist()]
    changed = republished(directory, tmp_path, potentials=rows)
    said = f"Trained on another functional than DFT’s: {card(changed, CHGNET).facts['name']} (r2SCAN)"
    assert said in text_of(models.PAGE.show(changed, {}))


def test_the_command_fetches_what_no_package_brings_and_asks_for_the_licence(directory, tmp_path):
    weights = {"source": "https://example.org/a.model", "licence": "ASL (Academic Software License)"}
    rows = [{**row, **weights} for row in tables.read(directory, "potentials").to_pylist()]
    found = card(republished(directory, tmp_path, potentials=rows), IDLE)
    assert compute_command(found) == (
        f"softmode potentials fetch {IDLE} --accept-licence && softmode campaign run --suite abx3 --potential {IDLE}"
    )


def test_two_potentials_agree_with_the_tests_on_labels_by_hand(dataset):
    found = pairwise(dataset, "abx3", CHGNET, MACE)
    truth = ["unstable"] * 3 + ["stable"] * 2
    first = ["unstable", "unstable", "stable", "stable", "stable"]
    assert found.harmonic.test == mcnemar(truth, first, truth)
    assert (found.harmonic.both_right, found.harmonic.test.second_only, found.harmonic.both_wrong) == (4, 1, 0)
    assert found.sigma is None  # the second has no σ
    assert found.omega_rmse.n == 5
    dft, one, other = (np.minimum(v, 0) for v in ([-1, -0.9, -0.5, -0.02, 0], [-0.8, -0.3, 0.4, 0.9, 1.2],
                                                  [-1.1, -0.85, -0.4, 0.8, 1.1]))  # fmt: skip
    expected = np.sqrt(np.mean((one - dft) ** 2)) - np.sqrt(np.mean((other - dft) ** 2))
    assert found.omega_rmse.difference == pytest.approx(expected)
    assert found.differing["compound"].tolist() == ["CsPbBr3", "CsPbCl3", "CsPbI3"]
    assert found.differing["apart"].tolist() == pytest.approx([0.55, 0.4, 0.3])


def test_sigma_labels_count_a_failure_as_wrong(directory, tmp_path):
    rows = tables.read(directory, "anharmonic").to_pylist()
    first = [{**row, "sigma": 1.2} if row["compound"] == "CsPbI3" else row for row in rows]
    second = [
        {**row, "potential": MACE, "run": "run-other", "sigma": 0.5 if row["status"] == "ok" else None} for row in rows
    ]
    found = pairwise(republished(directory, tmp_path, anharmonic=first + second), "abx3", CHGNET, MACE)
    # DFT stable: CsSrF3, KMgF3, RbCaF3, and KMnF3, which melted with both; unstable: the three of CsPb
    assert (found.sigma.test.n, found.sigma.both_right, found.sigma.both_wrong) == (7, 2, 3)
    assert (found.sigma.test.first_only, found.sigma.test.second_only) == (1, 1)
    assert found.sigma_rmse.n == 6


def test_potentials_of_a_suite_are_those_that_were_run(dataset):
    assert potentials(dataset, "abx3") == [MACE, CHGNET], "by the suite's own ranking"
    assert potentials(dataset, "hdp") == [CHGNET]


def test_what_has_no_size_is_named_not_dropped(directory, dataset, tmp_path):
    text = text_of(models.html.Div(accuracy_block(ranking(dataset, "abx3"), query.cards(dataset), "training")))
    assert "Not drawn. The authors do not state the size for Mace-Test and Chgnet-Test." in text
    sizes = {CHGNET: 1_000, MACE: 2_000, IDLE: None}
    rows = [
        {**row, "training_structures": sizes[row["potential"]]}
        for row in tables.read(directory, "potentials").to_pylist()
    ]
    known = republished(directory, tmp_path, potentials=rows)
    text = text_of(models.html.Div(accuracy_block(ranking(known, "abx3"), query.cards(known), "training")).children[0])
    assert "2 potentials, n = 5 compounds" in text
    assert "Mace-Test has the largest training set and the best score" in text


def test_the_figure_draws_a_potential_as_every_other_does_and_sets_equals_side_by_side():
    rows = [
        Model("a", 100.0, 0.5, 0.4, 0.6, "a"),
        Model("b", 100.0, 0.6, 0.5, 0.7, "b"),
        Model("c", 300.0, 1, 1, 1, "c"),
    ]
    figure = drawn(accuracy(rows, x_title="size", y_title="score"))
    first, second, third = figure.data
    assert [one.marker.color for one in figure.data] == [colour(p) for p in "abc"]
    assert third.marker.symbol == symbol("c")
    assert first.x[0] < second.x[0] < third.x[0]
    assert round_numbers(80, 600) == [100, 200, 500]


def test_the_page_follows_its_address(dataset):
    text = text_of(models.PAGE.show(dataset, {"a": MACE, "m": "omega"}))
    assert "RMSE of ω" in text
    assert "n = 5 compounds" in text
    assert "Mace-Test alone on 1" not in text  # it is the first now
    assert "Mace-Test alone is right on 1 compounds" in text
    hdp = text_of(models.PAGE.show(dataset, {"s": "hdp", "m": "mcc"}))
    assert "It takes two potentials" in hdp
    assert "--stage sigma" in hdp


def test_the_page_stands_without_data(tmp_path):
    tables.publish(tmp_path, {})
    assert "No potential has been run" in text_of(models.PAGE.show(Dataset(tmp_path), {}))


def test_records_of_training_become_curves_and_paired_errors(directory, tmp_path):
    target = tmp_path / "parquet"
    a, b, c = "CsPbI3", "CsPbBr3", "CsSrF3"
    errors = {(a, 250): 0.5, (b, 250): 0.7, (a, 1000): 0.2, (b, 1000): 0.4, (c, 1000): 9.0}
    rows = [
        {
            **dict.fromkeys(("method", "sampler"), "invented"), "frames": f"surrogate-teacher-{compound}",
            "suite": "abx3", "compound": compound, "potential": f"model-{size}", "force_error": error,
            "constants_error": 2 * error, "total": -error, "status": "ok",
        }
        for (compound, size), error in errors.items()
    ]  # fmt: skip
    published = {name: tables.read(directory, name) for name in tables.read_manifest(directory).tables}
    tables.publish(target, published | {"attribution": tables.from_rows("attribution", rows)})
    dataset = Dataset(target)
    assert learning_data.trainings(dataset) == ()
    (tmp_path / "distil").mkdir()
    for size, rmse in ((1000, (300.0, 200.0)), (250, (400.0, 450.0))):
        curve = [{"step": 200 * i, "validation_force_rmse": value} for i, value in enumerate(rmse, start=1)]
        record = {"potential": f"model-{size}", "teacher": MACE, "configurations": size, "compounds": 2, "curve": curve}
        (tmp_path / "distil" / f"{size}.json").write_text(json.dumps(record))
    found = learning_data.learned(dataset)
    assert (found.n, found.configurations) == (2, (250, 1000))
    assert [error.value for error in found.errors["forces"]] == pytest.approx([0.6, 0.3])
    assert found.change["force constants"].value == pytest.approx(-0.6)
    assert found.errors["σ"][0].value == pytest.approx(0.6)
    assert np.isnan(found.errors["σ"][0].low), "both compounds have Pb: one cation bounds nothing"
    shown = text_of(models.PAGE.show(dataset, {}))
    assert "Distilled from Mace-Test on 250 and 1,000 configurations: no foundation models" in shown
    assert "With 250 it was lowest at step 200" in shown
