"""The joined rows of one compound, read alone, are those of the whole join."""

from __future__ import annotations

import pandas as pd
import pytest

from compute import tables
from compute.tables import pairs
from tests.support import dashboard_data


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    directory = tmp_path_factory.mktemp("release")
    dashboard_data.publish(directory)
    return directory


@pytest.mark.parametrize("suite", ["abx3", "hdp"])
def test_one_compound_alone_has_the_rows_of_the_whole_join(release, suite):
    sql = "SELECT * FROM pairs WHERE suite = $suite AND compound = $compound ORDER BY potential"
    with pairs.joined(release) as connection:
        compounds = connection.execute("SELECT DISTINCT compound FROM pairs WHERE suite = $s", {"s": suite}).fetchall()
        for (compound,) in compounds[:3]:
            wanted = {"suite": suite, "compound": compound}
            whole = connection.execute(sql, wanted).df()
            with pairs.of_compound(release, suite, compound) as alone:
                pd.testing.assert_frame_equal(alone.execute(sql, wanted).df(), whole)
            assert len(whole)


def test_a_compound_that_is_not_there_has_no_rows(release):
    with pairs.of_compound(release, "abx3", "XeXeXe3") as alone:
        assert alone.execute("SELECT count(*) FROM pairs").fetchall() == [(0,)]


def test_a_damaged_file_is_named_in_a_sentence(tmp_path):
    dashboard_data.publish(tmp_path)
    path = tables.read_manifest(tmp_path).paths("harmonic")[0]
    path.write_bytes(b"no parquet")
    with pytest.raises(tables.TableError, match="harmonic: its files cannot be read"):
        pairs.of_compound(tmp_path, "abx3", "CsPbBr3")
