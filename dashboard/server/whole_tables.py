"""Each table of a release in one Parquet file, made from its files when it is first asked for."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from compute.tables import SCHEMAS, Manifest
from compute.tables.files import reading
from compute.tables.manifest import Listed, TableFile


class WholeTables:
    """The files that were made for the newest release asked of; they go with it, or with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._release = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made: dict[str, TableFile] = {}

    def file(self, manifest: Manifest, name: str) -> tuple[Path, TableFile]:
        """Path and entry of all of table `name`. Raises `TableError` when its files cannot be read."""
        with self._lock:
            if self._folder is None or self._release != manifest.release:
                self._release, self._made = manifest.release, {}
                self._folder = tempfile.TemporaryDirectory(prefix="softmode-tables-")
            path = Path(self._folder.name) / f"{name}.parquet"
            if name not in self._made:
                self._made[name] = _written(manifest, name, path)
            return path, self._made[name]

    def document(self, manifest: Manifest) -> dict[str, Any]:
        """`Manifest.document` as if every table had one file, the whole one."""
        files = {name: self.file(manifest, name)[1] for name in manifest.tables if name in SCHEMAS}
        tables = {name: Listed(files=(file,)).model_dump() for name, file in files.items()}
        return {**manifest.document(), "tables": tables}


def _written(manifest: Manifest, name: str, path: Path) -> TableFile:
    rows = 0
    manifest.verify(name)
    with pq.ParquetWriter(path, SCHEMAS[name], compression="zstd") as writer:
        for part in manifest.paths(name):
            with reading(name, part):
                table = pq.read_table(part, schema=SCHEMAS[name])
            rows += table.num_rows
            writer.write_table(table)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return TableFile.model_construct(file=path.name, rows=rows, bytes=path.stat().st_size, sha256=sha256, holds={})
