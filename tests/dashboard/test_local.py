"""Results of this machine beside the published ones: shown, marked as local, and in no published file."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute import tables
from compute.settings import data_directory
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.queries.coverage import potential_names
from dashboard.queries.potentials import cards
from dashboard.queries.ranking import leaderboard
from dashboard.queries.trust import trusted
from dashboard.settings import Settings
from tests.support import against_dft_data, dashboard_data

NEW = "my-mace"


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    return against_dft_data.publish(tmp_path_factory.mktemp("data"))


def scored(folder: Path, potential: str = NEW, error: float = 0.05) -> Path:
    """What `softmode score` leaves: rows of one potential, here of suite alexandria50 alone."""
    run = f"run-of-{potential}"
    rows = [against_dft_data._harmonic(run, potential, error, place) for place in range(against_dft_data.N)]
    with tables.publishing(folder) as publication:
        publication.put("harmonic", tables.from_rows("harmonic", rows))
        publication.put("runs", tables.from_rows("runs", [dashboard_data._run(run, "alexandria50", potential,
                                                                              "2026-11-30T00:00:00Z")]))  # fmt: skip
        publication.upsert("potentials", [against_dft_data._potential(potential)])
    return folder


def test_a_scored_potential_appears_beside_the_others_marked_as_local(directory, tmp_path):
    dataset = Dataset(directory, local=scored(tmp_path / "local"))
    assert potential_names(dataset)[NEW].endswith(" (local)")
    standings = [line.potential for line in leaderboard(dataset, "alexandria50").standings]
    assert standings.index(against_dft_data.OWN) < standings.index(NEW) < standings.index(against_dft_data.TUNED)
    (card,) = (card for card in cards(dataset) if card.potential == NEW)
    assert card.computed
    assert card.facts["local"]
    assert [card.potential for card in cards(dataset) if card.facts["local"]] == [NEW]


def test_the_published_release_is_left_as_it_is(directory, tmp_path):
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    dataset = Dataset(directory, local=scored(tmp_path / "local"))
    assert dataset.release() == f"{Dataset(directory).release()}+{tables.read_manifest(tmp_path / 'local').release}"
    assert dataset.manifest().release == Dataset(directory).release()
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before
    client = create_app(Settings(data=directory, local=tmp_path / "local")).server.test_client()
    assert NEW.encode() not in client.get("/data/harmonic.parquet").data
    assert NEW in client.get("/api/v1/leaderboard?suite=alexandria50").get_data(as_text=True)


def test_what_is_published_of_a_potential_stands(directory, tmp_path):
    """A local run of a published potential is no second row and no other number."""
    dataset = Dataset(directory, local=scored(tmp_path / "local", against_dft_data.OWN, error=9.0))
    assert dataset.release() == Dataset(directory).release()
    assert not potential_names(dataset)[against_dft_data.OWN].endswith("(local)")
    (line,) = (one for one in leaderboard(dataset, "alexandria50").standings if one.potential == against_dft_data.OWN)
    assert line.medians["constants_error"].value < 1


def test_new_local_results_are_noticed_and_damaged_ones_are_left_out(directory, tmp_path, caplog):
    local = tmp_path / "local"
    dataset = Dataset(directory, local=local)
    published = dataset.release()
    assert NEW not in potential_names(dataset)
    scored(local)
    assert NEW in potential_names(dataset)
    assert dataset.release() != published
    next(local.glob("harmonic/*.parquet")).write_bytes(b"")
    (local / "manifest.json").write_text((local / "manifest.json").read_text() + "\n")
    assert NEW not in potential_names(dataset)
    assert dataset.release() == published
    assert "local results" in caplog.text


def test_the_trust_that_was_fitted_to_the_published_release_is_not_called_outdated(tmp_path):
    """Local results change the name of what is shown, and not the tables that the trust was fitted to."""
    published, beside = Dataset(data_directory()), Dataset(data_directory(), local=scored(tmp_path / "local"))
    assert beside.release() != published.release()
    assert trusted(beside, "CsPbBr3", 0.9).where == trusted(published, "CsPbBr3", 0.9).where
