"""The description of the tables: what the format's own library reads from it, and that it is never stale."""

from __future__ import annotations

import hashlib
import json
from itertools import islice

import mlcroissant
import pytest

from compute import tables
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.conftest import ROOT
from tests.support import dashboard_data


@pytest.fixture
def folder(tmp_path):
    return dashboard_data.publish(tmp_path / "data")


def test_the_library_of_the_format_reads_the_tables_by_it(folder):
    described = mlcroissant.Dataset(folder / "croissant.json")
    assert described.metadata.issues.errors == set()
    published = tables.read(folder, "references").to_pylist()
    for found, row in zip(islice(described.records("references"), 5), published, strict=False):
        assert found["references/compound"] == row["compound"].encode()
        assert found["references/sigma"] == row["sigma"] or row["sigma"] is None


def test_every_column_is_described_with_its_unit_and_every_file_with_its_hash(folder):
    manifest = tables.read_manifest(folder)
    described = json.loads((folder / "croissant.json").read_text())
    files = [entry for entry in described["distribution"] if entry["@type"] == "cr:FileObject"]
    hashes = {entry["contentUrl"]: entry["sha256"] for entry in files}
    assert hashes == {file.file: file.sha256 for table in manifest.tables.values() for file in table.files}
    columns = {field["@id"]: field for table in described["recordSet"] for field in table["field"]}
    filled = {name: tables.SCHEMAS[name] for name, table in manifest.tables.items() if table.files}
    assert set(columns) == {f"{name}/{column}" for name, schema in filled.items() for column in schema.names}
    assert {"references", "harmonic", "bands"} <= filled.keys() < tables.SCHEMAS.keys(), "a table without rows too"
    assert columns["harmonic/omega_min_thz"]["description"].endswith("(THz)")
    assert columns["bands/frequencies"]["repeated"] is True


def test_a_stale_description_is_a_problem_until_it_is_written_again(folder):
    file = folder / "croissant.json"
    before = file.read_bytes()
    for broken in (before.replace(b"softmode", b"hardmode", 1), None):
        file.unlink() if broken is None else file.write_bytes(broken)
        assert [problem.split()[0] for problem in tables.problems(folder)] == ["croissant.json"]
        tables.describe(tables.read_manifest(folder))
        assert tables.problems(folder) == []
    assert file.read_bytes() == before


def test_it_is_served_with_addresses_that_work_from_anywhere(folder):
    client = create_app(Settings(data=folder, prefix="/softmode")).server.test_client()
    response = client.get("/softmode/data/croissant.json", base_url="https://example.org")
    assert response.mimetype == "application/ld+json"
    assert {entry["@type"] for entry in response.json["distribution"]} == {"cr:FileObject"}
    for entry in response.json["distribution"]:
        assert entry["contentUrl"].startswith("https://example.org/softmode/data/")
        sent = client.get(entry["contentUrl"].removeprefix("https://example.org"))
        assert hashlib.sha256(sent.data).hexdigest() == entry["sha256"]


def test_the_published_description_is_that_of_the_published_tables():
    manifest = tables.read_manifest(ROOT / "data" / "parquet")
    described = json.loads((manifest.directory / "croissant.json").read_text())
    files = {entry["@id"] for entry in described["distribution"] if entry["@type"] == "cr:FileObject"}
    assert files == manifest.file_names()
