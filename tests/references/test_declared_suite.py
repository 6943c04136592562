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
SOFTMODE = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from compute.cli import app
folder = Path(sys.argv[1])
def softmode(*arguments):
    done = CliRunner().invoke(app, [*arguments, "--data", str(folder / "data")])
    return {"code": done.exit_code, "out": done.stdout, "err": done.stderr}
source = ("reference", "import", "toy", "--source", str(folder / "toy.csv"))
"""
ASKED = """
student = ("--potential", "softmode-mace-distil-250", "--workers", "1")
print(json.dumps(softmode(*source, "--json")))
print(json.dumps(softmode("campaign", "run", "--suite", "toy", *student)))
from dashboard.app import create_app
from dashboard.settings import Settings
client = create_app(Settings(data=folder / "data")).server.test_client()
rows = client.get("/api/v1/harmonic?suite=toy").json
scores = client.get("/api/v1/metrics?suite=toy").json
page = client.get("/compound/toy/KMgF3")
from dashboard.app import PAGES
from dashboard.dataset import Dataset
dataset = Dataset(folder / "data")
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


REFUSED = """
for text in json.loads(sys.argv[2]):
    (folder / "toy.csv").write_text(text)
    print(json.dumps(softmode(*source)))
"""


def run(folder, code, *arguments):
    """What a process that knows the suite prints, as many values as lines."""
    (folder / "toy.toml").write_text(TOY)
    environment = {**os.environ, "SOFTMODE_SUITES": str(folder / "toy.toml"), "SOFTMODE_VAR": str(folder / "var")}
    done = subprocess.run(
        [sys.executable, "-c", SOFTMODE + code, str(folder), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_declared_suite_is_imported_computed_and_shown(tmp_path):
    (tmp_path / "toy.csv").write_text(NUMBERS)
    imported, computed, found = run(tmp_path, ASKED)
    assert imported["code"] == 0, imported["err"]
    assert json.loads(imported["out"])["rows"] == 2
    assert computed["code"] == 0, computed["err"]
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
    says = {
        NUMBERS.replace("omega_x_thz", "omega_x"): "line 2: no column 'omega_x'",
        NUMBERS.replace("KMgF3", "NaCl"): "line 3",
        NUMBERS.replace("-0.5", "-500"): "outside",
    }
    for refused, said in zip(run(tmp_path, REFUSED, json.dumps(list(says))), says.values(), strict=True):
        assert refused["code"] == 1
        assert said in refused["err"].replace("\n", " ")
    with pytest.raises(SourceError, match="does not follow from a formula"):
        read(tmp_path / "toy.csv", "mp64")
