"""What the commands share: options, output, errors in one sentence, and which compound is meant."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from compute.settings import data_directory
from compute.suites import COMPUTABLE
from compute.tables import read

if TYPE_CHECKING:
    from compute.structures.compounds import Compound

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the published tables. Default: SOFTMODE_DATA, else data/parquet."),
]

FormulaArgument = Annotated[str, typer.Argument(help="Formula, elements in any order: CsPbBr3, Cs₂AgBiBr₆.")]
FormulaSuite = Annotated[str, typer.Option("--suite", help=f"{' or '.join(COMPUTABLE)}.")]
OnePotential = Annotated[str, typer.Option("--potential", help="As listed by: softmode potentials list.")]


def print_json(value: Any) -> None:
    """`value` as indented JSON on standard output; a number that is not defined, which JSON cannot say, is null."""
    typer.echo(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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


def check_suite(suite: str) -> None:
    """Exit with one sentence unless compounds of `suite` have formulas."""
    if suite not in COMPUTABLE:
        fail(f"No suite {suite} with formulas: it is {' or '.join(COMPUTABLE)}.")


def lookup(formula: str, suite: str, data: Path | None) -> tuple[Compound, dict[str, Any]]:
    """The compound that `formula` means, and its row in the table `references`, empty where there is none.

    Raises `FormulaError`.
    """
    from compute.structures.compounds import identify

    references = {
        row["compound"]: row
        for row in read(data or data_directory(), "references").to_pylist()
        if row["suite"] == suite
    }
    compound = identify(formula, suite, references.keys())
    return compound, references.get(compound.formula, {})
