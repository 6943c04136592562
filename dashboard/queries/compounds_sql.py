"""The SQL of the table of compounds: as it is asked of the tables in memory, and as text that anyone can run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from compute.statistics.comparable import CUT_AT_ZERO
from compute.statistics.criteria import LABELLED
from compute.statistics.strata import EDGES, MIDDLE, STRONG, WEAK
from compute.tables.pairs import PAIRS
from compute.tables.schemas import SCHEMAS
from compute.tables.selections import CHOSEN, CHOSEN_SIGMA
from dashboard.queries.formulas import tokens
from dashboard.views.compounds import (
    FORMATION_ENERGY_RANGE,
    OCTAHEDRAL_FACTOR_RANGE,
    SIGMA_RANGE,
    TOLERANCE_FACTOR_RANGE,
    CompoundsView,
)

# What is at a comparable level Python alone can work out: the SQL has the compounds by name where a filter asks.
_UNASKED = (
    "CREATE TABLE comparability (suite VARCHAR, compound VARCHAR, theory VARCHAR, comparable BOOLEAN, reason VARCHAR)"
)
_COMPARABLE = (
    "SELECT {suite} AS suite, unnest({compounds}) AS compound, {theory} AS theory, true AS comparable, "
    "NULL::VARCHAR AS reason"
)

# The labels are in the text, so that it is all that is needed to repeat them. What agrees with DFT is the potential's
# own label, in doubt or not; a failure does not, as in the score.
_LABELLED = """labelled AS (
{labels}
    FROM pairs
    WHERE suite = $suite AND (potential IS NULL OR list_contains($potentials, potential){beside})
)"""

_BESIDE = " OR list_contains($common, potential)"
_SHOWN = "\n    WHERE potential IS NULL OR list_contains($potentials, potential)"
_COMMON = """common AS (
    SELECT compound FROM labelled
    WHERE list_contains($common, potential) AND {answer} <> 'not-run'{level}
    GROUP BY compound HAVING count(*) = len($common)
)"""
_LEVEL, _IN_COMMON = "coalesce(comparable_level, false)", "compound IN (SELECT compound FROM common)"

_ANSWERS = """answers AS (
    SELECT *, {truth} AS truth, {answer} AS answer, {status} AS answer_status, {agreement} AS agreement,
        {potential_omega} - {dft_omega} AS delta_omega_min_thz,
        sigma - dft_sigma AS delta_sigma
    FROM labelled{shown}
)"""

_AGREEMENT = """CASE
            WHEN {truth} = own_{answer} THEN 'agree'
            WHEN {truth} <> own_{answer} THEN 'disagree'
        END"""

_KEPT = """kept AS (
    SELECT compound FROM answers{where}
    GROUP BY compound{having}
)"""

# By criterion: DFT's label, the potential's, and the status behind the latter.
_COMPARED = {
    "harmonic": ("dft_label", "label", "status"),
    "sigma": ("dft_sigma_label", "sigma_label", "sigma_status"),
    "renormalised": ("dft_sigma_label", "renormalised_label", "sigma_status"),
    "cross": ("dft_sigma_label", "label", "status"),
}

_OF_THE_COMPOUND = {
    "anion": "list_contains($anion, X)",
    "a_site": "list_contains($a_site, A)",
    "b_site": "list_contains($b_site, B)",
    "bp_site": "list_contains($bp_site, Bp)",
    "elements": "list_has_all(regexp_extract_all(formula, '[A-Z][a-z]?'), $elements)",
    "without": "NOT list_has_any(regexp_extract_all(formula, '[A-Z][a-z]?'), $without)",
    "formula": "(contains(lower(formula), lower($formula)) OR contains(lower(compound), lower($formula)) "
    "OR (len($tokens) > 0 AND list_has_all(list_concat(regexp_extract_all(formula, '[A-Z][a-z]?'), "
    "regexp_extract_all(formula, '[A-Z][a-z]?[0-9]*')), $tokens)))",
    "stratum": f"list_contains($stratum, CASE WHEN dft_sigma < {EDGES[0]} THEN '{WEAK}' "
    f"WHEN dft_sigma > {EDGES[1]} THEN '{STRONG}' WHEN isfinite(dft_sigma) THEN '{MIDDLE}' END)",
    "sigma_low": "dft_sigma >= $sigma_low",
    "sigma_high": "dft_sigma <= $sigma_high",
    "factor_low": "tolerance_factor >= $factor_low",
    "factor_high": "tolerance_factor < $factor_high",
    "octahedral_low": "octahedral_factor >= $octahedral_low",
    "octahedral_high": "octahedral_factor < $octahedral_high",
    "energy_low": "formation_energy >= $energy_low",
    "energy_high": "formation_energy <= $energy_high",
    "truth": "list_contains($truth, coalesce(truth, 'no-label'))",
}
_OF_A_POTENTIAL = {
    "answer": "list_contains($answer, answer)",
    "agreement": "list_contains($agreement, agreement)",
    "status": "list_contains($status, CASE WHEN answer_status IN ('ok', 'not-run') THEN answer_status "
    "WHEN answer_status IS NULL THEN 'not-run' ELSE 'failed' END)",
}
_NO_BOUND = {
    "sigma_low": SIGMA_RANGE[0],
    "sigma_high": SIGMA_RANGE[1],
    "factor_low": TOLERANCE_FACTOR_RANGE[0],
    "factor_high": TOLERANCE_FACTOR_RANGE[1],
    "octahedral_low": OCTAHEDRAL_FACTOR_RANGE[0],
    "octahedral_high": OCTAHEDRAL_FACTOR_RANGE[1],
    "energy_low": FORMATION_ENERGY_RANGE[0],
    "energy_high": FORMATION_ENERGY_RANGE[1],
}
_DIFFER = "count(DISTINCT answer) FILTER (answer IN ('stable', 'unstable')) > 1"

_TYPES = {
    pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN",
    pa.list_(pa.float64()): "DOUBLE[]", pa.list_(pa.string()): "VARCHAR[]",
}  # fmt: skip


@dataclass(frozen=True)
class Query:
    """SQL whose identifiers are written in this package, and the values of its `$names`."""

    sql: str
    parameters: dict[str, Any]


def select(view: CompoundsView, potentials: Sequence[str], rest: str, **more: Any) -> Query:
    """`rest`, a SELECT over `answers` (a row per compound and potential) and `kept` (the compounds admitted).

    `more` are the values of further `$names` in `rest`.
    """
    parameters: dict[str, Any] = {
        "suite": view.suite,
        "potentials": list(potentials),
        "tolerance_thz": view.tolerance_thz,
        "threshold": view.threshold,
    }
    values = asdict(view)
    active = [
        name
        for name in (*_OF_THE_COMPOUND, *_OF_A_POTENTIAL)
        if values[name] != () and values[name] != "" and values[name] != _NO_BOUND.get(name)
    ]
    parameters |= {
        name: list(values[name]) if isinstance(values[name], tuple) else values[name] for name in active
    } | more
    if "formula" in active:
        parameters["tokens"] = tokens(view.formula)
    if view.common:
        parameters["common"] = list(view.common)
    where = [_OF_THE_COMPOUND[name] for name in active if name in _OF_THE_COMPOUND]
    pair = [_OF_A_POTENTIAL[name] for name in active if name in _OF_A_POTENTIAL]
    if _counting(view) and not view.answer and not view.status:
        pair.append("answer <> 'not-run'")
    having = [f"bool_or({' AND '.join(pair)})"] if pair else []
    having += [_DIFFER] if view.differ == "yes" else []
    parts = (
        _LABELLED.format(labels=LABELLED, beside=_BESIDE if view.common else ""),
        *([_common(view)] if view.common else []),
        _answers(view),
        _KEPT.format(
            where="".join(f"\n    {'AND' if i else 'WHERE'} {clause}" for i, clause in enumerate(where)),
            having="".join(f"\n    {'AND' if i else 'HAVING'} {clause}" for i, clause in enumerate(having)),
        ),
    )
    return Query("WITH " + ",\n".join(parts) + "\n" + rest, parameters)


def _answers(view: CompoundsView) -> str:
    truth, answer, status = _COMPARED[view.criterion]
    sides = ("omega_min_thz", "dft_omega_min_thz")
    cut = (view.suite, "min") in CUT_AT_ZERO
    potential, dft = (f"if({side} > 0, 0, {side})" if cut else side for side in sides)
    # σ at 300 K and harmonic stability are different questions: they neither agree nor disagree.
    agreement = "NULL::VARCHAR" if view.criterion == "cross" else _AGREEMENT.format(truth=truth, answer=answer)
    if counting := _counting(view):
        counts = f"CASE WHEN potential IS NULL OR {' AND '.join(counting)} THEN {{}}"
        answer, status = (f"{counts.format(side)} ELSE 'not-run' END" for side in (answer, status))
        agreement = f"{counts.format(agreement)} END"
    return _ANSWERS.format(
        truth=truth, answer=answer, status=status, agreement=agreement, potential_omega=potential, dft_omega=dft,
        shown=_SHOWN if view.common else "",
    )  # fmt: skip


def _counting(view: CompoundsView) -> list[str]:
    """Conditions on which the answer of a potential counts; without any, all of them do."""
    return ([_LEVEL] if view.level == "comparable" else []) + ([_IN_COMMON] if view.common else [])


def _common(view: CompoundsView) -> str:
    """The compounds that all potentials of `view.common` have run, at the level that it asks for."""
    level = f" AND {_LEVEL}" if view.level == "comparable" else ""
    return _COMMON.format(answer=_COMPARED[view.criterion][1], level=level)


def literal(value: Any) -> str:
    """`value` as DuckDB writes it in SQL; raises `TypeError` for what no parameter holds."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]::VARCHAR[]"
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    raise TypeError(f"no literal for {value!r}")


def filled(query: Query) -> str:
    """The SQL with its values written into it."""
    return re.sub(r"\$([a-z_]+)", lambda match: literal(query.parameters[match[1]]), query.sql)


def preamble(
    files: Mapping[str, Sequence[str]], names: Sequence[str], suite: str, comparable: Mapping[str, Sequence[str]]
) -> str:
    """Statements that make `pairs` from the Parquet `files` by table; a table without a file is made empty.

    `comparable` has by theory of training data the compounds of `suite` that DFT describes at a comparable level.
    """
    statements = [
        f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet({literal(list(files[name]))}, union_by_name = true)'
        if files.get(name)
        else f'CREATE TABLE "{name}" ({_columns(name)})'
        for name in names
    ]
    known = " UNION ALL ".join(
        _COMPARABLE.format(suite=literal(suite), compounds=literal(list(compounds)), theory=literal(theory))
        for theory, compounds in comparable.items()
    )
    comparability = f"CREATE TABLE comparability AS {known}" if known else _UNASKED
    made = (comparability, CHOSEN, CHOSEN_SIGMA, PAIRS)
    return ";\n".join([*statements, *(part.strip() for part in made)]) + ";"


def _columns(name: str) -> str:
    return ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in SCHEMAS[name] if field.type in _TYPES)
