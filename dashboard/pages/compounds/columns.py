"""Columns of the table of compounds, in groups, one of DFT and one per potential, and how a value reads in its cell.

assets/compounds.js draws what `drawn` gives: a table of so many columns is too much for components, one per cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from compute.tables.schemas import SCHEMAS
from dashboard.server.prefix import link
from dashboard.ui.text import IMPLAUSIBLE_THZ, MINUS

NOTHING = "–"


class ShownColumn(NamedTuple):
    """A column: the field that it shows, its head, and the decimals of a number, None for text."""

    field: str
    header: str
    decimals: int | None = None


DFT_COLUMNS: dict[str, tuple[ShownColumn, ...]] = {
    "sites": (ShownColumn("A", "A"), ShownColumn("B", "B, M"), ShownColumn("Bp", "M′"), ShownColumn("X", "X")),
    "dft": (
        ShownColumn("dft_sigma", "σ", 2),
        ShownColumn("dft_omega_min_thz", "ω min (THz)", 2),
        ShownColumn("dft_label", "label"),
        ShownColumn("dft_sigma_label", "σ label"),
    ),
    "points": (
        ShownColumn("dft_omega_gamma_thz", "ω Γ (THz)", 2),
        ShownColumn("dft_omega_r_thz", "ω R (THz)", 2),
        ShownColumn("dft_omega_m_thz", "ω M (THz)", 2),
        ShownColumn("dft_omega_x_thz", "ω X (THz)", 2),
    ),
    "descriptors": (
        ShownColumn("tolerance_factor", "tolerance factor", 3),
        ShownColumn("octahedral_factor", "octahedral factor", 3),
        ShownColumn("octahedral_mismatch", "mismatch", 3),
        ShownColumn("formation_energy", "E form. (eV/atom)", 2),
        ShownColumn("lattice_constant", "a (Å)", 3),
    ),
}
POTENTIAL_COLUMNS: dict[str, tuple[ShownColumn, ...]] = {
    "harmonic": (
        ShownColumn("omega_min_thz", "ω min (THz)", 2),
        ShownColumn("delta_omega_min_thz", "Δω min (THz)", 2),
        ShownColumn("label", "label"),
        ShownColumn("agreement", "with DFT"),
        ShownColumn("noise_floor_thz", "noise floor (THz)", 3),
        ShownColumn("status", "status"),
    ),
    "modes": (
        ShownColumn("omega_gamma_thz", "ω Γ (THz)", 2),
        ShownColumn("omega_r_thz", "ω R (THz)", 2),
        ShownColumn("omega_m_thz", "ω M (THz)", 2),
        ShownColumn("omega_x_thz", "ω X (THz)", 2),
        ShownColumn("omega_l_thz", "ω L (THz)", 2),
    ),
    "sigma": (
        ShownColumn("sigma", "σ", 2),
        ShownColumn("sigma_se", "SE of σ", 3),
        ShownColumn("delta_sigma", "Δσ", 2),
        ShownColumn("sigma_label", "σ label"),
        ShownColumn("sigma_status", "σ status"),
    ),
    "renormalised": (
        ShownColumn("renormalised_min_thz", "ω min at 300 K (THz)", 2),
        ShownColumn("renormalised_label", "300 K label"),
    ),
    "level": (
        ShownColumn("comparable_level", "comparable"),
        ShownColumn("comparable_reason", "why not comparable"),
    ),
    "reason": (ShownColumn("reason", "reason"), ShownColumn("sigma_reason", "reason of σ status")),
}
_DERIVED = {
    "dft_sigma": "anharmonicity score at 300 K; DFT",
    "dft_omega_min_thz": "softest mode at any q of the q-set; imaginary as negative; DFT",
    "dft_label": "harmonic label of DFT at the tolerance above",
    "dft_sigma_label": "label of DFT’s σ at the threshold above",
    "label": "harmonic label at the tolerance above, or failed, or not run",
    "sigma_label": "label of σ at the threshold above: undecidable within two standard errors; or failed, or not run",
    "agreement": "whether the two labels that are compared are the same",
    "delta_omega_min_thz": "potential − DFT; negative means that the potential is too soft",
    "delta_sigma": "potential − DFT",
    "sigma": "anharmonicity score at 300 K of the potential",
    "renormalised_min_thz": "softest mode of the force constants fitted to forces at 300 K",
    "renormalised_label": "stable when it is above −tolerance; undecidable within its noise; or failed, or not run",
    "sigma_status": "ok, not-run, or a word for the failure, of the calculation of σ",
    "sigma_reason": "why the status of σ is not ok",
    "comparable_level": "whether potential and DFT mean the same: no open d or f shell, no +U, the same functional",
    "comparable_reason": "what makes the two another level of theory, or why that is not known",
}
_OF_POTENTIALS = frozenset(column.field for columns in POTENTIAL_COLUMNS.values() for column in columns)
_FORMULA = ShownColumn("formula", "formula")
_WORDS = {"not-run": "not run"}
_MARKED = ("label", "sigma_label", "renormalised_label", "dft_label", "dft_sigma_label", "agreement")
_MARKS = {"stable": "is-stable", "unstable": "is-unstable", "disagree": "is-unstable"} | dict.fromkeys(
    ("undecidable", "failed", "not-run"), "is-open"
)


def fields(groups: Iterable[str]) -> list[str]:
    """What the rows of a table with these `groups` of columns need, of the compound and of a potential."""
    chosen = frozenset(groups)
    columns = [*_chosen(DFT_COLUMNS, chosen, ""), *_chosen(POTENTIAL_COLUMNS, chosen, "")]
    return ["suite", "compound", "formula", *(column.field for column, _ in columns)]


def drawn(
    groups: Iterable[str], potentials: Sequence[tuple[str, str]], records: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The table of `records`: the compound, DFT, then each of `potentials` (name, explanation) in the chosen `groups`.

    `groups`: name, explanation, and columns of id, head, explanation and class. `rows`: the address of the compound's
    page, and a cell per column: its text, or text and class.
    """
    chosen = frozenset(groups)
    columns = [("", "", [(_FORMULA, "")]), ("DFT", "", _chosen(DFT_COLUMNS, chosen, ""))] + [
        (name, explanation, _chosen(POTENTIAL_COLUMNS, chosen, f"_{index}"))
        for index, (name, explanation) in enumerate(potentials)
    ]
    cells = [(column, column.field + suffix) for _, _, group in columns for column, suffix in group]
    return {
        "groups": [
            {"name": name, "title": explanation, "columns": [_head(column, suffix) for column, suffix in group]}
            for name, explanation, group in columns
            if group
        ],
        "rows": [
            {
                "href": link(f"/compound/{quote(record['suite'])}/{quote(record['compound'])}"),
                "cells": [_cell(record.get(name), column) for column, name in cells],
            }
            for record in records
        ],
    }


def _chosen(
    of: Mapping[str, tuple[ShownColumn, ...]], groups: frozenset[str], suffix: str
) -> list[tuple[ShownColumn, str]]:
    return [(column, suffix) for group, columns in of.items() if group in groups for column in columns]


def _head(column: ShownColumn, suffix: str) -> dict[str, str]:
    kind = "num" if column.decimals is not None else "reason" if column.field.endswith("reason") else ""
    return {"id": column.field + suffix, "name": column.header, "title": meaning(column.field), "kind": kind}


def meaning(field: str) -> str:
    """What a column holds, in the words of the table that it comes from."""
    if field in _DERIVED:
        return _DERIVED[field]
    tables = ("references",) if field.startswith("dft_") else ("harmonic", "anharmonic", "references")
    name = field.removeprefix("dft_")
    table = next(t for t in tables if name in SCHEMAS[t].names)
    return str(SCHEMAS[table].field(name).metadata[b"description"].decode())


def _cell(value: Any, column: ShownColumn) -> str | list[str]:
    """A number with its decimals, a word, or a dash where there is nothing; with a class where it is marked."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if column.decimals is None:
        text, mark = _WORDS.get(str(value), str(value)), _MARKS.get(str(value)) if column.field in _MARKED else None
    else:
        text, mark = f"{float(value):.{column.decimals}f}", None
        text = (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)
        if column.field.endswith("_thz") and column.field in _OF_POTENTIALS and abs(value) > IMPLAUSIBLE_THZ:
            mark = "is-implausible"
    return [text, mark] if mark else text
