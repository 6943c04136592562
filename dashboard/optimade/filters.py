"""OPTIMADE's filter language as SQL: names from `PROPERTIES`, values as parameters, never as text.

The grammar is the one of the package `optimade`; what it allows and is not supported here is answered 501, as the
specification asks for. NULL is the "unknown" of the specification: no comparison with it matches, nor its negation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from lark import Lark, LarkError, Token, Transformer, Tree, v_args
from lark.exceptions import VisitError

from dashboard.api.problems import ApiError
from dashboard.optimade.properties import NOT_HELD, PROPERTIES, Item, Kind, Property, is_foreign

LONGEST = 2000
DEEPEST = 50
_REVERSED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SUBSTRING = {"CONTAINS": "contains", "STARTS": "starts_with", "ENDS": "ends_with"}
_RELATED = ("structures", "references", "calculations", "files")
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Condition:
    """The SQL that holds for the entries that are asked for, its parameters, and names of other databases in it."""

    sql: str = "true"
    values: dict[str, Any] = field(default_factory=dict)
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Test:
    """A comparison with a constant."""

    operator: str
    value: str | int | float


def condition(text: str) -> Condition:
    """The filter `text` as a condition. Raises `ApiError`: 400 for what is no filter, 501 for what is not supported."""
    if not text.strip():
        return Condition()
    if len(text) > LONGEST or text.count("(") > DEEPEST:
        raise _bad(f"A filter has at most {LONGEST} characters and {DEEPEST} opening parentheses.")
    try:
        tree = _parser().parse(text)
    except LarkError as error:
        column = getattr(error, "column", -1)
        raise _bad("The filter is not understood" + (f" at character {column}." if column > 0 else ".")) from error
    if len(tree.children) != 1:
        raise _bad("The filter is more than one expression: join them by AND or OR.")
    writer = _Writer()
    try:
        sql = writer.transform(tree)
    except VisitError as error:
        raise error.orig_exc from error
    return Condition(sql, writer.values, tuple(dict.fromkeys(writer.foreign)))


@cache
def _parser() -> Lark:
    """LALR, which takes time in proportion to the filter; what the package itself uses takes its square and more."""
    grammar = files("optimade.grammar").joinpath("v1.2.0.lark").read_text()
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def _bad(detail: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, detail, [("filter", detail)])


def _unsupported(detail: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_IMPLEMENTED, detail, [("filter", detail)])


class _Writer(Transformer[Token, str]):
    """Writes the SQL of a filter, and keeps its values and the names that belong to other databases."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self.foreign: list[str] = []

    @v_args(inline=True)
    def filter(self, expression: str) -> str:
        return expression

    def expression(self, clauses: list[str]) -> str:
        return f"({' OR '.join(clauses)})"

    def expression_clause(self, phrases: list[str]) -> str:
        return f"({' AND '.join(phrases)})"

    def expression_phrase(self, parts: list[str]) -> str:
        return f"(NOT {parts[1]})" if len(parts) == 2 else parts[0]

    @v_args(inline=True)
    def comparison(self, sql: str) -> str:
        return sql

    @v_args(inline=True)
    def property_first_comparison(self, name: Property, rest: Tree[Any]) -> str:
        return str(getattr(self, f"_{rest.data}")(name, rest.children))

    @v_args(inline=True)
    def constant_first_comparison(self, value: Any, sign: str, name: Any) -> str:
        if not isinstance(name, Property):
            raise _unsupported("One side of a comparison must be a property.")
        return self._compared(name, _Test(_REVERSED.get(sign, sign), value))

    def property(self, names: list[Token]) -> Property:
        name = str(names[0])
        if len(names) > 1 and (name in PROPERTIES or name in _RELATED):
            raise _unsupported(f"{'.'.join(names)}: filters on nested properties are not supported.")
        if found := PROPERTIES.get(name):
            return found
        if is_foreign(name):
            self.foreign.append(name)
        elif name not in NOT_HELD:
            raise _bad(f"There is no property {name}.")
        return Property(name, "string", "unknown for every entry", column="NULL")

    @v_args(inline=True)
    def string(self, text: str) -> str:
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)

    @v_args(inline=True)
    def number(self, text: str) -> int | float:
        try:
            whole = int(text)
        except ValueError:
            whole = _LARGEST + 1
        value = whole if abs(whole) <= _LARGEST else float(text)
        if not math.isfinite(value):
            raise _bad("A number in the filter is too large.")
        return value

    signed_int = number

    def bool(self, _: list[Token]) -> str:
        raise _unsupported("No property here is true or false.")

    @v_args(inline=True)
    def value(self, value: Any) -> Any:
        return value

    constant = non_string_value = value

    @v_args(inline=True)
    def not_implemented_string(self, _: Token) -> str:
        raise _unsupported("One side of a comparison must be a property.")

    def value_list(self, parts: list[Any]) -> list[tuple[_Test, ...]]:
        return [(test,) for test in _tests(parts)]

    def value_zip(self, parts: list[Any]) -> tuple[_Test, ...]:
        return tuple(_tests(parts))

    def value_zip_list(self, zips: list[tuple[_Test, ...]]) -> list[tuple[_Test, ...]]:
        return zips

    def property_zip_addon(self, names: list[Property]) -> list[Property]:
        return names

    def _value_op_rhs(self, name: Property, parts: list[Any]) -> str:
        return self._compared(name, _Test(str(parts[0]), _constant(parts[1])))

    def _known_op_rhs(self, name: Property, parts: list[Token]) -> str:
        return f"({_column(name)} IS {'NOT ' if parts[1].type == 'KNOWN' else ''}NULL)"

    def _fuzzy_string_op_rhs(self, name: Property, parts: list[Any]) -> str:
        value = _constant(parts[-1])
        if name.kind != "string" or not isinstance(value, str):
            raise _unsupported(f"{parts[0]} compares a string with a string.")
        return f"{_SUBSTRING[parts[0].type]}({_column(name)}, {self._bound(value)})"

    def _length_op_rhs(self, name: Property, parts: list[Any]) -> str:
        sign = str(parts[1]) if len(parts) == 3 else "="
        return f"(len({_list(name)}) {_sql(sign)} {self._bound(parts[-1])})"

    def _set_op_rhs(self, name: Property, parts: list[Any]) -> str:
        kind, tests = _quantified(parts[1:])
        return self._has([name], kind, tests if kind != "HAS" else [(each,) for each in _tests(tests)])

    def _set_zip_op_rhs(self, name: Property, parts: list[Any]) -> str:
        kind, tests = _quantified(parts[2:])
        return self._has([name, *parts[0]], kind, tests)

    def _has(self, names: list[Property], kind: str, wanted: Sequence[tuple[_Test, ...]]) -> str:
        """Lists of which, at the same place, one item each passes a tuple of tests: any tuple, all, or no other."""
        if any(len(tests) != len(names) for tests in wanted):
            raise _bad(f"There must be {len(names)} values for {':'.join(name.name for name in names)}.")
        columns = [_list(name) for name in names]
        places = [
            " AND ".join(
                self._passes(f"{column}[i]", name.items or "string", test, name.name)
                for column, name, test in zip(columns, names, tests, strict=True)
            )
            for tests in wanted
        ]

        def found(place: str) -> str:
            return f"len(list_filter(generate_series(1, len({columns[0]})), lambda i: {place}))"

        if kind == "ALL":
            return f"({' AND '.join(f'{found(place)} > 0' for place in places)})"
        either = " OR ".join(f"({place})" for place in places)
        return f"({found(either)} {f'= len({columns[0]})' if kind == 'ONLY' else '> 0'})"

    def _compared(self, name: Property, test: _Test) -> str:
        if name.kind == "list":
            raise _unsupported(f"{name.name} is a list: compare it with HAS or LENGTH.")
        return self._passes(_column(name), name.kind, test, name.name)

    def _passes(self, column: str, kind: Kind | Item, test: _Test, name: str) -> str:
        value: Any = test.value
        if column != "NULL" and isinstance(value, str) is not (kind in ("string", "timestamp")):
            raise _unsupported(f"{name} holds values of type {kind}; {value!r} is none.")
        if kind == "timestamp":
            value = _moment(value)
        return f"({column} {_sql(test.operator)} {self._bound(value)})"

    def _bound(self, value: Any) -> str:
        name = f"f{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def _tests(parts: Sequence[Any]) -> list[_Test]:
    """Values, each with the operator before it, if there is one."""
    tests, sign = [], "="
    for part in parts:
        if isinstance(part, Token):
            sign = str(part)
        else:
            tests.append(_Test(sign, _constant(part)))
            sign = "="
    return tests


def _quantified(parts: list[Any]) -> tuple[str, Any]:
    first = parts[0]
    if isinstance(first, Token) and first.type in ("ALL", "ANY", "ONLY"):
        return first.type, parts[1]
    return "HAS", parts


def _constant(value: Any) -> Any:
    if isinstance(value, Property):
        raise _unsupported("Two properties cannot be compared.")
    return value


def _column(name: Property) -> str:
    if name.column is None:
        raise _unsupported(f"There is no filter on {name.name}.")
    return name.column if name.column == "NULL" else f'"{name.column}"'


def _list(name: Property) -> str:
    column = _column(name)
    if column == "NULL":
        return "CAST(NULL AS VARCHAR[])"
    if name.kind != "list":
        raise _unsupported(f"{name.name} is no list.")
    return column


def _sql(sign: str) -> str:
    return "<>" if sign == "!=" else sign


def _moment(text: str) -> datetime:
    """A time as RFC 3339 writes it, in UTC and without its zone."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise _bad(f"{text!r} is not a time such as 2026-11-22T12:00:00Z.") from error
