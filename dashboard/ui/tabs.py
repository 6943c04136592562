"""A page in parts of which one is shown at a time, so that it can be seen at a glance.

`#identity` in the address opens a part, as does the identity of anything in it (assets/anchors.js). All parts are in
the page; a figure is drawn when its part is opened (assets/lazy_figures.js).
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

TABS = "tabs"

Tab = tuple[str, str, Component]
"""Identity, which the address states; the name on the tab; what it opens."""


class TabContent(Component):
    """What a tab opens; of a closed one it is drawn after what can be seen (assets/components.js)."""

    _namespace = "softmode"
    _type = "TabContent"

    def __init__(self, content: Component, *, open: bool) -> None:
        self._base_nodes, self._children_props = ["children"], []
        self._prop_names, self._valid_wildcard_attributes = ["children", "open"], []
        super().__init__(children=content, open=open)  # type: ignore[no-untyped-call]  # Dash does not type it


def tabs(*parts: Tab | None, label: str) -> Component:
    """One tab per part, the first open; None is left out. A page has one such row, and `label` says what it divides."""
    shown = [part for part in parts if part]
    row: Component = dmc.Tabs(
        [
            dmc.TabsList([dmc.TabsTab(name, value=identity) for identity, name, _ in shown], **{"aria-label": label}),
            *(
                dmc.TabsPanel(
                    html.Div(TabContent(content, open=identity == shown[0][0]), id=identity, className="part"),
                    value=identity,
                )
                for identity, _, content in shown
            ),
        ],
        id=TABS,
        value=shown[0][0],
        keepMounted=True,
    )
    return row
