"""Publishing: files named by their content, then the manifest that lists them, under one lock.

Files are written once: a publication adds those of what is new and drops those of what it replaces, and touches no
other. A reader sees the manifest before or the one after, never a mixture.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from compute.files import write_atomic
from compute.tables import croissant
from compute.tables.contract import TableError, from_rows, unique_keys, validate
from compute.tables.files import as_json
from compute.tables.manifest import FILE, MANIFEST, Listed, Manifest, TableFile, Wanted, read_manifest
from compute.tables.schemas import KEYS, SCHEMAS

FITTED = "trust.json"
"""What is fitted to the tables and lies beside them; see `compute.trust`."""
_LOCK = ".lock"
_LOCK_SECONDS = 600
_REMEMBERED = 100
_HELD = ("run", "suite", "potential", "protocol")
"""Columns whose value is noted of a file that has one only."""
_SPLIT = ("run", "suite")
"""A table has a file for each value of the first of these that is among its columns, else one file."""
_READ_BY_COMPOUND = {"force_constants": 512, "bands": 64, "reference_phonons": 64, "mode_pairs": 32}
"""Rows of a group in files of tables that are not held in memory."""
_LEVEL = 19
"""Of zstd: a file is written once, and read as fast as at any other level."""
_TRIED = 100_000
"""Numbers of a column that say how it is written."""


def read(directory: Path, name: str) -> pa.Table:
    """The table `name` as it is published now; see `Manifest.read`."""
    return read_manifest(directory).read(name)


def read_where(
    directory: Path, name: str, *, columns: Sequence[str] | None = None, **wanted: Wanted
) -> list[dict[str, Any]]:
    """Rows of the table `name` as it is published now; see `Manifest.read_where`."""
    return read_manifest(directory).read_where(name, columns=columns, **wanted)


class Publication:
    """What a publication changes of the release `manifest`, which is what readers see until it ends."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._files = {name: list(listed.files) for name, listed in manifest.tables.items()}

    def replace(self, name: str, table: pa.Table) -> None:
        """`table` in place of all of table `name`."""
        parts = _split(name, validate(name, table))
        self._files[name] = [self._written(name, part, rows) for part, rows in parts.items()]

    def put(self, name: str, table: pa.Table) -> None:
        """`table` in place of the runs of table `name` that it has rows of; of the suites, in a table without runs."""
        parts = _split(name, validate(name, table))
        others = self._without(name, parts)
        for part in parts.values():  # of which each knows which files it has nothing to do with
            _no_key_twice(self.manifest.directory, name, part, others)
        self._files[name] = [*others, *(self._written(name, part, rows) for part, rows in parts.items())]

    def drop(self, name: str, parts: Collection[str]) -> None:
        """Table `name` without these runs; without these suites, where it has no runs."""
        if name in self._files:
            self._files[name] = self._without(name, parts)

    def upsert(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows` in place of those of table `name` that have the same key."""
        new = from_rows(name, rows)
        column = _column(name)
        touched = set(new[column].to_pylist()) if column else {""}
        self._per_part(name)
        known = [file for file in self._files.get(name, []) if not column or file.holds[column] in touched]
        old = [Manifest(self.manifest.directory, {name: Listed(files=(file,))}).read(name) for file in known]
        self.put(name, updated(name, pa.concat_tables([SCHEMAS[name].empty_table(), *old]), new))

    def _without(self, name: str, parts: Collection[str]) -> list[TableFile]:
        self._per_part(name)
        column = _column(name)
        return [file for file in self._files.get(name, []) if column and file.holds[column] not in parts]

    def _per_part(self, name: str) -> None:
        """Divide the files of table `name` that hold several parts, as releases of schema 1 have them."""
        column = _column(name)
        if column and any(column not in file.holds for file in self._files.get(name, [])):
            self.replace(name, self.manifest.read(name))

    def _written(self, name: str, part: str, table: pa.Table) -> TableFile:
        """The file of one part, written unless it is there with the same content."""
        content = _parquet(name, table)
        sha = hashlib.sha256(content).hexdigest()
        file = f"{name}/{re.sub(r'[^A-Za-z0-9._+-]', '_', part).lstrip('.') or name}-{sha[:8]}.parquet"
        path = self.manifest.directory / file
        if not (path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha):
            write_atomic(path, content)
        return TableFile(file=file, rows=table.num_rows, bytes=len(content), sha256=sha, holds=_held(table))

    def finish(self) -> Manifest:
        """Switch to what was changed, then remove what neither this release nor the one before it lists."""
        before = self.manifest
        tables = {
            name: Listed(files=tuple(sorted(files, key=lambda file: file.file)))
            for name, files in sorted(self._files.items())
        }
        after = Manifest(before.directory, tables, before.history)
        superseded = before.file_names() - after.file_names()
        if after.release == before.release:
            superseded |= set(before.superseded)
        elif before.tables:
            summaries = {name: listed.summary() for name, listed in before.tables.items()}
            entry = {"release": before.release, "tables": summaries}
            after = dataclasses.replace(after, history=(*before.history, entry)[-_REMEMBERED:])
        after = dataclasses.replace(after, superseded=tuple(sorted(superseded)))
        write_atomic(after.directory / MANIFEST, as_json(after.document()))
        describe(after)
        _clean(after)
        return after


@contextmanager
def publishing(directory: Path) -> Iterator[Publication]:
    """Change the tables in `directory`: what is read in this block is what is replaced at its end, by nobody else.

    Two publications wait for each other. A block that raises changes nothing. Raises `TableError` when another one
    holds the lock for ten minutes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        publication = Publication(read_manifest(directory))
        try:
            yield publication
            publication.finish()
        except BaseException:
            _clean(read_manifest(directory))
            raise


def publish(directory: Path, tables: Mapping[str, pa.Table]) -> Manifest:
    """Publish each of `tables` in place of all that was published of it, and keep the others."""
    with publishing(directory) as publication:
        for name, table in tables.items():
            publication.replace(name, table)
    return read_manifest(directory)


def updated(name: str, old: pa.Table, new: pa.Table) -> pa.Table:
    """Rows of `old` whose key `new` has not, then those of `new`."""
    key = list(KEYS[name])
    numbered = old.select(key).append_column("_row", pa.array(range(old.num_rows), pa.int64()))
    kept = numbered.join(new.select(key), key, join_type="left anti")["_row"].combine_chunks()
    return pa.concat_tables([old.take(kept.sort()), new])


def describe(manifest: Manifest) -> None:
    """Write beside the manifest what describes its tables to catalogues: `croissant.json`."""
    write_atomic(manifest.directory / croissant.FILE, as_json(croissant.description(manifest.document())))


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
    expected = as_json(croissant.description(manifest.document()))
    if manifest.tables and (not described.exists() or described.read_bytes() != expected):
        found.append(f"{croissant.FILE} does not describe these tables: softmode data describe writes it")
    return found


def stray_files(manifest: Manifest) -> list[str]:
    """What lies beside the manifest and in the folders of tables, and neither this release nor the one before lists."""
    directory = manifest.directory
    known = {MANIFEST, croissant.FILE, FITTED, _LOCK, *manifest.file_names(), *manifest.superseded}
    beside = {path.name for path in directory.iterdir() if path.name not in SCHEMAS}
    inside = {f"{name}/{path.name}" for name in SCHEMAS for path in directory.glob(f"{name}/*")}
    return sorted((beside | inside) - known)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(directory / _LOCK, timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise TableError(f"another publication has held {_LOCK} for {_LOCK_SECONDS} s: is it still running?") from error


def _clean(manifest: Manifest) -> None:
    """Remove files of tables that belong to no release, and what a publication left that was killed."""
    for file in stray_files(manifest):
        if re.match(FILE, file) or re.match(r"^([a-z_]+/)?\..*\.tmp$", file):
            (manifest.directory / file).unlink()


def _column(name: str) -> str | None:
    return next((column for column in _SPLIT if column in SCHEMAS[name].names), None)


def _split(name: str, table: pa.Table) -> dict[str, pa.Table]:
    """The parts of `table` that have a file each."""
    column = _column(name)
    if column is None:
        return {"": table}
    return {value: table.filter(pc.equal(table[column], value)) for value in pc.unique(table[column]).to_pylist()}


def _held(table: pa.Table) -> dict[str, str]:
    values = {column: pc.unique(table[column]) for column in _HELD if column in table.schema.names}
    return {column: found[0].as_py() for column, found in values.items() if len(found) == 1 and found[0].is_valid}


def _no_key_twice(directory: Path, name: str, table: pa.Table, others: Sequence[TableFile]) -> None:
    """Raise `TableError` where a row of `table` has the key of one in `others`; files that cannot have it stay shut."""
    own = {column: value for column, value in _held(table).items() if column in KEYS[name]}
    near = [directory / file.file for file in others if file.may_hold(own)]
    keys = [pq.read_table(path, columns=list(KEYS[name]), partitioning=None) for path in near]
    if keys:
        unique_keys(name, pa.concat_tables([table.select(KEYS[name]), *keys], promote_options="permissive"))


def _parquet(name: str, table: pa.Table) -> bytes:
    # Rows that are read a compound at a time: small groups in order of the compounds, so that few are touched.
    by_compound = name in _READ_BY_COMPOUND
    ordered = table.sort_by([("suite", "ascending"), ("compound", "ascending")]) if by_compound else table
    return _encoded(
        ordered,
        by_byte=[leaf for leaf, column in _numbers(ordered) if _smaller_by_byte(column)],
        row_group_size=_READ_BY_COMPOUND.get(name),
        write_statistics=list(KEYS[name]),
    )


def _smaller_by_byte(column: pa.ChunkedArray) -> bool:
    """Whether numbers compress better byte by byte than with a dictionary, as those do that hardly repeat."""
    alone = pa.table({"numbers": column.slice(0, _TRIED)})
    return len(_encoded(alone, by_byte=["numbers"])) < len(_encoded(alone, by_byte=[]))


def _encoded(table: pa.Table, *, by_byte: Collection[str], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=[leaf for leaf in _leaves(table.schema) if leaf not in by_byte],
        column_encoding=dict.fromkeys(by_byte, "BYTE_STREAM_SPLIT") or None,
        **options,
    )
    return buffer.getvalue()


def _numbers(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Columns of real numbers, as Parquet names them, without the lists that they may be in."""
    for leaf, field in zip(_leaves(table.schema), table.schema, strict=True):
        column = table[field.name]
        values = pc.list_flatten(column) if pa.types.is_list(field.type) else column
        if pa.types.is_floating(values.type):
            yield leaf, values


def _leaves(schema: pa.Schema) -> list[str]:
    """Columns as Parquet names them."""
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in schema]
