"""The table of compounds: columns with units, rows fetched in blocks as one scrolls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash.development.base_component import Component

from compute.schemas import SCHEMAS
from dashboard.components.text import number

NOTHING = "–"
BLOCK = 100

# field, header, width, decimals (None for text)
COLUMNS: tuple[tuple[str, str, int, int | None], ...] = (
    ("formula", "formula", 130, None),
    ("A", "A", 64, None),
    ("B", "B", 64, None),
    ("Bp", "B′", 64, None),
    ("X", "X", 64, None),
    ("dft_sigma", "DFT σ", 90, 2),
    ("dft_omega_min_thz", "DFT ω min (THz)", 150, 2),
    ("omega_min_thz", "ω min (THz)", 120, 2),
    ("delta_omega_min_thz", "Δω min (THz)", 125, 2),
    ("dft_label", "DFT label", 110, None),
    ("label", "label", 115, None),
    ("agreement", "agreement", 110, None),
    ("omega_gamma_thz", "ω Γ (THz)", 105, 2),
    ("omega_r_thz", "ω R (THz)", 105, 2),
    ("omega_m_thz", "ω M (THz)", 105, 2),
    ("omega_x_thz", "ω X (THz)", 105, 2),
    ("noise_floor_thz", "noise floor (THz)", 140, 3),
    ("status", "status", 110, None),
    ("reason", "reason", 280, None),
    ("suite", "suite", 85, None),
)
_DERIVED = {
    "dft_sigma": "anharmonicity score at 300 K; DFT",
    "dft_omega_min_thz": "softest mode at any q of the q-set; imaginary as negative; DFT",
    "delta_omega_min_thz": "potential − DFT; negative means that the potential is too soft",
    "dft_label": "harmonic label of DFT at the default tolerance",
    "label": "harmonic label of the potential at the default tolerance",
    "agreement": "whether the two labels are the same",
}
FIELDS = tuple(column[0] for column in COLUMNS)
_DECIMALS = {field: decimals for field, _, _, decimals in COLUMNS}


def grid(identity: str) -> Component:
    """The empty table; a callback answers its requests for rows."""
    return dag.AgGrid(
        id=identity,
        rowModelType="infinite",
        columnDefs=[_definition(*column) for column in COLUMNS],
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        dashGridOptions={
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 10,
            "rowHeight": 34,
            "headerHeight": 38,
            "suppressCellFocus": False,
            "enableCellTextSelection": True,
            "tooltipShowDelay": 300,
        },
        className="grid",
    )


def meaning(field: str) -> str:
    """What a column holds, in the words of the table that it comes from."""
    if field in _DERIVED:
        return _DERIVED[field]
    table = next(t for t in ("harmonic", "references") if field in SCHEMAS[t].names)
    return str(SCHEMAS[table].field(field).metadata[b"description"].decode())


def _definition(field: str, header: str, width: int, decimals: int | None) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "field": field,
        "headerName": header,
        "width": width,
        "headerTooltip": meaning(field),
    }
    if decimals is not None:
        definition["type"] = "rightAligned"
    if field == "formula":
        definition["pinned"] = "left"
    if field in ("label", "dft_label", "agreement"):
        definition["cellClassRules"] = _LABEL_RULES
    return definition


_LABEL_RULES = {
    "is-stable": "params.value == 'stable'",
    "is-unstable": "params.value == 'unstable'",
    "is-disagree": "params.value == 'disagree'",
}


def rows_asked(request: Any) -> tuple[list[dict[str, str]], int, int] | None:
    """Sort order, first and last row of a request by the table; None for anything that it would not send."""
    if not isinstance(request, dict):
        return None
    start, sort = request.get("startRow"), request.get("sortModel") or []
    if not isinstance(start, int) or not isinstance(sort, list) or not all(isinstance(s, dict) for s in sort):
        return None
    return sort, start, start + BLOCK


def shown(records: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Records as the table shows them: numbers with their decimals, a dash where there is nothing."""
    return [{field: _cell(record.get(field), _DECIMALS[field]) for field in FIELDS} for record in records]


def _cell(value: Any, decimals: int | None) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    return str(value) if decimals is None else number(float(value), decimals)
