"""What a table must keep to be published: its schema, no null where none may be, no key twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from compute.tables.schemas import KEYS, SCHEMAS


class TableError(ValueError):
    """A table or manifest that cannot be read or does not keep its contract; the message names no folder."""


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
    unique_keys(name, table)
    return table


def unique_keys(name: str, table: pa.Table) -> None:
    """Raise `TableError` where two rows of `table`, which may have only the columns of its key, have the same key."""
    keys = table.select(KEYS[name])
    if keys.group_by(list(KEYS[name])).aggregate([([], "count_all")]).num_rows == table.num_rows:
        return
    seen: set[tuple[Any, ...]] = set()
    for row, key in enumerate(zip(*(column.to_pylist() for column in keys.columns), strict=True)):
        if key in seen:
            raise TableError(f"{name}: duplicate key {key} in row {row}")
        seen.add(key)
