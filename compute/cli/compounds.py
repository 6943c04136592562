"""What commands on one compound share: which compound is meant, and what was published of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compute.cli.common import fail
from compute.settings import data_directory
from compute.tables import read

if TYPE_CHECKING:
    from compute.structures.compounds import Compound

FormulaArgument = Annotated[str, typer.Argument(help="Formula, elements in any order: CsPbBr3, Cs₂AgBiBr₆.")]
FormulaSuite = Annotated[str, typer.Option("--suite", help="hdp or abx3.")]
OnePotential = Annotated[str, typer.Option("--potential", help="As listed by: softmode potentials list.")]


def check_suite(suite: str) -> None:
    """Exit with one sentence unless compounds of `suite` have formulas."""
    if suite not in ("hdp", "abx3"):
        fail(f"No suite {suite} with formulas: it is hdp or abx3.")


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
