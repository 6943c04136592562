"""The text of the files beside tables, and what is said of one that is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from compute.tables.contract import TableError


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
