"""The API: its numbers are those of the tables and the pages, and its errors say what is wrong."""

import io
import json
import math
from typing import get_args
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from compute import tables
from compute.physics.stability import harmonic_labels
from compute.statistics import confusion
from compute.suites import SUITES
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.parameters import FILTERS, Suite
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.queries.ranking import ranking
from dashboard.settings import Settings
from tests.support import dashboard_data
from tests.support.dashboard_data import CHGNET, MACE, SIGMA_PROTOCOL

TABLES = tuple(FILTERS)
GIVEN = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ask(client, address, **query):
    return client.get(f"/api/v1{address}?{urlencode(query, doseq=True)}")


def answer(client, address, **query):
    response = ask(client, address, **query)
    assert response.status_code == 200, response.text
    return json.loads(response.text, parse_constant=pytest.fail)  # NaN and Infinity are not JSON


def published(directory, name):
    """The rows of a table in the order of its key."""
    return tables.read(directory, name).sort_by([(column, "ascending") for column in KEYS[name]]).to_pylist()


# Values


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_given_as_published(client, directory, name):
    found = answer(client, f"/{name}", limit=1000)
    assert found["rows"] == published(directory, name)
    assert (found["n"], found["next"], found["table"]) == (len(found["rows"]), None, name)
    assert found["release"] == tables.read_manifest(directory).release


@pytest.mark.parametrize(
    ("name", "query", "admits"),
    [
        ("references", {"suite": ["abx3", "hdp"], "X": "Br"}, lambda r: r["suite"] != "mp0b3" and r["X"] == "Br"),
        (
            "references",
            {"sigma_ge": 0.7, "sigma_le": 1.1},
            lambda r: 0.7 <= (r["sigma"] or 0) <= 1.1,
        ),
        ("references", {"omega_min_thz_le": -0.3}, lambda r: (r["omega_min_thz"] or 0) <= -0.3),
        ("harmonic", {"potential": MACE, "status": "ok"}, lambda r: r["potential"] == MACE and r["status"] == "ok"),
        ("anharmonic", {"label": "stable"}, lambda r: r["label"] == "stable"),
        ("harmonic", {"B": "Pb", "X": ["I", "Br"]}, lambda r: r["compound"] in ("CsPbI3", "CsPbBr3")),
        ("anharmonic", {"protocol": SIGMA_PROTOCOL, "sigma_ge": 1}, lambda r: (r["sigma"] or 0) >= 1),
        ("attribution", {"potential": CHGNET, "B": "Pb"}, lambda r: r["potential"] == CHGNET),
        ("potentials", {"benchmark": "true"}, lambda r: r["benchmark"]),
    ],
)
def test_filters_admit_what_they_say(client, directory, name, query, admits):
    wanted = [row for row in published(directory, name) if admits(row)]
    everything = published(directory, name)
    assert 0 < len(wanted) < len(everything)
    found = answer(client, f"/{name}", limit=1000, **query)
    assert (found["rows"], found["n"]) == (wanted, len(wanted))


def test_fields_are_given_in_the_order_asked_for(client, directory):
    found = answer(client, "/harmonic", fields="omega_min_thz,compound,omega_min_thz", limit=2)
    assert [list(row) for row in found["rows"]] == [["omega_min_thz", "compound"]] * 2
    first = published(directory, "harmonic")[0]
    assert found["rows"][0] == {"omega_min_thz": first["omega_min_thz"], "compound": first["compound"]}


@pytest.mark.parametrize("limit", [1, 3, 7])
@pytest.mark.parametrize("name", TABLES)
def test_paging_visits_every_row_once(client, directory, name, limit):
    rows, cursor = [], {}
    while True:
        found = answer(client, f"/{name}", limit=limit, **cursor)
        assert len(found["rows"]) == limit or found["next"] is None
        rows += found["rows"]
        if found["next"] is None:
            break
        cursor = {"cursor": found["next"]}
    assert rows == published(directory, name)


def test_the_header_leads_to_the_next_page(client):
    addresses, names = ["/api/v1/references?suite=abx3&limit=4&format=csv&fields=compound"], []
    while addresses:
        response = client.get(addresses.pop())
        assert response.headers["Total-Count"] == str(len(dashboard_data.ABX3))
        names += list(pc.read_csv(io.BytesIO(response.data))["compound"].to_pylist())
        if link := response.headers.get("Link"):
            addresses.append(link.removeprefix("<").removesuffix('>; rel="next"'))
    assert names == sorted(row[0] for row in dashboard_data.ABX3)


@pytest.mark.parametrize("name", TABLES)
def test_parquet_is_the_table_with_its_units(client, directory, name):
    table = pq.read_table(io.BytesIO(ask(client, f"/{name}", format="parquet", limit=1000).data))
    assert table.to_pylist() == published(directory, name)
    for field in SCHEMAS[name]:
        assert {key: table.schema.field(field.name).metadata[key] for key in field.metadata} == field.metadata


def test_csv_reads_back_with_lists_as_json(tmp_path):
    row = tables.read(dashboard_data.publish(tmp_path), "anharmonic").to_pylist()[0]
    row |= {"reason": "", "trace_sigma": [0.5, None], "trace_frames": None}
    tables.publish(tmp_path, {"anharmonic": tables.from_rows("anharmonic", [row])})
    client = create_app(Settings(data=tmp_path)).server.test_client()
    response = ask(client, "/anharmonic", format="csv")
    options = pc.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
    found = pc.read_csv(io.BytesIO(response.data), convert_options=options).to_pylist()[0]
    assert list(found) == SCHEMAS["anharmonic"].names
    assert json.loads(found["trace_sigma"]) == [0.5, None]
    assert (found["reason"], found["trace_frames"], found["sigma"]) == ("", None, row["sigma"])
    assert "attachment" in response.headers["Content-Disposition"]


def test_nan_is_null(tmp_path):
    dashboard_data.publish(tmp_path)
    rows = tables.read(tmp_path, "references").to_pylist()
    tables.publish(tmp_path, {"references": tables.from_rows("references", [{**r, "sigma": math.nan} for r in rows])})
    client = create_app(Settings(data=tmp_path)).server.test_client()
    assert {row["sigma"] for row in answer(client, "/references", fields="sigma")["rows"]} == {None}
    assert answer(client, "/references", sigma_ge=0.1)["n"] == 0
    counts = answer(client, "/metrics", suite="hdp")["comparisons"][0]["counts"]
    assert sum(counts["no_label"].values()) == len(dashboard_data.HDP)


def test_a_compound_has_its_rows_of_every_table(client, directory):
    found = answer(client, "/compounds/abx3/CsPbI3")
    for name in ("harmonic", "anharmonic", "attribution", "wells"):
        wanted = [r for r in published(directory, name) if (r["suite"], r["compound"]) == ("abx3", "CsPbI3")]
        assert found[name] == wanted
    assert [constants["potential"] for constants in found["force_constants"]] == [CHGNET, MACE]
    assert found["reference"]["sigma"] == 1.30


def test_a_compound_is_found_by_its_formula_and_missed_with_404(client):
    assert answer(client, "/compounds/mp0b3/NaCl")["compound"] == "mp-1"
    for formula in ("CsPbI3", "PbCsI3", "I3CsPb", "CsPbI₃", "Cs Pb I3", "Cs2Pb2I6"):
        assert answer(client, f"/compounds/abx3/{formula}")["compound"] == "CsPbI3"
        rows = answer(client, "/references", compound=formula)["rows"]
        assert [row["compound"] for row in rows] == ["CsPbI3"]
    assert answer(client, "/compounds/hdp/Cs2BiAgBr6")["compound"] == "Cs2AgBiBr6"
    assert answer(client, "/references", compound="Xx3")["rows"] == []
    for address in ("/compounds/abx3/NaCl", "/compounds/nowhere/CsPbI3", "/compounds/abx3"):
        assert ask(client, address).status_code == 404


def test_metrics_are_those_of_the_labels(client):
    """Counts and scores of the harmonic labels, from the invented rows themselves."""
    found = answer(client, "/metrics", suite="abx3", criterion="harmonic", tolerance_thz=0.2, common="no")
    entry = next(item for item in found["comparisons"] if item["potential"] == CHGNET)
    frame = pd.DataFrame(dashboard_data.ABX3, columns=["f", "a", "b", "x", "s", "dft", "omega", "noise", "status"])
    truth = harmonic_labels(frame["dft"].to_numpy(float), 0.2)
    labels = harmonic_labels(frame["omega"].to_numpy(float), 0.2, frame["noise"].to_numpy(float))
    for t in ("stable", "unstable"):
        for verdict in ("stable", "unstable", "undecidable"):
            assert entry["counts"][t][verdict] == int(np.sum((truth == t) & (labels == verdict)))
    assert (entry["counts"]["unstable"]["failed"], entry["counts"]["unstable"]["not_run"]) == (1, 1)
    assert sum(sum(row.values()) for row in entry["counts"].values()) == entry["n"] == len(frame)
    own = harmonic_labels(frame["omega"].to_numpy(float), 0.2)
    run = (frame["status"] != "not-run").to_numpy()
    counts = confusion.counted_as_wrong(truth[run], own[run])
    assert (entry["score"]["n"], entry["score"]["n_smaller"]) == (8, counts.sum(axis=1).min())
    assert entry["score"]["mcc"]["value"] == pytest.approx(float(confusion.mcc(counts)))
    assert (entry["score"]["n_undecidable"], entry["score"]["n_failed"]) == (1, 1)
    assert {other["rule"]: other["n"] for other in entry["other_rules"]} == {"decided": 6, "strict": 8}
    assert {null["null"] for null in found["nulls"]} == {"constant"}


def test_two_different_questions_have_counts_and_no_scores(client):
    entry = answer(client, "/metrics", suite="abx3", criterion="cross")["comparisons"][0]
    assert (entry["score"], entry["other_rules"]) == (None, [])
    assert sum(sum(row.values()) for row in entry["counts"].values()) == 10


def test_what_is_not_computed_is_said(client):
    found = answer(client, "/metrics", suite="hdp", criterion="sigma")
    assert (found["comparisons"], found["not_computed"]) == ([], [{"suite": "hdp", "criterion": "sigma"}])


def test_the_ranking_is_that_of_the_page(client, directory):
    found = answer(client, "/metrics", suite="abx3")["ranking"]
    wanted = ranking(Dataset(directory), "abx3", "mcc")
    assert [(r["potential"], r["value"], r["n"]) for r in found if r["metric"] == "mcc"] == [
        (r.potential, None if math.isnan(r.value) else r.value, r.n) for r in wanted
    ]


def test_the_data_set_is_that_of_the_manifest(client, directory):
    manifest = tables.read_manifest(directory)
    found = answer(client, "/dataset")
    assert {t["table"]: (t["rows"], t["sha256"]) for t in found["tables"]} == {
        name: (listed.rows, listed.sha256) for name, listed in manifest.tables.items()
    }
    for table in found["tables"]:
        assert [column["name"] for column in table["columns"]] == SCHEMAS[table["table"]].names
        assert client.get(table["file"]).status_code == 200
        assert all(client.get(file["file"]).status_code == 200 for file in table["files"])


def test_the_suites_are_those_of_the_package():
    assert sorted(get_args(Suite)) == sorted(SUITES)


# Anything at all


@GIVEN
@given(
    name=st.sampled_from(TABLES),
    query=st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from("suite compound potential X sigma_ge limit cursor fields format".split()),
                st.text(max_size=5),
            ),
            st.one_of(st.text(max_size=12), st.floats().map(str), st.integers().map(str), st.just("abx3")),
        ),
        max_size=4,
    ),
)
def test_no_query_is_a_failure(client, name, query):
    response = client.get(f"/api/v1/{name}?{urlencode(query, errors='replace')}")
    assert response.status_code in (200, 400, 410)
    assert response.status_code == 200 or response.mimetype == "application/problem+json"


@GIVEN
@given(suite=st.text(max_size=8), formula=st.text(max_size=20))
def test_no_address_is_a_failure(client, suite, formula):
    for path in (f"/api/v1/compounds/{suite}/{formula}", f"/api/v1/compounds/abx3/{formula}"):
        assert client.get(path.split("?")[0].split("#")[0]).status_code in (200, 308, 400, 404)


@pytest.fixture(scope="module")
def api_schema(client):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", client.application)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", [endpoint.path for endpoint in ENDPOINTS if endpoint.name != "dataset"])
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_answer_is_as_the_document_says(api_schema, path, mode, data):
    """Conforming and broken requests alike; only a cursor cannot be invented, so an invented one is refused."""
    case = data.draw(api_schema[path]["GET"].as_strategy(generation_mode=mode))
    invented = [positive_data_acceptance] if "cursor" in case.query else []
    case.validate_response(case.call(headers={"Accept-Encoding": "identity"}), excluded_checks=invented)


def test_the_data_set_is_as_the_document_says(api_schema):
    api_schema["/dataset"]["GET"].Case().call_and_validate(headers={"Accept-Encoding": "identity"})
