"""The published tables joined once: one row per compound and potential, from the run that answers for them.

Pages, findings and checks count from these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from compute import tables
from compute.statistics.theory import charge_options, comparabilities
from compute.tables.schemas import SCHEMAS
from compute.tables.selections import SELECTIONS, WELLS_BY_KIND

TABLES = (
    "references",
    "potentials",
    "harmonic",
    "anharmonic",
    "runs",
    "wells",
    "attribution",
    "baselines",
    "wider_field",
)
"""Tables that are held in memory; `force_constants` and `bands` are read from their files, a compound at a time."""

# The SQL of `physics.stability.sigma_outcomes`, for rows that were written before the column too.
OUTCOME = """CASE
    WHEN n.status = 'left-sites' THEN 'leaves-sites'
    WHEN n.status = 'ok' AND isfinite(n.sigma) THEN CASE WHEN n.sigma < n.threshold THEN 'below' ELSE 'above' END
END"""

POTENTIALS = """SELECT * REPLACE (
    coalesce(category, CASE WHEN starts_with(training_set, 'Distilled') THEN 'distilled' ELSE 'foundation' END)
        AS category,
    coalesce(theory, CASE
        WHEN starts_with(functional, 'r2SCAN') THEN 'r2SCAN'
        WHEN contains(functional, '+U)') THEN 'PBE+U'
        WHEN starts_with(functional, 'PBE') THEN 'PBE'
    END) AS theory
)"""
"""The rows of `potentials`; what was written before these columns says it in words that never changed."""

PAIRS = f"""
CREATE TABLE pairs AS
WITH answering AS (
    SELECT suite, potential FROM chosen UNION SELECT suite, potential FROM chosen_sigma
)
SELECT r.suite, r.compound, r.formula, r.prototype, r.A, r.B, r.Bp, r.X, r.lattice_constant, r.formation_energy,
       v.comparable AS comparable_level, v.reason AS comparable_reason,
       r.octahedral_factor, r.octahedral_mismatch, r.tolerance_factor, r.functional, r.doi, r.source,
       r.sigma AS dft_sigma, r.sigma_a AS dft_sigma_a, r.sigma_b AS dft_sigma_b, r.sigma_bp AS dft_sigma_bp,
       r.sigma_x AS dft_sigma_x,
       r.omega_min_thz AS dft_omega_min_thz, r.omega_gamma_thz AS dft_omega_gamma_thz,
       r.omega_r_thz AS dft_omega_r_thz, r.omega_m_thz AS dft_omega_m_thz, r.omega_x_thz AS dft_omega_x_thz,
       p.potential, c.run, c.protocol, c.geometry,
       h.omega_min_thz, h.omega_gamma_thz, h.omega_r_thz, h.omega_m_thz, h.omega_x_thz, h.omega_l_thz,
       h.label, h.tolerance_thz, h.noise_floor_thz, h.omega_rmse_thz,
       h.label_ladder, h.undecidable, h.rung_omega_thz, h.omega_smooth_thz, h.cusp_thz,
       h.a AS cell_constant,  -- DuckDB does not tell a from A
       CASE WHEN p.potential IS NOT NULL THEN coalesce(h.status, 'not-run') END AS status, h.reason,
       s.run AS sigma_run, s.protocol AS sigma_protocol, s.geometry AS sigma_geometry,
       n.sigma, n.sigma_se, n.virial_ratio, n.stratum, n.weight, n.sigma_on_sites,
       {OUTCOME} AS sigma_outcome,
       n.sigma_a, n.sigma_b, n.sigma_bp, n.sigma_x, n.sigma_effective, n.label AS sigma_label,
       n.renormalised_min_thz, n.renormalised_label,
       CASE WHEN p.potential IS NOT NULL THEN coalesce(n.status, 'not-run') END AS sigma_status,
       n.reason AS sigma_reason,
       b.label AS composition_label, b.sigma_label AS composition_sigma_label, b.sigma AS composition_sigma,
       b.omega_gamma_thz AS composition_omega_gamma_thz, b.omega_r_thz AS composition_omega_r_thz,
       b.omega_m_thz AS composition_omega_m_thz, b.omega_x_thz AS composition_omega_x_thz,
       b.omega_min_thz AS composition_omega_min_thz
FROM "references" r
LEFT JOIN answering p USING (suite)
LEFT JOIN potentials t ON t.potential = p.potential
LEFT JOIN comparability v
    ON v.suite = r.suite AND v.compound = r.compound AND v.theory IS NOT DISTINCT FROM t.theory
LEFT JOIN chosen c ON c.suite = r.suite AND c.potential = p.potential
LEFT JOIN harmonic h
    ON h.suite = c.suite AND h.potential = c.potential AND h.run = c.run
    AND h.geometry = c.geometry AND h.compound = r.compound
LEFT JOIN chosen_sigma s ON s.suite = r.suite AND s.potential = p.potential
LEFT JOIN anharmonic n
    ON n.suite = s.suite AND n.potential = s.potential AND n.run = s.run
    AND n.protocol = s.protocol AND n.compound = r.compound
LEFT JOIN baselines b ON b.suite = r.suite AND b.compound = r.compound AND b.baseline = 'composition'
"""


LOCAL = "local_potentials"
"""Table of the potentials whose results are of this machine and not published; it is empty without such a folder."""
_LOCAL_NAME = " (local)"
_OF_A_POTENTIAL = {
    "harmonic": "potential", "anharmonic": "potential", "attribution": "potential", "wells": "source",
    "runs": "potential",
}  # fmt: skip


def join(
    connection: duckdb.DuckDBPyConnection,
    manifest: tables.Manifest,
    local: tables.Manifest | None = None,
    *,
    instead: bool = False,
) -> None:
    """Read `TABLES` of the release into `connection`, and make `comparability`, the `SELECTIONS` and `pairs`.

    `local` is a release of this machine, read beside the published one: of its potentials those that have no published
    result, named as local; with `instead` all of them, in place of what is published of them. Raises `TableError` for
    a file that cannot be read. What was published kept its contract; `tables.problems` asks again.
    """
    for name in TABLES:
        connection.register("columns", SCHEMAS[name].empty_table())
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM columns')
        connection.unregister("columns")
        if name in manifest.tables and (paths := manifest.paths(name)):
            _fill(connection, name, paths)
    connection.execute(f"CREATE TABLE {LOCAL} (potential VARCHAR)")
    if local is not None:
        _add_local(connection, local, instead)
    connection.execute(f"CREATE OR REPLACE TABLE potentials AS {POTENTIALS} FROM potentials")
    connection.execute(WELLS_BY_KIND)
    _relate(connection)


def of_compound(directory: Path, suite: str, compound: str) -> duckdb.DuckDBPyConnection:
    """A connection to the release in `directory` in which `pairs` has the rows of one compound of `suite` alone.

    The tables are read as far as a query asks, so that one compound does not wait for all; of `suite` alone, and those
    that `pairs` is made of. Raises `TableError` when they cannot be read.
    """
    manifest, connection = tables.read_manifest(directory), _connected()
    for name in ("references", "potentials", "harmonic", "anharmonic", "runs", "baselines"):
        connection.register(f"{name}_columns", SCHEMAS[name].empty_table())
        paths = manifest.paths(name, suite=suite) if name in manifest.tables else []
        with _readable(name):
            if paths:
                connection.read_parquet([str(path) for path in paths], union_by_name=True).create_view(f"{name}_rows")
            rows = f' UNION ALL BY NAME SELECT * FROM "{name}_rows"' if paths else ""
            columns = POTENTIALS if name == "potentials" else "SELECT *"
            connection.execute(f'CREATE VIEW "{name}" AS {columns} FROM (SELECT * FROM "{name}_columns"{rows})')
    with _readable("pairs"):
        _relate(connection, "WHERE r.suite = $suite AND r.compound = $compound", {"suite": suite, "compound": compound})
    return connection


def _relate(connection: duckdb.DuckDBPyConnection, only: str = "", wanted: Mapping[str, str] | None = None) -> None:
    """Make `comparability`, the `SELECTIONS` and `pairs`, of the references r that are `only` so."""
    _compare(connection, only, wanted)
    for statement in SELECTIONS:
        connection.execute(statement)
    connection.execute(f"{PAIRS} {only}", wanted)


def _add_local(connection: duckdb.DuckDBPyConnection, local: tables.Manifest, instead: bool) -> None:
    published = " UNION ".join(
        f"SELECT {column} FROM {name} WHERE status <> 'not-run'"
        for name, column in _OF_A_POTENTIAL.items()
        if name != "runs"
    )
    known = {str(name) for (name,) in connection.execute(published).fetchall()}
    own = [row for row in local.read_where("potentials") if instead or row["potential"] not in known]
    if not own:
        return
    ids = [row["potential"] for row in own]
    for name, column in {**_OF_A_POTENTIAL, "potentials": "potential"}.items():
        connection.execute(f"DELETE FROM {name} WHERE list_contains($ids, {column})", {"ids": ids})
    named = tables.from_rows("potentials", [{**row, "name": f"{row['name']}{_LOCAL_NAME}"} for row in own])
    _insert(connection, "potentials", named)
    _insert(connection, LOCAL, named.select(["potential"]))
    for name, column in _OF_A_POTENTIAL.items():
        if name in local.tables:
            _insert(connection, name, local.table(name, **{column: ids}))


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("rows", rows)
    connection.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM rows')
    connection.unregister("rows")


def _compare(connection: duckdb.DuckDBPyConnection, only: str, wanted: Mapping[str, str] | None) -> None:
    """Make `comparability`: per compound and theory of training data, as of `statistics.theory`."""
    columns = "suite, compound, formula, A, B, Bp, X, charge_a, charge_b, charge_bp"
    references = connection.sql(f'SELECT {columns} FROM "references" r {only}', params=wanted).to_arrow_table()
    rows = [
        (row["suite"], row["compound"], theory, found.reason, found.comparable)
        for row in references.to_pylist()
        for theory, found in comparabilities(charge_options(row)).items()
    ]
    schema = pa.schema(
        [(name, pa.string()) for name in ("suite", "compound", "theory", "reason")] + [("comparable", pa.bool_())]
    )
    columns_of = list(zip(*rows, strict=True)) or [()] * len(schema)
    connection.register("rows", pa.table(columns_of, schema=schema))
    connection.execute("CREATE TABLE comparability AS SELECT * FROM rows")
    connection.unregister("rows")


def _fill(connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[Path]) -> None:
    statement = f'INSERT INTO "{name}" BY NAME SELECT * FROM read_parquet($paths, union_by_name = true)'
    with _readable(name):  # by name: an older file lacks columns
        connection.execute(statement, {"paths": [str(path) for path in paths]})


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn what is wrong with the files of table `name` into `TableError`."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise tables.TableError(f"{name}: its files cannot be read") from error


def joined(directory: Path, local: Path | None = None, *, instead: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the release in `directory`, joined, with that in `local` as of `join`.

    Raises `TableError` when it cannot be read.
    """
    connection = _connected()
    beside = None if local is None else tables.read_manifest(local)
    join(connection, tables.read_manifest(directory), beside, instead=instead)
    return connection


def _connected() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": "2"})
    connection.execute("SET enable_progress_bar = false")  # it would be written among what a command prints
    return connection
