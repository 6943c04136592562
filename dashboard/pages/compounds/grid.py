"""The table of compounds: columns with units in groups, one of DFT and one per potential; rows come in blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import dash_ag_grid as dag
from dash.development.base_component import Component

from compute.tables.schemas import SCHEMAS
from dashboard.server.prefix import link
from dashboard.ui.text import IMPLAUSIBLE_THZ, MINUS

NOTHING = "–"
BLOCK = 100
HEIGHT = "clamp(22rem, 68vh, 46rem)"

# By group of columns: field, header, width, decimals (None for text).
Column = tuple[str, str, int, int | None]
DFT_COLUMNS: dict[str, tuple[Column, ...]] = {
    "sites": (("A", "A", 62, None), ("B", "B, M", 74, None), ("Bp", "M′", 66, None), ("X", "X", 62, None)),
    "dft": (
        ("dft_sigma", "σ", 72, 2),
        ("dft_omega_min_thz", "ω min (THz)", 116, 2),
        ("dft_label", "label", 100, None),
        ("dft_sigma_label", "σ label", 100, None),
    ),
    "points": (
        ("dft_omega_gamma_thz", "ω Γ (THz)", 104, 2),
        ("dft_omega_r_thz", "ω R (THz)", 104, 2),
        ("dft_omega_m_thz", "ω M (THz)", 104, 2),
        ("dft_omega_x_thz", "ω X (THz)", 104, 2),
    ),
    "descriptors": (
        ("tolerance_factor", "tolerance factor", 130, 3),
        ("octahedral_factor", "octahedral factor", 138, 3),
        ("octahedral_mismatch", "mismatch", 100, 3),
        ("formation_energy", "E form. (eV/atom)", 145, 2),
        ("lattice_constant", "a (Å)", 82, 3),
    ),
}
POTENTIAL_COLUMNS: dict[str, tuple[Column, ...]] = {
    "harmonic": (
        ("omega_min_thz", "ω min (THz)", 116, 2),
        ("delta_omega_min_thz", "Δω min (THz)", 122, 2),
        ("label", "label", 112, None),
        ("agreement", "with DFT", 102, None),
        ("noise_floor_thz", "noise floor (THz)", 136, 3),
        ("status", "status", 104, None),
    ),
    "modes": (
        ("omega_gamma_thz", "ω Γ (THz)", 104, 2),
        ("omega_r_thz", "ω R (THz)", 104, 2),
        ("omega_m_thz", "ω M (THz)", 104, 2),
        ("omega_x_thz", "ω X (THz)", 104, 2),
        ("omega_l_thz", "ω L (THz)", 104, 2),
    ),
    "sigma": (
        ("sigma", "σ", 72, 2),
        ("sigma_se", "SE of σ", 86, 3),
        ("delta_sigma", "Δσ", 76, 2),
        ("sigma_label", "σ label", 112, None),
        ("sigma_status", "σ status", 104, None),
    ),
    "renormalised": (
        ("renormalised_min_thz", "ω min at 300 K (THz)", 168, 2),
        ("renormalised_label", "300 K label", 116, None),
    ),
    "level": (
        ("comparable_level", "comparable", 112, None),
        ("comparable_reason", "why not comparable", 280, None),
    ),
    "reason": (("reason", "reason", 280, None), ("sigma_reason", "reason of σ status", 280, None)),
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
_OF_POTENTIALS = frozenset(column[0] for columns in POTENTIAL_COLUMNS.values() for column in columns)
_WORDS = {"not-run": "not run"}
_DECIMALS = {
    field: decimals
    for groups in (DFT_COLUMNS, POTENTIAL_COLUMNS)
    for columns in groups.values()
    for field, _, _, decimals in columns
}
_MARKED = ("label", "sigma_label", "renormalised_label", "dft_label", "dft_sigma_label", "agreement")
_MARKS = {
    "is-stable": "params.value == 'stable'",
    "is-unstable": "params.value == 'unstable'",
    "is-agree": "params.value == 'agree'",
    "is-disagree": "params.value == 'disagree'",
    "is-open": "params.value == 'undecidable' || params.value == 'failed' || params.value == 'not run'",
}


def grid(identity: str, columns: Sequence[dict[str, Any]]) -> Component:
    """The empty table; a callback answers its requests for rows."""
    empty: Component = dag.AgGrid(
        id=identity,
        rowModelType="infinite",
        columnDefs=list(columns),
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 10,
            "rowHeight": 34,
            "headerHeight": 38,
            "groupHeaderHeight": 34,
            "suppressCellFocus": False,
            "enableCellTextSelection": True,
            "tooltipShowDelay": 300,
        },
        className="grid",
        style={"height": HEIGHT, "width": "100%"},
    )
    return empty


def column_definitions(
    groups: Iterable[str], potentials: Sequence[tuple[str, str]], sort: tuple[str, str] | None = None
) -> list[dict[str, Any]]:
    """Columns of the chosen `groups`: the compound, DFT, then each of `potentials` (name, explanation).

    `sort` is a field and "asc" or "desc".
    """
    chosen = frozenset(groups)

    def definitions(of: Mapping[str, tuple[Column, ...]], suffix: str = "") -> list[dict[str, Any]]:
        return [_definition(*c, suffix, sort) for group, columns in of.items() if group in chosen for c in columns]

    formula = _definition("formula", "formula", 128, None, "", sort) | {
        "pinned": "left",
        "cellRenderer": "CompoundLink",
    }
    result: list[dict[str, Any]] = [{"headerName": "", "children": [formula], "marryChildren": True}]
    if dft := definitions(DFT_COLUMNS):
        result.append({"headerName": "DFT", "children": dft, "marryChildren": True})
    for index, (name, explanation) in enumerate(potentials):
        if children := definitions(POTENTIAL_COLUMNS, f"_{index}"):
            result.append(
                {"headerName": name, "headerTooltip": explanation, "children": children, "marryChildren": True}
            )
    for group in result[1:]:
        first = group["children"][0]
        right = "type" in first  # its classes would be replaced
        first["cellClass"] = ["starts-group", *(["ag-right-aligned-cell"] if right else [])]
        first["headerClass"] = ["starts-group", *(["ag-right-aligned-header"] if right else [])]
    return result


def meaning(field: str) -> str:
    """What a column holds, in the words of the table that it comes from."""
    if field in _DERIVED:
        return _DERIVED[field]
    tables = ("references",) if field.startswith("dft_") else ("harmonic", "anharmonic", "references")
    name = field.removeprefix("dft_")
    table = next(t for t in tables if name in SCHEMAS[t].names)
    return str(SCHEMAS[table].field(name).metadata[b"description"].decode())


def _definition(
    field: str, header: str, width: int, decimals: int | None, suffix: str, sort: tuple[str, str] | None
) -> dict[str, Any]:
    name = field + suffix
    definition: dict[str, Any] = {
        "field": name,
        "colId": name,
        "headerName": header,
        "width": width,
        "headerTooltip": meaning(field),
        "sort": sort[1] if sort and sort[0] == name else None,
    }
    if decimals is not None:
        definition["type"] = "rightAligned"
    if field in _MARKED:
        definition["cellClassRules"] = _MARKS
    if field.endswith("_thz") and field in _OF_POTENTIALS:
        definition["cellClassRules"] = {"is-implausible": f"implausible(params, {IMPLAUSIBLE_THZ:g})"}
    if field.endswith("reason"):
        definition["tooltipField"] = name
    return definition


def rows_asked(request: Any) -> tuple[list[dict[str, str]], int, int] | None:
    """Sort order, first and last row of a request by the table; None for anything that it would not send."""
    if not isinstance(request, dict):
        return None
    start, sort = request.get("startRow"), request.get("sortModel") or []
    if not isinstance(start, int) or not isinstance(sort, list) or not all(isinstance(s, dict) for s in sort):
        return None
    return sort, start, start + BLOCK


def fields(groups: Iterable[str]) -> list[str]:
    """What the rows of a table with these `groups` of columns need, of the compound and of a potential."""
    chosen = frozenset(groups)
    columns = (c for of in (DFT_COLUMNS, POTENTIAL_COLUMNS) for group in of if group in chosen for c in of[group])
    return ["suite", "compound", "formula", *(column[0] for column in columns)]


def shown(records: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Records as the table shows them: numbers with their decimals, a dash where there is nothing.

    `href` is the address of the compound's page.
    """
    return [
        {field: _cell(value, _DECIMALS.get(_base(field))) for field, value in record.items()}
        | {"href": link(f"/compound/{quote(record['suite'])}/{quote(record['compound'])}")}
        for record in records
    ]


def _base(field: str) -> str:
    name, _, index = field.rpartition("_")
    return name if index.isdecimal() else field


def _cell(value: Any, decimals: int | None) -> str:
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    if decimals is None:
        return _WORDS.get(str(value), str(value))
    text = f"{float(value):.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)
