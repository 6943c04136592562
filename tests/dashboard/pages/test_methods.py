"""Methods & data: what the page says is what the code, the schemas and the tables hold."""

import json
import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from compute import tables
from compute.protocols import HARMONIC_PROTOCOLS, SAMPLING_PROTOCOLS, sampling_protocol
from compute.suites import SUITES
from compute.tables.schemas import KEYS, SCHEMAS
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.methods import citing, data, page
from dashboard.pages.methods import tables as methods_data
from dashboard.pages.methods.definitions import definitions
from dashboard.pages.methods.protocols import protocols
from dashboard.settings import Settings
from dashboard.ui.glossary import GLOSSARY
from dashboard.ui.provenance import BENCHMARK_DOI
from tests.conftest import ROOT
from tests.support.components import nodes, words


def found(component, identity):
    return next(node for node in nodes(component) if getattr(node, "id", None) == identity)


def read(directory, name) -> pd.DataFrame:
    return tables.read(directory, name).to_pandas()


def test_files_are_those_of_the_manifest(dataset, directory):
    listed = json.loads((directory / "manifest.json").read_text())["tables"]
    entries = data.published(dataset)
    assert [e.table for e in entries] == list(SCHEMAS)
    for entry in entries:
        known = listed[entry.table]
        assert vars(entry) == {**known, "table": entry.table, "files": len(known["files"])}


def test_sigma_coverage_counts_what_the_sources_publish(dataset, directory):
    frame = read(directory, "references")
    expected = {
        suite: (len(rows), rows["sigma"].count(), (rows["sigma"] >= 2).sum(), rows["sigma"].max())
        for suite, rows in frame.groupby("suite")
        if rows["sigma"].count()
    }
    assert set(expected) == {"abx3", "hdp"}
    given = data.sigma_coverage(dataset).set_index("suite")
    assert {suite: tuple(row) for suite, row in given.iterrows()} == expected


def test_noise_floors_are_told_apart_at_three_angstrom(tmp_path, directory):
    """Half of the lattice constants of one potential are stretched beyond 6 Å."""
    rows = read(directory, "harmonic").replace({np.nan: None}).to_dict("records")
    for i, row in enumerate(r for r in rows if r["suite"] == "abx3" and r["status"] == "ok"):
        row["a"] = 6.0 if i % 2 else 5.999
    tables.publish(
        tmp_path,
        {"harmonic": tables.from_rows("harmonic", rows)}
        | {name: tables.read(directory, name) for name in ("references", "potentials", "runs")},
    )
    frame = read(tmp_path, "harmonic")
    chosen = frame[(frame["suite"] == "abx3") & (frame["status"] == "ok") & (frame["run"] != "run-older")]
    expected = chosen.groupby(["potential", chosen["a"] / 2 < 3])["noise_floor_thz"].agg(["count", "median"])
    given = data.noise_by_bond(Dataset(tmp_path)).set_index(["name", "short"])
    assert len(given) == 4
    named = read(directory, "potentials").set_index("potential")["name"]
    for (potential, short), row in expected.iterrows():
        n, median = given.loc[(named[potential], short), ["n", "median"]]
        assert (n, median) == (row["count"], pytest.approx(row["median"]))


def test_every_potential_is_cited_and_licensed_once(dataset, directory):
    names = sorted(read(directory, "potentials")["name"])
    for frame in (data.potential_citations(dataset), data.licences(dataset), data.functionals(dataset)):
        assert sorted(name for row in frame["names"] for name in row.split(", ")) == names


def test_the_dictionary_has_every_column_with_unit_and_description(dataset):
    shown = methods_data.dictionary(data.published(dataset), dataset.release())
    for name, schema in SCHEMAS.items():
        details = found(shown, f"table-{name}")
        assert f"{len(schema)} columns" in words(details.children[0])
        rows = [n for n in nodes(details) if type(n).__name__ == "Tr"][1:]
        assert [words(row.children[0]) for row in rows] == schema.names
        for row, field in zip(rows, schema, strict=True):
            text = words(row.children[3])
            assert field.metadata[b"description"].decode() in text
            assert text.startswith("key. ") == (field.name in KEYS[name])
            assert words(row.children[2]) == (field.metadata[b"unit"].decode() or "–")


def test_protocols_are_shown_with_their_digests():
    text = words(protocols())
    for protocol in HARMONIC_PROTOCOLS.values():
        assert protocol.digest in text
    for suite in ("hdp", "abx3"):
        for name in ("published", "converged", "quick", "one-shot"):
            assert sampling_protocol(name, suite).digest in text
    for protocol in SAMPLING_PROTOCOLS.values():
        assert protocol.name in text
        for setting in type(protocol.sampler).model_fields:
            assert setting == "kind" or setting in text


def test_formulas_can_be_read_out_and_name_columns_that_exist():
    columns = {name for schema in SCHEMAS.values() for name in schema.names}
    shown = [node for part in definitions() for node in nodes(part)]
    formulas = [node for node in shown if getattr(node, "role", None) == "math"]
    assert len(formulas) > 15
    assert all(re.fullmatch(r"[A-Za-z0-9 ,:]+", getattr(f, "aria-label")) for f in formulas)
    named = {words(node) for node in shown if type(node).__name__ == "Code"}
    assert named
    assert named <= columns


def test_every_word_of_the_glossary_leads_to_its_formula_and_to_a_page_of_the_documentation(dataset):
    shown = page.PAGE.show(dataset, {})
    identities = [node.id for node in nodes(shown) if getattr(node, "id", None)]
    targets = {node.href[1:] for node in nodes(shown) if str(getattr(node, "href", "")).startswith("#")}
    assert len(identities) == len(set(identities))
    assert targets == {term.formula for term in GLOSSARY.values() if term.formula}
    assert targets <= set(identities)
    assert all((ROOT / "docs" / f"{term.page}.md").exists() for term in GLOSSARY.values())


def test_examples_run_as_they_stand(directory, tmp_path, monkeypatch):
    for name in ("references", "harmonic"):
        pq.write_table(tables.read(directory, name), tmp_path / f"{name}.parquet")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(methods_data.PANDAS, names)
    harmonic = read(directory, "harmonic")
    assert len(names["pairs"]) == len(harmonic)
    assert {"sigma", "omega_min_thz", "omega_min_thz_dft"} <= set(names["pairs"])
    counted = duckdb.sql(methods_data.DUCKDB).df()
    assert counted["n"].sum() == len(harmonic)
    assert counted["n"].max() == harmonic.groupby(["suite", "potential", "label", "status"], dropna=False).size().max()


def test_the_citation_is_that_of_the_citation_file():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    given = dict(re.findall(r'^(title|version|date-released|license): "?([^"\n]+)"?$', text, re.MULTILINE))
    assert given == {
        "title": citing.TITLE,
        "version": citing.VERSION,
        "date-released": citing.RELEASED.isoformat(),
        "license": citing.LICENCE,
    }
    assert f"- name: {citing.AUTHORS}" in text
    for source in (*(suite.doi or suite.source for suite in SUITES.values()), BENCHMARK_DOI):
        assert source in text


def test_a_view_is_cited_with_the_release(dataset):
    text = words(page.PAGE.show(dataset, {}))
    assert f"data release {dataset.release()}" in text


def test_addresses_for_programs_exist(directory):
    client = create_app(Settings(data=directory)).server.test_client()
    others = {"api": "text/html", "optimade": "application/vnd.api+json", "croissant": "application/ld+json"}
    for address, _ in methods_data.ENDPOINTS:
        if "<" not in address:
            response = client.get(address)
            expected = next((kind for name, kind in others.items() if name in address), "application/json")
            assert (response.status_code, response.mimetype) == (200, expected), address


def test_without_tables_nothing_is_offered(tmp_path):
    text = words(page.PAGE.show(Dataset(tmp_path), {}))
    assert "No table is published." in text
    assert "no data published" in text
    assert f"not published, {len(SCHEMAS['references'])} columns" in text
