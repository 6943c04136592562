"""Whether the published tables agree with their schemas, with each other and with how they are counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from compute import tables
from compute.physics.stability import harmonic_labels, sigma_labels
from compute.protocols import HarmonicProtocol, SamplingProtocol
from compute.statistics.criteria import dft_labels, potential_answers
from compute.statistics.verdicts import ANSWERS, TRUTHS, crosstab
from compute.tables import constants, pairs
from compute.tables.schemas import SCHEMAS, SURROGATE

FRAMES = "frames"

_BESIDE = ("force_constants", "bands")
_OF_DFT = ("dft_constants", "mode_pairs")
_BY_COMPOUND = ("harmonic", "anharmonic", "attribution", "wells", *_BESIDE, *_OF_DFT)
_POTENTIAL = dict.fromkeys(
    ("harmonic", "anharmonic", "force_constants", "attribution", "mode_pairs", "runs"), "potential"
)
_SOURCE = {"wells": "source", "bands": "source"}
_RESULT = {"harmonic": "omega_min_thz", "anharmonic": "sigma", "attribution": "slope", "wells": "curvature"}
_RANGES: tuple[tuple[str, float, float], ...] = (
    # Of the columns whose name the pattern fits: what no crystal and no calculation can exceed.
    (r"seconds|force_seconds|n_.*|.*_se(_thz)?|.*rmse.*|.*_mae.*|.*_error|asr_residual|noise_floor_thz", 0, np.inf),
    (r"sigma(?!_se|_weighted).*|corner_...|amplification|threshold|depth|minimum", 0, np.inf),
    (r".*_thz", -150, 150),
    (r"a|lattice_constant", 2, 30),
    (r"x", 0, 0.5),
    (r"temperature|temperature_mean|timestep|displacement|cutoff_ev|masses", 1e-6, 1e4),
    (r"octahedral_factor|tolerance_factor", 0.1, 3),
    (r"force_fraction", 0, 1),
)


@dataclass(frozen=True)
class Check:
    """One kind of check over `n` things, and what was found wrong, one sentence each."""

    name: str
    n: int
    problems: tuple[str, ...]


def checks(directory: Path) -> list[Check]:
    """Every check of the release in `directory`; only the first where files or schemas are broken."""
    manifest = tables.read_manifest(directory)
    first = Check("files, checksums, schemas and keys", len(manifest.tables), tuple(tables.problems(directory)))
    if first.problems:
        return [first]
    connection = pairs.joined(directory)
    for name in (*_BESIDE, *_OF_DFT, constants.BASES):
        columns = [field.name for field in SCHEMAS[name] if not pa.types.is_list(field.type)]
        connection.register(name, manifest.read(name).select(columns))
    found: list[tuple[str, int, Iterator[str]]] = [
        ("files that no release lists", len(manifest.file_names()), _stray(manifest)),
        ("ranges", sum(len(schema) for schema in SCHEMAS.values()), _out_of_range(manifest)),
        ("force constants", _size(connection, constants.TABLE), _constants(manifest)),
        ("joins", len(_BY_COMPOUND) + len(_POTENTIAL) + len(_SOURCE) + 5, _loose(connection)),
        ("results where the status is ok, reasons elsewhere", len(_RESULT), _status(connection)),
        ("runs: protocol, checkpoint, counts", _size(connection, "runs"), _runs(connection)),
        ("labels", _size(connection, "harmonic") + _size(connection, "anharmonic"), _labels(connection)),
        ("confusion counts", _size(connection, "pairs"), _counts(connection)),
    ]
    frames = directory.parent / FRAMES
    if frames.is_dir():
        found.append(("files of frames", len(list(frames.glob("*.npz"))), _frames(connection, frames)))
    return [first, *(Check(name, n, tuple(problems)) for name, n, problems in found)]


def _size(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(_rows(connection, f"SELECT count(*) AS n FROM {table}")["n"].iloc[0])


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    return connection.execute(sql).df()


def _stray(manifest: tables.Manifest) -> Iterator[str]:
    for file in tables.stray_files(manifest):
        yield f"{file} belongs to no table"


def _out_of_range(manifest: tables.Manifest) -> Iterator[str]:
    for name, schema in SCHEMAS.items():
        table = manifest.read(name)
        for field in schema:
            column = table[field.name].combine_chunks()
            if pa.types.is_list(field.type):
                column = column.flatten()
            if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)) or not len(column):
                continue
            values = column.drop_null().to_numpy(zero_copy_only=False)
            if n := int(np.sum(~np.isfinite(values))):
                yield f"{name}: {n} values of {field.name} are not finite"
            for pattern, low, high in _RANGES:
                if re.fullmatch(pattern, field.name) and (n := int(np.sum((values < low) | (values > high)))):
                    yield f"{name}: {n} values of {field.name} are outside {low:g} … {high:g}"


def _constants(manifest: tables.Manifest) -> Iterator[str]:
    """Force constants that are neither whole nor by coordinates of their basis, as many as it has."""
    if constants.TABLE not in manifest.tables:
        return
    table, known = manifest.table(constants.TABLE), constants.bases(manifest)
    whole, by_basis = table["constants"].is_valid(), table["basis"].is_valid()
    if n := pc.sum(pc.equal(whole, by_basis)).as_py():
        yield f"{constants.TABLE}: {n} rows have not one of constants and basis"
    counts = zip(table["basis"].to_pylist(), pc.list_value_length(table["coordinates"]).to_pylist(), strict=True)
    if n := sum(basis in known and count != known[basis].count for basis, count in counts):
        yield f"{constants.TABLE}: {n} rows have not as many coordinates as their basis"


def _loose(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Rows that name what is not there."""
    for name in _BY_COMPOUND:
        yield from _unmatched(connection, name, ("suite", "compound"), '"references"')
    for name, column in {**_POTENTIAL, **_SOURCE}.items():
        where = "WHERE source <> 'dft'" if name in _SOURCE else ""
        left = f"(SELECT {column} AS potential FROM {name} {where})"
        yield from _unmatched(connection, left, ("potential",), "potentials", name)
    for name in ("harmonic", "anharmonic", *_BESIDE):
        yield from _unmatched(connection, name, ("run",), "runs")
    bases = "(SELECT basis FROM force_constants WHERE basis IS NOT NULL)"
    yield from _unmatched(connection, bases, ("basis",), constants.BASES, constants.TABLE)
    finished = "(SELECT run, compound, status FROM harmonic UNION ALL SELECT run, compound, status FROM anharmonic)"
    for name in _BESIDE:
        right = f"(SELECT run, compound FROM {finished} WHERE status = 'ok')"
        yield from _unmatched(connection, name, ("run", "compound"), right, said="a finished row")


def _unmatched(
    connection: duckdb.DuckDBPyConnection,
    left: str,
    columns: tuple[str, ...],
    right: str,
    name: str | None = None,
    said: str | None = None,
) -> Iterator[str]:
    listed = ", ".join(columns)
    lost = _rows(connection, f"SELECT DISTINCT {listed} FROM {left} l ANTI JOIN {right} r USING ({listed})")
    if len(lost):
        example = " ".join(str(value) for value in lost.iloc[0])
        target = said or right.strip('"')
        yield f"{name or left}: {len(lost)} of {listed} not in {target}, first {example}"


def _status(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for name, column in _RESULT.items():
        empty = f"SELECT compound FROM {name} WHERE status = 'ok' AND {column} IS NULL"
        if len(lost := _rows(connection, empty)):
            yield f"{name}: {len(lost)} rows are ok without {column}, first {lost['compound'].iloc[0]}"
        filled = f"SELECT compound FROM {name} WHERE status <> 'ok' AND ({column} IS NOT NULL OR reason IS NULL)"
        if len(lost := _rows(connection, filled)):
            yield f"{name}: {len(lost)} failed rows have a result or no reason, first {lost['compound'].iloc[0]}"


def _runs(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    counted = _rows(
        connection,
        """SELECT run, count(*) AS n, count(*) FILTER (status = 'ok') AS ok,
                  count(*) FILTER (status = 'not-run') AS not_run
           FROM (SELECT run, status FROM harmonic UNION ALL SELECT run, status FROM anharmonic) GROUP BY run""",
    ).set_index("run")
    known = _rows(connection, "SELECT potential, checkpoint_sha256 FROM potentials").set_index("potential")
    sizes = _rows(connection, 'SELECT suite, count(*) AS n FROM "references" GROUP BY suite').set_index("suite")["n"]
    for row in _rows(connection, "SELECT * FROM runs").itertuples():
        if row.run not in counted.index:
            yield f"{row.run} has no rows"
            continue
        found = counted.loc[row.run]
        stated = (row.n_tasks, row.n_ok, row.n_not_run, row.n_ok + row.n_failed + row.n_not_run)
        if stated != (found["n"], found["ok"], found["not_run"], row.n_tasks):
            yield f"{row.run} states other counts than its rows have"
        if found["n"] != sizes.get(row.suite, 0):
            yield f"{row.run} has {found['n']} rows for the {sizes.get(row.suite, 0)} compounds of {row.suite}"
        yield from _identity(row, known["checkpoint_sha256"].get(row.potential))


def _identity(row: Any, listed: object) -> Iterator[str]:
    """Whether the run's settings have its digest, and its checkpoint is the one listed for the potential."""
    run, settings = row.run, json.loads(row.protocol_json)
    kind = SamplingProtocol if "sampler" in settings else HarmonicProtocol
    if kind.model_validate(settings).digest != row.protocol_digest:
        yield f"{run}: the digest is not that of the settings"
    checkpoint, imported = row.checkpoint_sha256, settings.get("supercell", 2) is None
    # On DFT's displacements forces are published, or computed here.
    either = settings["name"] == "published-displacements"
    if isinstance(checkpoint, str) == imported and not either:
        yield f"{run}: a checkpoint belongs to every run but those of published forces"
    if isinstance(checkpoint, str) and isinstance(listed, str) and checkpoint != listed:
        yield f"{run}: the checkpoint is not the one listed in potentials"


def _labels(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Whether every label is what its own numbers say."""
    harmonic = _rows(connection, "SELECT * FROM harmonic WHERE status = 'ok'")
    sigma = _rows(connection, "SELECT * FROM anharmonic WHERE status = 'ok'")
    said: list[tuple[str, pd.DataFrame, Callable[[pd.DataFrame], np.ndarray], str]] = [
        ("harmonic", harmonic, lambda t: _harmonic(t, "omega_min_thz", t["tolerance_thz"].iloc[0]), "tolerance_thz"),
        ("anharmonic", sigma, lambda t: sigma_labels(t["sigma"], t["threshold"].iloc[0], t["sigma_se"]), "threshold"),
    ]
    for name, rows, again, level in said:
        for _, part in rows.groupby(level):
            if n := int(np.sum(again(part) != part["label"].to_numpy(str))):
                yield f"{name}: {n} labels are not what their numbers say"


def _harmonic(rows: pd.DataFrame, column: str, tolerance: float) -> np.ndarray:
    return harmonic_labels(rows[column].astype(float), tolerance, rows["noise_floor_thz"].astype(float))


def _counts(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Whether every compound of a suite has one cell of the confusion matrix of every potential."""
    sizes = _rows(connection, 'SELECT suite, count(*) AS n FROM "references" GROUP BY suite').set_index("suite")["n"]
    joined = _rows(connection, "SELECT * FROM pairs WHERE potential IS NOT NULL")
    for (suite, potential), rows in joined.groupby(["suite", "potential"]):
        for criterion in ("harmonic", "sigma"):
            matrix = crosstab(dft_labels(rows, criterion), potential_answers(rows, criterion).shown)
            if matrix.sum() != sizes[suite] or matrix.shape != (len(TRUTHS), len(ANSWERS)):
                yield f"{suite}, {potential}, {criterion}: the confusion counts add up to {matrix.sum()}"


def _frames(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[str]:
    scored = set(
        _rows(connection, f"SELECT DISTINCT frames FROM attribution WHERE frames NOT LIKE '{SURROGATE}%'")["frames"]
    )
    files = {path.stem for path in folder.glob("*.npz")}
    for name in sorted(scored - files):
        yield f"attribution: no file of the frames {name}"
    for name in sorted(files - scored):
        yield f"{name}.npz: no potential was scored on these frames"
