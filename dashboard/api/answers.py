"""Answers as pydantic models: the rows of the tables have one each, made from the schema of the table."""

from __future__ import annotations

from types import GenericAlias
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, create_model

from compute.tables.schemas import SCHEMAS
from dashboard.api.parameters import FILTERS, Suite

_KINDS: dict[pa.DataType, Any] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.float32(): float,
    pa.bool_(): bool,
}


class Answer(BaseModel):
    """Nothing but what is listed."""

    model_config = ConfigDict(extra="forbid")


def _list_of(kind: Any) -> GenericAlias:
    # list[kind] means the type of this name to a checker, which a type that the tables make has not.
    return GenericAlias(list, (kind,))


def _kind(kind: pa.DataType) -> Any:
    return _list_of(_KINDS[kind.value_type] | None) if pa.types.is_list(kind) else _KINDS[kind]


def row(table: str, columns: tuple[str, ...] = ()) -> type[Answer]:
    """The model of a row of `table`; every column may be missing, for a request chooses."""
    fields: dict[str, Any] = {}
    for column in columns or tuple(SCHEMAS[table].names):
        field = SCHEMAS[table].field(column)
        about, unit = (field.metadata[key].decode() for key in (b"description", b"unit"))
        kind = _kind(field.type)
        described = Field(None, description=about + (f" ({unit})" if unit else ""))
        fields[column] = (kind | None if field.nullable else kind, described)
    name = f"{table.title().replace('_', '')}Row"
    return create_model(name, __base__=Answer, __doc__=f"A row of the table {table}.", **fields)


def page(table: str) -> type[Answer]:
    """The model of a page of `table`."""
    fields: dict[str, Any] = {
        "release": (str, Field(description="release of the data")),
        "table": (str, Field(description="name of the table")),
        "n": (int, Field(description="rows that the filters admit, on all pages")),
        "next": (str | None, Field(description="cursor of the next page; null on the last")),
        "rows": (_list_of(ROWS[table]), Field(description="in the order of the table's key")),
    }
    return create_model(f"{table.title()}Page", __base__=Answer, __doc__=f"A page of the table {table}.", **fields)


CONSTANTS = ("potential", "kind", "protocol", "run", "geometry", "temperature")
"""Columns of `force_constants` that say which there are; the arrays are in the published file."""
OF_A_COMPOUND = ("harmonic", "anharmonic", "attribution", "wells")
"""Tables whose rows are given with a compound, beside its reference."""
ROWS = {name: row(name) for name in (*FILTERS, "wells")}
PAGES = {table: page(table) for table in FILTERS}
ForceConstantsRow = row("force_constants", CONSTANTS)

_OF_COMPOUND: dict[str, Any] = {
    "release": (str, Field(description="release of the data")),
    "suite": Suite,
    "compound": (str, Field(description="canonical formula, or the material id of the source of a suite")),
    "reference": (ROWS["references"], Field(description="published DFT")),
    **{table: _list_of(ROWS[table]) for table in OF_A_COMPOUND},
    "force_constants": (
        _list_of(ForceConstantsRow),
        Field(description="sets of force constants that are published; the arrays are in the file of the table"),
    ),
}
CompoundAnswer = create_model(
    "CompoundAnswer", __base__=Answer, __doc__="All published rows of one compound.", **_OF_COMPOUND
)


class Column(Answer):
    """A column of a table."""

    name: str
    type: str = Field(description="Arrow type")
    unit: str = Field(description="empty: none")
    description: str
    nullable: bool


class FileAnswer(Answer):
    """A Parquet file of a table; it never changes."""

    file: str = Field(description="address")
    rows: int
    bytes: int
    sha256: str
    holds: dict[str, str] = Field(description="columns that have one value in it")


class Table(Answer):
    """A published table."""

    table: str
    rows: int
    bytes: int = Field(description="of its files")
    sha256: str = Field(description="of its only file, or of the hashes of its files, a line each")
    file: str = Field(description="address of the whole table as one Parquet file")
    files: list[FileAnswer]
    key: list[str] = Field(description="columns that name a row")
    columns: list[Column]


class Former(Answer):
    """A table of a former release."""

    table: str
    rows: int
    sha8: str = Field(description="first digits of its sha256")


class ReleaseAnswer(Answer):
    """A former release."""

    release: str
    tables: list[Former]


class Version(Answer):
    """Version of the schema of the tables."""

    major: int
    minor: int


class DatasetAnswer(Answer):
    """What is published."""

    release: str = Field(description="changes whenever a table does")
    schema_version: Version
    tables: list[Table]
    history: list[ReleaseAnswer] = Field(description="former releases, oldest first")
