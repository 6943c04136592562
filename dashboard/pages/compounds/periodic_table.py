"""A periodic table to choose elements in: each is neutral, must be contained, or must not.

The store `<identity>-chosen` holds {"with": [...], "without": [...]}. assets/periodic_table.js writes it on a click and
draws what it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, dcc, html
from dash.development.base_component import Component

from dashboard.elements import ELEMENTS, place
from dashboard.ui.blocks import attributes

_STATES = {"": "no condition", "with": "must contain", "without": "must not contain"}


def periodic_table(
    identity: str, present: Collection[str], required: Sequence[str], excluded: Sequence[str]
) -> Component:
    """The table with its store and legend; only elements in `present` can be chosen."""
    return html.Div(
        [
            html.P(
                [
                    "Click once: must contain ",
                    html.Span("Cs", className="element-sample", **attributes(data_state="with")),
                    "; twice: must not contain ",
                    html.Span("O", className="element-sample", **attributes(data_state="without")),
                    "; again: no condition. Faint elements do not occur in this suite.",
                ],
                className="fine",
            ),
            html.Div(
                [_element(symbol, symbol in present, _state(symbol, required, excluded)) for symbol in ELEMENTS],
                id=identity,
                className="elements",
                role="group",
                **attributes(aria_label="Elements", data_store=chosen_id(identity)),
            ),
            dcc.Store(id=chosen_id(identity), data=chosen(required, excluded)),
            dcc.Store(id=present_id(identity), data=list(present)),
        ]
    )


def chosen_id(identity: str) -> str:
    """Id of the store of what is chosen."""
    return f"{identity}-chosen"


def present_id(identity: str) -> str:
    """Id of the store of the elements that can be chosen."""
    return f"{identity}-present"


def chosen(required: Sequence[str], excluded: Sequence[str]) -> dict[str, list[str]]:
    """Content of the store."""
    return {"with": list(required), "without": list(excluded)}


def read_chosen(data: Any) -> tuple[list[str], list[str]]:
    """Required and excluded symbols of a store's content; both empty for anything that it would not hold."""
    lists = [data.get(name) if isinstance(data, dict) else None for name in ("with", "without")]
    required, excluded = ([s for s in part if s in ELEMENTS] if isinstance(part, list) else [] for part in lists)
    return required, excluded


def register(app: Dash, identity: str) -> None:
    """Draw the table anew when its stores change."""
    app.clientside_callback(
        ClientsideFunction("periodicTable", "draw"),
        Input(chosen_id(identity), "data"),
        Input(present_id(identity), "data"),
        Input(identity, "id"),
    )


def _state(symbol: str, required: Sequence[str], excluded: Sequence[str]) -> str:
    return "with" if symbol in required else "without" if symbol in excluded else ""


def _element(symbol: str, enabled: bool, state: str) -> Component:
    row, column = place(symbol)
    return html.Button(
        symbol,
        type="button",
        disabled=not enabled,
        className="element",
        style={"gridRow": row, "gridColumn": column},
        **attributes(
            data_element=symbol,
            data_state=state,
            aria_pressed="true" if state else "false",
            aria_label=f"{symbol}: {_STATES[state]}",
        ),
    )
