"""The checks of the published tables: they pass on what is published, and each kind of damage is named."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compute import tables
from compute.cli import app
from compute.reports import audit
from compute.tables.check import checks
from compute.tables.releases import changes
from tests.conftest import ROOT

PUBLISHED = ROOT / "data" / "parquet"

STORED = "mace-mp-0b3-medium"


def softmode(*arguments: str):
    return CliRunner().invoke(app, ["data", *arguments])


def problems(directory: Path) -> str:
    return " | ".join(problem for entry in checks(directory) for problem in entry.problems)


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict]]:
    """A small consistent release: the mp0b3 suite, and the run of the potential whose forces its source stored."""
    kept = {name: tables.read(PUBLISHED, name).to_pylist() for name in ("references", "potentials", "harmonic", "runs")}
    kept["references"] = [row for row in kept["references"] if row["suite"] == "mp0b3"]
    for name in ("harmonic", "runs"):
        kept[name] = [row for row in kept[name] if (row["suite"], row["potential"]) == ("mp0b3", STORED)]
    return kept


def release(to: Path, rows: dict[str, list[dict]], table: str = "", **changed) -> Path:
    """`rows` published in `to`, the last row of `table` with the values of `changed`."""
    edited = {**rows, **({table: [*rows[table][:-1], {**rows[table][-1], **changed}]} if table else {})}
    tables.publish(to, {name: tables.from_rows(name, listed) for name, listed in edited.items()})
    return to


def test_what_is_published_is_sound():
    done = softmode("check", "--json")
    assert json.loads(done.stdout)["problems"] == []
    assert done.exit_code == 0
    assert {entry["name"] for entry in json.loads(done.stdout)["checks"]} >= {"joins", "ranges", "confusion counts"}


@pytest.mark.parametrize(
    ("table", "changed", "says"),
    [
        ("harmonic", {"compound": "mp-0"}, "compound not in references, first mp0b3 mp-0"),
        ("harmonic", {"run": "lost"}, "run not in runs, first lost"),
        ("harmonic", {"potential": "unheard-of"}, "potential not in potentials, first unheard-of"),
        ("harmonic", {"noise_floor_thz": -1.0}, "noise_floor_thz are outside"),
        ("harmonic", {"omega_min_thz": float("nan")}, "omega_min_thz are not finite"),
        ("harmonic", {"omega_min_thz": None}, "ok without omega_min_thz"),
        ("harmonic", {"label": "unstable", "omega_min_thz": 1.0}, "labels are not what their numbers say"),
        ("harmonic", {"status": "error", "reason": None}, "failed rows have a result or no reason"),
        ("runs", {"n_ok": 3}, "states other counts"),
        ("runs", {"protocol_digest": "0" * 16}, "digest is not that of the settings"),
        ("runs", {"checkpoint_sha256": "0" * 64}, "a checkpoint belongs to every run but"),
    ],
)
def test_each_kind_of_damage_is_named(rows, tmp_path, table, changed, says):
    assert problems(release(tmp_path / "sound", rows)) == ""
    assert says in problems(release(tmp_path / "damaged", rows, table, **changed))


def test_a_compound_without_a_row_and_a_stray_file_are_named(rows, tmp_path):
    fewer = release(tmp_path, {**rows, "harmonic": rows["harmonic"][:-1]})
    (fewer / "harmonic-0badf00d.parquet").write_bytes(b"")
    found = problems(fewer)
    assert "has 59 rows for the 60 compounds of mp0b3" in found
    assert "harmonic-0badf00d.parquet belongs to no table" in found


def test_an_audit_repeats_a_row_and_names_one_that_was_changed(tmp_path, published):
    kept = {name: tables.read(PUBLISHED, name).to_pylist() for name in ("runs", "harmonic", "potentials")}
    row = next(r for r in kept["harmonic"] if (r["compound"], r["potential"]) == ("CsPbBr3", "chgnet-0.3.0"))
    parts = {
        "references": [r for r in published if r["compound"] == "CsPbBr3" and r["suite"] == "abx3"],
        "potentials": kept["potentials"],
        "runs": [r for r in kept["runs"] if r["run"] == row["run"]],
        "harmonic": [row],
    }
    same = audit.audited(release(tmp_path / "same", parts), 5, 0)
    assert {entry.quantity for entry in same} >= {"omega_r_thz", "omega_min_thz"}
    assert all(entry.agrees for entry in same)
    moved = release(tmp_path / "moved", parts, "harmonic", omega_r_thz=row["omega_r_thz"] + 0.1)
    done = softmode("audit", "--n", "1", "--data", str(moved), "--json")
    assert done.exit_code == 1
    assert [entry["quantity"] for entry in json.loads(done.stdout) if not entry["agrees"]] == ["omega_r_thz"]


def test_a_failure_where_a_number_was_does_not_agree():
    about = {"table": "anharmonic", "suite": "abx3", "compound": "CsPbBr3", "potential": "p", "protocol": "quick"}
    assert audit.AuditedNumber(**about, quantity="sigma", published=0.5, again=0.52, tolerance=0.1).agrees
    assert not audit.AuditedNumber(**about, quantity="sigma", published=0.5, again=None, tolerance=0.1).agrees


def test_releases_are_compared_row_by_row(rows, tmp_path):
    old = release(tmp_path / "old", rows)
    harmonic = [dict(row) for row in rows["harmonic"]]
    harmonic[0]["omega_min_thz"] += 1
    harmonic[1]["compound"] = "mp-0"
    new = release(tmp_path / "new", {**rows, "harmonic": harmonic})
    found = {change.table: change for change in changes(old, new)}
    assert (found["harmonic"].added, found["harmonic"].changed, found["harmonic"].gone) == (1, 1, 1)
    assert (found["references"].added, found["references"].changed, found["references"].gone) == (0, 0, 0)


def test_a_revision_of_the_repository_is_a_release(rows, tmp_path):
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    data = release(tmp_path / "data", rows)
    git("init", "-q")
    git("add", "data")
    git("commit", "-qm", "a release")
    release(data, rows, "potentials", name="another name")
    done = softmode("diff", "HEAD", str(data), "--data", str(data), "--json")
    changed = {entry["table"]: entry["changed"] for entry in json.loads(done.stdout)}
    assert changed["potentials"] == 1
    assert changed["harmonic"] == 0
    assert "neither a folder nor a git revision" in softmode("diff", "v9", "HEAD", "--data", str(data)).stderr


def test_a_table_is_exported_with_filters(tmp_path):
    options = ("--where", "suite=mp0b3", "--where", "compound=mp-1000", "--where", f"potential={STORED}")
    (row,) = json.loads(softmode("export", "harmonic", "--format", "json", *options).stdout)
    assert row["potential"] == STORED
    lines = softmode("export", "wells", "--where", "source=dft").stdout.splitlines()
    assert lines[0].startswith('"suite","compound","source"')
    assert len(lines) == 1 + sum(r["source"] == "dft" for r in tables.read(PUBLISHED, "wells").to_pylist())
    file = tmp_path / "runs.parquet"
    softmode("export", "runs", "--format", "parquet", "--to", str(file))
    import pyarrow.parquet as pq

    assert pq.read_table(file).num_rows == tables.read(PUBLISHED, "runs").num_rows
    assert "no column anions" in softmode("export", "harmonic", "--where", "anions=F").stderr
