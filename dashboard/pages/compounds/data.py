"""The rows of the table of compounds, what they sum up to, and the files that hold them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from dashboard.dataset import Dataset
from dashboard.elements import ELEMENTS
from dashboard.queries.compounds_sql import Query, filled, preamble, select
from dashboard.queries.ranking import preferred
from dashboard.views.compounds import CompoundsView

COMPOUND_FIELDS = (
    "suite", "compound", "formula", "A", "B", "Bp", "X", "dft_sigma", "dft_omega_min_thz", "dft_label",
    "dft_sigma_label", "dft_omega_gamma_thz", "dft_omega_r_thz", "dft_omega_m_thz", "dft_omega_x_thz",
    "tolerance_factor", "octahedral_factor", "octahedral_mismatch", "formation_energy", "lattice_constant",
)  # fmt: skip
"""What a compound has once."""
POTENTIAL_FIELDS = (
    "omega_min_thz", "delta_omega_min_thz", "label", "agreement", "noise_floor_thz", "status", "omega_gamma_thz",
    "omega_r_thz", "omega_m_thz", "omega_x_thz", "omega_l_thz", "sigma", "sigma_se", "delta_sigma", "sigma_label",
    "sigma_status", "renormalised_min_thz", "renormalised_label", "reason", "sigma_reason",
    "comparable_level", "comparable_reason",
)  # fmt: skip
"""What a compound has per potential."""
_IN_WORDS = {
    "comparable_level": "CASE WHEN comparable_level THEN 'yes' WHEN NOT comparable_level THEN 'no' END "
    "AS comparable_level"
}
_NUMBERS = frozenset(
    name
    for name in (*COMPOUND_FIELDS, *POTENTIAL_FIELDS)
    if name.endswith(("_thz", "_factor", "_mismatch", "_energy", "_constant"))
    or name in ("dft_sigma", "sigma", "sigma_se", "delta_sigma")
)

EXPORT = (
    "suite", "compound", "formula", "prototype", "A", "B", "Bp", "X", "lattice_constant", "formation_energy",
    "tolerance_factor", "octahedral_factor", "octahedral_mismatch", "dft_sigma", "dft_omega_min_thz",
    "dft_omega_gamma_thz", "dft_omega_r_thz", "dft_omega_m_thz", "dft_omega_x_thz", "dft_label", "dft_sigma_label",
    "functional", "doi", "source", "potential", "trained_on", "omega_min_thz", "delta_omega_min_thz", "label",
    "agreement", "noise_floor_thz", "omega_gamma_thz", "omega_r_thz", "omega_m_thz", "omega_x_thz", "omega_l_thz",
    "omega_rmse_thz", "status", "reason", "geometry", "protocol", "run", "sigma", "sigma_se", "delta_sigma",
    "sigma_label", "renormalised_min_thz", "renormalised_label", "sigma_status", "sigma_reason", "sigma_geometry",
    "sigma_protocol", "sigma_run", "criterion", "tolerance_thz", "threshold", "level", "common",
    "release",
)  # fmt: skip
"""Columns of the files: the numbers, who published them, which run computed them, and what the labels rest on."""
_LEVEL_AFTER = EXPORT.index("trained_on") + 1

_EXPORT_TABLES = ("references", "potentials", "harmonic", "anharmonic", "runs", "baselines")
_WRITTEN = {
    "trained_on": "potentials.functional AS trained_on",
    "comparable_level": "coalesce(answers.comparable_level, false) AS comparable_level",
    "criterion": "$criterion AS criterion",
    "tolerance_thz": "$tolerance_thz AS tolerance_thz",
    "threshold": "$threshold AS threshold",
    "level": "$level AS level",
    "common": "$run_by AS common",
    "release": "$release AS release",
}
_EXPORT_SQL = """SELECT {columns}
FROM answers LEFT JOIN potentials ON potentials.potential = answers.potential
WHERE answers.compound IN (SELECT compound FROM kept)
ORDER BY answers.compound, answers.potential"""

_COUNTS = ", ".join(
    f"count(*) FILTER ({column} = '{value}') AS {name}"
    for column, values in {
        "answer": {"stable": "stable", "unstable": "unstable", "undecidable": "undecidable", "failed": "failed",
                   "not_run": "not-run"},
        "agreement": {"agree": "agree", "disagree": "disagree"},
    }.items()
    for name, value in values.items()
)  # fmt: skip

_SITES = ("A", "B", "Bp", "X")
_RANGES = {
    "sigma": "sigma", "factor": "tolerance_factor", "octahedral": "octahedral_factor", "energy": "formation_energy",
}  # fmt: skip


@dataclass(frozen=True)
class SuiteChoices:
    """What can be asked of a suite: potentials with results, elements per site and in all, ranges with numbers.

    Potentials stand as `preferred` has them, the best first.
    """

    size: int
    potentials: tuple[str, ...]
    sites: Mapping[str, tuple[str, ...]]
    elements: tuple[str, ...]
    ranges: frozenset[str]


def offered(dataset: Dataset, suite: str) -> SuiteChoices:
    """What the table can be filtered by in `suite`; elements by atomic number."""
    counts = ", ".join(f"count({column}) AS {name}" for name, column in _RANGES.items())
    sites = ", ".join(f"string_agg(DISTINCT {site}, ' ') AS {site}" for site in _SITES)
    row = dataset.frame(
        f"SELECT count(*) AS n, {counts}, {sites}, "
        "string_agg(DISTINCT array_to_string(regexp_extract_all(formula, '[A-Z][a-z]?'), ' '), ' ') AS elements "
        'FROM "references" WHERE suite = $suite',
        {"suite": suite},
    ).iloc[0]
    with_results = dataset.frame(
        "SELECT potential FROM pairs WHERE suite = $suite AND (status <> 'not-run' OR sigma_status <> 'not-run') "
        "GROUP BY potential ORDER BY count(*) FILTER (status = 'ok') DESC, potential",
        {"suite": suite},
    )
    return SuiteChoices(
        size=int(row["n"]),
        potentials=tuple(preferred(dataset, suite, with_results["potential"])),
        sites={site: _by_number(row[site]) for site in _SITES},
        elements=_by_number(row["elements"]),
        ranges=frozenset(name for name in _RANGES if row[name]),
    )


def _by_number(symbols: Any) -> tuple[str, ...]:
    present = set(symbols.split()) if isinstance(symbols, str) else set()
    return tuple(symbol for symbol in ELEMENTS if symbol in present)


def potentials(dataset: Dataset, view: CompoundsView) -> tuple[str, ...]:
    """The potentials that the table shows: those of the view, or all with results in its suite."""
    return view.potentials or offered(dataset, view.suite).potentials


def counts(dataset: Dataset, view: CompoundsView) -> pd.DataFrame:
    """One row per potential over the admitted compounds: potential, n, the count of each verdict, agree and disagree.

    Without a potential in the suite there is one row with none; without a compound there is no row.
    """
    return _frame(
        dataset,
        view,
        f"SELECT potential, count(*) AS n, {_COUNTS}, any_value(functional) AS functional, "
        "any_value(geometry) AS geometry, any_value(protocol) AS protocol, "
        "any_value(sigma_protocol) AS sigma_protocol, count(*) FILTER (sigma_status = 'ok') AS n_sigma "
        "FROM answers SEMI JOIN kept USING (compound) GROUP BY potential ORDER BY potential",
    )


def rows(
    dataset: Dataset, view: CompoundsView, fields: Sequence[str], start: int, end: int
) -> tuple[list[dict[str, Any]], int]:
    """Compounds `start` to `end` in the order of the view, one record each, and how many there are in all.

    `fields` are some of `COMPOUND_FIELDS` and `POTENTIAL_FIELDS`; the latter end in `_0`, `_1`, … in a record, for the
    potentials in their order. What is missing is None or NaN. `view.sort` is such a name, a dot, and "asc" or "desc";
    nothing else is followed; missing values come last.
    """
    shown = potentials(dataset, view)
    keys = [key] if (key := _order(view.sort, len(shown))) else []
    page = _frame(
        dataset,
        view,
        "SELECT compound, count(*) OVER () AS total FROM answers SEMI JOIN kept USING (compound) GROUP BY compound "
        f"ORDER BY {', '.join([*(order for order, _ in keys), 'compound'])} LIMIT $limit OFFSET $offset",
        **{f"sorted_{i}": shown[i] for _, i in keys if i is not None},
        limit=max(end - start, 0),
        offset=max(start, 0),
    )
    if page.empty:
        return [], 0
    of_compound = [name for name in COMPOUND_FIELDS if name in fields]
    of_potential = [name for name in POTENTIAL_FIELDS if name in fields]
    wanted = dict.fromkeys(("compound", *of_compound, *of_potential))
    answers = _frame(
        dataset,
        view,
        f"SELECT potential, {', '.join(_IN_WORDS.get(name, name) for name in wanted)} FROM answers "
        "WHERE list_contains($page, compound) ORDER BY list_position($page, compound)",
        page=page["compound"].tolist(),
    )
    columns = {name: answers[name].tolist() for name in answers.columns}
    place = {potential: i for i, potential in enumerate(shown)}
    records: dict[str, dict[str, Any]] = {}
    for row, (compound, potential) in enumerate(zip(columns["compound"], columns["potential"], strict=True)):
        if compound not in records:
            records[compound] = {name: columns[name][row] for name in of_compound}
        if potential in place:
            records[compound] |= {f"{name}_{place[potential]}": columns[name][row] for name in of_potential}
    return list(records.values()), int(page["total"].iloc[0])


def _order(sort: str, n_potentials: int) -> tuple[str, int | None] | None:
    """A term of ORDER BY, and the index of the potential whose column it sorts by."""
    name, _, asked = sort.rpartition(".")
    direction = "DESC" if asked == "desc" else "ASC"
    field, _, index = name.rpartition("_")
    if name in COMPOUND_FIELDS:
        column, which, potential = name, "", None
    elif field in POTENTIAL_FIELDS and index.isdecimal() and int(index) < n_potentials:
        column, which, potential = field, f" FILTER (potential = $sorted_{int(index)})", int(index)
    else:
        return None
    value = f"CASE WHEN isfinite({column}) THEN {column} END" if column in _NUMBERS else column
    return f"max({value}){which} {direction} NULLS LAST", potential


def exported(view: CompoundsView) -> tuple[str, ...]:
    """`EXPORT`, with `comparable_level` where the view asks for the level of theory: its SQL has it only there."""
    if not _asks_for_level(view):
        return EXPORT
    return (*EXPORT[:_LEVEL_AFTER], "comparable_level", *EXPORT[_LEVEL_AFTER:])


def _asks_for_level(view: CompoundsView) -> bool:
    return view.level != "all" or "level" in view.columns


def export(dataset: Dataset, view: CompoundsView) -> pd.DataFrame:
    """The columns `exported`, one row per admitted compound and potential, by their names."""
    query = _export(dataset, view)
    return dataset.frame(query.sql, query.parameters)


def export_csv(dataset: Dataset, view: CompoundsView) -> str:
    """`export` as CSV; what is missing is empty."""
    buffer = io.BytesIO()
    pc.write_csv(_export_table(dataset, view), buffer, pc.WriteOptions(quoting_style="needed"))
    return buffer.getvalue().decode()


def export_parquet(dataset: Dataset, view: CompoundsView) -> bytes:
    """`export` as Parquet; what is missing is null."""
    buffer = io.BytesIO()
    pq.write_table(_export_table(dataset, view), buffer, compression="zstd")
    return buffer.getvalue()


def _export_table(dataset: Dataset, view: CompoundsView) -> pa.Table:
    query = _export(dataset, view)
    return dataset.table(query.sql, query.parameters)


def export_sql(dataset: Dataset, view: CompoundsView, folder: str = "data/parquet") -> str:
    """SQL that gives the rows of `export` in a DuckDB of one's own, from the published files in `folder`."""
    listed = dataset.manifest().tables
    files = {name: [f"{folder}/{file.file}" for file in table.files] for name, table in listed.items()}
    return (
        preamble(files, _EXPORT_TABLES, view.suite, _comparable(dataset, view))
        + "\n\n"
        + filled(_export(dataset, view))
        + ";\n"
    )


def _comparable(dataset: Dataset, view: CompoundsView) -> dict[str, list[str]]:
    """By theory of training data the compounds of the suite at a comparable level, where the view asks for it."""
    if not _asks_for_level(view):
        return {}
    frame = dataset.frame(
        "SELECT DISTINCT t.theory, p.compound FROM pairs p JOIN potentials t USING (potential) "
        "WHERE p.suite = $suite AND p.comparable_level ORDER BY t.theory, p.compound",
        {"suite": view.suite},
    )
    return {str(theory): rows["compound"].tolist() for theory, rows in frame.groupby("theory")}


def _export(dataset: Dataset, view: CompoundsView) -> Query:
    columns = ", ".join(_WRITTEN.get(name, f"answers.{name}") for name in exported(view))
    return select(
        view,
        potentials(dataset, view),
        _EXPORT_SQL.format(columns=columns),
        criterion=view.criterion,
        level=view.level,
        run_by=" ".join(view.common),
        release=dataset.release(),
    )


def _frame(dataset: Dataset, view: CompoundsView, rest: str, **more: Any) -> pd.DataFrame:
    query = select(view, potentials(dataset, view), rest, **more)
    return dataset.frame(query.sql, query.parameters)
