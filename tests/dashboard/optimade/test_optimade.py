"""OPTIMADE: filters counted by hand, answers by the specification, and the consortium's own validator."""

from __future__ import annotations

import random
import warnings

import numpy as np
import orjson
import pytest
from optimade.filterparser import LarkParser
from optimade.models import StructureResource
from optimade.validator import ImplementationValidator

from compute import tables
from dashboard.app import create_app
from dashboard.optimade.filters import _parser
from dashboard.optimade.serve import LARGEST_PAGE
from dashboard.settings import Settings
from tests.conftest import ROOT
from tests.support import dashboard_data
from tests.support.site import hosted

BASE = "/optimade/v1"
EVERY = len(dashboard_data.ABX3) + len(dashboard_data.HDP)
CHGNET = f'"{dashboard_data.CHGNET}"'


def get(client, path, status=200, **query):
    response = client.get(BASE + path, query_string=query)
    content = orjson.loads(response.data)
    assert response.status_code == status, content
    assert response.mimetype == "application/vnd.api+json"
    return content


def ids(client, text, **query):
    found = get(client, "/structures", filter=text, **query)
    assert found["meta"]["data_available"] == EVERY
    listed = [entry["id"] for entry in found["data"]]
    assert len(listed) == found["meta"]["data_returned"]
    return listed


# The counts follow from the lists in dashboard_data.
COUNTED = (
    ("", EVERY),
    ('type = "structures"', EVERY),
    ('type="structures" AND elements HAS "Cs"', 7),
    ('(type = "structures")', EVERY),
    ('NOT type = "structures"', 0),
    ('type != "references"', EVERY),
    ('type = "references"', 0),
    ('type STARTS WITH "struct"', EVERY),
    ("type IS KNOWN", EVERY),
    ('elements HAS "Cs"', 7),
    ('elements HAS ALL "Cs", "Br"', 2),
    ('elements HAS ANY "O", "Cl"', 5),
    ('elements HAS ONLY "Cs", "Pb", "Br", "I"', 2),
    ('elements HAS ALL "Cs", "Cs"', 7),
    ("elements LENGTH 4", 3),
    ("elements LENGTH >= 4", 3),
    ('elements:elements_ratios HAS "Cs":>=0.2', 7),
    ('elements:elements_ratios HAS ONLY "Cs":0.2, "Pb":0.2, "Br":0.6', 1),
    ('elements:elements_ratios HAS ALL "Cs":<0.3, "Br":>0.5', 2),
    ('NOT elements HAS "Cs" AND NOT elements HAS "O"', 3),
    ('elements HAS "I" OR elements HAS "O" AND nelements = 4', 2),
    ('(elements HAS "I" OR elements HAS "O") AND nelements = 4', 1),
    ("nelements != 3", 3),
    ("4 > nelements", 10),
    ("nsites < 10 AND nperiodic_dimensions = 3", 10),
    ('chemical_formula_reduced = "Br3CsPb"', 1),
    ('chemical_formula_reduced = "CsPbBr3"', 0),
    ('chemical_formula_anonymous = "A6B2CD"', 3),
    ('chemical_formula_descriptive STARTS WITH "Cs" AND chemical_formula_descriptive ENDS "6"', 3),
    ('chemical_formula_hill CONTAINS "Ag"', 2),
    ('id = "abx3-CsPbBr3"', 1),
    ('last_modified >= "2026-02-06T01:00:00+01:00"', 10),  # of abx3 σ, at midnight UTC
    ('"2026-02-06T00:00:00Z" > last_modified', 3),
    ("space_group_it_number = 225", 3),
    ("_softmode_sigma > 1", 5),
    ("NOT _softmode_sigma > 1", 7),  # one has no σ: neither
    ("_softmode_sigma IS UNKNOWN", 1),
    ("NOT _softmode_sigma IS UNKNOWN", 12),
    ("immutable_id IS KNOWN", 0),
    ('structure_features HAS "disorder"', 0),
    ('assemblies HAS "x" OR nelements = 4', 3),
    ("_other_gap < 2.0", 0),
    ("NOT _other_gap < 2.0", 0),
    ("_other_gap IS UNKNOWN", EVERY),
    (f"_softmode_potentials:_softmode_potentials_omega_min_thz HAS {CHGNET}:<-0.5", 3),
    (f'_softmode_potentials:_softmode_potentials_status HAS {CHGNET}:"not-relaxed"', 1),
)


@pytest.mark.parametrize(("text", "n"), COUNTED)
def test_filters_find_what_they_should(client, text, n):
    assert len(ids(client, text)) == n


def test_the_filter_is_read_as_the_package_reads_it():
    theirs = LarkParser(version=(1, 2, 0))
    for text, _ in COUNTED:
        if text:
            assert _parser().parse(text) == theirs.parse(text)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"filter": "nelements ="}, 400),
        ({"filter": "nelements = 3 nsites = 5"}, 400),
        ({"filter": "band_gap > 1"}, 400),
        ({"filter": "_softmode_gap > 1"}, 400),
        ({"filter": 'last_modified > "yesterday"'}, 400),
        ({"filter": "nelements < 1e999"}, 400),
        ({"filter": "(" * 900 + "nelements = 3" + ")" * 900}, 400),
        ({"filter": f'id = "{"x" * 5000}"'}, 400),
        ({"filter": 'elements:elements_ratios HAS "Cs":0.2:1'}, 400),
        ({"filter": 'nelements = "3"'}, 501),
        ({"filter": 'elements = "Cs"'}, 501),
        ({"filter": "nelements = nsites"}, 501),
        ({"filter": "lattice_vectors IS KNOWN"}, 501),
        ({"filter": 'species.mass HAS "x"'}, 501),
        ({"sort": "elements"}, 400),
        ({"response_fields": "gap"}, 400),
        ({"page_limit": "-1"}, 400),
        ({"page_limit": str(LARGEST_PAGE + 1)}, 403),
        ({"response_format": "xml"}, 400),
        ({"fields": "id"}, 400),
    ],
)
def test_what_cannot_be_answered_is_an_error_that_names_the_parameter(client, query, status):
    answer = get(client, "/structures", status, **query)
    (error,) = answer["errors"]
    assert error["status"] == str(status)
    assert error["detail"]
    assert status == 403 or error["source"]["parameter"] in query
    assert answer["meta"]["api_version"] == "1.2.0"
    assert "data" not in answer


def test_values_are_parameters_and_never_sql(client):
    for value in (r"x\" OR 1=1 --", "'); DROP TABLE optimade; --", "$f0", "%"):
        assert ids(client, f'id = "{value}"') == []
    assert len(ids(client, 'id CONTAINS "-"')) == EVERY


def test_pages_follow_each_other_in_the_asked_order(client):
    path, pages = "/structures?sort=-_softmode_sigma,id&page_limit=4", []
    while path:
        answer = orjson.loads(client.get(BASE + path).data)
        pages.append(answer["data"])
        following = answer["links"]["next"]
        assert answer["meta"]["more_data_available"] is (following is not None)
        path = following and following.split(BASE)[1]
    assert [len(page) for page in pages] == [4, 4, 4, 1]
    entries = [entry for page in pages for entry in page]
    assert len({entry["id"] for entry in entries}) == EVERY
    sigma = [entry["attributes"]["_softmode_sigma"] for entry in entries]
    assert sigma[-1] is None
    assert sigma[:-1] == sorted(sigma[:-1], reverse=True)


def test_fields_are_those_asked_for_and_those_of_others_are_null_with_a_warning(client):
    answer = get(client, "/structures/abx3-CsPbBr3", response_fields="nsites,_softmode_sigma,_other_gap,assemblies")
    expected = {"nsites": 5, "_softmode_sigma": 1.10, "_other_gap": None, "assemblies": None}
    assert answer["data"] == {"id": "abx3-CsPbBr3", "type": "structures", "attributes": expected}
    assert [warning["detail"].split()[0] for warning in answer["meta"]["warnings"]] == ["_other_gap"]
    get(client, "/structures/abx3-none", 404)


def test_a_cell_is_that_of_the_prototype_and_absent_where_none_is_known(client):
    cubic = get(client, "/structures/abx3-CsPbBr3")["data"]["attributes"]
    assert np.array(cubic["lattice_vectors"]) == pytest.approx(5.5 * np.eye(3))
    assert cubic["species_at_sites"] == ["Cs", "Pb", "Br", "Br", "Br"]
    lead, halides = cubic["cartesian_site_positions"][1], cubic["cartesian_site_positions"][2:]
    assert np.linalg.norm(np.subtract(halides, lead), axis=1) == pytest.approx(5.5 / 2)
    assert cubic["_softmode_cell_source"] == f"reference cell of {dashboard_data.CHGNET}"
    double = get(client, "/structures/hdp-Cs2AgBiBr6")["data"]["attributes"]
    assert double["lattice_vectors"] is double["cartesian_site_positions"] is double["_softmode_cell_source"] is None
    assert double["elements_ratios"] == pytest.approx([0.1, 0.1, 0.6, 0.2])  # Ag Bi Br Cs


def test_an_answer_is_kept_until_the_data_change(client):
    first = client.get(f"{BASE}/structures?page_limit=3")
    headers = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"{BASE}/structures?page_limit=3", headers=headers).status_code == 304
    assert client.get(f"{BASE}/structures?page_limit=2", headers=headers).status_code == 200
    assert first.headers["Access-Control-Allow-Origin"] == "*"


def test_a_new_release_has_its_own_entries(directory, tmp_path):
    everything = {name: tables.read(directory, name) for name in tables.read_manifest(directory).tables}
    tables.publish(tmp_path, everything)
    client = create_app(Settings(data=tmp_path)).server.test_client()
    assert get(client, "/structures")["meta"]["data_available"] == EVERY
    tables.publish(tmp_path, {"references": everything["references"].slice(0, 3)})
    assert get(client, "/structures")["meta"]["data_available"] == 3


def test_versions_are_negotiated(client):
    assert client.get("/optimade/versions").data == b"version\n1\n"
    assert client.get("/optimade/v1/versions").status_code == 404
    assert client.get("/optimade/v9/info").status_code == 553
    (served,) = get(client, "/info")["data"]["attributes"]["available_api_versions"]
    assert served["url"].endswith("/optimade/v1")
    assert client.post(f"{BASE}/structures").status_code == 405


@pytest.fixture(scope="module")
def site():
    """Address of the published tables, served below a path."""
    with hosted(Settings(prefix="/softmode")) as address:
        yield f"{address}/optimade"


def test_the_validator_of_the_consortium_passes(site):
    random.seed(0)  # the validator draws its entry
    validator = ImplementationValidator(base_url=f"{site}/v1", respond_json=True, timeout=60)
    validator.validate_implementation()
    found = validator.results
    assert validator.valid, found.failure_messages + found.internal_failure_messages
    assert found.success_count >= 40
    assert found.optional_failure_messages == []


def test_published_entries_are_structures():
    client = create_app(Settings(data=ROOT / "data" / "parquet")).server.test_client()
    every = tables.read(ROOT / "data" / "parquet", "references").to_pylist()
    cubic = {f"{row['suite']}-{row['compound']}" for row in every if row["suite"] in ("abx3", "hdp")}
    assert get(client, "/structures", page_limit=1)["meta"]["data_returned"] == len(cubic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a cell is missing
        for offset in range(0, len(cubic), 500):
            for entry in get(client, "/structures", page_limit=5, page_offset=offset)["data"]:
                structure = StructureResource(**entry)
                assert structure.id in cubic
