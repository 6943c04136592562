"""The entries: a row per compound of a cubic prototype, found by a condition, written as OPTIMADE's resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.dataset import Dataset
from dashboard.optimade.filters import Condition
from dashboard.optimade.properties import OF_POTENTIALS, OF_REFERENCES, PREFIX, PROPERTIES, Property
from dashboard.queries.structure import ROLES, SPACE_GROUPS, built

_DIGITS = 8
_ROLES = ("A", "B", "Bp", "X")
_PROTOTYPES = ", ".join(f"'{prototype}'" for prototype in ROLES)
_NUMBERS = " ".join(
    f"WHEN '{prototype}' THEN [{', '.join(str(Counter(roles)[role]) for role in _ROLES)}]"
    for prototype, roles in ROLES.items()
)
_GROUPS = " ".join(f"WHEN '{prototype}' THEN {number}" for prototype, (_, number) in SPACE_GROUPS.items())


def _formula(counts: str, symbols: str = "elements[i]") -> str:
    """The SQL of a formula: each symbol with its count, of the elements at i."""
    number = f"CASE WHEN {counts}[i] > 1 THEN CAST({counts}[i] AS VARCHAR) ELSE '' END"
    return f"array_to_string(list_transform(generate_series(1, len(elements)), lambda i: {symbols} || {number}), '')"


def _selected(column: str, name: str) -> str:
    """The SQL of `column`, which is the property `name`: a number that is not defined is null."""
    described = PROPERTIES[name]
    return f"CASE WHEN isfinite({column}) THEN {column} END" if "float" in (described.kind, described.items) else column


_PUBLISHED = ", ".join(f'{_selected(f"r.{name}", PREFIX + name)} AS "{PREFIX}{name}"' for name in OF_REFERENCES)
_CALCULATED = ", ".join(f"'{name}': {_selected(name, f'{PREFIX}potentials_{name}')}" for name in OF_POTENTIALS)
_LISTS = ", ".join(
    f'list_transform(calculated, lambda c: c."{name}") AS "{PREFIX}potentials_{name}"' for name in OF_POTENTIALS
)

NAME = "optimade"
TABLE = f"""
WITH sites AS (
    SELECT suite, compound, unnest([A, B, Bp, X]) AS element, unnest(CASE prototype {_NUMBERS} END) AS n
    FROM "references" WHERE prototype IN ({_PROTOTYPES})
), counted AS (
    SELECT suite, compound, list(element ORDER BY element) AS elements, list(n ORDER BY element) AS counts
    FROM (SELECT suite, compound, element, CAST(sum(n) AS BIGINT) AS n FROM sites WHERE n > 0 GROUP BY ALL)
    GROUP BY ALL
), reduced AS (
    SELECT *, list_transform(counts, lambda n: n // list_reduce(counts, lambda x, y: gcd(x, y))) AS smallest
    FROM counted
), dated AS (
    SELECT suite, max(CAST(left(coalesce(finished, started), 19) AS TIMESTAMP)) AS newest FROM runs GROUP BY suite
), results AS (
    SELECT suite, compound, list({{'potential': potential, {_CALCULATED}}} ORDER BY potential) AS calculated
    FROM pairs WHERE status <> 'not-run' OR sigma_status <> 'not-run' GROUP BY ALL
), cells AS (
    SELECT suite, compound,
           first({{'lattice': a, 'anion': x, 'potential': potential, 'geometry': geometry}} ORDER BY potential, run)
           AS cell
    FROM harmonic WHERE status = 'ok' AND a IS NOT NULL GROUP BY ALL
)
SELECT r.suite || '-' || r.compound AS id, 'structures' AS "type", CAST(NULL AS VARCHAR) AS immutable_id,
       newest AS last_modified, elements, len(elements) AS nelements,
       list_transform(counts, lambda n: n / list_sum(counts)) AS elements_ratios,
       r.formula AS chemical_formula_descriptive,
       {_formula("smallest")} AS chemical_formula_reduced, {_formula("counts")} AS chemical_formula_hill,
       {_formula("list_reverse_sort(smallest)", "chr(CAST(64 + i AS INTEGER))")} AS chemical_formula_anonymous,
       [1, 1, 1] AS dimension_types, 3 AS nperiodic_dimensions, CAST(list_sum(counts) AS BIGINT) AS nsites,
       CASE r.prototype {_GROUPS} END AS space_group_it_number, CAST([] AS VARCHAR[]) AS structure_features,
       {_PUBLISHED}, coalesce(list_transform(calculated, lambda c: c.potential), []) AS "{PREFIX}potentials", {_LISTS},
       r.prototype, r.lattice_constant, r.A, r.B, r.Bp, r.X, cell
FROM "references" r JOIN reduced USING (suite, compound) LEFT JOIN dated USING (suite)
LEFT JOIN results USING (suite, compound) LEFT JOIN cells USING (suite, compound)
"""
"""The query that makes the table `NAME`, with the columns that `PROPERTIES` names."""


@dataclass(frozen=True)
class FoundEntries:
    """Rows of one page, `n` on all pages, and `available` without a condition."""

    rows: list[dict[str, Any]]
    n: int
    available: int


def find(
    dataset: Dataset,
    wanted: Condition,
    order: Iterable[tuple[Property, bool]] = (),
    limit: int = 1,
    offset: int = 0,
) -> FoundEntries:
    """`limit` rows from the one at `offset` on, of those that are `wanted`; in `order`, where True is descending.

    What is unknown comes last, and the id decides between equals.
    """
    dataset.make(NAME, TABLE)
    keys = [f'"{each.column}" {"DESC" if descending else "ASC"} NULLS LAST' for each, descending in order]
    counts = dataset.table(
        f"SELECT count(*) AS available, count(*) FILTER ({wanted.sql}) AS n FROM {NAME}", wanted.values
    ).to_pylist()[0]
    rows = dataset.table(
        f"SELECT * FROM {NAME} WHERE {wanted.sql} ORDER BY {', '.join([*keys, 'id'])} LIMIT $most OFFSET $start",
        {**wanted.values, "most": limit, "start": offset},
    )
    return FoundEntries(rows.to_pylist(), **counts)


def resource(row: Mapping[str, Any], fields: Iterable[str] | None = None) -> dict[str, Any]:
    """The entry of a row as JSON:API writes it, with the properties `fields`, else all; one of no database is null."""
    known = _attributes(row)
    names = known if fields is None else [name for name in fields if name not in ("id", "type")]
    return {"id": row["id"], "type": "structures", "attributes": {name: known.get(name) for name in names}}


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    cell = built(row, row["cell"])
    newest = row["last_modified"]
    symbols = [row[role] for role in ROLES[row["prototype"]]]
    made = {
        "last_modified": newest and newest.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lattice_vectors": cell and cell.lattice.round(_DIGITS).tolist(),
        "cartesian_site_positions": cell and (cell.positions @ cell.lattice).round(_DIGITS).tolist(),
        "species": [{"name": name, "chemical_symbols": [name], "concentration": [1.0]} for name in row["elements"]],
        "species_at_sites": symbols,
        f"{PREFIX}cell_source": cell and cell.origin,
    }
    return {name: made[name] if name in made else row[name] for name in PROPERTIES if name not in ("id", "type")}
