"""Building blocks of a page: heading, section, figure with caption, table, statement of a number, notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from compute.potentials.registry import preselected
from dashboard.figures.theme import CONFIG, Figure
from dashboard.ui.text import marked

Child = Component | str | None

FIGURE_TOOLS = {"svg": "SVG", "png": "PNG", "table": "Table"}
"""What assets/figures.js offers for every figure: two files, and what is drawn as a table."""


def attributes(**values: Any) -> dict[str, Any]:
    """Attributes of an element of which Dash declares the beginning, aria- and data-, and not each: aria_label=…"""
    return {name.replace("_", "-"): value for name, value in values.items()}


def page_head(title: str, *lead: Any) -> Component:
    """Title of a page and the sentence that says what it answers."""
    return html.Header([html.H1(title), html.P(list(lead), className="lead")], className="page-head")


def section(title: str, *children: Any, about: Any = None, identity: str | None = None) -> Component:
    """A titled part of a page, to which `#identity` leads; `about` is one sentence on what it shows."""
    head: list[Component] = [html.H2(title)]
    if about is not None:
        head.append(html.P(about, className="about"))
    return html.Section([*head, *children], **_named(identity))


def fold(title: Any, *children: Any, identity: str | None = None) -> Component:
    """What is read by few: closed until its title is clicked, or `#identity` leads to it."""
    return html.Details([html.Summary(title), *children], className="more", **_named(identity))


def _named(identity: str | None) -> dict[str, Any]:
    return {"id": identity} if identity else {}


def captioned(
    figure: Figure,
    caption: Any,
    *,
    label: str,
    shape: str = "wide",
    identity: str | None = None,
    height: str | None = None,
) -> Component:
    """A figure, wide, tall or square, with its caption; `label` says in words what it shows to those who cannot see it.

    `identity` is its id, where a callback listens to it; `height` is its height in CSS where rows decide it.
    """
    # A graph that is responsive fills its parent, whatever its own class says: the parent has the height.
    graph = dcc.Graph(figure=figure, config=CONFIG, responsive=True, **_named(identity))
    return html.Figure(
        [
            html.Div(
                graph,
                className=f"graph {shape}",
                style={"height": height} if height else None,
                role="group",
                **attributes(aria_label=label),
            ),
            html.Figcaption(caption),
            html.Div(
                [
                    html.Button(text, type="button", **attributes(data_figure=kind))
                    for kind, text in FIGURE_TOOLS.items()
                ],
                className="figure-tools",
            ),
        ],
        className="figure",
    )


def statement(value: str, label: Any, note: Any = None) -> Component:
    """One number, what it is, and over how many compounds."""
    return html.Div(
        [html.Dt(label), html.Dd(value), html.Dd(note, className="note") if note else None], className="statement"
    )


def statements(*children: Component) -> Component:
    """Numbers side by side."""
    return html.Dl(list(children), className="statements")


def table(
    head: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    *,
    caption: Any,
    numeric_from: int = 1,
    numeric_to: int | None = None,
) -> Component:
    """A table whose first column names the row; columns from `numeric_from` to before `numeric_to` are numbers.

    A caption that is text names the frame too, and its "ω_min" gets a subscript.
    """
    numeric = range(len(head))[numeric_from:numeric_to]

    def kind(column: int) -> str:
        return "num" if column in numeric else ""

    return scrolling(
        html.Table(
            [
                html.Caption(marked(caption) if isinstance(caption, str) else caption),
                html.Thead(html.Tr([html.Th(h, scope="col", className=kind(i)) for i, h in enumerate(head)])),
                html.Tbody(
                    [
                        html.Tr(
                            [
                                html.Th(cell, scope="row") if i == 0 else html.Td(cell, className=kind(i))
                                for i, cell in enumerate(row)
                            ]
                        )
                        for row in rows
                    ]
                ),
            ]
        ),
        caption if isinstance(caption, str) else "table",
    )


def scrolling(table: Component, name: str) -> Component:
    """`table` in a frame of this `name` that scrolls, by keyboard too, where the window is narrower."""
    named = attributes(aria_label=name)
    return html.Div(table, className="table-scroll", tabIndex=0, role="region", **named)


def copy_button(identity: str, text: str = "Copy") -> Component:
    """Copies the text of the element `identity` (assets/site.js)."""
    return html.Button(text, type="button", className="copy", **attributes(data_copy=identity))


def card_id(potential: str) -> str:
    """What the card of `potential` on the page of potentials is called in an address."""
    return f"card-{potential}"


def not_computed(what: str, command: str) -> Component:
    """States that something is not computed and how to compute it."""
    return html.Div(
        [html.P([html.Strong("Not computed. "), what]), html.P(["Compute it with ", html.Code(command)])],
        className="not-computed",
    )


def campaign_command(suite: str, *options: str) -> str:
    """The command that computes `suite` with a potential that can be had without asking anyone."""
    if suite == "mp0b3":
        return "softmode campaign run --suite mp0b3 --potential mace-mp-0b3-medium --source FOLDER"
    return " ".join([f"softmode campaign run --suite {suite} --potential {preselected()}", *options])


def publish_command(*potentials: str, sampling: bool = False) -> str:
    """The command that publishes what is computed with DFT and scores `potentials` against it.

    With `sampling` also on frames that each sampled itself; without `potentials` one that can be had without asking.
    """
    asked = " ".join(f"--potential {potential}" for potential in potentials or (preselected(),))
    return f"softmode reference dft publish {asked}" + (" --protocol quick" if sampling else "")


def address_notice(problems: Sequence[str]) -> Child:
    """Says which parts of the address were not understood; nothing when all were."""
    if not problems:
        return None
    keys = ", ".join(problems)
    return html.Div(
        f"Not understood in the address and replaced by the default: {keys}.", role="status", className="notice"
    )


def link(text: str, href: str) -> Component:
    """A link that leaves the site."""
    return html.A(text, href=href, target="_blank", rel="noopener noreferrer")


def doi_link(doi: str) -> Component:
    """A DOI as a link."""
    return link(f"doi:{doi}", f"https://doi.org/{doi}")
