"""What surrounds every page: header with navigation, colour scheme, and the place for the page itself."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.ui.blocks import attributes
from dashboard.ui.controls import search
from dashboard.ui.glossary import documentation

# Mantine wants ten shades of the one accent colour; primaryShade picks from them per scheme.
TEAL = (
    "#e7f6f4", "#cfeae7", "#9fd5cf", "#6bbfb6", "#42aca1", "#2a9f93", "#178f84", "#0f766e", "#0b635c", "#06504a",
)  # fmt: skip
INK = (
    "#e6eaea", "#c3cbcc", "#a3adb0", "#7d888b", "#4a5457", "#333b3e", "#262c2f", "#1b2022", "#171b1d", "#101315",
)  # fmt: skip
THEME = {
    "primaryColor": "accent",
    "primaryShade": {"light": 7, "dark": 5},
    "colors": {"accent": list(TEAL), "dark": list(INK)},
    "defaultRadius": "sm",
    "respectReducedMotion": True,
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
    "autoContrast": True,
    "components": {"Combobox": {"defaultProps": {"keepMounted": False}}},  # options are drawn when they are looked at
}


def shell(prefix: str = "", source_url: str = "") -> Component:
    """The frame of the site below `prefix`; `nav`, `page` and `title` are filled by the router.

    `source_url` is where the code is public; without it there is no link to it.
    """
    frame: Component = dmc.MantineProvider(
        theme=THEME,
        defaultColorScheme="auto",
        children=[
            dcc.Location(id="location", refresh="callback-nav"),
            dcc.Store(id="title"),
            html.Header(
                html.Div(
                    [
                        dcc.Link("Softmode", href=f"{prefix}/", className="brand"),
                        html.Nav(id="nav", **attributes(aria_label="Pages")),
                        search("site-search", prefix=prefix),
                        html.Span(id="copied", className="copied", role="status"),
                        html.Button("Copy link", id="copy-link", type="button", title="Copy a link to this view"),
                        dmc.ColorSchemeToggle(
                            id="scheme",
                            lightIcon=html.Span(className="icon sun"),
                            darkIcon=html.Span(className="icon moon"),
                            variant="subtle",
                            color="gray",
                            size="lg",
                            **{"aria-label": "Switch between light and dark"},
                        ),
                        html.Button(
                            "Menu", id="menu", type="button", **attributes(aria_expanded="false", aria_controls="nav")
                        ),
                    ],
                    className="bar",
                ),
                className="site-head",
            ),
            html.Div(id="problem", role="alert"),
            html.Main(id="page", tabIndex=-1),
            html.Footer(
                [
                    html.A("Documentation", href=f"{prefix}{documentation('index')}"),
                    *([html.A("Source code", href=source_url)] if source_url else []),
                ],
                className="site-foot",
            ),
        ],
    )
    return frame


def navigation(entries: Sequence[tuple[str, str]], current: str) -> list[Component]:
    """One link per page (path, name); the current one is marked."""
    return [
        dmc.Anchor(
            name,
            href=path,
            refresh=path == current,  # the router does not see a change of the query alone
            underline="never",
            className="nav-link current" if path == current else "nav-link",
            **({"aria-current": "page"} if path == current else {}),
        )
        for path, name in entries
    ]
