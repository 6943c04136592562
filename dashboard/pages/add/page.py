"""Add my potential: the commands for what one has, what each takes and writes, and how it is then seen and offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from compute.potentials.registry import entries
from dashboard.dataset import Dataset
from dashboard.pages.add.steps import KIND_NAMES, steps
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries.potentials import cards
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, page_head
from dashboard.views.add import KINDS, AddView
from dashboard.views.codec import build, decode, encode

NO_ID = "Lower-case letters, digits, dots and hyphens."
TAKEN = "A potential has this id: choose another."


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    view, problems = decode(AddView, query)
    return html.Div(
        [
            page_head(
                "Add my potential",
                "From a checkpoint to its scorecard among the published potentials, on a machine where Softmode is "
                "installed. Nothing is uploaded: a site takes neither weights nor code from its visitors.",
            ),
            address_notice(problems),
            controls.bar(
                controls.select(
                    "add-kind", "What you have", controls.options(KINDS, KIND_NAMES), view.kind,
                ),
                dmc.TextInput(
                    id="add-name", label="Its id", value=view.name, debounce=250, error=_refused(view.name)
                ),
                label="Your potential",
            ),
            html.Div(_steps(dataset, view), id="add-steps"),
            dcc.Store(id=VIEW_QUERY, data=encode(view)),
        ],
        className="page add",
    )  # fmt: skip


def _steps(dataset: Dataset, view: AddView) -> list[Component]:
    return steps(view, scored=any(card.potential == view.name and card.computed for card in cards(dataset)))


def _refused(name: Any) -> str | None:
    """What is wrong with an id, in a sentence; None for one that can be given."""
    if build(AddView, name=name).name != name:
        return NO_ID
    return TAKEN if name in entries() else None


def register(app: Dash, dataset: Dataset) -> None:
    """The kind of file and the id decide every command."""

    @app.callback(
        Output("add-steps", "children"),
        Output("add-name", "error"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("add-kind", "value"),
        Input("add-name", "value"),
        prevent_initial_call=True,
    )
    def _update(kind: Any, name: Any) -> tuple[list[Component], str | None, str]:
        view = build(AddView, kind=kind, name=name)
        return _steps(dataset, view), _refused(name), encode(view)


PAGE = Page(
    "/add",
    "Add my potential",
    "Add my potential · Softmode",
    "How the author of a checkpoint scores it among the published potentials: the commands, and what they write.",
    layout,
    register,
    listed=False,
)
