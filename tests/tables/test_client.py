"""The tables in pandas: from a folder and from a site the same rows, and nothing that is broken."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

import softmode
from compute import tables
from dashboard.settings import Settings
from tests.conftest import ROOT
from tests.support import dashboard_data
from tests.support.site import hosted


@pytest.fixture(scope="module")
def site(directory):
    """Address of a site over `directory`, below a path."""
    with hosted(Settings(data=directory, prefix="/softmode")) as address:
        yield address


def test_a_site_and_its_folder_give_the_same_rows(directory, site):
    for table in tables.read_manifest(directory).tables:
        here, there = softmode.load(table, source=directory), softmode.load(table, source=f"{site}/")
        pd.testing.assert_frame_equal(here, there)
        assert here.attrs["release"] == there.attrs["release"] == tables.read_manifest(directory).release


def test_rows_are_chosen_by_one_value_or_several(directory):
    ran = softmode.load("harmonic", source=directory, suite="abx3", potential=dashboard_data.CHGNET, status="ok")
    assert (len(ran), ran.attrs["units"]["omega_min_thz"]) == (8, "THz")
    halides = softmode.load("references", source=directory, X=["Br", "I"])
    assert sorted(halides["compound"]) == ["Cs2AgBiBr6", "Cs2NaBiI6", "CsPbBr3", "CsPbI3"]


def test_without_a_source_it_is_the_data_of_the_settings(directory, monkeypatch):
    monkeypatch.setenv("SOFTMODE_DATA", str(directory))
    assert len(softmode.load("references", suite="hdp")) == len(dashboard_data.HDP)


def test_what_is_not_there_or_broken_is_an_error(directory, site, tmp_path):
    for source in (directory, site):
        with pytest.raises(tables.TableError, match="no column colour"):
            softmode.load("references", source=source, colour="red")
        with pytest.raises(tables.TableError, match="lists no table"):
            softmode.load("colours", source=source)
    dashboard_data.publish(tmp_path)
    file = tables.read_manifest(tmp_path).paths("references")[0]
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(tables.TableError, match="checksum"):
        softmode.load("references", source=tmp_path)


def test_importing_it_imports_neither_the_web_nor_the_heavy_stack():
    heavy = {"torch", "ase", "phonopy", "scipy", "dash", "flask", "duckdb"}
    code = f"import sys, softmode; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
