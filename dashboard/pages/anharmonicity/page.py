"""Anharmonicity: σ of potentials against published DFT, and where they are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import comparison, error_breakdown, reference_sigmas, sections, sites
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.choices import Offered
from dashboard.pages.anharmonicity.element_map_figure import element_at
from dashboard.pages.page import VIEW_QUERY, Page, clicked
from dashboard.queries import coverage
from dashboard.queries.provenance import sources
from dashboard.queries.ranking import preferred
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, not_computed, page_head
from dashboard.ui.provenance import provenance
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import FORMULA, build, decode, encode, replaced

PARTS = ("compared", "sites", "reference", "kinds", "elements", "slices", "foot")
# What a control leaves as it is need not be drawn again; all that is not named here redraws everything.
REDRAWN = {
    "anharmonicity-shown": ("compared", "sites"),
    "anharmonicity-quantity": ("kinds", "elements", "slices", "foot"),
    "anharmonicity-focus": ("elements", "slices"),
    "anharmonicity-site": ("elements",),
    "anharmonicity-measure": ("elements",),
}
FIELDS = (
    "suite", "potentials", "protocol", "anion", "a_site", "shown", "quantity", "focus", "site", "measure",
)  # fmt: skip


def layout(dataset: Dataset, query_: Mapping[str, str]) -> Component:
    """The page for the view in `query_`."""
    asked, problems = decode(AnharmonicityView, query_)
    offered = _offered(dataset, asked.suite)
    view = _resolved(offered, asked)
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
            address_notice(problems + replaced(asked, view)),
            sections.asked(offered, view, names),
            sections.shown(offered, view, names, parts),
            html.Div(parts["foot"], id="anharmonicity-foot"),
            dcc.Store(id=VIEW_QUERY, data=encode(_stated(offered, view))),
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


def _resolved(offered: Offered, view: AnharmonicityView) -> AnharmonicityView:
    """The view with what its suite offers; the first where it offers nothing of what was asked."""
    protocols = [p.name for p in offered.protocols]
    view = replace(
        view,
        potentials=tuple(p for p in view.potentials if p in offered.potentials),
        protocol=view.protocol if view.protocol in protocols else next(iter(protocols), ""),
        anion=tuple(a for a in view.anion if a in offered.anions),
        a_site=tuple(a for a in view.a_site if a in offered.a_sites),
        quantity=view.quantity if view.quantity in offered.quantities else next(iter(offered.quantities), "sigma"),
    )
    shown = offered.shown(view)
    return replace(view, focus=view.focus if view.focus in shown else offered.first(view))


def _stated(offered: Offered, view: AnharmonicityView) -> AnharmonicityView:
    """The view as the address states it: without what comes first anyway."""
    first = _resolved(offered, replace(view, protocol="")).protocol
    return replace(
        view,
        protocol="" if view.protocol == first else view.protocol,
        focus="" if view.focus == offered.first(view) else view.focus,
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
        *(Output(f"anharmonicity-{part}", "children") for part in PARTS),
        Output("anharmonicity-potentials", "data"),
        Output("anharmonicity-potentials", "value"),
        Output("anharmonicity-protocol", "data"),
        Output("anharmonicity-protocol", "value"),
        Output("anharmonicity-anion", "data"),
        Output("anharmonicity-anion", "value"),
        Output("anharmonicity-a_site", "data"),
        Output("anharmonicity-a_site", "value"),
        Output("anharmonicity-quantity", "data"),
        Output("anharmonicity-quantity", "value"),
        Output("anharmonicity-focus", "data"),
        Output("anharmonicity-focus", "value"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        *(Input(f"anharmonicity-{name}", "value") for name in FIELDS),
        prevent_initial_call=True,
    )
    def _update(*values: Any) -> tuple[Any, ...]:
        asked = build(AnharmonicityView, **dict(zip(FIELDS, values, strict=True)))
        offered = _offered(dataset, asked.suite)
        view = _resolved(offered, asked)
        wanted = REDRAWN.get(str(ctx.triggered_id), PARTS)
        parts = _parts(dataset, offered, view, wanted)
        names = coverage.potential_names(dataset)
        return (
            *(parts.get(part, no_update) for part in PARTS),
            controls.options(offered.potentials, names),
            list(view.potentials),
            comparison.protocol_options(offered.protocols),
            view.protocol or None,
            offered.anions,
            list(view.anion),
            offered.a_sites,
            list(view.a_site),
            sections.quantities(offered),
            view.quantity,
            controls.options(offered.shown(view), names),
            view.focus or None,
            encode(_stated(offered, view)),
        )

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
        Input(error_breakdown.ELEMENT_MAP, "clickData"),
        State("anharmonicity-suite", "value"),
        State("anharmonicity-focus", "value"),
        State("anharmonicity-site", "value"),
        State("anharmonicity-quantity", "value"),
        State("anharmonicity-anion", "value"),
        State("anharmonicity-a_site", "value"),
        prevent_initial_call=True,
    )
    def _pick_element(
        clicks: Any, suite: Any, focus: Any, site: Any, quantity: Any, anion: Any, a_site: Any
    ) -> Any:  # fmt: skip
        point = clicked(clicks)
        element = element_at(point.get("x"), point.get("y"))
        view = build(
            AnharmonicityView, suite=suite, focus=focus, site=site, quantity=quantity, anion=anion, a_site=a_site
        )
        return error_breakdown.picked_element(view, element) if element else no_update


PAGE = Page(
    "/anharmonicity",
    "Anharmonicity",
    "Anharmonicity · Softmode",
    "The anharmonicity score at 300 K of potentials against published DFT: parity, strata, sites and elements.",
    layout,
    register,
)
