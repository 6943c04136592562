"""The published tables: their columns, releases, and which run answers for what.

`tables.read`, `tables.publish` and the rest of a release are in `compute.tables.release`.
"""

from compute.tables.release import (
    KEYS,
    MANIFEST,
    SCHEMA_MAJOR,
    SCHEMA_MINOR,
    SCHEMAS,
    Change,
    Manifest,
    TableError,
    describe,
    from_rows,
    problems,
    publish,
    read,
    read_manifest,
    read_where,
    validate,
    write_atomic,
)

__all__ = [
    "KEYS",
    "MANIFEST",
    "SCHEMAS",
    "SCHEMA_MAJOR",
    "SCHEMA_MINOR",
    "Change",
    "Manifest",
    "TableError",
    "describe",
    "from_rows",
    "problems",
    "publish",
    "read",
    "read_manifest",
    "read_where",
    "validate",
    "write_atomic",
]
