"""The published tables in memory, behind a locked DuckDB: read only through parameters.

The tables are validated on the way in and joined once into `pairs`, one row per compound and potential, so that
every page counts from the same rows. A new manifest is noticed and loaded whole: never a mixture of two.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import pandas as pd
import pyarrow as pa
from cachetools import LRUCache
from flask import g, has_request_context

from compute import tables

_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int, int]
_NO_STAMP: Stamp = (0, 0, 0, 0)

TABLES = ("references", "potentials", "harmonic", "anharmonic", "runs", "wells", "attribution")
"""Tables that are held in memory; `force_constants` is read from its file, a compound at a time."""

FRAMES_MB = 16
"""Megabytes of answers to queries that are kept."""

# One run answers for a suite and a potential: one that ran over one that did not, the reference geometry (like with
# like) over a relaxed one, then the newest. For σ, the published schedule comes first (like with like again).


def _choice(name: str, table: str, first: str) -> str:
    """The statement that makes `name`: of the runs in `table`, those for which `first` holds before the others."""
    return f"""
CREATE TABLE {name} AS
SELECT suite, potential, run, protocol, geometry FROM (
    SELECT h.suite, h.potential, h.run, h.protocol, h.geometry,
           count(*) FILTER (h.status <> 'not-run') AS attempted, max(r.started) AS started
    FROM {table} h LEFT JOIN runs r USING (run)
    GROUP BY ALL
)
QUALIFY row_number() OVER (
    PARTITION BY suite, potential
    ORDER BY attempted > 0 DESC, {first} DESC, started DESC NULLS LAST, run DESC
) = 1
"""


CHOSEN = _choice("chosen", "harmonic", "geometry = 'reference'")
CHOSEN_SIGMA = _choice("chosen_sigma", "anharmonic", "starts_with(protocol, 'published')")

PAIRS = """
CREATE TABLE pairs AS
WITH answering AS (
    SELECT suite, potential FROM chosen UNION SELECT suite, potential FROM chosen_sigma
)
SELECT r.suite, r.compound, r.formula, r.prototype, r.A, r.B, r.Bp, r.X, r.lattice_constant, r.formation_energy,
       r.octahedral_factor, r.octahedral_mismatch, r.tolerance_factor, r.functional, r.doi, r.source,
       r.sigma AS dft_sigma, r.sigma_a AS dft_sigma_a, r.sigma_b AS dft_sigma_b, r.sigma_bp AS dft_sigma_bp,
       r.sigma_x AS dft_sigma_x,
       r.omega_min_thz AS dft_omega_min_thz, r.omega_gamma_thz AS dft_omega_gamma_thz,
       r.omega_r_thz AS dft_omega_r_thz, r.omega_m_thz AS dft_omega_m_thz, r.omega_x_thz AS dft_omega_x_thz,
       p.potential, c.run, c.protocol, c.geometry,
       h.omega_min_thz, h.omega_gamma_thz, h.omega_r_thz, h.omega_m_thz, h.omega_x_thz, h.omega_l_thz,
       h.label, h.tolerance_thz, h.noise_floor_thz, h.omega_rmse_thz,
       h.a AS cell_constant,  -- DuckDB does not tell a from A
       CASE WHEN p.potential IS NOT NULL THEN coalesce(h.status, 'not-run') END AS status, h.reason,
       s.run AS sigma_run, s.protocol AS sigma_protocol, s.geometry AS sigma_geometry,
       n.sigma, n.sigma_se, n.sigma_a, n.sigma_b, n.sigma_bp, n.sigma_x, n.sigma_effective, n.label AS sigma_label,
       n.renormalised_min_thz, n.renormalised_label,
       CASE WHEN p.potential IS NOT NULL THEN coalesce(n.status, 'not-run') END AS sigma_status,
       n.reason AS sigma_reason
FROM "references" r
LEFT JOIN answering p USING (suite)
LEFT JOIN chosen c ON c.suite = r.suite AND c.potential = p.potential
LEFT JOIN harmonic h
    ON h.suite = c.suite AND h.potential = c.potential AND h.run = c.run
    AND h.geometry = c.geometry AND h.compound = r.compound
LEFT JOIN chosen_sigma s ON s.suite = r.suite AND s.potential = p.potential
LEFT JOIN anharmonic n
    ON n.suite = s.suite AND n.potential = s.potential AND n.run = s.run
    AND n.protocol = s.protocol AND n.compound = r.compound
"""

_LOCKS = (
    "SET temp_directory = ''",  # nothing is written beside the server
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class _Release:
    """A published release in memory, with the answers to queries that were asked of it."""

    stamp: Stamp
    manifest: tables.Manifest
    connection: duckdb.DuckDBPyConnection
    frames: LRUCache[Any, pd.DataFrame]


class Dataset:
    """The newest release in `directory` that can be read: loaded when first asked for, which is after a server forks.

    A request reads one release from its first question to its last. Where a newer one cannot be read, the last good one
    stays, and `problem` says why; without a good one everything raises `TableError`.
    """

    def __init__(self, directory: Path, memory_mb: int = 512) -> None:
        self.directory = directory
        self.memory_mb = memory_mb
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._held: _Release | None = None
        self._refused: tuple[tuple[Stamp, ...], str] | None = None

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of a query. `sql` is written in this package, never by a visitor; values come as `$name`.

        The same query is answered from memory until the data change; pandas copies what a caller writes to.
        """
        release = self._current()
        key = (sql, repr(sorted((parameters or {}).items())))
        with self._lock:
            known = release.frames.get(key)
        if known is None:
            with release.connection.cursor() as cursor:  # connections must not be shared between threads, cursors may
                known = cursor.execute(sql, dict(parameters or {})).df()
            if _size(known) < release.frames.maxsize:
                with self._lock:
                    release.frames[key] = known
        return known.copy(deep=False)

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows of a query with their own types, null apart from NaN and integers whole; not kept in memory."""
        with self._current().connection.cursor() as cursor:
            return cursor.sql(sql, params=dict(parameters or {})).to_arrow_table()

    def rows(self, table: str) -> int:
        """Rows of one published table; 0 when it was never published."""
        if table not in TABLES:
            raise KeyError(table)
        return int(self.frame(f'SELECT count(*) AS n FROM "{table}"')["n"].iloc[0])

    def force_constants(self, suite: str, compound: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Rows of the table `force_constants` for one compound, with `columns` or all: every potential and kind."""
        return self.manifest().read_where("force_constants", columns=columns, suite=suite, compound=compound)

    def manifest(self) -> tables.Manifest:
        """The manifest of the release that is read."""
        return self._current().manifest

    def release(self) -> str:
        """Name of the release that is read: it changes whenever a table does. Empty when none can be read."""
        try:
            return self.manifest().release
        except tables.TableError:
            return ""

    def problem(self) -> str | None:
        """Why a newer release than the one that is read cannot be read; None when this is the newest."""
        self._current()
        return self._refused[1] if self._refused else None

    def _current(self) -> _Release:
        """The release of the present request, else the newest."""
        if not has_request_context():
            return self._newest()
        if "release_read" not in g:
            g.release_read = self._newest()
        return cast(_Release, g.release_read)

    def _newest(self) -> _Release:
        held = self._held
        if held is not None and held.stamp == _stamp(self.directory / tables.MANIFEST):
            self._refused = None
            return held
        # While one request loads a new release, the others read the old one.
        if not self._loading.acquire(blocking=held is None):
            return cast(_Release, held)
        try:
            self._load()
        finally:
            self._loading.release()
        if self._held is None:
            raise tables.TableError(self._refused[1] if self._refused else "no tables")
        return self._held

    def _load(self) -> None:
        """Hold the newest release, or keep why it is refused until a file changes."""
        while True:
            files, stamp = _files(self.directory), _stamp(self.directory / tables.MANIFEST)
            if (self._held and self._held.stamp == stamp) or (self._refused and self._refused[0] == files):
                return
            try:
                if self._held and stamp == _NO_STAMP:
                    raise tables.TableError(f"{tables.MANIFEST} is missing")
                self._held, self._refused = _loaded(self.directory, self.memory_mb, stamp), None
            except tables.TableError as error:
                if _files(self.directory) == files:  # else published meanwhile, and what that replaced is gone
                    self._refused = (files, str(error))
                    _log.error("the published tables cannot be read: %s", error)


def _size(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage(index=True).sum()) + 1000


def _stamp(path: Path) -> Stamp:
    """What tells one version of a file from another, whatever the clock says."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return _NO_STAMP
    return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size)


def _files(directory: Path) -> tuple[Stamp, ...]:
    """The versions of all files in `directory`."""
    return tuple(_stamp(path) for path in sorted(directory.glob("*")))


def _loaded(directory: Path, memory_mb: int, stamp: Stamp) -> _Release:
    """The release in `directory`, whole: its manifest is read once. `TableError` when any of its files is broken."""
    manifest = tables.read_manifest(directory)
    for name in manifest.tables:
        manifest.verify(name)
    connection = duckdb.connect(":memory:", config={"threads": "2", "memory_limit": f"{memory_mb}MB"})
    try:
        for name in TABLES:
            connection.register("incoming", manifest.read(name))
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
            connection.unregister("incoming")
        for statement in (CHOSEN, CHOSEN_SIGMA, PAIRS, *_LOCKS):
            connection.execute(statement)
    except duckdb.OutOfMemoryException as error:
        raise tables.TableError(f"the tables need more than SOFTMODE_MEMORY_MB={memory_mb}") from error
    return _Release(stamp, manifest, connection, LRUCache(FRAMES_MB * 1_000_000, getsizeof=_size))
