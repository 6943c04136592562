"""Files that a reader meets whole or not at all, a power failure included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compute.files import write_atomic


def test_content_then_name_reach_the_disk_before_anything_that_is_written_later(tmp_path, monkeypatch):
    """What is on the disk for good, in order: else a manifest may outlive the table that it names."""
    target = tmp_path / "folder" / "table.parquet"
    target.parent.mkdir()
    target.write_bytes(b"old")
    on_disk: list[tuple[str, bytes]] = []
    sync = os.fsync

    def recorded(descriptor: int) -> None:
        sync(descriptor)
        what = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        on_disk.append(("names" if what.is_dir() else "content", target.read_bytes()))
        if what.is_dir():
            assert what == target.parent
        else:
            assert what.parent == target.parent
            assert what.read_bytes() == b"new"

    monkeypatch.setattr(os, "fsync", recorded)
    write_atomic(target, b"new")
    assert on_disk == [("content", b"old"), ("names", b"new")]
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_what_cannot_be_written_leaves_the_former_file(tmp_path, monkeypatch):
    target = tmp_path / "kept.json"
    write_atomic(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
