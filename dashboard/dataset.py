"""The published tables in memory, behind a locked DuckDB: read only through parameters.

The files are checked against the manifest on the way in and joined once into `pairs`, one row per compound and
potential, so that every page counts from the same rows. A new manifest is noticed and loaded whole: never a mixture of
two.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import duckdb
import pandas as pd
import pyarrow as pa
from cachetools import LRUCache
from flask import g, has_request_context

from compute import tables
from compute.tables import constants, kept, pairs
from compute.tables.pairs import LOCAL, TABLES

_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int, int]
Stamps = tuple[Stamp, Stamp]
_NO_STAMP: Stamp = (0, 0, 0, 0)
_TRIES = 3

FRAMES_MB, LARGEST_FRAME_MB = 4, 1
"""Megabytes of answers to queries that are kept in all, and of one: a large one would drive out many small ones."""

OF_A_COLUMN = 1200
"""Bytes of a column beside its values, measured: 80 kB for a row of 70 columns."""

_WHOSE = {constants.TABLE: "potential", "bands": "source"}
"""Tables that are read a compound at a time, and the column that names the potential."""

_COMPRESSED = "ATTACH ':memory:' AS release (COMPRESS)"  # a seventh of what the tables would take
_FROM_FILE = "ATTACH '{}' AS release (READ_ONLY)"
FILE_MB = 96
"""Megabytes of a release that is read from a file that stay in memory."""
_USE = "SET search_path = 'release,memory'"  # the second takes what is made beside a file
_FREED = "8MB"
"""Freed memory that DuckDB gives back; by itself it keeps 128 MB."""

_LOCKS = (
    "SET temp_directory = ''",  # nothing is written beside the server
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class _LoadedRelease:
    """A published release in memory, with the answers to queries that were asked of it.

    `local` is the release of this machine that is read beside it, of which only the potentials `of_here` are shown.
    """

    stamp: Stamps
    manifest: tables.Manifest
    connection: duckdb.DuckDBPyConnection
    frames: LRUCache[Any, tuple[pd.DataFrame, int]]
    local: tables.Manifest | None = None
    of_here: tuple[str, ...] = ()
    from_file: bool = False
    made: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Name of the published release, with that of the local one where some of it is shown."""
        return f"{self.manifest.release}+{self.local.release}" if self.local and self.of_here else self.manifest.release

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A way to ask: connections must not be shared between threads, cursors may."""
        return self.connection.cursor().execute(_USE)


class Dataset:
    """The newest release in `directory` that can be read: loaded when first asked for, which is after a server forks.

    A request reads one release from its first question to its last. Where a newer one cannot be read, the last good one
    stays, and `problem` says why; without a good one everything raises `TableError`. Results of this machine in the
    folder `local` are read beside it, named as local; without such a folder, or with a damaged one, there are none.
    A large release is read from a file in the folder `joined`, as of `compute.tables.kept`, where that is given.
    """

    def __init__(
        self, directory: Path, memory_mb: int = 512, local: Path | None = None, joined: Path | None = None
    ) -> None:
        self.directory = directory
        self.joined = joined
        self.local = local
        self.memory_mb = memory_mb
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._making = threading.Lock()
        self._held: _LoadedRelease | None = None
        self._refused: tuple[tuple[Stamp, ...], str] | None = None

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of a query. `sql` is written in this package, never by a visitor; values come as `$name`.

        The same query is answered from memory until the data change; pandas copies what a caller writes to.
        """
        release = self._current()
        key = (sql, repr(sorted((parameters or {}).items())))
        with self._lock:
            held = release.frames.get(key)
        if held is None:
            with release.cursor() as cursor:
                found = cursor.execute(sql, dict(parameters or {})).df()
            held = found, _size(found)
            if held[1] < LARGEST_FRAME_MB * 1_000_000:
                with self._lock:
                    release.frames[key] = held
        return held[0].copy(deep=False)

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows of a query with their own types, null apart from NaN and integers whole; not kept in memory."""
        with self._current().cursor() as cursor:
            return cursor.sql(sql, params=dict(parameters or {})).to_arrow_table()

    def make(self, table: str, sql: str) -> None:
        """Make `table` from the rows of the query `sql`, once for a release: for what is slow to ask for every time."""
        release = self._current()
        with self._making:
            if table not in release.made:
                with release.cursor() as cursor:
                    where = "memory" if release.from_file else "release"
                    cursor.execute(f'CREATE TABLE {where}."{table}" AS {sql}')
                release.made.add(table)

    def rows(self, table: str) -> int:
        """Rows of one published table; 0 when it was never published."""
        if table not in TABLES:
            raise KeyError(table)
        return int(self.frame(f'SELECT count(*) AS n FROM "{table}"')["n"].iloc[0])

    def of_compound(
        self, table: str, suite: str, compound: str, columns: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Rows about one compound of a table that is too large to hold, in the order of its key; `columns` or all."""
        release = self._current()
        found = _of_compound(release.manifest, table, suite, compound, columns)
        if release.local and release.of_here and (column := _WHOSE.get(table)):
            here = _of_compound(release.local, table, suite, compound, columns, **{column: release.of_here})
            found = [*found, *here]
        key = [column for column in tables.KEYS[table] if columns is None or column in columns]
        return sorted(found, key=lambda row: [row[column] for column in key])

    def read_where(self, name: str, *, columns: Sequence[str] | None = None, **equal: str) -> list[dict[str, Any]]:
        """Rows of a table that is held, whose columns equal `equal`, as they were when the release was verified."""
        shown = ", ".join(f'"{column}"' for column in columns) if columns else "*"
        where = " AND ".join(f'"{column}" = ${column}' for column in equal)
        rows: list[dict[str, Any]] = self.table(f'SELECT {shown} FROM "{name}" WHERE {where}', equal).to_pylist()
        return rows

    def manifest(self) -> tables.Manifest:
        """The manifest of the release that is read."""
        return self._current().manifest

    def release(self) -> str:
        """Name of the release that is read: it changes whenever a table does. Empty when none can be read."""
        try:
            return self._current().name
        except tables.TableError:
            return ""

    def problem(self) -> str | None:
        """Why a newer release than the one that is read cannot be read; None when this is the newest."""
        self._current()
        return self._refused[1] if self._refused else None

    def _current(self) -> _LoadedRelease:
        """The release of the present request, else the newest."""
        if not has_request_context():
            return self._newest()
        if "release_read" not in g:
            g.release_read = self._newest()
        return cast(_LoadedRelease, g.release_read)

    def _newest(self) -> _LoadedRelease:
        held = self._held
        if held is not None and held.stamp == self._stamps():
            self._refused = None
            return held
        # While one request loads a new release, the others read the old one.
        if not self._loading.acquire(blocking=held is None):
            return cast(_LoadedRelease, held)
        try:
            self._load()
        finally:
            self._loading.release()
        if self._held is None:
            raise tables.TableError(self._refused[1] if self._refused else "no tables")
        return self._held

    def _stamps(self) -> Stamps:
        """Which versions of the manifests there are, that of the local results second."""
        local = _NO_STAMP if self.local is None else _stamp(self.local / tables.MANIFEST)
        return _stamp(self.directory / tables.MANIFEST), local

    def _load(self) -> None:
        """Hold the newest release, or keep why it is refused until a file changes."""
        for tries_left in reversed(range(_TRIES)):
            files, stamp = _files(self.directory), self._stamps()
            if (self._held and self._held.stamp == stamp) or (self._refused and self._refused[0] == files):
                return
            try:
                if self._held and stamp[0] == _NO_STAMP:
                    raise tables.TableError(f"{tables.MANIFEST} is missing")
                self._held, self._refused = self._loaded(stamp), None
            except tables.TableError as error:
                # Unless this was published over meanwhile, and what that replaced is gone.
                if not tries_left or _files(self.directory) == files:
                    self._refused = (files, str(error))
                    _log.error("the published tables cannot be read: %s", error)

    def _loaded(self, stamp: Stamps) -> _LoadedRelease:
        """The newest release, whole: its manifest is read once. `TableError` when any of its files is broken."""
        manifest, local = tables.read_manifest(self.directory), _local(self.local)
        large = self.joined is not None and kept.is_large(manifest)
        if not large:
            _verify(manifest)
        file = kept.kept_file(self.joined, manifest, local, self.memory_mb) if self.joined and large else None
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": "2",
            "memory_limit": f"{self.memory_mb if file is None else min(FILE_MB, self.memory_mb)}MB",
            "allocator_flush_threshold": _FREED,
            "allocator_bulk_deallocation_flush_threshold": _FREED,
            "allocator_background_threads": "true",  # which give back what loading took
        }
        connection = duckdb.connect(":memory:", config=settings)
        try:
            for statement in (_COMPRESSED if file is None else _FROM_FILE.format(file), _USE):
                connection.execute(statement)
            if file is None:
                pairs.join(connection, manifest, local)
                connection.execute("CHECKPOINT release")  # which compresses
            here = connection.execute(f"SELECT potential FROM {LOCAL} ORDER BY potential").fetchall()
            for statement in _LOCKS:
                connection.execute(statement)
        except duckdb.OutOfMemoryException as error:
            raise tables.TableError(f"the tables need more than SOFTMODE_MEMORY_MB={self.memory_mb}") from error
        frames: LRUCache[Any, tuple[pd.DataFrame, int]] = LRUCache(FRAMES_MB * 1_000_000, getsizeof=itemgetter(1))
        of_here = tuple(str(name) for (name,) in here)
        return _LoadedRelease(stamp, manifest, connection, frames, local, of_here, file is not None)


def _size(frame: pd.DataFrame) -> int:
    """Bytes that `frame` takes, texts and objects included: of a single row the columns take more than the values."""
    return int(frame.memory_usage(index=True, deep=True).sum()) + OF_A_COLUMN * (1 + len(frame.columns))


def _stamp(path: Path) -> Stamp:
    """What tells one version of a file from another, whatever the clock says."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return _NO_STAMP
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size)


def _files(directory: Path) -> tuple[Stamp, ...]:
    """The versions of all files below `directory`."""
    return tuple(_stamp(path) for path in sorted(directory.rglob("*")))


def _of_compound(
    manifest: tables.Manifest,
    table: str,
    suite: str,
    compound: str,
    columns: Sequence[str] | None,
    **only: tuple[str, ...],
) -> list[dict[str, Any]]:
    read = functools.partial(constants.read_where, manifest) if table == constants.TABLE else functools.partial(
        manifest.read_where, table)  # fmt: skip
    found: list[dict[str, Any]] = read(columns=columns, suite=suite, compound=compound, **only)
    return found


def _local(directory: Path | None) -> tables.Manifest | None:
    """The results of this machine, verified; None where there are none, or where they are damaged, which is logged."""
    if directory is None:
        return None
    try:
        return _verify(tables.read_manifest(directory))
    except tables.TableError as error:
        _log.error("the local results in %s cannot be read, and are not shown: %s", directory, error)
        return None


def _verify(manifest: tables.Manifest) -> tables.Manifest:
    for name in manifest.tables:
        manifest.verify(name)
    return manifest
