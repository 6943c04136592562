"""A large release is read from a file that is made once, and says what a release in memory says."""

import pytest

from compute import tables
from compute.tables import kept
from dashboard.dataset import Dataset
from tests.support.dashboard_data import publish

QUESTIONS = (
    "SELECT suite, compound, potential, status, omega_min_thz, sigma FROM pairs ORDER BY ALL",
    "SELECT potential, category, theory FROM potentials ORDER BY ALL",
    "SELECT * FROM wells ORDER BY ALL",
)


@pytest.fixture(autouse=True)
def every_release_is_large(monkeypatch):
    monkeypatch.setattr(kept, "LARGE", 0)


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_a_large_release_answers_from_its_file_as_from_memory(directory, tmp_path):
    held, filed = Dataset(directory), Dataset(directory, joined=tmp_path / "joined")
    for question in QUESTIONS:
        assert filed.frame(question).equals(held.frame(question))
    assert filed.release() == held.release()
    filed.make("made_of_pairs", "SELECT count(*) AS n FROM pairs")
    assert filed.frame("SELECT n FROM made_of_pairs")["n"].iloc[0] == len(held.frame(QUESTIONS[0]))


def test_the_file_is_made_once_and_another_release_has_another(tmp_path):
    data, joined = publish(tmp_path / "data"), tmp_path / "joined"
    first = Dataset(data, joined=joined)
    assert first.rows("harmonic") == Dataset(data).rows("harmonic")
    made = files(joined)
    assert len(made) == 1
    Dataset(data, joined=joined).rows("harmonic")
    assert files(joined) == made
    rows = tables.read(data, "harmonic").to_pylist()
    tables.publish(data, {"harmonic": tables.from_rows("harmonic", rows[:-1])})
    assert first.rows("harmonic") == len(rows) - 1, "a running site goes over to the new one"
    assert len(files(joined)) == 1
    assert set(files(joined)) != set(made)


def test_a_release_whose_file_cannot_be_made_is_refused_in_one_sentence(directory, tmp_path):
    (tmp_path / "joined").write_text("no folder")
    with pytest.raises(tables.TableError, match="cannot be"):
        Dataset(directory, joined=tmp_path / "joined").rows("harmonic")
