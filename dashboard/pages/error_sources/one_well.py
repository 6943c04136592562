"""One tilt well in full: E(Q) of every source, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.figures.identity import colour, symbol
from dashboard.figures.theme import NEUTRAL, series_symbol
from dashboard.pages.error_sources.well_figure import MEV, WellCurve
from dashboard.pages.error_sources.well_figure import wells as wells_figure
from dashboard.queries import wells as query
from dashboard.ui.blocks import captioned, table
from dashboard.ui.text import number
from dashboard.ui.wells import ROUGH
from dashboard.views.error_sources import ErrorSourcesView

Names = Mapping[str, str]
TOLD = 2  # sources that a sentence names one by one


def one(frame: pd.DataFrame, view: ErrorSourcesView, names: Names) -> list[Any]:
    """The well of the view's compound: E(Q) of every source, and its numbers."""
    shown = query.chosen(frame, view.potentials or query.potentials(frame))
    rows = query.of_compound(shown, view.compound)
    finished = rows[rows["status"] == "ok"]
    if finished.empty:
        return [html.P(f"No well of {view.compound} is computed.")]
    curves = [_curve(row, frame, finished, names) for row in finished.itertuples(index=False)]
    described = [row for row in finished.itertuples(index=False) if row.kind != query.CHECK]
    rough = [_called(row, names) for row in described if row.missed > ROUGH]
    figure = captioned(
        wells_figure(curves),
        [
            html.Strong(f"{view.compound}. {_shapes(described, names)} "),
            "Points are computed, lines fitted. Negative Q mirrors positive Q: turning the octahedra the other way "
            "gives the same crystal, so E is even.",
        ],
        label=f"Energy of {view.compound} over the tilt, per source",
        shape="tall",
    )
    return [html.Div([figure, html.Div([_numbers(rows, names), _fit_note(rough)])], className="side-by-side")]


def _curve(row: Any, frame: pd.DataFrame, finished: pd.DataFrame, names: Names) -> WellCurve:
    checks = finished.loc[finished["kind"] == query.CHECK, "name"].tolist()
    look: dict[str, Any] = {"colour": NEUTRAL, "symbol": "circle", "weight": 4.0}
    if row.kind == query.CHECK:
        place = checks.index(row.name)
        dash = ("dash", "dot", "dashdot")[place % 3]
        look = {"colour": NEUTRAL, "symbol": f"{series_symbol(place + 1)}-open", "dash": dash}
    elif row.kind == query.POTENTIAL:
        look = {"colour": colour(row.source), "symbol": symbol(row.source)}
    return WellCurve(
        name=_called(row, names),
        q=np.asarray(row.q, float),
        energies=np.asarray(row.energies, float),
        coefficients=(row.curvature, row.quartic, row.sextic),
        **look,
    )


def _called(row: Any, names: Names) -> str:
    return names.get(row.name, row.name)


def _shapes(described: Sequence[Any], names: Names) -> str:
    """The wells in words: of DFT and of a few potentials each, of more how many have which."""
    potentials = [row for row in described if row.kind == query.POTENTIAL]
    told = described if len(potentials) <= TOLD else [row for row in described if row.kind != query.POTENTIAL]
    said = [f"{_called(row, names)}: {_shape(row)}." for row in told]
    if len(potentials) > TOLD:
        single = sum(row.depth == 0 for row in potentials)
        falling = sum(np.isnan(row.depth) for row in potentials)
        said.append(
            f"Of {len(potentials)} potentials {len(potentials) - single - falling} have a double well, {single} a "
            f"single one, and in {falling} E still falls at the last point."
        )
    return " ".join(said)


def _shape(row: Any) -> str:
    """The fitted well in words."""
    if np.isnan(row.depth):
        reach = int(np.argmax(np.abs(row.q)))
        energy, q = MEV * row.energies[reach], abs(row.q[reach])
        return f"still falling at the last point, {number(energy, 0)} meV at {number(q)} Å"
    if row.depth == 0:
        return "a single well"
    return f"a double well, {number(MEV * row.depth, 0)} meV deep at {number(row.minimum)} Å"


def _numbers(rows: pd.DataFrame, names: Names) -> Component:
    units = {"k": "eV/Å²", "q": "eV/Å⁴", "ω": "THz", "depth": "meV", "residual": "meV/Å"}
    head = ("source", *([name, html.Span(unit, className="sub")] for name, unit in units.items()))
    body = []
    for row in rows.itertuples(index=False):
        called = _called(row, names) if row.kind == query.POTENTIAL else "DFT"
        source = [called, html.Span(_settings(row), className="sub")]
        if row.status != "ok":
            body.append([source, html.Span(f"{row.status}: {row.reason}", className="muted"), "", "", "", ""])
            continue
        body.append(
            [
                source,
                number(row.curvature),
                number(row.quartic),
                number(row.omega_thz),
                _depth(row),
                number(MEV * row.force_residual, 1),
            ]
        )
    return table(
        head,
        body,
        caption="ω is the frequency of k, imaginary as negative. Depth below Q = 0; residual: RMS of what the fit "
        "misses of the forces. Beneath a potential: precision, and the sha256 of its checkpoint.",
    )


def _depth(row: Any) -> Any:
    if np.isnan(row.depth):
        return ["beyond", html.Span("last Q", className="sub")]
    if row.depth == 0:
        return "none"
    return [number(MEV * row.depth, 1), html.Span(f"at {number(row.minimum)} Å", className="sub")]


def _settings(row: Any) -> str:
    if row.kind != query.POTENTIAL:
        return f"{row.k_points} k, {row.cutoff_ev:g} eV"
    checkpoint = row.checkpoint_sha256
    return f"{row.settings} {checkpoint[:12]}" if isinstance(checkpoint, str) else row.settings


def _fit_note(rough: Sequence[str]) -> Component | None:
    if not rough:
        return None
    whose = " and ".join(rough) if len(rough) <= TOLD else f"{len(rough)} of these sources"
    return html.P(
        f"The fit misses more than {100 * ROUGH:.0f} % of the forces of {whose}: there k is the "
        "curvature of the whole range, not that at Q = 0.",
        className="fine",
    )
