"""The published tables: validation, atomic publishing and reading; their columns are in `compute.tables.schemas`.

Publishing writes files named by their content hash and then replaces `manifest.json`, so a reader sees the old set
or the new one and never a mixture.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from compute.tables import croissant
from compute.tables.schemas import KEYS, SCHEMAS

SCHEMA_MAJOR = 1
SCHEMA_MINOR = 1
MANIFEST = "manifest.json"
_REMEMBERED = 100
_LONG_ROWS_PER_GROUP = 64


class TableError(ValueError):
    """A table or manifest that cannot be read or does not keep its contract; the message names no folder."""


class _Entry(BaseModel):
    """A table as the manifest lists it; its file lies beside the manifest and nowhere else."""

    model_config = ConfigDict(extra="allow")

    file: str = Field(pattern=r"^[a-z_]+-[0-9a-f]{8}\.parquet$")
    rows: NonNegativeInt
    bytes: NonNegativeInt
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Former(BaseModel):
    """A table of a former release."""

    rows: NonNegativeInt
    sha8: str


class _Release(BaseModel):
    """A former release."""

    release: str
    tables: dict[str, _Former]


class _Listing(BaseModel):
    """What a manifest holds beside the version of its schema."""

    tables: dict[str, _Entry]
    history: list[_Release] = []


def from_rows(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a validated table; a key that the schema lacks raises, a missing nullable one is null."""
    schema = SCHEMAS[name]
    listed = list(rows)
    for row in listed:
        if extra := set(row) - set(schema.names):
            raise TableError(f"{name}: no such column: {', '.join(sorted(extra))}")
    columns = {field.name: [row.get(field.name) for row in listed] for field in schema}
    try:
        table = pa.Table.from_pydict(columns, schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableError(f"{name}: {error}") from error
    return validate(name, table)


def validate(name: str, table: pa.Table) -> pa.Table:
    """The table itself if it keeps the contract of `name`; else `TableError` with column and row."""
    schema = SCHEMAS[name]
    if not table.schema.equals(schema):
        missing = [f.name for f in schema if f.name not in table.schema.names]
        raise TableError(f"{name}: schema differs" + (f", missing {', '.join(missing)}" if missing else ""))
    for field in schema:
        if not field.nullable and table[field.name].null_count:
            row = table[field.name].is_null().to_pylist().index(True)
            raise TableError(f"{name}: {field.name} is empty in row {row}")
    seen: set[tuple[Any, ...]] = set()
    for row, key in enumerate(zip(*(table[k].to_pylist() for k in KEYS[name]), strict=True)):
        if key in seen:
            raise TableError(f"{name}: duplicate key {key} in row {row}")
        seen.add(key)
    return table


@dataclass(frozen=True)
class Change:
    """A table whose content differs between two releases; rows before and now, None where it was not published."""

    table: str
    before: int | None
    now: int | None


@dataclass(frozen=True)
class Manifest:
    """Which file holds which table; `history` lists former releases, oldest first, with their tables' rows and hash."""

    directory: Path
    tables: dict[str, dict[str, Any]]
    history: tuple[dict[str, Any], ...] = ()

    @property
    def release(self) -> str:
        """Eight digits that change whenever a table does; empty when nothing was published."""
        return _release(self.tables) if self.tables else ""

    def changes_since(self, release: str) -> list[Change] | None:
        """Tables that differ between a former `release` and this one, by name; None when it is not on record."""
        if release == self.release:
            return []
        former = next((entry["tables"] for entry in reversed(self.history) if entry["release"] == release), None)
        if former is None:
            return None
        now = {name: _summary(entry) for name, entry in self.tables.items()}
        names = sorted({*former, *now})
        return [
            Change(name, former.get(name, {}).get("rows"), now.get(name, {}).get("rows"))
            for name in names
            if former.get(name) != now.get(name)
        ]

    def path(self, name: str) -> Path:
        """Path of the Parquet file of table `name`; `TableError` when it was never published."""
        if name not in self.tables:
            raise TableError(f"{MANIFEST} lists no table {name!r}")
        return self.directory / str(self.tables[name]["file"])

    def document(self) -> dict[str, Any]:
        """What `manifest.json` says."""
        schema = {"major": SCHEMA_MAJOR, "minor": SCHEMA_MINOR}
        return {"schema": schema, "tables": self.tables, "history": list(self.history)}

    def verify(self, name: str) -> None:
        """Raise `TableError` unless the file of table `name` is there and has the listed checksum."""
        path = self.path(name)
        with _reading(name, path), path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.tables[name]["sha256"]:
            raise TableError(f"{name}: {path.name} does not match its checksum")

    def read(self, name: str) -> pa.Table:
        """Table `name`, validated; an empty one when it was never published."""
        if name not in self.tables:
            return SCHEMAS[name].empty_table()
        path = self.path(name)
        with _reading(name, path):
            table = pq.read_table(path, schema=SCHEMAS[name])
        return validate(name, table)

    def read_where(self, name: str, *, columns: Sequence[str] | None = None, **equal: str) -> list[dict[str, Any]]:
        """Rows of table `name` whose columns equal `equal`, with `columns` or all; nothing else is read."""
        if name not in self.tables:
            return []
        wanted = [(column, "==", value) for column, value in equal.items()]
        path = self.path(name)
        with _reading(name, path):
            found = pq.read_table(
                path, schema=SCHEMAS[name], columns=list(columns) if columns else None, filters=wanted
            )
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


def read_manifest(directory: Path) -> Manifest:
    """The manifest in `directory`, empty when there is none; `TableError` for a broken one or a newer major schema."""
    path = directory / MANIFEST
    if not path.exists():
        return Manifest(directory, {})
    with _reading(MANIFEST, path):
        content = json.loads(path.read_bytes())
    try:
        major = int(content["schema"]["major"])
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(f"{MANIFEST} does not name its schema") from error
    if major > SCHEMA_MAJOR:
        raise TableError(f"{MANIFEST} has schema {major}; this version reads up to {SCHEMA_MAJOR}: update softmode")
    try:
        listing = _Listing.model_validate(content).model_dump()
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise TableError(f"{MANIFEST} is broken at {place}") from error
    return Manifest(directory, listing["tables"], tuple(listing["history"]))


@contextmanager
def _reading(what: str, path: Path) -> Iterator[None]:
    """Say in a `TableError` that the file at `path`, which holds `what`, is missing or cannot be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise TableError(f"{what}: {path.name} is missing") from error
    except (OSError, ValueError) as error:  # pyarrow's and json's errors are ValueErrors
        raise TableError(f"{what}: {path.name} cannot be read") from error


def read(directory: Path, name: str) -> pa.Table:
    """The table `name` as it is published now; see `Manifest.read`."""
    return read_manifest(directory).read(name)


def read_where(
    directory: Path, name: str, *, columns: Sequence[str] | None = None, **equal: str
) -> list[dict[str, Any]]:
    """Rows of the table `name` as it is published now; see `Manifest.read_where`."""
    return read_manifest(directory).read_where(name, columns=columns, **equal)


def publish(directory: Path, tables: Mapping[str, pa.Table]) -> Manifest:
    """Write `tables`, keep the others, switch the manifest atomically, then remove files of older generations.

    The files of the generation just replaced stay, so a reader that holds its manifest can still finish.
    """
    directory.mkdir(parents=True, exist_ok=True)
    before = read_manifest(directory)
    previous = before.tables
    listed = dict(previous)
    for name, table in tables.items():
        content = _parquet(name, validate(name, table))
        sha = hashlib.sha256(content).hexdigest()
        file = f"{name}-{sha[:8]}.parquet"
        write_atomic(directory / file, content)
        listed[name] = {"file": file, "rows": table.num_rows, "bytes": len(content), "sha256": sha}
    history = [*before.history]
    if previous and _release(listed) != before.release:
        history.append({"release": before.release, "tables": {name: _summary(previous[name]) for name in previous}})
    history = history[-_REMEMBERED:]
    manifest = Manifest(directory, dict(sorted(listed.items())), tuple(history))
    write_atomic(directory / MANIFEST, _json(manifest.document()))
    describe(manifest)
    kept = {entry["file"] for entry in (*listed.values(), *previous.values())}
    for path in directory.glob("*.parquet"):
        if path.name not in kept:
            path.unlink()
    return manifest


def describe(manifest: Manifest) -> None:
    """Write beside the manifest what describes its tables to catalogues: `croissant.json`."""
    write_atomic(manifest.directory / croissant.FILE, _json(croissant.description(manifest.document())))


def problems(directory: Path) -> list[str]:
    """What is wrong with the published tables, one sentence each; empty when all is well."""
    found = []
    manifest = read_manifest(directory)
    for name in manifest.tables:
        try:
            manifest.verify(name)
            if name in SCHEMAS:  # a newer minor schema may have others
                manifest.read(name)
        except TableError as error:
            found.append(str(error))
    described = directory / croissant.FILE
    expected = _json(croissant.description(manifest.document()))
    if manifest.tables and (not described.exists() or described.read_bytes() != expected):
        found.append(f"{croissant.FILE} does not describe these tables: softmode data describe writes it")
    return found


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename over it: a reader or a crash never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _release(listed: Mapping[str, Mapping[str, Any]]) -> str:
    return hashlib.sha256(
        "".join(f"{name} {listed[name]['sha256']}\n" for name in sorted(listed)).encode()
    ).hexdigest()[:8]


def _summary(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"rows": entry["rows"], "sha8": entry["sha256"][:8]}


def _parquet(name: str, table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    # Long rows are read a compound at a time: small groups in order of the compounds, so that few are touched.
    long = name in ("force_constants", "bands")
    ordered = table.sort_by([("suite", "ascending"), ("compound", "ascending")]) if long else table
    size = _LONG_ROWS_PER_GROUP if long else None
    pq.write_table(ordered, buffer, compression="zstd", compression_level=9, row_group_size=size)
    return buffer.getvalue()
