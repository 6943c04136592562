"""Anharmonicity: σ of potentials against published DFT, and where they are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import comparison, error_breakdown, reference_sigmas, sections, sites
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.choices import Offered
from dashboard.pages.anharmonicity.element_map_figure import element_at
from dashboard.pages.page import Page, PageState, clicked, outputs
from dashboard.queries import coverage
from dashboard.queries.provenance import sources
from dashboard.queries.ranking import preferred
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, not_computed, page_head
from dashboard.ui.provenance import provenance
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import FORMULA, build, encode

PARTS = ("compared", "sites", "reference", "kinds", "elements", "slices", "foot")
# What a control leaves as it is need not be drawn again; all that is not named here redraws everything.
REDRAWN = {
    "anharmonicity-shown": ("compared", "sites"),
    "anharmonicity-quantity": ("kinds", "elements", "slices", "foot"),
    "anharmonicity-focus": ("elements", "slices"),
    "anharmonicity-site": ("elements",),
    "anharmonicity-measure": ("elements",),
}
OFFERING = ("potentials", "protocol", "anion", "a_site", "quantity", "focus")
"""Fields whose controls offer what the tables hold."""


@dataclass(frozen=True)
class AnharmonicityState(PageState[AnharmonicityView]):
    """A view that its suite can follow, and what the tables hold for the suite."""

    offered: Offered


def resolve(dataset: Dataset, asked: AnharmonicityView) -> AnharmonicityState:
    """What its suite offers of `asked`; the first where it offers nothing of what was asked."""
    offered = _offered(dataset, asked.suite)
    protocols = [p.name for p in offered.protocols]
    first = next(iter(protocols), "")
    view = replace(
        asked,
        potentials=tuple(p for p in asked.potentials if p in offered.potentials),
        protocol=asked.protocol if asked.protocol in protocols else first,
        anion=tuple(a for a in asked.anion if a in offered.anions),
        a_site=tuple(a for a in asked.a_site if a in offered.a_sites),
        quantity=asked.quantity if asked.quantity in offered.quantities else next(iter(offered.quantities), "sigma"),
    )
    focus = offered.first(view)
    view = replace(view, focus=view.focus if view.focus in offered.shown(view) else focus)
    return AnharmonicityState(view, encode(view, protocol=first, focus=focus), offered)


def layout(dataset: Dataset, state: AnharmonicityState, ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view, offered = state.view, state.offered
    parts = _parts(dataset, offered, view, PARTS)
    names = coverage.potential_names(dataset)
    return html.Div(
        [
            page_head(
                "How anharmonic does each potential think the crystal is?",
                "σ at 300 K is the part of the forces that harmonic force constants miss: 0 for a harmonic crystal, "
                "above 1 for one that they do not describe. Each potential against published DFT, and where it is "
                "wrong.",
            ),
            address_notice(ignored),
            sections.asked(offered, view, names),
            sections.shown(offered, view, names, parts),
            html.Div(parts["foot"], id="anharmonicity-foot"),
        ],
        className="page",
    )


def _offered(dataset: Dataset, suite: str) -> Offered:
    potentials = preferred(dataset, suite, offer.potentials(dataset, suite))
    return Offered(
        protocols=offer.protocols(dataset, suite),
        potentials=potentials,
        unasked=coverage.foundation(dataset, potentials) or potentials,
        quantities=offer.quantities(dataset, suite),
        anions=coverage.anions(dataset, suite),
        a_sites=offer.a_sites(dataset, suite),
    )


def _parts(dataset: Dataset, offered: Offered, view: AnharmonicityView, wanted: Sequence[str]) -> dict[str, list[Any]]:
    """The `wanted` parts of the page, each a list of what its section holds."""
    cast = comparison.Cast(offered.shown(view), offered.potentials, coverage.potential_names(dataset))
    frames: dict[str, pd.DataFrame] = {}

    def frame(quantity: str) -> pd.DataFrame:
        if quantity not in frames:
            frames[quantity] = query.rows(dataset, view, cast.shown, quantity)
        return frames[quantity]

    def focused() -> pd.DataFrame:
        errors = frame(view.quantity)
        return errors[errors["potential"] == view.focus]

    def errors(part: str) -> list[Any]:
        if not offered.potentials:
            return [_nothing(view)] if part == "kinds" else [html.P("There are no errors to sort.")]
        if view.quantity == "sigma" and not offer.is_published(view):
            return [html.P("Errors of σ are counted for the published schedule alone.")]
        name = cast.name(view.focus)
        if part == "kinds":
            return error_breakdown.by_kind(
                view, frame(view.quantity), offer.published(dataset, view, view.quantity),
                offer.published_by_level(dataset, view, view.quantity), cast,
            )  # fmt: skip
        if part == "elements":
            return error_breakdown.of_elements(view, focused(), name)
        return error_breakdown.worst_slices(view, focused(), name)

    def foot() -> list[Any]:
        used = [frame(quantity) for quantity in dict.fromkeys(("sigma", view.quantity))]
        return [provenance(sources(dataset, [view.suite]), query.runs(dataset, used))]

    made = {
        "compared": lambda: comparison.compared(dataset, view, frame("sigma"), cast),
        "sites": lambda: sites.sites(view, frame("sigma"), cast),
        "reference": lambda: reference_sigmas.reference_sigmas(dataset, view),
        "foot": foot,
    }
    return {part: made[part]() if part in made else errors(part) for part in wanted}


def _nothing(view: AnharmonicityView) -> Component:
    return not_computed("No potential has an error in this suite.", comparison.compute_command(view.suite))


def _compound(clicks: Any) -> str | None:
    """The compound that the clicked point carries."""
    carried = clicked(clicks).get("customdata")
    try:
        return FORMULA.read(carried) if isinstance(carried, str) else None
    except ValueError:
        return None


def register(app: Dash, dataset: Dataset) -> None:
    """Every control recomputes what it bears on; a click on a point or an element names it beneath the figure."""

    @app.callback(
        output=outputs("anharmonicity", PARTS, OFFERING),
        inputs={field.name: Input(f"anharmonicity-{field.name}", "value") for field in fields(AnharmonicityView)},
        prevent_initial_call=True,
    )
    def _update(**values: Any) -> dict[str, Any]:
        state = resolve(dataset, build(AnharmonicityView, **values))
        view, offered, names = state.view, state.offered, coverage.potential_names(dataset)
        parts = _parts(dataset, offered, view, REDRAWN.get(str(ctx.triggered_id), PARTS))
        return {
            **{part: parts.get(part, no_update) for part in PARTS},
            "potentials_offered": controls.options(offered.potentials, names),
            "potentials": list(view.potentials),
            "protocol_offered": comparison.protocol_options(offered.protocols),
            "protocol": view.protocol or None,
            "anion_offered": offered.anions,
            "anion": list(view.anion),
            "a_site_offered": offered.a_sites,
            "a_site": list(view.a_site),
            "quantity_offered": sections.quantities(offered),
            "quantity": view.quantity,
            "focus_offered": controls.options(offered.shown(view), names),
            "focus": view.focus or None,
            "address": state.address,
        }

    @app.callback(
        Output(comparison.PICKED, "children"),
        Input(comparison.PARITY, "clickData"),
        State("anharmonicity-suite", "value"),
        prevent_initial_call=True,
    )
    def _pick_compound(clicks: Any, suite: Any) -> Any:
        compound = _compound(clicks)
        return comparison.picked(build(AnharmonicityView, suite=suite), compound) if compound else no_update

    @app.callback(
        Output(error_breakdown.ELEMENT_PICKED, "children"),
        inputs={"clicks": Input(error_breakdown.ELEMENT_MAP, "clickData")},
        state={
            name: State(f"anharmonicity-{name}", "value")
            for name in ("suite", "focus", "site", "quantity", "anion", "a_site")
        },
        prevent_initial_call=True,
    )
    def _pick_element(clicks: Any, **values: Any) -> Any:
        point = clicked(clicks)
        element = element_at(point.get("x"), point.get("y"))
        return error_breakdown.picked_element(build(AnharmonicityView, **values), element) if element else no_update


PAGE = Page(
    "/anharmonicity",
    "Anharmonicity",
    "Anharmonicity · Softmode",
    "The anharmonicity score at 300 K of potentials against published DFT: parity, strata, sites and elements.",
    view=AnharmonicityView,
    resolve=resolve,
    layout=layout,
    register=register,
)
