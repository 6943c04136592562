"""The pages over the tables that the repository publishes, and what the pages assume of those tables."""

import pytest

from compute.physics.stability import harmonic_labels
from dashboard.app import PAGES
from dashboard.dataset import Dataset
from dashboard.queries import coverage
from tests.conftest import ROOT

DATA = ROOT / "data" / "parquet"
COMPOUNDS = {
    "abx3": "CsPbBr3",
    "hdp": "Cs2AgBiBr6",
    "mp0b3": "mp-22862",
    "alexandria50": "mp-11131",
    "mp64": "mp-10163",
    "phonondb": "mp-10175",
    "kappa103": "mp-1000",
}


@pytest.fixture(scope="module")
def dataset():
    if not (DATA / "manifest.json").exists():
        pytest.skip("no table is published in data/parquet")
    return Dataset(DATA)


@pytest.mark.parametrize("suite", COMPOUNDS)
def test_every_page_is_laid_out(dataset, suite):
    for page in PAGES:
        below = {"suite": suite, "compound": COMPOUNDS[suite]} if page.below else {}
        assert page.show(dataset, {"s": suite}, **below) is not None


def test_published_labels_are_those_of_the_one_function(dataset):
    frame = dataset.frame("SELECT * FROM harmonic WHERE status = 'ok'")
    if frame.empty:
        pytest.skip("no harmonic result is published")
    for tolerance, rows in frame.groupby("tolerance_thz"):
        labels = harmonic_labels(rows["omega_min_thz"], float(tolerance), rows["noise_floor_thz"])
        assert labels.tolist() == rows["label"].tolist()


def test_every_suite_is_counted_whole(dataset):
    assert all(entry.n >= sum(entry.counts.values()) for entry in coverage.coverage(dataset))
