"""Live jobs over the API: what is answered, by whom they may be cancelled, and what is refused."""

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from compute.jobs import service
from dashboard.api.jobs import JOB_ENDPOINTS
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.faults.conftest import compounds, server, workers
from tests.faults.harness import wait_for

__all__ = ["compounds", "server", "workers"]
JOBS = "/api/v1/jobs"
ASKED = {"stage": "sigma", "compound": "CsPbBr3", "potential": "chgnet-0.3.0"}
PROBLEM = "application/problem+json"


@pytest.fixture
def site(compounds, tmp_path) -> Flask:
    return create_app(Settings(data=tmp_path / "data")).server


@pytest.fixture
def client(site):
    return site.test_client()


def test_a_job_is_taken_read_listed_and_cancelled(site, client):
    first = client.post(JOBS, json=ASKED)
    assert (first.status_code, first.json["state"], first.json["stage"]) == (202, "queued", "sigma")
    assert first.headers["Location"] == f"{JOBS}/{first.json['id']}"
    assert first.headers["Cache-Control"] == "no-store"
    again = client.post(JOBS, json=ASKED | {"compound": "PbCsBr3"})
    assert (again.status_code, again.json["id"]) == (200, first.json["id"])
    assert client.get(first.headers["Location"]).json == first.json
    mine = client.get(JOBS).json
    assert (mine["live"], mine["worker"], [job["id"] for job in mine["jobs"]]) == (True, False, [first.json["id"]])
    stranger = site.test_client()
    assert stranger.get(JOBS).json["jobs"] == []
    assert stranger.get(first.headers["Location"]).json["compound"] == "CsPbBr3"
    assert stranger.delete(first.headers["Location"]).status_code == 403
    assert client.delete(first.headers["Location"]).json["state"] == "cancelled"
    assert client.post(JOBS, json=ASKED).json["attempt"] == 2


def test_a_done_job_has_its_row(client, workers):
    workers.start()
    id = client.post(JOBS, json=ASKED).json["id"]
    wait_for(id, "done", "failed")
    done = client.get(f"{JOBS}/{id}").json
    assert (done["state"], done["result"]["sigma"], done["result"]["run"]) == ("done", 5.0, f"live-{id}")
    assert [(job["id"], job["result"]) for job in client.get(JOBS).json["jobs"]] == [(id, None)]
    assert client.post(JOBS, json=ASKED).status_code == 200


@pytest.mark.parametrize(
    ("body", "named", "says"),
    [
        ({**ASKED, "compound": "CsPbXq3"}, "body", "not an element"),
        ({**ASKED, "potential": "mine"}, "potential", "no potential"),
        ({**ASKED, "checkpoint": "x"}, "checkpoint", "Extra"),
        ({**ASKED, "temperature": 5}, "temperature", "10"),
        ({**ASKED, "stage": "attribution", "compound": "KMgF3"}, "body", "no reference frames of KMgF3"),
        ({"stage": "harmonic", "compound": "RbGeCl3", "potential": "chgnet-0.3.0", "protocol": "reference-geometry"},
         "body", "use relaxed-geometry"),
        ([], "body", "object"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_with_a_sentence(client, body, named, says):
    response = client.post(JOBS, json=body)
    assert (response.status_code, response.mimetype) == (400, PROBLEM)
    (error,) = response.json["errors"]
    assert error["parameter"] == named
    assert says in error["message"]


def test_what_is_no_request_at_all(client, monkeypatch):
    assert client.post(JOBS, data="{", content_type="application/json").status_code == 400
    assert client.post(JOBS, data="x=1").status_code == 415
    assert client.post(JOBS, json={**ASKED, "structure": "x" * 300_000}).status_code == 413
    assert client.post(JOBS, json=ASKED, headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert client.put(JOBS, json=ASKED).status_code == 405
    assert client.get(f"{JOBS}/{'0' * 16}").status_code == 404
    assert client.get(JOBS, query_string={"state": "done"}).status_code == 400
    monkeypatch.setenv("SOFTMODE_JOBS_PER_CLIENT", "1")
    assert client.post(JOBS, json=ASKED).status_code == 202
    assert client.post(JOBS, json=ASKED | {"temperature": 200}).status_code == 429
    id = client.get(JOBS).json["jobs"][0]["id"]
    monkeypatch.setenv("SOFTMODE_LIVE", "off")
    refused = client.post(JOBS, json=ASKED | {"temperature": 250})
    assert (refused.status_code, refused.mimetype) == (403, PROBLEM)
    assert (client.get(JOBS).json["live"], client.get(f"{JOBS}/{id}").status_code) == (False, 200)


def test_a_database_that_is_away_is_a_503(client, tmp_path):
    (tmp_path / "var" / "jobs.sqlite").mkdir()
    response = client.post(JOBS, json=ASKED)
    assert (response.status_code, response.mimetype) == (503, PROBLEM)
    assert "Try again" in response.json["detail"]


ANY = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.sampled_from(["CsPbBr3", "sigma", "harmonic"]))
FORMULA = st.lists(st.sampled_from("Cs Pb Br I Cl3 3 6 2 O₃ ( ) x 0 Ag".split()), max_size=6).map("".join)
FUZZED = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@FUZZED
@given(
    body=st.one_of(
        st.dictionaries(st.sampled_from([*ASKED, "suite", "protocol", "temperature", "structure", "other"]), ANY),
        st.builds(lambda text: {**ASKED, "compound": text}, st.one_of(FORMULA, st.text(max_size=90))),
        st.builds(lambda text: {**ASKED, "compound": None, "structure": text}, st.text(max_size=200)),
    )
)
def test_no_request_is_a_failure(client, body):
    response = client.post(JOBS, json=body)
    assert response.status_code in (200, 202, 400, 429), response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (endpoint.method, endpoint.path, mode)
        for endpoint in JOB_ENDPOINTS
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        # What has no parameter and no body cannot be asked wrongly.
        if mode is GenerationMode.POSITIVE or endpoint.path_types or endpoint.body
    ],
)
def test_every_answer_is_as_the_document_says(site, method, path, mode):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", site)

    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def conforms(case):
        # That a text is a formula, or an id that of a job, is more than a schema says.
        response = case.call(headers={"Accept-Encoding": "identity"})
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    conforms()


def test_jobs_hold_across_web_processes(site, compounds, tmp_path):
    """A second process of the web, with the same settings, answers for the first."""
    id = site.test_client().post(JOBS, json=ASKED).json["id"]
    other = create_app(Settings(data=tmp_path / "data")).server.test_client()
    assert other.get(f"{JOBS}/{id}").json["state"] == service.read(id).state == "queued"
