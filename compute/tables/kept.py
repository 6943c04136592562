"""The joined tables of a large release as one file: made once, by a process of its own, for all that serve it.

What is in memory then is what questions touch, and a restart reads nothing anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from compute import tables
from compute.tables import pairs

LARGE = 300_000
"""Rows of calculations above which a release is kept as a file; below it is small and quick enough in memory."""
_SUFFIX = ".duckdb"


def is_large(manifest: tables.Manifest) -> bool:
    """Whether the release has more rows of calculations than `LARGE`."""
    return sum(manifest.tables[name].rows for name in ("harmonic", "anharmonic") if name in manifest.tables) > LARGE


def kept_file(folder: Path, manifest: tables.Manifest, local: tables.Manifest | None, memory_mb: int) -> Path:
    """The file in `folder` that holds what `pairs.join` makes of the release, made where it is not there.

    Files of other releases are removed: who reads one keeps it open. Raises `TableError` where it cannot be made.
    """
    release = manifest.release, local.release if local else "", duckdb.__version__, pairs.PAIRS
    file = folder / f"{hashlib.sha256(repr(release).encode()).hexdigest()[:16]}{_SUFFIX}"
    if file.exists():
        return file
    for name in manifest.tables:
        manifest.verify(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise tables.TableError(f"the folder {folder} cannot be made: {error.strerror}") from error
    places = [manifest.directory, local.directory if local else "", file, memory_mb, manifest.release]
    done = subprocess.run(
        [sys.executable, "-m", "compute.tables.kept", *map(str, places)], capture_output=True, text=True
    )
    if done.returncode:
        raise tables.TableError(
            f"the tables cannot be joined in {folder}: {done.stderr.strip().rpartition(chr(10))[2]}"
        )
    for other in folder.glob(f"*{_SUFFIX}"):
        if other != file:
            other.unlink(missing_ok=True)
    return file


def main(data: str, local: str, file: str, memory_mb: str, release: str) -> None:
    """Join the release in the folder `data` with that in `local` into `file`, which appears when it is whole."""
    manifest = tables.read_manifest(Path(data))
    if manifest.release != release:
        raise SystemExit("another release was published meanwhile")
    unfinished = Path(f"{file}.{os.getpid()}.tmp")
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": "2",
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": f"{unfinished}.spill",
    }
    try:
        with duckdb.connect(str(unfinished), config=settings) as connection:
            pairs.join(connection, manifest, tables.read_manifest(Path(local)) if local else None)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
        shutil.rmtree(f"{unfinished}.spill", ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
