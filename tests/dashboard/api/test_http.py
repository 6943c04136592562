"""The API over HTTP: caching, formats, and errors that say what is wrong."""

from urllib.parse import urlencode

import pytest

from compute import tables
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.settings import Settings
from tests.dashboard.api.test_answers import answer, ask
from tests.support import dashboard_data, trust_data

# Caching


@pytest.mark.parametrize(
    "address", ["/references", "/compounds/abx3/CsPbI3", "/metrics", "/dataset", "/openapi.json", "/"]
)
def test_an_unchanged_answer_is_not_sent_twice(client, address):
    first = client.get(f"/api/v1{address}", headers={"Accept-Encoding": "br"})
    again = client.get(f"/api/v1{address}", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"].removeprefix("W/") == first.headers["ETag"].removeprefix("W/")
    assert "no-cache" in first.headers["Cache-Control"]


def test_the_etag_names_the_release_and_differs_with_the_question(client, directory):
    def etag(**query):
        return ask(client, "/references", **query).headers["ETag"].strip('"')

    tags = {etag(), etag(limit=5), etag(suite="hdp"), etag(format="csv"), etag(fields="sigma")}
    assert len(tags) == 5
    assert all(tag.startswith(tables.read_manifest(directory).release) for tag in tags)
    assert etag(suite=["hdp", "abx3"]) != etag(suite="hdp")


def test_new_data_end_a_cursor_and_an_etag(tmp_path):
    dashboard_data.publish(tmp_path)
    client = create_app(Settings(data=tmp_path)).server.test_client()
    first = ask(client, "/references", limit=2)
    rows = tables.read(tmp_path, "references").to_pylist()
    tables.publish(tmp_path, {"references": tables.from_rows("references", rows[:-1])})
    response = ask(client, "/references", limit=2, cursor=first.json["next"])
    assert (response.status_code, response.mimetype) == (410, "application/problem+json")
    again = client.get("/api/v1/references?limit=2", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.json["n"]) == (200, len(rows) - 1)


# HTTP


def test_the_format_follows_accept_and_the_parameter_wins(client):
    def kind(accept, **query):
        return client.get(f"/api/v1/potentials?{urlencode(query)}", headers={"Accept": accept}).mimetype

    assert kind("text/html,application/xhtml+xml,*/*;q=0.8") == "application/json"
    assert kind("text/csv") == "text/csv"
    assert kind("application/json;q=0.5, application/vnd.apache.parquet") == "application/vnd.apache.parquet"
    assert kind("text/csv", format="json") == "application/json"
    assert client.get("/api/v1/potentials", headers={"Accept": "image/png"}).status_code == 406


def test_head_and_options(client):
    got, head = client.get("/api/v1/references"), client.head("/api/v1/references")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert set(client.options("/api/v1/references").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_scripts_of_other_sites_may_read_and_nothing_else(client):
    assert client.get("/api/v1/dataset").headers["Access-Control-Allow-Origin"] == "*"
    for response in (client.post("/api/v1/dataset"), client.options("/api/v1/dataset"), client.get("/healthz")):
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    ("address", "query", "named"),
    [
        ("/references", {"suit": "abx3"}, "suit"),
        ("/references", {"suite": "abx4"}, "suite"),
        ("/references", {"limit": 1001}, "limit"),
        ("/references", {"limit": [1, 2]}, "limit"),
        ("/references", {"fields": "sigma,omega"}, "fields"),
        ("/references", {"fields": ""}, "fields"),
        ("/references", {"sigma_ge": "nan"}, "sigma_ge"),
        ("/references", {"cursor": "abc"}, "cursor"),
        ("/potentials", {"format": "xml"}, "format"),
        ("/metrics", {"threshold": 0}, "threshold"),
        ("/dataset", {"v": 1}, "v"),
    ],
)
def test_a_wrong_parameter_is_named(client, address, query, named):
    response = ask(client, address, **query)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert [error["parameter"] for error in response.json["errors"]] == [named]


def test_a_cursor_belongs_to_its_filters(client):
    cursor = answer(client, "/references", suite="abx3", limit=2)["next"]
    assert ask(client, "/references", suite="hdp", cursor=cursor).status_code == 400
    assert ask(client, "/harmonic", suite="abx3", cursor=cursor).status_code == 400
    assert answer(client, "/references", suite="abx3", limit=5, fields="compound", cursor=cursor)["n"] == 10


def test_errors_of_the_server_are_problems_without_a_traceback(client, monkeypatch, tmp_path):
    for response, status in ((client.post("/api/v1/references"), 405), (client.get("/api/v1/nowhere"), 404)):
        assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    monkeypatch.setattr(Dataset, "table", lambda *_: 1 / 0)
    response = client.get("/api/v1/references")
    assert (response.status_code, response.json["title"]) == (500, "Internal Server Error")
    assert "division" not in response.text
    empty = create_app(Settings(data=tmp_path / "nothing")).server.test_client()
    assert ask(empty, "/references").status_code == 503


def test_other_addresses_answer_as_before(client):
    assert client.post("/healthz").mimetype == "text/html"
    assert client.get("/nowhere").status_code == 404


def test_the_page_lists_every_endpoint_and_its_examples_work(tmp_path):
    client = create_app(Settings(data=trust_data.publish(tmp_path))).server.test_client()
    described = client.get("/api/v1/openapi.json").json
    page = client.get("/api/v1/").text
    for path, item in described["paths"].items():
        for method in item:
            assert f"{method.upper()} /api/v1{path}" in page
        for example in item["get"]["x-examples"]:
            assert client.get(f"/api/v1{example}").status_code in (200, 404 if "{" in path else 200)
    assert "http://" not in page
    assert "https://" not in page
