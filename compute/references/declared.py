"""A suite that its owner has declared: a CSV file whose columns are those of the table `references`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compute.references.checks import PLAUSIBLE, SourceError, Unique, number, rows
from compute.references.columns import compound_columns
from compute.structures.compounds import identify
from compute.structures.formula import FormulaError
from compute.suites import SUITES
from compute.tables.schemas import SCHEMAS

_NUMBERS = {
    name: "omega" if name.endswith("_thz") else next(quantity for quantity in PLAUSIBLE if name.startswith(quantity))
    for name in SCHEMAS["references"].names
    if name.startswith(("omega", "sigma", "lattice_constant", "formation_energy"))
}
"""Columns of the table that a source may fill, and the quantity of each."""


def read(source: Path, suite: str) -> list[dict[str, Any]]:
    """Rows of the table `references` for the computable `suite`: `compound`, a formula, and numbers of `_NUMBERS`.

    Without a column `omega_min_thz` it is the smallest of the frequencies at the suite's special points. Raises
    `SourceError` naming file, line and column.
    """
    if not SUITES[suite].computable:
        raise SourceError(f"suite {suite}: the structure {SUITES[suite].prototype} does not follow from a formula")
    unique = Unique()
    found = []
    for line, row in rows(source, ["compound"]):
        where = f"{source.name}, line {line}"
        if unknown := [name for name in row if name != "compound" and name not in _NUMBERS]:
            raise SourceError(f"{where}: no column {unknown[0]!r}; the columns are compound, {', '.join(_NUMBERS)}")
        try:
            compound = identify(row["compound"], suite, [row["compound"]])
        except FormulaError as error:
            raise SourceError(f"{where}: {error}") from error
        unique.add(compound.formula, where)
        numbers = {
            name: number(text, _NUMBERS[name], f"{where}, {name}", optional=True)
            for name, text in row.items()
            if name != "compound"
        }
        if "omega_min_thz" not in numbers:
            known = [numbers.get(f"omega_{label}_thz") for label in compound.q_points]
            numbers["omega_min_thz"] = min((value for value in known if value is not None), default=None)
        found.append(
            {
                **compound_columns(compound, compound.formula),
                **numbers,
                "functional": SUITES[suite].dft.described,
            }
        )
    return found
