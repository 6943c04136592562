"""What every importer checks: a broken reference raises and names the row; it is never patched."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path


class SourceError(ValueError):
    """A source of reference numbers that does not hold what it should; names the file, row and column."""


# Widest values that the units allow: outside, the number is in another unit or wrong.
PLAUSIBLE = {
    "sigma": (0.0, 100.0, "σ has no unit"),
    "lattice_constant": (2.5, 25.0, "Å"),
    "formation_energy": (-10.0, 10.0, "eV/atom"),
    "omega": (-60.0, 60.0, "THz"),
    "descriptor": (0.0, 5.0, "a ratio of radii"),
}


def rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and row of the CSV file `path`, which must have `columns`."""
    if not path.is_file():
        raise SourceError(f"{path} does not exist")
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            raise SourceError(f"{path.name}: missing column {', '.join(missing)}")
        for row in reader:
            yield reader.line_num, row


def number(text: str | float | None, quantity: str, where: str, *, optional: bool = False) -> float | None:
    """`text` as a finite number in the range of `quantity`; an empty optional one is None."""
    if text is None or text == "":
        if optional:
            return None
        raise SourceError(f"{where}: empty")
    try:
        value = float(text)
    except ValueError as error:
        raise SourceError(f"{where}: “{text}” is not a number") from error
    low, high, unit = PLAUSIBLE[quantity]
    if not math.isfinite(value):
        raise SourceError(f"{where}: {text} is not a finite number")
    if not low <= value <= high:
        raise SourceError(f"{where}: {value:g} is outside {low:g} to {high:g}; the unit is {unit}")
    return value


class Unique:
    """Refuses the second appearance of a compound."""

    def __init__(self) -> None:
        self._seen: dict[object, str] = {}

    def add(self, key: object, where: str) -> None:
        """Remember `key` seen at `where`; `SourceError` names both places of a duplicate."""
        if key in self._seen:
            raise SourceError(f"{where}: duplicate of {self._seen[key]}")
        self._seen[key] = where
