"""The labels in SQL are those in NumPy, for every combination of numbers, doubts and statuses."""

from __future__ import annotations

from itertools import product

import duckdb
import pyarrow as pa
import pytest

from compute.statistics.criteria import LABELLED, dft_labels, potential_answers
from compute.statistics.verdicts import NO_LABEL, NOT_RUN

NAN = float("nan")
OMEGAS = (-1.0, -0.1, -0.05, 0.0, 0.3, NAN, None, float("inf"))
SIGMAS = (0.4, 0.99, 1.0, 1.7, NAN, None)
STATUSES = ("ok", "not-run", "not-relaxed", "left-sites", "exploded")
NAMES = {
    "harmonic": ("dft_label", "label", "own_label"),
    "sigma": ("dft_sigma_label", "sigma_label", "own_sigma_label"),
    "renormalised": ("dft_sigma_label", "renormalised_label", "own_renormalised_label"),
}


def combinations() -> pa.Table:
    """Every combination of what decides one criterion, beside a mixture of what decides the others."""
    harmonic = product(OMEGAS, OMEGAS, (None, NAN, 0.08, 0.5), (None, False, True), STATUSES)
    rows = [
        {"dft_omega_min_thz": a, "omega_min_thz": b, "noise_floor_thz": c, "undecidable": d, "status": e}
        for a, b, c, d, e in harmonic
    ]
    sigma = list(product(SIGMAS, SIGMAS, (None, NAN, 0.01, 0.3), STATUSES))
    fitted = list(product(OMEGAS, (None, "stable", "unstable", "undecidable")))
    for n, row in enumerate(rows):
        names = ("dft_sigma", "sigma", "sigma_se", "sigma_status", "renormalised_min_thz", "renormalised_label")
        row.update(zip(names, (*sigma[n % len(sigma)], *fitted[n % len(fitted)]), strict=True))
        row.update(potential="p", tolerance_thz=0.1, label=None, sigma_label=None)
    return pa.Table.from_pylist(rows)


@pytest.mark.parametrize("criterion", NAMES)
@pytest.mark.parametrize(("tolerance", "threshold"), [(0.1, 1.0), (0.0, 1.0), (0.5, 0.5)])
def test_both_say_the_same_of_every_row(criterion, tolerance, threshold):
    pairs = combinations()
    connection = duckdb.connect()
    connection.register("pairs", pairs)
    found = connection.execute(f"{LABELLED} FROM pairs", {"tolerance_thz": tolerance, "threshold": threshold}).df()
    rows = pairs.to_pandas()
    truth, shown, own = (found[name].fillna("none").tolist() for name in NAMES[criterion])
    answers = potential_answers(rows, criterion, tolerance, threshold)
    plain = {NO_LABEL: "none", NOT_RUN: "none", "not-run": "none"}
    assert truth == [plain.get(label, label) for label in dft_labels(rows, criterion, tolerance, threshold)]
    assert [plain.get(label, label) for label in shown] == [plain.get(label, label) for label in answers.shown]
    assert own == [plain.get(label, label) for label in answers.own]
    assert {"stable", "unstable", "undecidable", "failed", "not-run"} <= set(shown)
