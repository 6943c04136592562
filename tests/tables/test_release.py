"""The contract of the published tables: schemas, atomic publishing, refusal of what is newer or broken."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from compute import tables
from compute.tables.schemas import KEYS, SCHEMAS
from tests.conftest import ROOT

ROW = {"suite": "abx3", "compound": "CsPbBr3", "formula": "CsPbBr3", "prototype": "cubic-perovskite"}
REFERENCE = {**ROW, "functional": "PBE", "source": "somewhere"}


def test_every_column_says_what_it_is():
    for name, schema in SCHEMAS.items():
        for field in schema:
            assert field.metadata[b"description"], (name, field.name)
            if field.name.endswith("_thz"):
                assert field.metadata[b"unit"] == b"THz"
        assert set(KEYS[name]) <= set(schema.names)


def test_published_tables_read_back_the_same(tmp_path):
    table = tables.from_rows("references", [REFERENCE])
    tables.publish(tmp_path, {"references": table})
    assert tables.read(tmp_path, "references").equals(table)
    assert tables.read(tmp_path, "references").schema.field("sigma").metadata
    assert tables.read(tmp_path, "harmonic").num_rows == 0
    assert tables.problems(tmp_path) == []


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([REFERENCE, REFERENCE], "duplicate key .* in row 1"),
        ([{**REFERENCE, "source": None}], "source is empty in row 0"),
        ([{**REFERENCE, "colour": "red"}], "no such column: colour"),
        ([{**REFERENCE, "sigma": "much"}], "references"),
    ],
)
def test_rows_that_break_the_contract_are_refused(rows, says):
    with pytest.raises(tables.TableError, match=says):
        tables.from_rows("references", rows)


def test_a_reader_of_the_old_manifest_still_finds_its_files(tmp_path):
    old = tables.publish(tmp_path, {"references": tables.from_rows("references", [REFERENCE])})
    new = tables.publish(tmp_path, {"references": tables.from_rows("references", [{**REFERENCE, "sigma": 0.5}])})
    assert old.paths("references")[0].exists()
    assert new.paths("references")[0].exists()
    tables.publish(tmp_path, {"references": tables.from_rows("references", [{**REFERENCE, "sigma": 0.6}])})
    assert not old.paths("references")[0].exists()


def test_a_publication_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    tables.publish(tmp_path, {"references": tables.from_rows("references", [REFERENCE])})
    before = (tmp_path / tables.MANIFEST).read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("compute.files.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        tables.publish(tmp_path, {"references": tables.from_rows("references", [{**REFERENCE, "sigma": 1.0}])})
    assert (tmp_path / tables.MANIFEST).read_bytes() == before
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob(".*.tmp"))


def test_a_newer_schema_and_a_changed_file_are_refused(tmp_path):
    manifest = tables.publish(tmp_path, {"references": tables.from_rows("references", [REFERENCE])})
    manifest.paths("references")[0].write_bytes(b"something else")
    assert "checksum" in tables.problems(tmp_path)[0]
    path = tmp_path / tables.MANIFEST
    content = json.loads(path.read_text())
    content["schema"]["major"] += 1
    path.write_text(json.dumps(content))
    with pytest.raises(tables.TableError, match="update softmode"):
        tables.read(tmp_path, "references")


def test_a_table_with_another_schema_is_refused():
    with pytest.raises(tables.TableError, match="missing"):
        tables.validate("references", pa.table({"suite": ["abx3"]}))


def test_the_published_tables_are_sound_and_small():
    directory = ROOT / "data" / "parquet"
    assert tables.problems(directory) == []
    listed = tables.read_manifest(directory).tables
    assert {"references", "potentials", "harmonic", "runs"} <= set(listed) <= set(SCHEMAS)
    assert sum(table.bytes for table in listed.values()) < 24e6, "what is beside the tables has 1 MB of the 25"


def test_the_published_references_are_complete(published):
    sizes = {suite: sum(row["suite"] == suite for row in published) for suite in ("hdp", "abx3", "mp0b3")}
    assert sizes == {"hdp": 1813, "abx3": 3660, "mp0b3": 60}
    double = [row for row in published if row["suite"] == "hdp"]
    assert sum(row["sigma"] < 1 for row in double) == 1595
    assert sum(row["omega_min_thz"] is not None for row in published if row["suite"] == "abx3") == 3518
