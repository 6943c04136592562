"""Tables as JSON, CSV and Parquet, and which of them a request wants."""

from __future__ import annotations

import io
from http import HTTPStatus

import orjson
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from werkzeug.datastructures import MIMEAccept

from dashboard.api.problems import ApiError

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def chosen(asked: str | None, accept: MIMEAccept, offered: tuple[str, ...] = tuple(MEDIA_TYPES)) -> str:
    """The format `asked` for by name, else the one that `accept` likes best; the first offered when it likes all."""
    if asked is not None:
        return asked
    names = {MEDIA_TYPES[name]: name for name in offered}
    best = accept.best_match(list(names)) if accept else MEDIA_TYPES[offered[0]]
    if best is None:
        raise ApiError(HTTPStatus.NOT_ACCEPTABLE, f"The answer can be had as {', '.join(names)}.")
    return names[best]


def json(content: object) -> bytes:
    """`content` as JSON; NaN, "not defined", is null."""
    return orjson.dumps(content)


def csv(table: pa.Table) -> bytes:
    """A header and a line per row: null is empty, an empty string is quoted, a list is JSON in one cell."""
    columns = [_in_one_cell(column) if pa.types.is_list(column.type) else column for column in table.columns]
    buffer = io.BytesIO()
    pc.write_csv(pa.table(columns, names=table.column_names), buffer)
    return buffer.getvalue()


def parquet(table: pa.Table) -> bytes:
    """A Parquet file whose columns carry unit and description as metadata."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _in_one_cell(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if item is None else orjson.dumps(item).decode() for item in column.to_pylist()], pa.string())
