"""The published tables: their columns, releases, and which run answers for what.

What a table must keep is in `contract`, which files hold it in `manifest`, how it is published in `release`.
"""

from compute.tables.contract import TableError, from_rows, validate
from compute.tables.manifest import MANIFEST, SCHEMA_MAJOR, SCHEMA_MINOR, Change, Listed, Manifest, read_manifest
from compute.tables.release import (
    Publication,
    describe,
    problems,
    publish,
    publishing,
    read,
    read_where,
    stray_files,
    updated,
)
from compute.tables.schemas import KEYS, SCHEMAS

__all__ = [
    "KEYS",
    "MANIFEST",
    "SCHEMAS",
    "SCHEMA_MAJOR",
    "SCHEMA_MINOR",
    "Change",
    "Listed",
    "Manifest",
    "Publication",
    "TableError",
    "describe",
    "from_rows",
    "problems",
    "publish",
    "publishing",
    "read",
    "read_manifest",
    "read_where",
    "stray_files",
    "updated",
    "validate",
]
