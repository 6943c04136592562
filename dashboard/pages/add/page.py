"""Add my potential: the commands for what one has, what each takes and writes, and how it is then seen and offered."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from compute.potentials.registry import entries
from dashboard.dataset import Dataset
from dashboard.pages.add.steps import KIND_NAMES, steps
from dashboard.pages.page import Page, PageState, outputs
from dashboard.queries.potentials import cards
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, page_head
from dashboard.views.add import KINDS, AddView
from dashboard.views.codec import build, encode

NO_ID = "Lower-case letters, digits, dots and hyphens."
TAKEN = "A potential has this id: choose another."


def resolve(dataset: Dataset, asked: AddView) -> PageState[AddView]:
    """All that is asked can be followed."""
    return PageState(asked, encode(asked))


def layout(dataset: Dataset, state: PageState[AddView], ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view = state.view
    return html.Div(
        [
            page_head(
                "Add my potential",
                "From a checkpoint to its scorecard among the published potentials, on a machine where Softmode is "
                "installed. Nothing is uploaded: a site takes neither weights nor code from its visitors.",
            ),
            address_notice(ignored),
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
        output={
            **outputs("add", ("steps",)),
            "refused": Output("add-name", "error"),
        },
        inputs={"kind": Input("add-kind", "value"), "name": Input("add-name", "value")},
        prevent_initial_call=True,
    )
    def _update(kind: Any, name: Any) -> dict[str, Any]:
        state = resolve(dataset, build(AddView, kind=kind, name=name))
        return {"steps": _steps(dataset, state.view), "refused": _refused(name), "address": state.address}


PAGE = Page(
    "/add",
    "Add my potential",
    "Add my potential · Softmode",
    "How the author of a checkpoint scores it among the published potentials: the commands, and what they write.",
    view=AddView,
    resolve=resolve,
    layout=layout,
    register=register,
    listed=False,
)
