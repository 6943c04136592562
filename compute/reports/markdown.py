"""What the parts of the findings share: the release they read, and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from compute.statistics.bootstrap import Interval


@dataclass(frozen=True)
class ReportTables:
    """The joined tables of the release in `directory`."""

    directory: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Rows of a query."""
        return self.connection.execute(sql, dict(parameters or {})).df()

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row per compound and potential with results, from the runs that answer, in order of the compounds."""
        return self.rows("SELECT * FROM pairs WHERE potential IS NOT NULL ORDER BY suite, potential, compound")

    @cached_property
    def potentials(self) -> list[str]:
        """Potentials with any result, by name."""
        return sorted(set(self.pairs["potential"]) | set(self.rows("SELECT potential FROM attribution")["potential"]))

    @cached_property
    def distilled(self) -> set[str]:
        """Potentials that were distilled from another: a study of their own, in no ranking."""
        return set(self.rows("SELECT potential FROM potentials WHERE category = 'distilled'")["potential"])

    @cached_property
    def functionals(self) -> dict[str, str]:
        """Functional of the training data per potential."""
        found = self.rows("SELECT potential, functional FROM potentials")
        return dict(zip(found["potential"], found["functional"], strict=True))


def interval(found: Interval, digits: int = 2, *, signed: bool = False) -> str:
    """`0.31 [0.28, 0.35]`, or that it is not defined."""
    if math.isnan(found.value):
        return "not defined"
    values = [number(x, digits, signed=signed) for x in (found.value, found.low, found.high)]
    return values[0] if math.isnan(found.low) else f"{values[0]} [{values[1]}, {values[2]}]"


def number(value: float, digits: int = 2, *, signed: bool = False) -> str:
    """A number with so many decimals, or that it is not defined."""
    if value is None or math.isnan(value):
        return "not defined"
    # + 0: no minus before a zero.
    return f"{round(value, digits) + 0.0:{'+' if signed else ''},.{digits}f}".replace("-", "−")


def share(part: int, whole: int) -> str:
    """`3 of 40 (8 %)`."""
    return f"{part:,} of {whole:,}" + (f" ({100 * part / whole:.0f} %)" if whole else "")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def listed(counts: Mapping[str, int]) -> str:
    """`3 exploded, 1 not-relaxed`, or 0."""
    return ", ".join(f"{n:,} {name}" for name, n in counts.items()) or "0"
