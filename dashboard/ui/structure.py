"""The structure in three dimensions, drawn in the browser: container, legend, buttons and what it shows in words."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.figures.theme import NEUTRAL, SERIES
from dashboard.queries.structure import SPACE_GROUPS, Structure, scene

VIEWER = "compound-viewer"
ROLE_NAMES = {"A": "A", "B": "B", "Bp": "B′", "X": "X"}
# Apart in lightness and in size, and none of the two colours of verdicts.
_LOOKS = {"A": (SERIES[3], 0.62), "B": (SERIES[0], 0.42), "Bp": (SERIES[2], 0.42), "X": (NEUTRAL, 0.3)}


def viewer(cell: Structure, mode: dict[str, Any] | None) -> Component:
    """The container that assets/viewer.js fills, with its buttons and legend; `mode` is the pattern that moves."""
    return html.Div(
        [
            html.Div(
                id=VIEWER,
                className="structure-viewer",
                tabIndex=0,
                role="group",
                **{
                    "aria-label": "Structure in three dimensions: arrow keys turn it, plus and minus zoom",
                    "data-structure": structure_json(cell),
                    "data-mode": json.dumps(mode),
                },
            ),
            html.Div(
                [
                    html.Button("Play mode", type="button", className="structure-button structure-play", disabled=True),
                    html.Button("Reset view", type="button", className="structure-button structure-reset"),
                    legend(cell),
                ],
                className="structure-tools",
            ),
        ],
        className="structure",
    )


def structure_json(cell: Structure) -> str:
    """The scene with the look of each site."""
    looks = {role: {"colour": colour, "radius": radius} for role, (colour, radius) in _LOOKS.items()}
    return json.dumps({**scene(cell), "looks": looks})


def legend(cell: Structure) -> Component:
    """One entry per site: colour, element and site."""
    seen = dict(zip(cell.roles, cell.symbols, strict=True))
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="structure-dot",
                        style={"background": _LOOKS[role][0], "--size": f"{1.9 * _LOOKS[role][1]:.2f}rem"},
                    ),
                    f"{symbol} ({ROLE_NAMES[role]})",
                ]
            )
            for role, symbol in seen.items()
        ],
        className="structure-legend",
        **{"aria-label": "Elements by site"},
    )


def in_words(cell: Structure) -> str:
    """What is drawn, for those who cannot see it."""
    seen = dict(zip(cell.roles, cell.symbols, strict=True))
    name, number = SPACE_GROUPS[cell.prototype]
    if cell.prototype == "cubic-perovskite":
        centres, extent = f"{seen['B']}{seen['X']}₆ octahedra", "2 × 2 × 2 cells"
    else:
        centres = f"{seen['B']}{seen['X']}₆ and {seen['Bp']}{seen['X']}₆ octahedra in turn"
        extent = "one conventional cell with its origin on A"
    return (
        f"{extent[0].upper()}{extent[1:]}, {name} ({number}), a = {cell.a:.3f} Å ({cell.origin}): {centres} that share "
        f"all corners, with {seen['A']} between them."
    )
