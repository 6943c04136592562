"""The published tables for pandas: `softmode.load("harmonic", suite="abx3")`, from a checkout or from a site."""

from __future__ import annotations

import shutil
import tempfile
import urllib.request
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from compute import tables
from compute.settings import data_directory
from compute.tables import constants

__all__ = ["load"]

_SECONDS = 60


def load(table: str, *, source: str | Path | None = None, **columns: object) -> pd.DataFrame:
    """Rows of a published table whose `columns` equal a value, or one of several.

    `source` is the address of a site, such as "https://example.org/softmode", or a folder; without it, `SOFTMODE_DATA`
    or the checkout. `attrs` of the answer hold the `release` of the data and the `units` of its columns. Raises
    `compute.tables.TableError` for what is not published, broken or of a newer schema, `OSError` where nothing answers.
    """
    several = {name: list(w) if isinstance(w, list | tuple | set) else [w] for name, w in columns.items()}
    if not str(source or "").startswith(("http://", "https://")):
        return _read(Path(source) if source else data_directory(), table, several)
    with tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), f"{str(source).rstrip('/')}/data"
        _fetch(f"{address}/{tables.MANIFEST}", folder / tables.MANIFEST)
        manifest = tables.read_manifest(folder)
        with_bases = table == constants.TABLE and constants.BASES in manifest.tables
        bases = manifest.files(constants.BASES) if with_bases else ()
        for file in (*manifest.files(table, **_texts(several)), *bases):
            _fetch(f"{address}/{file.file}", folder / file.file)
        return _read(folder, table, several)


def _texts(columns: dict[str, list[object]]) -> dict[str, list[str]]:
    """Those of `columns` whose values are texts, by which files are chosen."""
    texts = {name: [value for value in wanted if isinstance(value, str)] for name, wanted in columns.items()}
    return {name: wanted for name, wanted in texts.items() if len(wanted) == len(columns[name])}


def _fetch(address: str, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer, path.open("wb") as file:
        shutil.copyfileobj(answer, file)


def _read(folder: Path, table: str, columns: dict[str, list[object]]) -> pd.DataFrame:
    manifest = tables.read_manifest(folder)
    if unknown := [
        column for column in columns if table in tables.SCHEMAS and column not in tables.SCHEMAS[table].names
    ]:
        raise tables.TableError(f"{table} has no column {unknown[0]}")
    manifest.verify(table, **_texts(columns))
    rows = manifest.table(table, **_texts(columns))
    for column, wanted in columns.items():
        rows = rows.filter(pc.is_in(rows[column], pa.array(wanted, rows.schema.field(column).type)))
    if table == constants.TABLE:
        rows = constants.whole(rows, constants.bases(manifest))
    frame: pd.DataFrame = rows.to_pandas()
    units = {field.name: field.metadata[b"unit"].decode() for field in rows.schema}
    frame.attrs = {"release": manifest.release, "units": {name: unit for name, unit in units.items() if unit}}
    return frame
