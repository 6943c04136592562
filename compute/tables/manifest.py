"""The manifest of a release: which immutable files hold which table.

A table is a folder of files: one per run, or per suite, or one alone. `holds` of a file names the columns that have one
value in it (run, suite, potential), by which readers leave out files. A release of schema 1 has one file per table
beside the manifest, and is read as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from compute.tables.contract import TableError, validate
from compute.tables.files import reading
from compute.tables.schemas import SCHEMAS

SCHEMA_MAJOR = 2
SCHEMA_MINOR = 0
MANIFEST = "manifest.json"
FILE = r"^([a-z_]+/[A-Za-z0-9_][A-Za-z0-9._+-]*|[a-z_]+)-[0-9a-f]{8}\.parquet$"
"""What the file of a table is called: folder, run or suite, hash; in schema 1, the table and hash."""


Wanted = str | Collection[str]
"""The value that a column must have, or several of which it must have one."""


class TableFile(BaseModel):
    """One file of a table; it lies in the table's folder beside the manifest, or in schema 1 beside it."""

    model_config = ConfigDict(frozen=True)

    file: str = Field(pattern=FILE)
    rows: NonNegativeInt
    bytes: NonNegativeInt
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    holds: dict[str, str] = {}

    def may_hold(self, wanted: Mapping[str, Wanted]) -> bool:
        """Whether rows with the values `wanted` can be in this file."""
        return all(
            column not in self.holds or self.holds[column] in _several(value) for column, value in wanted.items()
        )


class Listed(BaseModel):
    """A table as the manifest lists it: its files."""

    model_config = ConfigDict(frozen=True)

    files: tuple[TableFile, ...]

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """Bytes of its files."""
        return sum(file.bytes for file in self.files)

    @property
    def sha256(self) -> str:
        """The hash of its only file, or of the hashes of its files in their order."""
        if len(self.files) == 1:
            return self.files[0].sha256
        return hashlib.sha256("".join(f"{file.sha256}\n" for file in self.files).encode()).hexdigest()

    def summary(self) -> dict[str, Any]:
        """What the history keeps of it."""
        return {"rows": self.rows, "sha8": self.sha256[:8]}


class _Former(BaseModel):
    """A table of a former release."""

    rows: NonNegativeInt
    sha8: str


class _Release(BaseModel):
    """A former release."""

    release: str
    tables: dict[str, _Former]


class _Document(BaseModel):
    """What a manifest holds beside the version of its schema."""

    tables: dict[str, Listed | TableFile]
    superseded: tuple[str, ...] = ()
    history: list[_Release] = []


@dataclass(frozen=True)
class Change:
    """A table whose content differs between two releases; rows before and now, None where it was not published."""

    table: str
    before: int | None
    now: int | None


@dataclass(frozen=True)
class Manifest:
    """Which files hold which table; `history` lists former releases, oldest first, with their tables' rows and hash.

    `superseded` are files of the release before that this one has no more: they stay for those who still read it.
    """

    directory: Path
    tables: Mapping[str, Listed]
    history: tuple[dict[str, Any], ...] = ()
    superseded: tuple[str, ...] = ()

    @property
    def release(self) -> str:
        """Eight digits that change whenever a table does; empty when nothing was published."""
        if not self.tables:
            return ""
        listed = "".join(f"{name} {self.tables[name].sha256}\n" for name in sorted(self.tables))
        return hashlib.sha256(listed.encode()).hexdigest()[:8]

    def changes_since(self, release: str) -> list[Change] | None:
        """Tables that differ between a former `release` and this one, by name; None when it is not on record."""
        if release == self.release:
            return []
        former = next((entry["tables"] for entry in reversed(self.history) if entry["release"] == release), None)
        if former is None:
            return None
        now = {name: listed.summary() for name, listed in self.tables.items()}
        names = sorted({*former, *now})
        return [
            Change(name, former.get(name, {}).get("rows"), now.get(name, {}).get("rows"))
            for name in names
            if former.get(name) != now.get(name)
        ]

    def file_names(self) -> set[str]:
        """All files that are listed."""
        return {file.file for listed in self.tables.values() for file in listed.files}

    def files(self, name: str, **wanted: Wanted) -> tuple[TableFile, ...]:
        """Files of table `name` that can hold rows with these values; `TableError` when it was never published."""
        if name not in self.tables:
            raise TableError(f"{MANIFEST} lists no table {name!r}")
        return tuple(file for file in self.tables[name].files if file.may_hold(wanted))

    def paths(self, name: str, **wanted: Wanted) -> list[Path]:
        """Where `files` are."""
        return [self.directory / file.file for file in self.files(name, **wanted)]

    def document(self) -> dict[str, Any]:
        """What `manifest.json` says."""
        schema = {"major": SCHEMA_MAJOR, "minor": SCHEMA_MINOR}
        tables = {
            name: {"rows": listed.rows, "bytes": listed.bytes, "sha256": listed.sha256, **listed.model_dump()}
            for name, listed in self.tables.items()
        }
        return {
            "schema": schema,
            "tables": tables,
            "superseded": list(self.superseded),
            "history": list(self.history),
        }

    def verify(self, name: str, **wanted: Wanted) -> None:
        """Raise `TableError` unless the `files` are there and have the listed checksums."""
        for file in self.files(name, **wanted):
            self.verify_file(name, file)

    def verify_file(self, name: str, file: TableFile) -> None:
        """Raise `TableError` unless this file of table `name` is there and has the listed checksum."""
        path = self.directory / file.file
        with reading(name, path):
            stat = path.stat()
            found = _sha256(path, (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size))
        if found != file.sha256:
            raise TableError(f"{name}: {path.name} does not match its checksum")

    def read(self, name: str) -> pa.Table:
        """Table `name`, validated; an empty one when it was never published."""
        return validate(name, self.table(name) if name in self.tables else SCHEMAS[name].empty_table())

    def read_where(self, name: str, *, columns: Sequence[str] | None = None, **wanted: Wanted) -> list[dict[str, Any]]:
        """Rows of `table` as dictionaries; none when it was never published."""
        if name not in self.tables:
            return []
        rows: list[dict[str, Any]] = self.table(name, columns=columns, **wanted).to_pylist()
        return rows

    def table(self, name: str, *, columns: Sequence[str] | None = None, **wanted: Wanted) -> pa.Table:
        """Rows of table `name` with the values `wanted`, with `columns` or all; no file without such rows is read."""
        schema = SCHEMAS[name]
        chosen = pa.schema([schema.field(column) for column in columns or schema.names])
        filters = [(column, "in", _several(value)) for column, value in wanted.items()] or None
        paths = [str(path) for path in self.paths(name, **wanted)]
        if not paths:
            return chosen.empty_table()
        try:
            found = pq.read_table(paths, schema=schema, columns=chosen.names, filters=filters)
        except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
            self.verify(name, **wanted)  # which names the file that is missing or damaged
            raise TableError(f"{name}: its files cannot be read") from error
        return found.combine_chunks()


@lru_cache(maxsize=4096)
def _sha256(path: Path, version: tuple[int, ...]) -> str:
    """The hash of the file at `path` in the `version` that its times, its inode and its size tell."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _several(wanted: Wanted) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def read_manifest(directory: Path) -> Manifest:
    """The manifest in `directory`, empty when there is none; `TableError` for a broken one or a newer major schema."""
    path = directory / MANIFEST
    if not path.exists():
        return Manifest(directory, {})
    with reading(MANIFEST, path):
        content = orjson.loads(path.read_bytes())  # json would overflow the stack of a deeply nested one
    try:
        major = int(content["schema"]["major"])
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(f"{MANIFEST} does not name its schema") from error
    if major > SCHEMA_MAJOR:
        raise TableError(f"{MANIFEST} has schema {major}; this version reads up to {SCHEMA_MAJOR}: update softmode")
    try:
        found = _Document.model_validate(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise TableError(f"{MANIFEST} is broken at {place}") from error
    tables = {
        name: listed if isinstance(listed, Listed) else Listed(files=(listed,)) for name, listed in found.tables.items()
    }
    return Manifest(directory, tables, tuple(entry.model_dump() for entry in found.history), found.superseded)
