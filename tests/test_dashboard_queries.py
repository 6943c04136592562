"""Numbers of the pages against numbers counted by hand on the invented data set."""

import math
import threading

import duckdb
import pytest

from compute import tables
from dashboard.dataset import Dataset
from dashboard.queries import agreement, compounds, provenance, results, stability
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import StabilityView
from tests import dashboard_data
from tests.dashboard_data import CHGNET, IDLE, MACE


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return Dataset(dashboard_data.publish(tmp_path_factory.mktemp("data")))


def view(**more):
    return StabilityView(potential=CHGNET, **more)


def labels(dataset, asked):
    data = stability.compared(dataset, asked)
    truth = stability.truth_labels(data, asked, asked.tolerance_thz)
    return truth, stability.answer_labels(data, asked.tolerance_thz)


def test_every_compound_is_in_the_matrix_once(dataset):
    counts = stability.crosstab(*labels(dataset, view()))
    #                          stable unstable undecidable failed not run
    assert counts.tolist() == [[2, 1, 0, 0, 0], [1, 2, 1, 1, 1], [0, 1, 0, 0, 0]]


def test_scores_state_what_they_count(dataset):
    scores = stability.scores(*labels(dataset, view()))
    assert [(name, score.n) for name, score in scores.items()] == [("decided", 6), ("all run", 8)]
    assert scores["decided"].accuracy == pytest.approx(4 / 6)
    assert scores["all run"].accuracy == pytest.approx(4 / 8)
    assert scores["decided"].recall == pytest.approx((2 / 3, 2 / 3))


def test_the_tolerance_moves_the_matrix(dataset):
    wide = stability.crosstab(*labels(dataset, view(tolerance_thz=0.3)))
    # KMnF3 (−0.3) stays unstable in DFT; RbCaF3 (−0.25) becomes stable in the potential.
    assert wide.tolist() == [[3, 0, 0, 0, 0], [1, 2, 1, 1, 1], [0, 1, 0, 0, 0]]


def test_filters_change_what_is_counted(dataset):
    fluorides = stability.compared(dataset, view(anion=("F",)))
    assert fluorides.n == 4
    assert stability.compared(dataset, view(suite="hdp")).n == 3


def test_sigma_is_its_own_criterion(dataset):
    truth, answer = labels(dataset, view(suite="hdp", criterion="sigma"))
    assert stability.crosstab(truth, answer).tolist() == [[1, 1, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    lower, _ = labels(dataset, view(suite="hdp", criterion="sigma", threshold=0.8))
    assert (lower == "stable").sum() == 1


def test_the_sweep_holds_the_present_tolerance(dataset):
    data = stability.compared(dataset, view())
    counts = stability.sweep(data, view())
    at = stability.SWEEP_THZ.tolist().index(0.1)
    assert counts[at].tolist() == [[2, 1], [1, 2]]


def test_coverage_tells_failed_from_not_run_from_never_computed(dataset):
    cover = {(c.suite, c.potential): c for c in results.coverage(dataset)}
    abx3 = cover["abx3", CHGNET]
    assert (abx3.n, abx3.ok, abx3.failures, abx3.not_run) == (10, 8, {"not-relaxed": 1}, 1)
    assert abx3.geometry == "reference"
    assert cover["abx3", IDLE].counts == {}
    assert cover["abx3", IDLE].n == 3660
    assert abx3.sigma_counts == {"ok": 6, "melted": 1, "not-run": 3}
    assert abx3.sigma_protocol == dashboard_data.SIGMA_PROTOCOL
    assert cover["abx3", MACE].sigma_counts == {}
    assert results.potentials_with_results(dataset, "abx3") == [CHGNET, MACE]
    assert results.benchmark_potentials(dataset) == [MACE, IDLE]


def test_the_newest_run_that_ran_answers(dataset):
    runs = provenance.runs(dataset, ["abx3"], CHGNET)
    assert runs["run"].tolist() == [dashboard_data.RUN]


def test_deviations_by_hand_are_cut_at_zero_where_the_source_is(dataset):
    deviations = agreement.deviations(dataset, "abx3", CHGNET)
    # ω_min, both sides cut at 0: 0.2, 0.6, 0.5, 0.02, 0, −0.2, 0.28
    assert deviations["min"].n == 7
    assert deviations["min"].bias == pytest.approx((0.2 + 0.6 + 0.5 + 0.02 + 0 - 0.2 + 0.28) / 7)
    # R is compared as published: (ω + 1) − (ω_DFT + ½)
    assert deviations["r"].bias == pytest.approx((0.7 + 1.1 + 1.4 + 1.42 + 1.7 + 0.3 + 0.78) / 7)
    assert deviations["x"].n == 0
    assert math.isnan(deviations["x"].rmse)


def test_the_noise_floor_is_the_median_of_the_finished_rows(dataset):
    assert agreement.median_noise_floor(dataset, "abx3", CHGNET) == pytest.approx(0.01)
    assert math.isnan(agreement.median_noise_floor(dataset, "abx3", IDLE))


def test_frequency_error_of_the_benchmark(dataset):
    error = agreement.frequency_error(dataset, "mp0b3", MACE)
    assert (error.n, error.median) == (3, pytest.approx(0.2))
    assert agreement.frequency_error(dataset, "abx3", CHGNET).n == 0


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"anion": ("I",)}, ["CsPbI3"]),
        ({"element": "Pb"}, ["CsPbBr3", "CsPbCl3", "CsPbI3"]),
        ({"status": ("failed",)}, ["BaTiO3"]),
        ({"status": ("not-run", "failed")}, ["BaTiO3", "SrTiO3"]),
        ({"label": ("undecidable",)}, ["KMnF3"]),
        ({"agreement": ("disagree",)}, ["CsPbCl3", "RbCaF3"]),
        ({"sigma_low": 1.2}, ["BaTiO3", "CsPbI3"]),
        ({"sigma_high": 0.6}, ["CsSrF3", "KMgF3"]),
        ({"formula": "pbi"}, ["CsPbI3"]),
        ({"formula": "' OR 1=1"}, []),
    ],
)
def test_filters_of_the_table(dataset, filters, names):
    frame = compounds.compounds(dataset, CompoundsView(potential=CHGNET, **filters))
    assert frame["compound"].tolist() == names


def test_rows_come_sorted_with_nulls_last(dataset):
    frame = compounds.compounds(dataset, CompoundsView(potential=CHGNET))
    order = [{"colId": "omega_min_thz", "sort": "desc"}, {"colId": "no such column", "sort": "asc"}]
    rows = compounds.block(frame, order, 0, 100)
    assert [r["compound"] for r in rows[:2]] == ["KMgF3", "CsSrF3"]
    assert [r["omega_min_thz"] for r in rows[-2:]] == [None, None]
    assert len(compounds.block(frame, [], 8, 100)) == 2
    assert set(compounds.EXPORT) <= set(frame.columns)


def test_noise_floors_come_with_the_bond_they_belong_to(dataset):
    floors = agreement.noise_floors(dataset, "abx3", CHGNET)
    assert floors["bond"].tolist() == [2.75] * 8
    assert sorted(floors["noise_floor"]) == [0.01] * 7 + [0.05]


def test_without_tables_there_are_no_rows_and_no_errors(tmp_path):
    empty = Dataset(tmp_path)
    assert empty.rows("harmonic") == 0
    assert results.coverage(empty) == []
    assert compounds.compounds(empty, CompoundsView()).empty


def test_a_new_publication_is_noticed(tmp_path):
    dataset = Dataset(tmp_path)
    assert dataset.rows("references") == 0
    dashboard_data.publish(tmp_path)
    assert dataset.rows("references") == 16


def test_references_alone_are_shown_without_a_potential(tmp_path):
    full = dashboard_data.publish(tmp_path / "full")
    tables.publish(tmp_path / "bare", {"references": tables.read(full, "references")})
    frame = compounds.compounds(Dataset(tmp_path / "bare"), CompoundsView())
    assert len(frame) == 10
    assert set(frame["label"]) == {""}


def test_the_database_is_locked(dataset, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(duckdb.Error):
        dataset.frame("SELECT * FROM read_csv($path)", {"path": str(secret)})
    with pytest.raises(duckdb.Error):
        dataset.frame("SET enable_external_access = true")


def test_threads_do_not_share_a_cursor(dataset):
    seen, threads = [], []
    for _ in range(8):
        threads.append(threading.Thread(target=lambda: seen.append(dataset.rows("references"))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert seen == [16] * 8
