"""Files that a reader meets whole or not at all, and what is said of one that is broken."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from compute.tables.contract import TableError


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename over it: a reader or a crash never meets half a file, nor a power failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else the name may reach the disk before the content
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def reading(what: str, path: Path) -> Iterator[None]:
    """Say in a `TableError` that the file at `path`, which holds `what`, is missing or cannot be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise TableError(f"{what}: {path.name} is missing") from error
    except (OSError, ValueError, RecursionError) as error:  # pyarrow's and json's errors are ValueErrors
        raise TableError(f"{what}: {path.name} cannot be read") from error


def as_json(content: Mapping[str, Any]) -> bytes:
    """`content` as the text of a file."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
