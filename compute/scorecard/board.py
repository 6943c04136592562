"""Leaderboards as plain data: what the terminal prints, the page draws and JSON holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from compute.statistics.bootstrap import Interval

UNDEFINED = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class BoardColumn:
    """A quantity: its `unit`, how many decimals are shown, and the value that a perfect potential has, None where
    that is no number; `text` columns hold words and counts."""

    title: str
    unit: str = ""
    digits: int = 2
    perfect: float | None = None
    text: bool = False

    @property
    def head(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class BoardRow:
    """One row: `kind` is scored (the new potential), published or null; `n` is what the values are over, and `failed`
    more have no result. `values` are one for each column of the board."""

    name: str
    kind: str
    n: int
    failed: int
    values: tuple[Interval | str, ...]
    potential: str | None = None


@dataclass(frozen=True)
class Entrants:
    """Whose rows a board has: `potential` is the new one, and `names` are those of all for people."""

    potential: str
    names: Mapping[str, str]

    def row(self, name: str, n: int, failed: int, values: tuple[Interval | str, ...]) -> BoardRow:
        """The row of the potential `name`."""
        kind = "scored" if name == self.potential else "published"
        return BoardRow(self.names.get(name, name), kind, n, failed, values, name)


@dataclass(frozen=True)
class Parity:
    """A number of DFT (n,) and of the new potential (n,) for the same compounds, in `unit`."""

    quantity: str
    unit: str
    dft: tuple[float, ...]
    own: tuple[float, ...]
    says: str


@dataclass(frozen=True)
class Board:
    """One question to all potentials. `says` is the sentence that answers it for the new one, `trust` what limits the
    numbers, one sentence each; `of` says what n counts and `interval` what stands in brackets."""

    id: str
    title: str
    says: str
    of: str
    interval: str
    columns: tuple[BoardColumn, ...]
    lines: tuple[BoardRow, ...]
    trust: tuple[str, ...] = ()
    parity: Parity | None = None

    @property
    def scored(self) -> BoardRow | None:
        """The row of the new potential, None where it has none."""
        return next((line for line in self.lines if line.kind == "scored"), None)

    def to_plain(self) -> dict[str, Any]:
        """As JSON, NaN as null."""
        plain = asdict(self)
        for line in plain["lines"]:
            line["values"] = [
                {k: None if math.isnan(v) else v for k, v in value.items()} if isinstance(value, dict) else value
                for value in line["values"]
            ]
        return plain


def ordered(columns: tuple[BoardColumn, ...], lines: list[BoardRow]) -> tuple[BoardRow, ...]:
    """`lines` with the nearest to perfect in the first column first; then those without a number, then null rows."""

    def key(line: BoardRow) -> tuple[bool, bool, float, str]:
        first, perfect = line.values[0], columns[0].perfect
        value = first.value if isinstance(first, Interval) and perfect is not None else math.nan
        distance = abs(value - perfect) if perfect is not None else math.nan
        return (line.kind == "null", math.isnan(distance), 0.0 if math.isnan(distance) else distance, line.name)

    return tuple(sorted(lines, key=key))


def shown(value: Interval | str, column: BoardColumn) -> str:
    """A cell: `0.31 [0.28, 0.35]`, the words, or a dash where there is nothing."""
    if isinstance(value, str):
        return value or "–"
    if math.isnan(value.value):
        return "–"
    numbers = [f"{round(x, column.digits) + 0.0:.{column.digits}f}".replace("-", "−") for x in (
        value.value, value.low, value.high)]  # fmt: skip
    return numbers[0] if math.isnan(value.low) else f"{numbers[0]} [{numbers[1]}, {numbers[2]}]"


def against_null(board_lines: tuple[BoardRow, ...], higher_is_better: bool) -> str:
    """Whether the interval of the new potential's first number leaves out the best number of the null rows."""
    scored = next((line for line in board_lines if line.kind == "scored"), None)
    nulls = [v.value for line in board_lines if line.kind == "null" and isinstance(v := line.values[0], Interval)]
    nulls = [value for value in nulls if not math.isnan(value)]
    if scored is None or not isinstance(scored.values[0], Interval) or math.isnan(scored.values[0].low):
        return "It has no interval, so it is not told from the null rows."
    if not nulls:
        return "There is no null row with a number beside it."
    best = max(nulls) if higher_is_better else min(nulls)
    own = scored.values[0]
    if own.low > best if higher_is_better else own.high < best:
        return "Its interval leaves out what knows no forces: it has told something about phonons."
    if own.high < best if higher_is_better else own.low > best:
        return "It is worse than what knows no forces."
    return "Its interval holds what knows no forces: it is not told from that."
