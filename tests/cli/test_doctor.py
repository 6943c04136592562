"""`softmode doctor` names what is broken, and what to do about it."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from compute import tables
from compute.cli import app
from tests.conftest import ROOT


def doctor(*arguments: str):
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return done.exit_code, {sign["name"]: sign for sign in json.loads(done.stdout)}


def test_an_installation_in_order_with_nobody_working():
    code, found = doctor()
    assert code == 0
    assert found["data"]["state"] == "ok"
    assert tables.read_manifest(ROOT / "data" / "parquet").release in found["data"]["found"]
    assert found["worker"] == {"name": "worker", "state": "note", "found": "none running",
                               "remedy": found["worker"]["remedy"]}  # fmt: skip
    assert "chgnet-0.3.0" in found["weights"]["found"]


def test_each_thing_that_is_broken_is_named(tmp_path, monkeypatch):
    code, found = doctor("--data", str(tmp_path / "nowhere"))
    assert (code, found["data"]["state"]) == (1, "broken")
    assert "SOFTMODE_DATA" in found["data"]["remedy"]

    potentials = tmp_path / "potentials"
    potentials.mkdir()
    (potentials / "pins.json").write_text(json.dumps({"mace-mpa-0-medium": {"sha256": "0" * 64}}))
    (potentials / "mace-mpa-0-medium.model").write_bytes(b"not what was pinned")
    code, found = doctor()
    assert code == 1
    assert found["weights"]["found"] == "mace-mpa-0-medium changed"

    monkeypatch.setenv("SOFTMODE_LIVE", "false")
    assert doctor()[1]["worker"]["found"] == "SOFTMODE_LIVE is off"
