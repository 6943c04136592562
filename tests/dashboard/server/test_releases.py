"""Releases that come while the site is read, whole or broken: never a mixture, and the last good one stays."""

import itertools
import json
import multiprocessing
import os
import shutil
import threading
import time

import pytest

from compute import tables
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.settings import Settings
from tests.dashboard.server.test_app import router_body
from tests.support import dashboard_data

TOGETHER = ("references", "wells")
"""Tables that are always published with the same number of rows here."""


@pytest.fixture
def data(directory, tmp_path):
    return shutil.copytree(directory, tmp_path / "data")


def site(data):
    return create_app(Settings(data=data)).server.test_client()


def page(client, path="/"):
    answer = client.post("/_dash-update-component", json=router_body(path, ""))
    assert answer.status_code == 200
    return json.loads(answer.text)["response"]["page"].__str__()


def manifest(change):
    def broken(data):
        content = json.loads((data / "manifest.json").read_text())
        change(content)
        (data / "manifest.json").write_text(json.dumps(content))

    return broken


def table(change):
    def broken(data):
        path = tables.read_manifest(data).paths("harmonic")[0]
        path.write_bytes(change(path.read_bytes()))
        os.utime(data / "manifest.json")

    return broken


def _entry(**values):
    return manifest(lambda content: content["tables"]["harmonic"]["files"][0].update(values))


BREAKAGES = {
    "newer schema": manifest(lambda content: content["schema"].update(major=99)),
    "manifest without a schema": manifest(lambda content: content.pop("schema")),
    "manifest that is a list": lambda data: (data / "manifest.json").write_text("[]"),
    "manifest that is no text": lambda data: (data / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    "manifest cut short": lambda data: os.truncate(data / "manifest.json", 200),
    "manifest that is nested without end": lambda data: (data / "manifest.json").write_text("[" * 200_000),
    "manifest that is empty": lambda data: os.truncate(data / "manifest.json", 0),
    "file outside the folder": _entry(file="harmonic/../../harmonic-00000000.parquet"),
    "file named by its whole path": _entry(file="/etc/passwd"),
    "rows that are no number": _entry(rows="many"),
    "table cut short": table(lambda content: content[:-100]),
    "table with another byte": table(lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:]),
    "table that is empty": table(lambda content: b""),
    "table that is gone": lambda data: (tables.read_manifest(data).paths("harmonic")[0].unlink(), _touched(data)),
}


def _touched(data):
    os.utime(data / "manifest.json")


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_release_is_refused_with_a_reason_and_the_last_good_one_stays(data, breakage):
    held = Dataset(data)
    release, rows = held.release(), held.rows("harmonic")
    breakage(data)
    with pytest.raises(tables.TableError) as refused:
        Dataset(data).rows("harmonic")
    assert str(data) not in str(refused.value)
    assert (held.release(), held.rows("harmonic"), held.problem()) == (release, rows, str(refused.value))


def test_a_site_with_a_broken_release_says_so(data):
    before = site(data)
    release, shown = before.get("/readyz").json["release"], page(before)
    BREAKAGES["table cut short"](data)

    alone = site(data)
    assert "cannot be read" in page(alone)
    unready = alone.get("/readyz")
    assert (unready.status_code, str(data) in unready.text) == (503, False)
    assert alone.get("/healthz").status_code == 200
    assert alone.get("/api/v1/dataset").status_code == alone.get("/data/manifest.json").status_code == 503

    ready = before.get("/readyz")
    assert (ready.status_code, ready.json["release"]) == (200, release)
    assert ready.json["problem"] == unready.json["reason"]
    assert f"This is release {release}." in page(before, "/models")
    assert before.get("/api/v1/harmonic?limit=1").json["release"] == release
    assert page(before) == shown  # from memory


def test_without_a_manifest_nothing_is_ready_and_what_was_read_stays(data):
    held = Dataset(data)
    release = held.release()
    (data / "manifest.json").unlink()
    assert site(data).get("/readyz").json["reason"] == "no tables are published"
    assert (held.release(), held.problem()) == (release, "manifest.json is missing")


def test_a_release_that_is_mended_is_read_without_a_restart(data):
    dataset, path = Dataset(data), tables.read_manifest(data).paths("wells")[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert dataset.release() == ""
    path.write_bytes(whole)  # as a copy that was still under way
    assert dataset.rows("wells") == 10
    (data / "manifest.json").write_text("{")
    assert dataset.problem() is not None
    shutil.rmtree(data)
    dashboard_data.publish(data)
    assert (dataset.problem(), dataset.rows("wells")) == (None, 10)


def test_a_release_is_noticed_whatever_the_clock_says(data):
    dataset, wells = Dataset(data), tables.read(data, "wells")
    for rows, when in ((3, 0), (4, 0), (5, 2**32)):
        tables.publish(data, {"wells": wells.slice(0, rows)})
        os.utime(data / "manifest.json", (when, when))
        assert dataset.rows("wells") == rows


def _publish_until(stop, data):
    whole = {name: tables.read(data, name) for name in TOGETHER}
    for size in itertools.cycle(range(1, 11)):
        tables.publish(data, {name: table.slice(0, size) for name, table in whole.items()})
        if stop.wait(0.3):
            return


def test_readers_never_see_a_mixture_of_releases(data):
    tables.publish(data, {name: tables.read(data, name).slice(0, 10) for name in TOGETHER})
    server, context = create_app(Settings(data=data)).server, multiprocessing.get_context("spawn")
    stop = context.Event()
    sizes, wrong = set(), []

    def read():
        visitor = server.test_client()
        while not stop.is_set():
            ready, listed = visitor.get("/readyz"), visitor.get("/api/v1/dataset")
            rows = [
                {ready.json["rows"][name] for name in TOGETHER},
                {table["rows"] for table in listed.json["tables"] if table["table"] in TOGETHER},
            ]
            sizes.update(*rows)
            if {ready.status_code, listed.status_code} != {200} or [len(found) for found in rows] != [1, 1]:
                wrong.append((ready.text, listed.text))

    readers = [threading.Thread(target=read) for _ in range(2)]
    publisher = context.Process(target=_publish_until, args=(stop, data))
    for part in (publisher, *readers):
        part.start()
    deadline = time.monotonic() + 120
    while len(sizes) < 4 and not wrong and time.monotonic() < deadline and all(r.is_alive() for r in readers):
        time.sleep(0.05)
    stop.set()
    for part in (publisher, *readers):
        part.join()
    assert publisher.exitcode == 0
    assert wrong == []
    assert len(sizes) >= 4
