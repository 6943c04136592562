"""The structure in three dimensions, drawn in the browser: container, legend, buttons and what it shows in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, html
from dash.development.base_component import Component

from dashboard.figures.theme import NEUTRAL, SERIES
from dashboard.queries.structure import SPACE_GROUPS, Structure, scene
from dashboard.ui.blocks import attributes
from dashboard.ui.text import plural

VIEWER = "compound-viewer"
ROLE_NAMES = {"A": "A", "B": "B", "Bp": "B′", "X": "X"}
# Apart in lightness and in size, and none of the two colours of verdicts.
_LOOKS = {"A": (SERIES[3], 0.62), "B": (SERIES[0], 0.42), "Bp": (SERIES[2], 0.42), "X": (NEUTRAL, 0.3)}
AMPLITUDE, SPEED = 0.3, 1.0
"""Displacement in Å of the atom that moves most, and periods in the time of one at the start."""


def viewer(
    cell: Structure,
    mode: dict[str, Any] | None,
    repeats: int = 0,
    identity: str = VIEWER,
    beside: Sequence[Component] = (),
) -> Component:
    """The container that assets/viewer.js fills, with its buttons and legend; `mode` is the pattern that moves.

    `beside` is `beside_it` of a crystal that is held against this one.
    """
    moves = (
        html.Div(
            [
                _slider(identity, "amplitude", "Amplitude (Å)", AMPLITUDE, 0.05, 1.0),
                _slider(identity, "speed", "Speed", SPEED, 0.25, 4.0),
                dmc.Switch(id=f"{identity}-arrows", label="Arrows", checked=True, size="sm"),
            ],
            className="structure-moves",
        )
        if mode
        else None
    )
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [
                            _canvas(
                                identity,
                                "Structure",
                                cell,
                                mode,
                                repeats,
                                {"data_amplitude": AMPLITUDE, "data_speed": SPEED, "data_arrows": True},
                            ),
                            html.P("The potential’s mode", className="structure-name"),
                        ]
                    ),
                    html.Div(list(beside), id=f"{identity}-beside", className="structure-beside"),
                ],
                className="structure-views",
            ),
            html.Div(
                [
                    html.Button("Play mode", type="button", className="structure-button structure-play", disabled=True),
                    html.Button("Reset view", type="button", className="structure-button structure-reset"),
                    legend(cell),
                ],
                className="structure-tools",
            ),
            moves,
        ],
        className="structure",
    )


def beside_it(
    cell: Structure, mode: dict[str, Any], name: str, repeats: int = 0, identity: str = VIEWER
) -> list[Component]:
    """A second crystal, `name`, whose `mode` moves in step with that of the viewer `identity`."""
    return [
        _canvas(f"{identity}-second", f"Structure of {name}", cell, mode, repeats, {}),
        html.P(name, className="structure-name"),
    ]


def _canvas(
    identity: str, what: str, cell: Structure, mode: dict[str, Any] | None, repeats: int, moves: dict[str, Any]
) -> Component:
    return html.Div(
        id=identity,
        className="structure-viewer",
        tabIndex=0,
        role="group",
        **attributes(
            aria_label=f"{what} in three dimensions: arrow keys turn it, plus and minus zoom",
            data_structure=structure_json(cell, repeats),
            data_mode=json.dumps(mode),
            **moves,
        ),
    )


def _slider(identity: str, name: str, label: str, value: float, low: float, high: float) -> Component:
    return html.Div(
        [
            html.Span(label, className="control-label"),
            dmc.Slider(
                id=f"{identity}-{name}", value=value, min=low, max=high, step=0.05, precision=2, size="sm",
                thumbLabel=label, updatemode="drag",
            ),
        ],
        className="structure-slider",
    )  # fmt: skip


def register_viewer(app: Dash, identity: str = VIEWER) -> None:
    """The sliders and the switch of the viewer `identity`, without the server."""
    app.clientside_callback(
        ClientsideFunction("softmode", "same"),
        *(Output(identity, f"data-{name}") for name in ("amplitude", "speed", "arrows")),
        Input(f"{identity}-amplitude", "value"),
        Input(f"{identity}-speed", "value"),
        Input(f"{identity}-arrows", "checked"),
        prevent_initial_call=True,
    )


def structure_json(cell: Structure, repeats: int = 0) -> str:
    """The scene with the look of each site."""
    looks = {role: {"colour": colour, "radius": radius} for role, (colour, radius) in _looks(cell).items()}
    return json.dumps({**scene(cell, repeats), "looks": looks})


def _looks(cell: Structure) -> dict[str, tuple[str, float]]:
    """Colour and radius (Å) of each site; of each element in a crystal of another structure type."""
    others = [role for role in dict.fromkeys(cell.roles) if role not in _LOOKS]
    return _LOOKS | {role: (SERIES[i % len(SERIES)], 0.42) for i, role in enumerate(others)}


def legend(cell: Structure) -> Component:
    """One entry per site: colour, element and site."""
    seen, looks = dict(zip(cell.roles, cell.symbols, strict=True)), _looks(cell)
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="structure-dot",
                        style={"background": looks[role][0], "--size": f"{1.9 * looks[role][1]:.2f}rem"},
                    ),
                    f"{symbol} ({ROLE_NAMES[role]})" if role in ROLE_NAMES else symbol,
                ]
            )
            for role, symbol in seen.items()
        ],
        className="structure-legend",
        **attributes(aria_label="Elements by site"),
    )


def in_words(cell: Structure, repeats: int = 0) -> str:
    """What is drawn, for those who cannot see it."""
    seen = dict(zip(cell.roles, cell.symbols, strict=True))
    if cell.prototype not in SPACE_GROUPS:
        n = " × ".join([str(repeats or 2)] * 3)
        return f"{n} primitive cells of {plural(len(cell.symbols), 'atom')} ({cell.origin})."
    name, number = SPACE_GROUPS[cell.prototype]
    if cell.prototype == "cubic-perovskite":
        centres, extent = f"{seen['B']}{seen['X']}₆ octahedra", " × ".join([str(repeats or 2)] * 3) + " cells"
    else:
        centres = f"{seen['B']}{seen['X']}₆ and {seen['Bp']}{seen['X']}₆ octahedra in turn"
        several = " × ".join([str(repeats or 1)] * 3)
        extent = "one conventional cell" if (repeats or 1) == 1 else f"{several} conventional cells"
        extent += " with the origin on A"
    return (
        f"{extent[0].upper()}{extent[1:]}, {name} ({number}), a = {cell.a:.3f} Å ({cell.origin}): {centres} that share "
        f"all corners, with {seen['A']} between them."
    )
