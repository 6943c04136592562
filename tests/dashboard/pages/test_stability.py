"""The page on stability: numbers against numbers counted by hand on the invented data set, and what it says."""

import dataclasses
from urllib.parse import parse_qsl

import numpy as np
import pytest

from compute import tables
from compute.potentials.registry import preselected
from compute.statistics import confusion as metrics
from compute.statistics import verdicts
from compute.statistics.criteria import CRITERIA
from dashboard.dataset import Dataset
from dashboard.pages.stability import confusion, curves, screening_data
from dashboard.pages.stability.ladder_data import climbed
from dashboard.pages.stability.page import PAGE
from dashboard.pages.stability.sweep_figure import Line, sweep
from dashboard.queries import stability
from dashboard.views.codec import decode
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import StabilityView
from tests.support import components, dashboard_data
from tests.support.components import drawn
from tests.support.dashboard_data import CHGNET, MACE


def compared(dataset, *potentials, **more):
    return stability.compared(dataset, StabilityView(**more), potentials or (CHGNET,))


def matrix(data, potential=CHGNET):
    return verdicts.crosstab(data.truth, data.labels[potential]).tolist()


def text_of(dataset, **query):
    return components.text_of(PAGE.show(dataset, query))


def test_every_compound_is_in_the_matrix_once(dataset):
    #                                        stable unstable undecidable failed not run
    assert matrix(compared(dataset)) == [[2, 1, 0, 0, 0], [1, 2, 1, 1, 1], [0, 1, 0, 0, 0]]


def test_the_score_counts_the_own_label_and_a_failure_as_wrong(dataset):
    found = compared(dataset).scores[CHGNET]
    # KMnF3 (−0.02, below its floor) is called stable, which is wrong, and BaTiO3 failed.
    assert (found.n, found.n_smaller, found.n_undecidable, found.n_failed) == (8, 3, 1, 1)
    assert found.mcc.value == pytest.approx(metrics.mcc([[2, 1], [3, 2]]))
    decided = compared(dataset, rule="decided").scores[CHGNET]
    assert (decided.n, decided.accuracy.value) == (6, pytest.approx(4 / 6))
    strict = compared(dataset, rule="strict").scores[CHGNET]
    assert (strict.n, strict.accuracy.value) == (8, pytest.approx(4 / 8))


def test_what_knows_no_forces_stands_beside_the_score(dataset):
    nulls = compared(dataset).nulls
    assert set(nulls) == {"constant"}  # no composition was learnt on the invented data
    assert (nulls["constant"].n, nulls["constant"].balanced_accuracy.value) == (8, 0.5)
    text = text_of(dataset, p=CHGNET)
    assert "null: the larger class" in text


def test_the_tolerance_moves_the_matrix(dataset):
    # KMnF3 (−0.3) stays unstable in DFT; RbCaF3 (−0.25) becomes stable in the potential.
    wide = compared(dataset, tolerance_thz=0.3)
    assert matrix(wide) == [[3, 0, 0, 0, 0], [1, 2, 1, 1, 1], [0, 1, 0, 0, 0]]


def test_filters_change_what_is_counted(dataset):
    assert compared(dataset, anion=("F",)).n == 4
    assert compared(dataset, suite="hdp").n == 3


def test_sigma_of_dft_against_harmonic_is_a_cross_tabulation(dataset):
    data = compared(dataset, suite="hdp", criterion="cross")
    assert matrix(data) == [[1, 1, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    lower = compared(dataset, suite="hdp", criterion="cross", threshold=0.8)
    assert (lower.truth == "stable").sum() == 1


def test_sigma_against_sigma_has_its_own_doubt_and_failures(dataset):
    # At 1.06 CsPbI3 (1.10 ± 0.05) is in doubt; KMnF3 melted; BaTiO3, SrTiO3 and LaAlO3 were not run.
    assert matrix(compared(dataset, criterion="sigma")) == [[2, 1, 0, 1, 1], [2, 1, 0, 0, 1], [0, 0, 0, 0, 1]]
    doubtful = compared(dataset, criterion="sigma", threshold=1.06)
    assert matrix(doubtful) == [[3, 1, 0, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 1]]


def test_renormalised_labels_are_those_of_the_fit(dataset):
    data = compared(dataset, criterion="renormalised")
    assert matrix(data) == [[3, 0, 0, 1, 1], [3, 0, 0, 0, 1], [0, 0, 0, 0, 1]]


def test_common_compounds_are_those_that_every_potential_has_run(dataset):
    both = compared(dataset, CHGNET, MACE, common="yes")
    assert both.common.sum() == 5
    # CsPbI3, CsPbBr3 and CsPbCl3 are unstable in DFT, of which CHGNet finds two and MACE all; CsSrF3 and KMgF3 stable.
    assert matrix(both)[:2] == [[2, 0, 0, 0, 1], [1, 2, 0, 0, 3]]
    assert matrix(both, MACE)[:2] == [[2, 0, 0, 0, 1], [0, 3, 0, 0, 3]]
    apart = compared(dataset, CHGNET, MACE, common="no")
    assert matrix(apart) == matrix(compared(dataset))


def test_a_pair_is_compared_on_what_both_have_run(dataset):
    (duel,) = stability.duels(compared(dataset, CHGNET, MACE))
    assert (duel.first, duel.second, duel.mcc.n) == (CHGNET, MACE, 5)
    assert duel.mcc.first == pytest.approx(metrics.mcc([[2, 0], [1, 2]]))
    assert duel.mcc.second == pytest.approx(1)
    assert (duel.test.first_only, duel.test.second_only, duel.test.p) == (0, 1, 1)
    assert not duel.balanced_accuracy.measurable


@pytest.mark.parametrize("rule", verdicts.RULES)
@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_sweep_counts_what_the_score_does_at_every_level(dataset, criterion, rule):
    for moved in stability.moved(criterion):
        counts = stability.sweep(compared(dataset, CHGNET, MACE, criterion=criterion, rule=rule), moved)
        for i, level in enumerate(stability.levels(moved).tolist()):
            field = "tolerance_thz" if moved == "tolerance" else "threshold"
            data = compared(dataset, CHGNET, MACE, criterion=criterion, **{field: level})
            for potential in (CHGNET, MACE):
                expected = verdicts.counts(data.truth, data.answers[potential], rule)
                assert counts[potential][i].tolist() == expected.tolist()


def test_rankings_count_failures_and_leave_out_what_was_not_run(dataset):
    roc, recall = stability.rankings(compared(dataset))[CHGNET]
    assert (roc.n, roc.n_positive, roc.n_failed) == (8, 3, 1)
    # Stable 0.9, 1.2 and −0.25 against −0.8, −0.3, 0.4, −0.02 and a failure, which counts as most stable of all.
    assert roc.area == pytest.approx((4 + 4 + 2) / 15)
    assert recall.n_positive == 3


def test_a_screen_drops_what_is_called_unstable_and_nothing_else(dataset):
    data = compared(dataset)
    (screen,) = screening_data.screens(data)
    # Unstable at 0.1 THz: CsPbI3 and CsPbBr3, rightly, and RbCaF3, wrongly; undecidable and failed go to DFT.
    assert screen.n == 8
    assert [int(number[0]) for number in screen.dropped(np.array([-0.1]))] == [1, 2]
    now = screen.point(0.1, 1, 50)
    assert (now.saved, now.kept) == pytest.approx((3 / 8, 2 / 3))
    assert now.cost == pytest.approx(1000 * (1 * 3 + 50 * 1) / 8)
    assert screen.cost_of_all(1) == pytest.approx(1000 * 5 / 8)
    assert screen.cost_of_none(50) == pytest.approx(1000 * 50 * 3 / 8)


def test_the_cheapest_tolerance_keeps_the_compound_that_costs_most(dataset):
    found = screening_data.economics(compared(dataset), screening_data.screens(compared(dataset))[0])
    # From 0.26 THz RbCaF3 (−0.25) is kept; from 0.31 CsPbBr3 (−0.3) is no longer dropped.
    assert found.best.level == 0.26
    assert found.best.cost == pytest.approx(1000 * 3 / 8)
    free = dataclasses.replace(compared(dataset), view=StabilityView(false_stable=1, false_unstable=0))
    assert screening_data.economics(free, screening_data.screens(free)[0]).best.level == 0.1


def test_the_doubt_of_sigma_moves_with_the_threshold(dataset):
    (screen,) = screening_data.screens(compared(dataset, criterion="sigma"))
    # CsPbI3 (1.10 ± 0.05) is dropped only below 1.00; RbCaF3 (1.30 ± 0.02) from 1.26 on is in doubt.
    dropped = [sum(int(n[0]) for n in screen.dropped(np.array([-level]))) for level in (0.99, 1.05, 1.25, 1.27)]
    assert dropped == [2, 1, 1, 0]
    saved, kept = screen.curve()
    assert (saved[0], kept[0]) == (0, 1)
    assert np.all(np.diff(saved) >= 0)
    assert np.all(np.diff(kept) <= 0)


@pytest.mark.parametrize("criterion", ["harmonic", "sigma", "cross"])
def test_a_cell_leads_to_its_compounds(dataset, criterion):
    data = compared(dataset, criterion=criterion, tolerance_thz=0.2, threshold=0.9, anion=("F",))
    table = confusion.comparison(data, {}, stability.settings(dataset, "abx3", (CHGNET,)), ["invented"])
    links = [part for part in table._traverse() if getattr(part, "href", None)]
    assert len(links) == int(np.sum(verdicts.crosstab(data.truth, data.labels[CHGNET]) > 0))
    view, problems = decode(CompoundsView, dict(parse_qsl(links[0].href.removeprefix("/compounds?"))))
    assert problems == ()
    assert (view.suite, view.potentials, view.anion, view.truth) == ("abx3", (CHGNET,), ("F",), ("stable",))
    assert view.criterion == criterion
    assert view.tolerance_thz == (0.1 if criterion == "sigma" else 0.2)
    assert view.threshold == (1.0 if criterion == "harmonic" else 0.9)


def test_scores_come_with_the_class_ratio_and_their_interval(dataset):
    text = text_of(dataset, p=CHGNET)
    assert "DFT calls 3 compounds stable and 6 unstable (33 : 67); 1 have no DFT number." in text
    assert "n = 8, smaller class 3" in text
    assert "fewer than 20" in text


def test_a_cross_tabulation_has_no_scores(dataset):
    text = text_of(dataset, c="cross")
    assert "Two different questions" in text
    assert "Matthews" not in text


def test_another_functional_and_another_schedule_are_named(directory, tmp_path):
    rows = {name: tables.read(directory, name).to_pylist() for name in ("potentials", "references", "harmonic")}
    for row in rows["potentials"]:
        row["functional"] = "r2SCAN" if row["potential"] == MACE else "PBE(+U)"
    tables.publish(tmp_path, {name: tables.from_rows(name, values) for name, values in rows.items()})
    text = text_of(Dataset(tmp_path))
    assert f"Trained on another functional than DFT’s: {MACE.title()} (r2SCAN)." in text


def test_what_was_not_computed_says_how(dataset):
    text = text_of(dataset, s="hdp", c="sigma")
    assert "Not computed. " in text
    assert f"softmode campaign run --suite hdp --potential {preselected()} --stage sigma" in text


def test_a_suite_without_the_criterion_shows_its_first(dataset):
    text = text_of(dataset, s="hdp", c="harmonic")
    assert "Cross-tabulation" in text
    assert '"data": "s=hdp"' in text


def test_the_sweep_shows_the_present_level_and_the_noise():
    levels = stability.TOLERANCES_THZ
    line = Line("a", np.linspace(0, 1, len(levels)), "a")
    figure = drawn(sweep(levels, [line], 0.25, x_title="tolerance (THz)", y_title="score", floor=0.3))
    assert figure.data[1].x[0] == 0.25
    assert figure.data[1].y[0] == pytest.approx(0.5)
    grounds = [shape.x1 for shape in figure.layout.shapes if shape.type == "rect"]
    assert grounds == [0.3]
    beyond = drawn(sweep(levels, [line], 0.25, x_title="tolerance (THz)", y_title="score", floor=2.3))
    assert [shape.x1 for shape in beyond.layout.shapes if shape.type == "rect"] == [0.5], "all of the axis"


def test_floors_beyond_the_axis_are_said_in_words(dataset):
    data = compared(dataset)
    rows = {**data.predictions[0].rows, "noise_floor_thz": np.full(data.n, 2.34)}
    loud = dataclasses.replace(data.predictions[0], rows=rows)
    text = components.text_of(curves.sweeps(dataclasses.replace(data, predictions=(loud,)), {}))
    assert "below the median noise floor, 2.34 THz, beyond the axis" in text


RUNGS = {"CsPbBr3": [-2.0, -1.0, 0.5], "CsPbCl3": [0.4, 0.4, 0.4], "KMgF3": [-0.5, -0.5, -0.5]}


def _with_ladders(tmp_path):
    """The data set in which one run froze the softest mode of three compounds in at three displacements."""
    directory = dashboard_data.publish(tmp_path)
    rows = tables.read(directory, "harmonic").to_pylist()
    for row in rows:
        if row["run"] == dashboard_data.RUN and row["compound"] in RUNGS:
            row |= {"rung_amplitude": [0.01, 0.03, 0.05], "rung_omega_thz": RUNGS[row["compound"]]}
    tables.publish(directory, {"harmonic": tables.from_rows("harmonic", rows)})
    return Dataset(directory)


def test_labels_are_counted_at_every_displacement_by_what_dft_says(tmp_path):
    dataset = _with_ladders(tmp_path)
    (one,) = climbed(dataset, "abx3", [CHGNET, MACE], 0.1)
    omega = {row[0]: row[5] for row in dashboard_data.ABX3}
    says = {compound: [value > -0.1 for value in rungs] for compound, rungs in RUNGS.items()}
    for place, stable in enumerate((True, False)):
        own = [says[c] for c in RUNGS if omega[c] is not None and (omega[c] > -0.1) == stable]
        assert one.n[place] == len(own)
        assert one.stable[place].tolist() == [sum(at) for at in zip(*own, strict=True)] if own else [0, 0, 0]
        assert one.turned[place] == sum(len(set(labels)) > 1 for labels in own)
    assert one.turned.sum() == 1
    # With a tolerance above every ω all are stable everywhere.
    (wide,) = climbed(dataset, "abx3", [CHGNET], 3.0)
    assert wide.turned.sum() == 0


def test_the_page_shows_the_label_over_the_displacement_and_says_who_has_no_ladder(tmp_path):
    text = text_of(_with_ladders(tmp_path))
    assert "Does the label depend on the displacement?" in text
    assert "stable at 0.03 Å" in text
    assert f"Not computed at several displacements: {MACE.title()}" in text
    assert "Does the label depend" not in text_of(_with_ladders(tmp_path / "sigma"), c="sigma")


def test_a_matrix_of_a_part_of_the_suite_is_named_unweighted(dataset):
    assert "1 not run: as run, unweighted" in text_of(dataset, p=CHGNET)
    assert "not run: as run, unweighted" not in text_of(dataset, p=f"{CHGNET}.{MACE}", k="yes", c="cross")
