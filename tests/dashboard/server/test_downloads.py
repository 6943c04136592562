"""The published files over HTTP: exactly what the manifest lists."""

import hashlib
import io
import json

import pyarrow.parquet as pq
import pytest
from flask import Flask

from compute import tables
from dashboard.dataset import Dataset
from dashboard.server.compression import compress_responses
from dashboard.server.downloads import serve_data
from tests.support import dashboard_data


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = dashboard_data.publish(tmp_path_factory.mktemp("published") / "parquet")
    (folder.parent / "secret.parquet").write_bytes(b"outside")
    (folder / "unlisted.parquet").write_bytes(b"not in the manifest")
    return folder


@pytest.fixture(scope="module")
def client(directory):
    server = Flask(__name__)
    serve_data(server, Dataset(directory))
    compress_responses(server)
    return server.test_client()


def test_every_file_is_served_as_published(client, directory):
    for entry in (file for table in tables.read_manifest(directory).tables.values() for file in table.files):
        response = client.get(f"/data/{entry.file}", headers={"Accept-Encoding": "gzip"})
        assert hashlib.sha256(response.data).hexdigest() == entry.sha256
        assert pq.read_table(io.BytesIO(response.data)).num_rows == entry.rows
        assert response.mimetype == "application/vnd.apache.parquet"
        assert response.headers["Content-Disposition"] == f"attachment; filename={entry.file.replace('/', '-')}"
        assert response.get_etag() == (entry.sha256, False)
        assert "immutable" in response.headers["Cache-Control"]


def test_every_table_is_served_as_one_file(client, directory):
    for name in tables.read_manifest(directory).tables:
        response = client.get(f"/data/{name}.parquet")
        assert pq.read_table(io.BytesIO(response.data)).equals(tables.read(directory, name))
        assert response.headers["Content-Disposition"] == f"attachment; filename={name}.parquet"
        assert response.headers["Cache-Control"] == "no-cache"


def test_a_file_that_was_damaged_after_it_was_read_is_not_sent(tmp_path):
    folder = dashboard_data.publish(tmp_path / "data")
    server, dataset = Flask(__name__), Dataset(folder)
    serve_data(server, dataset)
    client, (file,) = server.test_client(), tables.read_manifest(folder).tables["wells"].files
    assert client.get(f"/data/{file.file}").status_code == 200
    path = folder / file.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    response = client.get(f"/data/{file.file}")
    assert (response.status_code, "immutable" in response.headers.get("Cache-Control", "")) == (503, False)
    assert "does not match its checksum" in response.text


def test_the_manifest_is_served_as_json_and_asked_for_again(client, directory):
    response = client.get("/data/manifest.json")
    assert response.json == json.loads((directory / "manifest.json").read_text())
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["manifest.json", "references"])
def test_an_unchanged_file_is_not_sent_twice(client, directory, name):
    name = tables.read_manifest(directory).tables[name].files[0].file if name == "references" else name
    first = client.get(f"/data/{name}", headers={"Accept-Encoding": "gzip"})
    again = client.get(f"/data/{name}", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_part_of_a_file_can_be_asked_for(client, directory):
    file = tables.read_manifest(directory).tables["references"].files[0].file
    response = client.get(f"/data/{file}", headers={"Range": "bytes=-4"})
    assert (response.status_code, response.data) == (206, b"PAR1")


@pytest.mark.parametrize(
    "name",
    [
        "unlisted.parquet",
        "../secret.parquet",
        "..%2fsecret.parquet",
        "%2e%2e/secret.parquet",
        "..%5csecret.parquet",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "references",
        "references/references.parquet",
        "colours.parquet",
        "",
    ],
)
def test_nothing_else_is_served(client, name):
    assert client.get(f"/data/{name}", follow_redirects=True).status_code == 404


def test_without_published_tables_there_is_nothing(tmp_path):
    server = Flask(__name__)
    serve_data(server, Dataset(tmp_path))
    assert server.test_client().get("/data/manifest.json").status_code == 404
