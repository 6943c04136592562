"""Numbers of the pages against numbers counted by hand on the invented data set."""

import math
import threading

import duckdb
import pytest

from dashboard.dataset import Dataset
from dashboard.queries import agreement, coverage, provenance
from tests.support import dashboard_data
from tests.support.dashboard_data import CHGNET, IDLE, MACE


def test_coverage_tells_failed_from_not_run_from_never_computed(dataset):
    cover = {(c.suite, c.potential): c for c in coverage.coverage(dataset)}
    abx3 = cover["abx3", CHGNET]
    assert (abx3.n, abx3.ok, abx3.failures, abx3.not_run) == (10, 8, {"not-relaxed": 1}, 1)
    assert abx3.geometry == "reference"
    assert cover["abx3", IDLE].counts == {}
    assert cover["abx3", IDLE].n == 3660
    assert abx3.sigma_counts == {"ok": 6, "melted": 1, "not-run": 3}
    assert abx3.sigma_protocol == dashboard_data.SIGMA_PROTOCOL
    assert cover["abx3", MACE].sigma_counts == {}
    assert coverage.potentials_with_results(dataset, "abx3") == [CHGNET, MACE]
    assert coverage.benchmark_potentials(dataset) == [MACE, IDLE]


def test_the_newest_run_that_ran_answers(dataset):
    runs = provenance.runs(dataset, ["abx3"], CHGNET)
    assert runs["run"].tolist() == [dashboard_data.RUN, dashboard_data.SIGMA_RUN]


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


def test_noise_floors_come_with_the_bond_they_belong_to(dataset):
    floors = agreement.noise_floors(dataset, "abx3", CHGNET)
    assert floors["bond"].tolist() == [2.75] * 8
    assert sorted(floors["noise_floor"]) == [0.01] * 7 + [0.05]


def test_without_tables_there_are_no_rows_and_no_errors(tmp_path):
    empty = Dataset(tmp_path)
    assert empty.rows("harmonic") == 0
    assert coverage.coverage(empty) == []


def test_a_new_publication_is_noticed(tmp_path):
    dataset = Dataset(tmp_path)
    assert dataset.rows("references") == 0
    dashboard_data.publish(tmp_path)
    assert dataset.rows("references") == 16


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
