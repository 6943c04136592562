"""The published tables in memory, behind a locked DuckDB: read only through parameters.

The tables are validated on the way in and joined once into `pairs`, one row per compound and potential, so that
every page counts from the same rows. A new manifest is noticed and loaded whole: never a mixture of two.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from cachetools import LRUCache

from compute import tables

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


class Dataset:
    """Reads `directory` when first asked, which is after a server has forked, and again when it is published anew."""

    def __init__(self, directory: Path, memory_mb: int = 512) -> None:
        self.directory = directory
        self.memory_mb = memory_mb
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._frames: LRUCache[Any, pd.DataFrame] = LRUCache(FRAMES_MB * 1_000_000, getsizeof=_size)
        self._release: tuple[tuple[int, int], str] | None = None

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of a query. `sql` is written in this package, never by a visitor; values come as `$name`.

        The same query is answered from memory until the data change; pandas copies what a caller writes to.
        """
        connection = self._current()
        key = (self._stamp, sql, repr(sorted((parameters or {}).items())))
        with self._lock:
            known = self._frames.get(key)
        if known is None:
            with connection.cursor() as cursor:  # connections must not be shared between threads, cursors may
                known = cursor.execute(sql, dict(parameters or {})).df()
            if _size(known) < self._frames.maxsize:
                with self._lock:
                    self._frames[key] = known
        return known.copy(deep=False)

    def table(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows of a query with their own types, null apart from NaN and integers whole; not kept in memory."""
        with self._current().cursor() as cursor:
            return cursor.sql(sql, params=dict(parameters or {})).to_arrow_table()

    def rows(self, table: str) -> int:
        """Rows of one published table; 0 when it was never published."""
        if table not in TABLES:
            raise KeyError(table)
        return int(self.frame(f'SELECT count(*) AS n FROM "{table}"')["n"].iloc[0])

    def force_constants(self, suite: str, compound: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Rows of the table `force_constants` for one compound, with `columns` or all: every potential and kind."""
        return tables.read_where(self.directory, "force_constants", columns=columns, suite=suite, compound=compound)

    def release(self) -> str:
        """Name of the published data: it changes whenever a table does. Empty when none can be read."""
        stamp = _stamp(self.directory / tables.MANIFEST)
        if self._release is None or self._release[0] != stamp:
            try:
                self._release = (stamp, tables.read_manifest(self.directory).release)
            except (OSError, ValueError):
                return ""
        return self._release[1]

    def changes_since(self, release: str) -> list[tables.Change] | None:
        """Tables that differ between a former `release` and the present; None when it is not on record."""
        return tables.read_manifest(self.directory).changes_since(release)

    def _current(self) -> duckdb.DuckDBPyConnection:
        stamp = _stamp(self.directory / tables.MANIFEST)
        with self._lock:
            if self._connection is None or stamp != self._stamp:
                # The old connection is not closed: a cursor of another thread may still read it.
                self._connection, self._stamp = _load(self.directory, self.memory_mb), stamp
                self._frames.clear()
            return self._connection


def _size(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage(index=True).sum()) + 1000


def _stamp(manifest: Path) -> tuple[int, int]:
    if not manifest.exists():
        return (0, 0)
    stat = manifest.stat()
    return (stat.st_mtime_ns, stat.st_ino)


def _load(directory: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": "2", "memory_limit": f"{memory_mb}MB"})
    for name in TABLES:
        connection.register("incoming", tables.read(directory, name))
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    for statement in (CHOSEN, CHOSEN_SIGMA, PAIRS, *_LOCKS):
        connection.execute(statement)
    return connection
