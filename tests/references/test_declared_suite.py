"""A suite from outside: declared in a file, imported from a table, computed, on the pages and in the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from compute.references.checks import SourceError
from compute.references.declared import read
from compute.suites import declared
from tests.conftest import ROOT

TOY = """
[toy]
title = "Toy perovskites"
prototype = "cubic-perovskite"
size = 3
clusters = ["B"]
source = "https://example.org/toy"
citation = "Nobody, Invented (2026)"
criteria = ["harmonic"]
metrics = ["mcc", "omega"]
cell = "DFT's"
licence = "invented"
caution = "Invented numbers."

[toy.dft]
code = "none"
functional = "PBE"
supercell = "40 atoms"
"""
NUMBERS = """compound,lattice_constant,omega_gamma_thz,omega_r_thz,omega_m_thz,omega_x_thz
CsPbBr3,5.99,-0.5,-0.9,-0.8,-0.2
KMgF3,4.02,0,3.1,2.9,4.0
"""
ASKED = """
import json, sys
from pathlib import Path
from dashboard.app import create_app
from dashboard.settings import Settings
client = create_app(Settings(data=Path(sys.argv[1]))).server.test_client()
rows = client.get("/api/v1/harmonic?suite=toy").json
scores = client.get("/api/v1/metrics?suite=toy").json
page = client.get("/compound/toy/KMgF3")
from dashboard.app import PAGES
from dashboard.dataset import Dataset
dataset = Dataset(Path(sys.argv[1]))
laid = {page.path: str(page.show(dataset, {"s": "toy"}).to_plotly_json()) for page in PAGES if not page.below}
from dashboard.pages.recompute import data, form
checked = data.check(dataset, compound="KMgF3", suite="toy", potentials=["chgnet-0.3.0"], calculation="harmonic")
plain = data.check(dataset, compound="KMgF3", suite="", potentials=["chgnet-0.3.0"], calculation="harmonic")
print(json.dumps({
    "recompute": [checked.tasks[0].suite, checked.published, "toy" in plain.suites, plain.tasks[0].suite],
    "structures": [form.structure_name(suite) for suite in plain.suites],
    "suggested": data.suggestions(dataset, "MgF"),
    "rows": [[row["compound"], row["status"]] for row in rows["rows"]],
    "scores": scores,
    "stability": "Toy perovskites" in laid["/stability"],
    "page": page.status_code,
}))
"""


def run(tmp_path, *arguments, code="from compute.cli import app; app()"):
    environment = {**os.environ, "SOFTMODE_SUITES": str(tmp_path / "toy.toml"), "SOFTMODE_VAR": str(tmp_path / "var")}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_a_declared_suite_is_imported_computed_and_shown(tmp_path):
    (tmp_path / "toy.toml").write_text(TOY)
    (tmp_path / "toy.csv").write_text(NUMBERS)
    data = tmp_path / "data"
    imported = run(tmp_path, "reference", "import", "toy", "--source", tmp_path / "toy.csv", "--data", data, "--json")
    assert imported.returncode == 0, imported.stderr
    assert json.loads(imported.stdout)["rows"] == 2
    student = "softmode-mace-distil-250"
    computed = run(
        tmp_path, "campaign", "run", "--suite", "toy", "--potential", student, "--workers", "1", "--data", data
    )
    assert computed.returncode == 0, computed.stderr
    asked = run(tmp_path, data, code=ASKED)
    assert asked.returncode == 0, asked.stderr
    found = json.loads(asked.stdout.splitlines()[-1])
    assert sorted(found["rows"]) == [["CsPbBr3", "ok"], ["KMgF3", "ok"]]
    assert "toy" in json.dumps(found["scores"])
    assert found["stability"]
    assert found["page"] == 200
    assert found["recompute"] == ["toy", True, True, "abx3"]
    assert found["structures"] == ["cubic ABX₃", "cubic ABX₃, Toy perovskites"]
    assert found["suggested"] == ["KMgF3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOY.replace('title = "Toy perovskites"', ""), "toy.toml, Suite: title"),
        (TOY.replace("size = 3", "sizes = 3"), "size"),
        (TOY.replace("[toy]", "[abx3]").replace("[toy.dft]", "[abx3.dft]"), "there is a suite abx3 already"),
        ("[toy", "cannot be read"),
    ],
)
def test_what_is_no_suite_is_refused_in_a_sentence(tmp_path, text, said):
    (tmp_path / "toy.toml").write_text(text)
    with pytest.raises(ValueError, match="SOFTMODE_SUITES: ") as error:
        declared(tmp_path / "toy.toml")
    assert said in str(error.value)


def test_a_table_with_another_column_or_another_structure_is_refused(tmp_path):
    (tmp_path / "toy.toml").write_text(TOY)
    for text, said in (
        (NUMBERS.replace("omega_x_thz", "omega_x"), "line 2: no column 'omega_x'"),
        (NUMBERS.replace("KMgF3", "NaCl"), "line 3"),
        (NUMBERS.replace("-0.5", "-500"), "outside"),
    ):
        (tmp_path / "toy.csv").write_text(text)
        refused = run(tmp_path, "reference", "import", "toy", "--source", tmp_path / "toy.csv", "--data", tmp_path)
        assert refused.returncode == 1
        assert said in refused.stderr.replace("\n", " ")
    with pytest.raises(SourceError, match="does not follow from a formula"):
        read(tmp_path / "toy.csv", "mp64")
