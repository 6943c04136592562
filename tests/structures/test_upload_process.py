"""The process that reads uploads: the same answer as in this one, and an end to what takes too much."""

from __future__ import annotations

import time

import numpy as np
import pytest
from ase.build import bulk

from compute.structures import upload_process
from compute.structures.sites import StructureError
from compute.structures.upload_process import from_plain, read_limited, to_plain
from compute.structures.uploaded import read_upload
from tests.structures.test_uploaded import ELPASOLITE, TITANATE, rattled, text_of


@pytest.mark.parametrize(
    "atoms",
    [TITANATE, ELPASOLITE.structure(11.25, 0.2513), rattled(TITANATE), bulk("NaCl", "rocksalt", 5.6, cubic=True)],
    ids=["perovskite", "elpasolite", "no symmetry", "rocksalt"],
)
def test_what_was_read_is_told_to_the_last_digit(atoms):
    found = read_upload(text_of(atoms))
    again = from_plain(to_plain(found))
    assert (again.a, again.x, again.described) == (found.a, found.x, found.described)
    assert (again.compound.formula, again.compound.suite) == (found.compound.formula, found.compound.suite)
    here, there = again.compound.structure(found.a, found.x), found.compound.structure(found.a, found.x)
    assert np.array_equal(here.positions, there.positions)
    assert np.array_equal(here.cell.array, there.cell.array)
    assert here.numbers.tolist() == there.numbers.tolist()


def test_another_process_reads_and_refuses_as_this_one_does():
    assert read_limited(text_of(TITANATE)).described == read_upload(text_of(TITANATE)).described
    with pytest.raises(StructureError, match="ends after 1 lines"):
        read_limited("nonsense — no file")


# Each is read in a process that starts anew: what is set here has to be set there. It writes down the most that it has
# held, whatever its end but a signal.
_HOG = """
import atexit, pathlib, re
from compute.structures import upload_process, uploaded
def held():
    # Of this program alone: the measure of the operating system begins with what its parent held.
    return re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]
def read(text):
    pathlib.Path({file!r}).write_text(str(held()))
    {body}
upload_process.read_upload = read
atexit.register(lambda: pathlib.Path({file!r}).write_text(str(held())))
{limits}
upload_process._main()
"""


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        ("bytearray(3 * 2**30)", ""),
        ("[bytearray(2**26) for _ in range(48)]", ""),
        ("while True: pass", "upload_process.SECONDS = 1"),
        ("import time; time.sleep(60)", ""),
    ],
    ids=["memory at once", "memory by pieces", "processor", "time"],
)
def test_a_reader_that_takes_too_much_is_ended(body, limits, monkeypatch, tmp_path):
    held = tmp_path / "held"
    (tmp_path / "hog.py").write_text(_HOG.format(body=body, limits=limits, file=str(held)))
    monkeypatch.setattr(upload_process, "__name__", "hog")
    monkeypatch.syspath_prepend(tmp_path)
    if "sleep" in body:
        monkeypatch.setattr(upload_process, "PATIENCE", 5.0)
    start = time.monotonic()
    with pytest.raises(StructureError, match="more memory or time"):
        read_limited(f"a text of its own, {body}")
    assert time.monotonic() - start < 60
    assert 0 < int(held.read_text()) * 1024 <= upload_process.MEMORY


def test_what_a_reader_holds_is_measured(monkeypatch, tmp_path):
    """The measure above counts what is written to, of this process and of no other."""
    held = tmp_path / "held"
    body = "kept = b'x' * 2**28; raise upload_process.StructureError(f'{len(kept)} read')"
    (tmp_path / "hog.py").write_text(_HOG.format(body=body, limits="", file=str(held)))
    monkeypatch.setattr(upload_process, "__name__", "hog")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StructureError, match="268435456 read"):
        read_limited("a text of another")
    assert 2**28 < int(held.read_text()) * 1024 < upload_process.MEMORY


def test_a_header_of_53_characters_is_refused():
    with pytest.raises(StructureError, match="150000001 atoms"):
        read_limited("x\n1\n9 0 0\n0 9 0\n0 0 9\nCs Br\n1 150000000\nDirect\n0 0 0")
