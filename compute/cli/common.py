"""What the commands share: options, output, and errors in one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the published tables. Default: SOFTMODE_DATA, else data/parquet."),
]


def print_json(value: Any) -> None:
    """`value` as indented JSON on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def fail(message: str) -> NoReturn:
    """One sentence on standard error, exit status 1."""
    err.print(message, style="red", soft_wrap=True, markup=False)
    raise typer.Exit(1)


@contextmanager
def one_sentence(*errors: type[Exception]) -> Iterator[None]:
    """Turn the named errors, which are the user's to mend, into `fail`."""
    try:
        yield
    except errors as error:
        fail(str(error))
    except ModuleNotFoundError as error:
        fail(f"{error.name} is not installed: this command needs pip install 'softmode[compute]'")
