"""Where the errors of one compound come from: attributions and tilt wells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.queries.compound import attribution_rows, well_rows
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import wells
from dashboard.ui.blocks import not_computed, publish_command, section, table
from dashboard.ui.compound_text import why_none
from dashboard.ui.text import count, level_sentence, number, plural, with_error

Names = Mapping[str, str]
_PARTS = {
    "start": "σ of DFT’s forces and Φ",
    "path_forces_hessian": "forces and Hessian, net",
    "path_forces": "forces",
    "path_hessian": "Hessian",
    "path_sampling": "sampling",
    "corner_mmm": "σ, all potential",
    "virial_ratio": "virial ratio of DFT’s forces",
}


def errors(found: KnownCompound) -> Component:
    """Attributions and tilt wells of the compound, with links to where they are taken apart."""
    attributed = attribution_rows(found.dataset, found.suite, found.name)
    well = well_rows(found.dataset, found.suite, found.name)
    level = level_sentence(found.other_levels([*attributed["potential"], *well["source"]]), found.names)
    parts = [*_attributions(attributed, found.names), *_wells(well, found)]
    return section("Error sources", *(parts or [_no_errors(found)]), html.P(level, className="fine"))


def _attributions(attributed: pd.DataFrame, names: Names) -> list[Component]:
    if attributed.empty:
        return []
    finished = attributed[attributed["status"] == "ok"]
    rows = [
        [
            dcc.Link(row.frames, href=f"/errors?{urlencode({'f': row.frames, 'sp': row.potential})}"),
            names.get(row.potential, row.potential),
            *(_part(row, column, sign=column.startswith("path")) for column in _PARTS),
        ]
        for row in finished.itertuples(index=False)
    ]
    return [
        html.H3("Where the error of σ comes from"),
        table(
            ("reference frames", "potential", *_PARTS.values()),
            rows,
            caption=f"n = {plural(len(rows), 'attribution')}, {count(len(attributed) - len(rows))} failed. On the "
            "frames of the set, DFT’s forces and then its force constants are replaced by the potential’s, and where "
            "the frames are of DFT’s own dynamics these too; the columns between are what each replacement changes. A "
            "virial ratio of 1 says that the frames are an ensemble of DFT’s forces. Follow the first column for whose "
            "frames they are and for other orders.",
            numeric_from=2,
        ),
    ]


def _part(row: Any, column: str, *, sign: bool) -> str:
    value = getattr(row, column)
    return with_error(value, getattr(row, f"{column}_se"), sign=sign) if np.isfinite(value) else "not computed"


def _wells(well: pd.DataFrame, found: KnownCompound) -> list[Component]:
    if well.empty:
        return []
    rows = [
        [
            "DFT" if row.source == "dft" else found.names.get(row.source, row.source),
            row.settings,
            *(
                [number(row.curvature, 3), number(row.quartic, 2), number(row.omega_thz), _depth(row.depth)]
                if row.status == "ok"
                else [why_none(row.status, row.reason), *["–"] * 3]
            ),
        ]
        for row in well.itertuples(index=False)
    ]
    return [
        html.H3("Tilt well"),
        table(
            ("", "settings", "curvature (eV/Å²)", "quartic term (eV/Å⁴)", "ω (THz)", "depth (meV)"),
            rows,
            caption=f"n = {plural(len(rows), 'well')} of {well['mode'].iloc[0]}. A negative curvature is a double "
            "well.",
            numeric_from=2,
        ),
        html.P(
            dcc.Link("See E(Q) of DFT and potentials", href=f"/errors?{urlencode({'c': found.name})}"),
            className="more",
        ),
    ]


def _no_errors(found: KnownCompound) -> Component:
    if found.known["prototype"] == "elpasolite":
        return not_computed(
            "The energy of DFT and of potentials along the octahedral tilt of this compound.",
            f"{wells.COMPUTE} && {publish_command()}",
        )
    name = found.name
    return not_computed(
        "An attribution needs DFT forces and force constants on frames at 300 K.",
        f"softmode reference dft constants {name} && softmode reference dft frames {name} --potential chgnet-0.3.0 && "
        + publish_command(),
    )


def _depth(depth: float) -> str:
    return f"{1000 * depth:.1f}" if np.isfinite(depth) else "beyond the last Q"
