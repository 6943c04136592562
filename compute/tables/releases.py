"""Two releases of the tables side by side, and a table in other formats."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from compute import tables
from compute.tables import constants
from compute.tables.schemas import KEYS, SCHEMAS

FORMATS = ("csv", "json", "parquet")


@dataclass(frozen=True)
class TableChange:
    """Rows of one table that only the new release has, that differ, and that only the old one has; by key."""

    table: str
    before: int
    now: int
    added: int
    changed: int
    gone: int


@contextmanager
def opened(where: str, data: Path) -> Iterator[Path]:
    """The release in the folder `where`, or in the folder `data` of its repository at the git revision `where`.

    Raises `TableError` for what is neither.
    """
    if Path(where).is_dir():
        yield Path(where)
        return
    command = ["git", "-C", str(data), "archive", "--format=tar", where, "."]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        raise tables.TableError(f"{where} is neither a folder nor a git revision that holds {data}")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
        yield Path(folder)


def changes(old: Path, new: Path) -> list[TableChange]:
    """What changed in every table from the release in `old` to that in `new`; rows are known by `KEYS`."""
    manifests = [tables.read_manifest(directory) for directory in (old, new)]
    found = []
    for name in SCHEMAS:
        before, now = (manifest.read(name) for manifest in manifests)
        same = " AND ".join(f"b.{key} IS NOT DISTINCT FROM n.{key}" for key in KEYS[name])
        with duckdb.connect(":memory:") as connection:
            connection.register("before", before)
            connection.register("now", now)
            count = connection.execute(
                f"SELECT count(*) FILTER (b.k IS NULL), count(*) FILTER (b.k AND n.k AND b.h <> n.h), "
                f"count(*) FILTER (n.k IS NULL) FROM {_hashed('before', name)} b "
                f"FULL JOIN {_hashed('now', name)} n ON {same}"
            ).fetchone()
        assert count is not None
        found.append(TableChange(name, before.num_rows, now.num_rows, *count))
    return found


def _hashed(relation: str, name: str) -> str:
    return f"(SELECT {', '.join(KEYS[name])}, hash(t) AS h, true AS k FROM {relation} t)"


def export(directory: Path, name: str, form: str, where: Mapping[str, str] | None = None) -> bytes:
    """Table `name` as one of `FORMATS`, only rows whose columns read as `where` says. Raises `TableError`.

    Lists are JSON in a CSV; what is null is empty there.
    """
    manifest = tables.read_manifest(directory)
    table = manifest.read(name)
    for column, wanted in (where or {}).items():
        if column not in table.schema.names:
            raise tables.TableError(f"{name} has no column {column}")
        table = table.filter(pc.equal(table[column].cast(pa.string()), wanted))
    if name == constants.TABLE:
        table = constants.whole(table, constants.bases(manifest))
    buffer = io.BytesIO()
    if form == "parquet":
        pq.write_table(table, buffer, compression="zstd")
    elif form == "json":
        buffer.write(json.dumps(table.to_pylist(), ensure_ascii=False, allow_nan=False).encode())
    else:
        for index, field in enumerate(table.schema):
            if pa.types.is_list(field.type):
                texts = [None if value is None else json.dumps(value) for value in table[field.name].to_pylist()]
                table = table.set_column(index, field.name, pa.array(texts, pa.string()))
        pa_csv.write_csv(table, buffer)
    return buffer.getvalue()
