"""Pages of a published table: filtered, in the order of its key, from where the page before ended."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
import pyarrow as pa

from compute.tables.schemas import KEYS, SCHEMAS, SURROGATE
from dashboard.api.parameters import COMMA_SEPARATED, ELEMENTS, FILTERS, RANGES, Paged
from dashboard.api.problems import ApiError, BadParameters
from dashboard.dataset import Dataset
from dashboard.queries import formulas

_COMPARISONS = {"ge": ">=", "le": "<="}
_OF_NO_COLUMN = {
    "reference": f"list_contains($reference, if(starts_with(frames, '{SURROGATE}'), 'surrogate', 'dft'))",
    "level": "len($level) > 0 AND (suite, compound, potential) IN "
    "(SELECT suite, compound, potential FROM pairs WHERE comparable_level)",
}
_COMMON = """(suite, compound) IN (
    SELECT suite, compound FROM "{table}" WHERE list_contains($common, potential) AND status <> 'not-run' AND {where}
    GROUP BY suite, compound HAVING count(DISTINCT potential) = len(list_distinct($common))
)"""
_NOT_OF_A_CURSOR = {"limit", "cursor", "fields", "format"}


@dataclass(frozen=True)
class Rows:
    """One page of `table`: its rows, `n` rows that match on all pages, and the cursor of the next page, if any."""

    table: str
    release: str
    rows: pa.Table
    n: int
    next: str | None


def page(dataset: Dataset, release: str, table: str, asked: Paged) -> Rows:
    """The page of `table` that `asked` describes; raises `ApiError` when its cursor is of other data or filters."""
    key = KEYS[table]
    where, values = _where(dataset, table, asked)
    total = f'SELECT count(*) FROM "{table}" WHERE {where}'
    n = dataset.table(total, values).column(0)[0].as_py()
    digest = _digest(table, asked)
    after = "true"
    if asked.cursor is not None:
        last = _decoded(asked.cursor, release, digest, len(key))
        values |= {f"after{i}": value for i, value in enumerate(last)}
        after = f"({_listed(key)}) > ({', '.join(f'$after{i}' for i in range(len(key)))})"
    fields = tuple(dict.fromkeys(getattr(asked, COMMA_SEPARATED))) or tuple(SCHEMAS[table].names)
    found = dataset.table(
        f'SELECT {_listed(dict.fromkeys((*fields, *key)))} FROM "{table}" WHERE {where} AND {after} '
        f"ORDER BY {_listed(key)} LIMIT $most",
        {**values, "most": asked.limit + 1},
    )
    rows = found.slice(0, asked.limit)
    more = found.num_rows > asked.limit
    end = [rows.column(name)[-1].as_py() for name in key] if more else []
    return Rows(
        table=table,
        release=release,
        rows=rows.select(fields).cast(pa.schema([SCHEMAS[table].field(name) for name in fields])),
        n=n,
        next=_encoded(release, digest, end) if more else None,
    )


def of_compound(dataset: Dataset, table: str, suite: str, compound: str, columns: tuple[str, ...] = ()) -> pa.Table:
    """Rows of `table` for one compound, in the order of its key."""
    fields = columns or tuple(SCHEMAS[table].names)
    found = dataset.table(
        f'SELECT {_listed(fields)} FROM "{table}" WHERE suite = $suite AND compound = $compound '
        f"ORDER BY {_listed(KEYS[table])}",
        {"suite": suite, "compound": compound},
    )
    return found.cast(pa.schema([SCHEMAS[table].field(name) for name in fields]))


def _where(dataset: Dataset, table: str, asked: Paged) -> tuple[str, dict[str, Any]]:
    """The filters as SQL over the names written in this package, and the values that they compare with."""
    conditions: dict[str, str] = {}
    values: dict[str, Any] = {}
    sites = {}
    for name in FILTERS[table]:
        chosen = getattr(asked, name)
        if not chosen:
            continue
        values[name] = [value == "true" for value in chosen] if name == "benchmark" else list(chosen)
        if name == "compound":
            suites = getattr(asked, "suite", ())
            values[name] = [known for text in chosen for known in formulas.named(dataset, suites, text)]
        if name in ELEMENTS:
            sites[name] = f'list_contains(${name}, "{name}")'
        elif name != "common":
            conditions[name] = _OF_NO_COLUMN.get(name, f'list_contains(${name}, "{name}")')
    if sites and table == "references":
        conditions |= sites
    elif sites:
        inner = f'SELECT suite, compound FROM "references" WHERE {" AND ".join(sites.values())}'
        conditions["sites"] = f"(suite, compound) IN ({inner})"
    for column in RANGES.get(table, ()):
        for suffix, comparison in _COMPARISONS.items():
            bound = getattr(asked, f"{column}_{suffix}")
            if bound is not None:
                values[f"{column}_{suffix}"] = bound
                bounded = f'NOT isnan("{column}") AND "{column}" {comparison} ${column}_{suffix}'
                conditions[f"{column}_{suffix}"] = bounded
    if "common" in values:
        others = [condition for name, condition in conditions.items() if name != "potential"]
        conditions["common"] = _COMMON.format(table=table, where=" AND ".join(["true", *others]))
    return " AND ".join(["true", *conditions.values()]), values


def _listed(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _digest(table: str, asked: Paged) -> str:
    filters = asked.model_dump(exclude=_NOT_OF_A_CURSOR)
    return hashlib.sha256(orjson.dumps([table, filters], option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]


def _encoded(release: str, digest: str, end: list[str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([release, digest, *end])).decode().rstrip("=")


def _decoded(cursor: str, release: str, digest: str, n: int) -> list[str]:
    try:
        content = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        content = None
    if not isinstance(content, list) or len(content) != n + 2 or not all(isinstance(part, str) for part in content):
        raise BadParameters([("cursor", "not one that this server gave")])
    if content[0] != release:
        raise ApiError(HTTPStatus.GONE, "The data have changed since the first page: begin again without a cursor.")
    if content[1] != digest:
        raise BadParameters([("cursor", "given for other filters")])
    return content[2:]
