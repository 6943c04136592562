"""The table of compounds: columns with units, rows fetched in blocks as one scrolls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash.development.base_component import Component

from dashboard.components.text import number

NOTHING = "–"
BLOCK = 100

# field, header, width, decimals (None for text), what the header means
COLUMNS: tuple[tuple[str, str, int, int | None, str], ...] = (
    ("formula", "formula", 130, None, "chemical formula as published"),
    ("A", "A", 64, None, "element on the A site"),
    ("B", "B", 64, None, "element on the B site"),
    ("Bp", "B′", 64, None, "element on the B′ site"),
    ("X", "X", 64, None, "element on the X site"),
    ("sigma", "DFT σ", 90, 2, "anharmonicity score at 300 K; stable below 1"),
    ("dft_omega_min_thz", "DFT ω min (THz)", 150, 2, "softest mode of DFT; imaginary as negative"),
    ("omega_min_thz", "ω min (THz)", 120, 2, "softest mode of the potential; imaginary as negative"),
    ("delta_omega_min_thz", "Δω min (THz)", 125, 2, "potential − DFT; negative is too soft"),
    ("dft_label", "DFT label", 110, None, "harmonic label of DFT at the default tolerance"),
    ("label", "label", 115, None, "harmonic label of the potential at the default tolerance"),
    ("agreement", "agreement", 110, None, "whether the two labels are the same"),
    ("omega_gamma_thz", "ω Γ (THz)", 105, 2, "potential, softest optical mode at Γ"),
    ("omega_r_thz", "ω R (THz)", 105, 2, "potential, softest mode at R"),
    ("omega_m_thz", "ω M (THz)", 105, 2, "potential, softest mode at M"),
    ("omega_x_thz", "ω X (THz)", 105, 2, "potential, softest mode at X"),
    ("noise_floor_thz", "noise floor (THz)", 130, 3, "largest acoustic |ω| at Γ before symmetrisation"),
    ("status", "status", 110, None, "ok, not-run, or the kind of failure"),
    ("reason", "reason", 280, None, "why the status is not ok"),
    ("suite", "suite", 85, None, "set of compounds"),
)  # fmt: skip
FIELDS = tuple(column[0] for column in COLUMNS)
_DECIMALS = {field: decimals for field, _, _, decimals, _ in COLUMNS}


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


def _definition(field: str, header: str, width: int, decimals: int | None, meaning: str) -> dict[str, Any]:
    definition: dict[str, Any] = {"field": field, "headerName": header, "width": width, "headerTooltip": meaning}
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
