"""What the table of compounds gives away: its rows as SQL, CSV and Parquet."""

import io

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from compute import tables
from dashboard.dataset import Dataset
from dashboard.pages.compounds import data as compounds
from dashboard.queries.compounds_sql import Query, filled, literal
from dashboard.views.compounds import CompoundsView
from tests.support import dashboard_data
from tests.support.dashboard_data import CHGNET, MACE


@pytest.mark.parametrize(
    "view",
    [
        CompoundsView(),
        CompoundsView(potentials=(CHGNET,), elements=("Cs",), without=("I",), answer=("stable", "unstable")),
        CompoundsView(suite="hdp", criterion="cross", sigma_low=0.8, truth=("stable",)),
        CompoundsView(differ="yes", formula="cspb"),
        CompoundsView(suite="mp0b3"),
        CompoundsView(potentials=(CHGNET,), level="comparable", common=(CHGNET, MACE), answer=("not-run",)),
        CompoundsView(potentials=(CHGNET,), common=(CHGNET, MACE)),
    ],
)
def test_the_sql_gives_the_same_rows_in_another_database(dataset, view):
    statements = compounds.export_sql(dataset, view, folder=str(dataset.directory))
    assert "$" not in statements
    with duckdb.connect() as connection:
        found = connection.execute(statements).df()
    expected = compounds.export(dataset, view)
    assert len(expected) > 0
    assert_frame_equal(found, expected, check_dtype=False)


def test_the_sql_runs_where_tables_are_not_published(tmp_path):
    full = dashboard_data.publish(tmp_path / "full")
    tables.publish(tmp_path / "bare", {"references": tables.read(full, "references")})
    bare = Dataset(tmp_path / "bare")
    with duckdb.connect() as connection:
        found = connection.execute(compounds.export_sql(bare, CompoundsView(), str(bare.directory))).df()
    assert len(found) == 10
    assert found["label"].isna().all()


def test_values_are_quoted_in_the_sql():
    query = Query("SELECT $formula, $potentials, $suite, $low", {
        "formula": "'; DROP TABLE pairs; --", "potentials": [], "suite": None, "low": -0.5,
    })  # fmt: skip
    with duckdb.connect() as connection:
        assert connection.execute(filled(query)).fetchone() == ("'; DROP TABLE pairs; --", [], None, -0.5)
    with pytest.raises(TypeError):
        literal(object())


def test_files_hold_the_rows_with_sources_and_runs(dataset):
    view = CompoundsView(anion=("I", "Br"))
    expected = compounds.export(dataset, view)
    written = pd.read_csv(io.StringIO(compounds.export_csv(dataset, view)))
    stored = pd.read_parquet(io.BytesIO(compounds.export_parquet(dataset, view)))
    assert list(written.columns) == list(stored.columns) == list(compounds.EXPORT)
    assert len(written) == len(stored) == 4
    assert set(stored["release"]) == {dataset.release()}
    assert stored["run"].tolist() == expected["run"].tolist() == [dashboard_data.RUN, "run-abx3-mace"] * 2
    assert stored["omega_min_thz"].tolist() == expected["omega_min_thz"].tolist()
