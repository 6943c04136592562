"""Force constants in the tables: by their independent elements where they have the symmetry of a prototype, else whole.

A row of `force_constants` has `coordinates` in a `basis`, or `constants`; read here, it always has `constants`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from compute.physics.symmetry_coordinates import SymmetryCoordinates
from compute.tables.contract import TableError
from compute.tables.manifest import Manifest, Wanted
from compute.tables.schemas import SCHEMAS

Row = dict[str, Any]

TABLE, BASES = "force_constants", "force_constant_bases"

TOLERANCE = 2e-6
"""eV/Å², by which Φ, rounded to six decimals, may differ from what its coordinates give; beside its last digit."""
_LAST_DIGIT = 2.0**-23


def basis_name(prototype: str, repeats: int) -> str:
    """What the basis of `repeats`³ cells of `prototype` is called."""
    return f"{prototype}-{repeats}x{repeats}x{repeats}"


def basis_row(name: str, prototype: str, basis: SymmetryCoordinates) -> Row:
    """The row of `force_constant_bases` of `basis`."""
    return {
        "basis": name,
        "prototype": prototype,
        "n_atoms": basis.n_atoms,
        "repeats": basis.repeats,
        "n_coordinates": basis.count,
        "element": basis.element.tolist(),
        "coordinate": basis.coordinate.tolist(),
        "weight": basis.weight.tolist(),
    }


def bases(manifest: Manifest) -> dict[str, SymmetryCoordinates]:
    """The published bases by name."""
    return {
        row["basis"]: SymmetryCoordinates(
            row["n_atoms"],
            row["repeats"],
            row["n_coordinates"],
            np.array(row["element"]),
            np.array(row["coordinate"]),
            np.array(row["weight"], float),
        )
        for row in manifest.read_where(BASES)
    }


def compact(row: Row, name: str, basis: SymmetryCoordinates) -> Row:
    """`row` with coordinates in `basis` in place of constants; as it is where these have not the symmetry."""
    if row.get("constants") is None or len(row["constants"]) != np.prod(basis.shape):
        return row
    constants = np.array(row["constants"], float).reshape(basis.shape)
    coordinates = basis.coordinates(constants)
    if np.any(np.abs(basis.constants(coordinates) - constants) > TOLERANCE + _LAST_DIGIT * np.abs(constants)):
        return row
    return {**row, "basis": name, "coordinates": coordinates.tolist(), "constants": None}


def read_where(manifest: Manifest, *, columns: Sequence[str] | None = None, **wanted: Wanted) -> list[Row]:
    """Rows of `force_constants` with these values, as `Manifest.read_where`, with whole `constants` if asked for."""
    if columns is not None and "constants" not in columns:
        return manifest.read_where(TABLE, columns=columns, **wanted)
    found = manifest.read_where(TABLE, columns=None, **wanted)
    known = bases(manifest) if any(row["basis"] is not None for row in found) else {}
    rows = [{**row, "constants": _constants(row, known), "basis": None, "coordinates": None} for row in found]
    return rows if columns is None else [{column: row[column] for column in columns} for row in rows]


def whole(table: pa.Table, known: Mapping[str, SymmetryCoordinates]) -> pa.Table:
    """Rows of `force_constants` with `constants` in all of them, from the bases `known`."""
    place, kind = table.schema.get_field_index("constants"), SCHEMAS[TABLE].field("constants")
    rows = table.select(["basis", "coordinates", "constants"]).to_batches(max_chunksize=500)
    filled = [[_constants(row, known) for row in batch.to_pylist()] for batch in rows]
    return table.set_column(place, kind, pa.chunked_array([pa.array(part, kind.type) for part in filled], kind.type))


def _constants(row: Row, known: Mapping[str, SymmetryCoordinates]) -> Any:
    if row["basis"] is None:
        return row["constants"]
    if row["basis"] not in known:
        raise TableError(f"{TABLE}: there is no basis {row['basis']}")
    return known[row["basis"]].constants(np.array(row["coordinates"])).ravel().tolist()
