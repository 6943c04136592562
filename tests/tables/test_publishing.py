"""Publications that add to a release: what they leave alone, what they replace, and two at once."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time

import pyarrow.parquet as pq
import pytest

from compute import tables
from tests.support import dashboard_data


def row(run: str, compound: str = "CsPbBr3", **values) -> dict:
    """A row of `harmonic`."""
    about = {"suite": "abx3", "potential": "p", "protocol": "reference-geometry", "geometry": "reference"}
    return {"run": run, "compound": compound, **about, "status": "ok", **values}


def constants(run: str, compound: str = "CsPbBr3", **values) -> dict:
    """A row of `force_constants`."""
    about = {"suite": "abx3", "potential": "p", "kind": "harmonic", "protocol": "reference-geometry"}
    crystal = {"symbols": ["Cs"], "masses": [1.0], "positions": [0.0] * 3, "lattice": [1.0] * 9, "repeats": 1}
    given = {"run": run, "compound": compound, "geometry": "reference", "constants": [0.0] * 9}
    return {**about, **crystal, **given, **values}


def put(directory, name: str, *rows: dict) -> None:
    with tables.publishing(directory) as publication:
        publication.put(name, tables.from_rows(name, rows))


def versions(directory) -> dict:
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in directory.rglob("*.parquet")}


def runs(directory) -> list[str]:
    return sorted(tables.read(directory, "harmonic")["run"].to_pylist())


def test_a_run_is_a_file_and_publishing_another_touches_no_other(tmp_path):
    put(tmp_path, "harmonic", row("one"), row("one", "CsPbI3"))
    before = versions(tmp_path)
    put(tmp_path, "harmonic", row("two"))
    after = versions(tmp_path)
    assert {name: after[name] for name in before} == before
    (new,) = set(after) - set(before)
    assert new.startswith("two-")
    assert runs(tmp_path) == ["one", "one", "two"]


def test_a_run_published_again_replaces_only_its_own_file(tmp_path):
    put(tmp_path, "harmonic", row("one"), row("two"))
    before = tables.read_manifest(tmp_path)
    put(tmp_path, "harmonic", row("one", omega_min_thz=-1.0))
    after = tables.read_manifest(tmp_path)
    assert after.paths("harmonic", run="two") == before.paths("harmonic", run="two")
    assert after.superseded == tuple(file.file for file in before.files("harmonic", run="one"))
    assert before.read("harmonic")["omega_min_thz"].null_count == 2, "a reader of the release before finishes"
    put(tmp_path, "harmonic", row("three"))
    assert not before.paths("harmonic", run="one")[0].exists()
    assert runs(tmp_path) == ["one", "three", "two"]


def test_rows_of_the_same_key_are_replaced_and_the_others_stay(tmp_path):
    wells = [r for r in dashboard_data._rows()["wells"] if r["status"] == "ok"][:3]
    with tables.publishing(tmp_path) as publication:
        publication.upsert("wells", wells)
    with tables.publishing(tmp_path) as publication:
        publication.upsert("wells", [{**wells[1], "curvature": 42.0}])
    found = {(r["source"], r["settings"]): r["curvature"] for r in tables.read(tmp_path, "wells").to_pylist()}
    wanted = {(r["source"], r["settings"]): r["curvature"] for r in wells}
    assert found == wanted | {(wells[1]["source"], wells[1]["settings"]): 42.0}


def test_a_key_that_another_run_has_is_refused_and_nothing_changes(tmp_path):
    put(tmp_path, "force_constants", constants("one"))
    before = (tmp_path / tables.MANIFEST).read_bytes(), versions(tmp_path)
    with pytest.raises(tables.TableError, match="duplicate key"):
        put(tmp_path, "force_constants", constants("two"))
    assert ((tmp_path / tables.MANIFEST).read_bytes(), versions(tmp_path)) == before
    put(tmp_path, "force_constants", constants("two", "CsPbI3"))


def test_one_compound_is_read_from_the_files_that_can_have_it(tmp_path):
    put(tmp_path, "force_constants", constants("one"), constants("two", potential="q"))
    tables.read_manifest(tmp_path).paths("force_constants", potential="q")[0].write_bytes(b"")
    (found,) = tables.read_where(tmp_path, "force_constants", potential="p", compound="CsPbBr3")
    assert found["run"] == "one"


def _publish_runs(directory, own: str, n: int) -> None:
    for k in range(n):
        put(directory, "harmonic", row(f"{own}-{k}"))


def test_publications_at_the_same_time_all_survive(tmp_path):
    context = multiprocessing.get_context("spawn")
    publishers = [context.Process(target=_publish_runs, args=(tmp_path, own, 10)) for own in ("a", "b")]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert [publisher.exitcode for publisher in publishers] == [0, 0]
    assert runs(tmp_path) == sorted(f"{own}-{k}" for own in ("a", "b") for k in range(10))
    assert tables.problems(tmp_path) == []


def test_a_publisher_killed_at_any_time_leaves_a_release_and_no_lock(tmp_path):
    put(tmp_path, "harmonic", row("first"))
    victim = multiprocessing.get_context("spawn").Process(target=_publish_runs, args=(tmp_path, "a", 10_000))
    victim.start()
    deadline = time.monotonic() + 60
    while len(runs(tmp_path)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    put(tmp_path, "harmonic", row("last"))
    assert {"first", "a-0", "last"} <= set(runs(tmp_path))
    assert tables.problems(tmp_path) == []
    assert tables.stray_files(tables.read_manifest(tmp_path)) == []


def as_schema_1(directory) -> None:
    """The release in `directory` as schema 1 had it: a table is one file beside the manifest."""
    manifest, listed = tables.read_manifest(directory), {}
    for name in manifest.tables:
        path = directory / "new.parquet"
        pq.write_table(manifest.read(name), path)
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        file = f"{name}-{sha[:8]}.parquet"
        listed[name] = {"file": file, "rows": manifest.tables[name].rows, "bytes": path.stat().st_size, "sha256": sha}
        path.rename(directory / file)
        for part in manifest.paths(name):
            part.unlink()
    document = {"schema": {"major": 1, "minor": 1}, "tables": listed, "history": []}
    (directory / tables.MANIFEST).write_text(json.dumps(document))


def test_a_release_of_schema_1_is_read_and_divided_when_it_is_added_to(tmp_path):
    dashboard_data.publish(tmp_path)
    whole = {name: tables.read(tmp_path, name) for name in tables.SCHEMAS}
    as_schema_1(tmp_path)
    old = tables.read_manifest(tmp_path)
    for name, table in whole.items():
        assert old.read(name).equals(table)
    put(tmp_path, "harmonic", row("one-more"))
    new = tables.read_manifest(tmp_path)
    assert len(new.tables["harmonic"].files) == 1 + len(set(whole["harmonic"]["run"].to_pylist()))
    assert new.tables["wells"] == old.tables["wells"]
    assert new.read("harmonic").num_rows == whole["harmonic"].num_rows + 1
    assert new.history[-1]["release"] == old.release
    assert tables.problems(tmp_path) == []
