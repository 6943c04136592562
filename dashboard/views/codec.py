"""The URL is the view: every page has one frozen state, in `dashboard.views`; here it becomes a query and back.

A field declares its short key, its default and the values it admits. Defaults are left out of the query; what is
malformed becomes the default and is named, so that a page can say so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

from compute.statistics import criteria
from compute.structures.formula import plain
from compute.suites import COMPARED

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

View = TypeVar("View", bound="DataclassInstance")

DEFAULT_TOLERANCE_THZ = criteria.TOLERANCE_THZ


class Kind(Protocol):
    """How one value is written in a query and read back; `read` raises `ValueError` for anything else."""

    def read(self, text: str) -> Any: ...
    def write(self, value: Any) -> str: ...


@dataclass(frozen=True)
class Choice:
    """One of a fixed set of words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(text)
        return text

    def write(self, value: str) -> str:
        return self.read(value)


@dataclass(frozen=True)
class Choices:
    """Any of a fixed set of words, in the order of the set and joined by dots."""

    separator: ClassVar[str] = "."
    words: tuple[str, ...]

    def read(self, text: str) -> tuple[str, ...]:
        chosen = text.split(self.separator) if text else []
        if not set(chosen) <= set(self.words) or len(set(chosen)) != len(chosen):
            raise ValueError(text)
        return tuple(word for word in self.words if word in chosen)

    def write(self, value: tuple[str, ...]) -> str:
        return self.separator.join(self.read(self.separator.join(value)))


@dataclass(frozen=True)
class Names:
    """Any names that match a pattern as a whole, sorted; joined by tildes, because names may hold dots."""

    separator: ClassVar[str] = "~"
    most: ClassVar[int] = 16
    pattern: str

    def read(self, text: str) -> tuple[str, ...]:
        names = text.split(self.separator) if text else []
        if len(names) > self.most or len(set(names)) != len(names):
            raise ValueError(text)
        if not all(re.fullmatch(self.pattern, name) for name in names):
            raise ValueError(text)
        return tuple(sorted(names))

    def write(self, value: tuple[str, ...]) -> str:
        return self.separator.join(self.read(self.separator.join(value)))


@dataclass(frozen=True)
class Number:
    """A number within bounds, kept to a fixed count of decimals."""

    low: float
    high: float
    decimals: int

    def read(self, text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(text)
        return round(value, self.decimals) + 0.0  # −0 is written as 0

    def write(self, value: float) -> str:
        text = f"{self.read(str(value)):.{self.decimals}f}"
        return text.rstrip("0").rstrip(".") if self.decimals else text


@dataclass(frozen=True)
class Text:
    """A short text that matches a pattern as a whole."""

    pattern: str

    def read(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(text)
        return text

    def write(self, value: str) -> str:
        return self.read(value)


@dataclass(frozen=True)
class Formula(Text):
    """A text that may be a formula: blanks are dropped, and subscripts are digits."""

    def read(self, text: str) -> str:
        return super().read(plain(text))


ANIONS = ("F", "Cl", "Br", "I", "O", "S", "Se", "Te")
SUITE = Choice(COMPARED)
POTENTIAL = Text(r"[A-Za-z0-9._+-]{0,64}")
POTENTIALS = Names(r"[A-Za-z0-9._+-]{1,64}")
FORMULA = Formula(r"[A-Za-z0-9().-]{0,32}")
TOLERANCE_THZ = Number(0, 0.5, 2)
THRESHOLD = Number(0.5, 2, 2)


def key(name: str, kind: Kind, default: Any) -> Any:
    """A field of a view, written in the address as `name`."""
    return field(default=default, metadata={"key": name, "kind": kind})


def encode(view: View, /, **implied: Any) -> str:
    """The query of `view`, without `?`; fields at their default, or at the value that is `implied`, are left out."""
    pairs = []
    for item in fields(view):
        value = getattr(view, item.name)
        if value not in (item.default, implied.get(item.name, item.default)):
            pairs.append((item.metadata["key"], item.metadata["kind"].write(value)))
    return urlencode(pairs)


def decode(kind: type[View], query: Mapping[str, Any]) -> tuple[View, tuple[str, ...]]:
    """The view that `query` describes, and the keys that were malformed and fell back to their default."""
    values, problems = {}, []
    for item in fields(kind):
        key = item.metadata["key"]
        if key not in query:
            continue
        try:
            values[item.name] = item.metadata["kind"].read(str(query[key]))
        except ValueError:
            problems.append(key)
    known = {item.metadata["key"] for item in fields(kind)}
    problems += [key for key in query if key not in known]
    return kind(**values), tuple(problems)


def replaced(asked: View, shown: View) -> tuple[str, ...]:
    """Keys that the address gave and that the data could not follow, such as a potential without results."""
    return tuple(
        item.metadata["key"]
        for item in fields(asked)
        if getattr(asked, item.name) not in (item.default, getattr(shown, item.name))
    )


def build(kind: type[View], /, **raw: Any) -> View:
    """The view of raw control values by field name; an empty or inadmissible value becomes the default."""
    values = {}
    for item in fields(kind):
        value = raw.get(item.name)
        if value is None:
            continue
        written = item.metadata["kind"]
        separator = written.separator if isinstance(written, Choices | Names) else "."
        text = separator.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        try:
            values[item.name] = written.read(text)
        except ValueError:
            continue
    return kind(**values)


def written(kind: type[View], query: Any) -> View:
    """The view that a query as text states, as `encode` wrote it; the default for anything else."""
    return decode(kind, dict(parse_qsl(query if isinstance(query, str) else "", keep_blank_values=True)))[0]


def changed(kind: type[View], query: Any, /, **raw: Any) -> View:
    """The view that `query` states, with the controls `raw` in place of what it says about their fields."""
    values = build(kind, **raw)
    return replace(written(kind, query), **{name: getattr(values, name) for name in raw})
