"""Anharmonicity: σ of potentials against published DFT, and where they are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity import choices as offer
from dashboard.pages.anharmonicity import comparison, error_breakdown
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.element_map_figure import element_at
from dashboard.pages.page import VIEW_QUERY, Page, clicked
from dashboard.queries import coverage
from dashboard.queries.provenance import sources
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, not_computed, page_head, section
from dashboard.ui.provenance import provenance
from dashboard.views.anharmonicity import SIGMA_SUITES, SITES, AnharmonicityView
from dashboard.views.codec import FORMULA, build, decode, encode, replaced

SUITE_OPTIONS = [{"value": suite, "label": SUITES[suite].title} for suite in SIGMA_SUITES]
QUANTITIES = {"sigma": "σ", "omega": "ω of the softest mode"}
SITE_OPTIONS = [{"value": s, "label": comparison.SITE_NAMES.get(s, "any")} for s in SITES]
MEASURES = [{"value": "bias", "label": "mean error"}, {"value": "rmse", "label": "RMSE"}]
SHOWN = {"log": "logarithmic axes", "bars": "standard errors"}
PARTS = ("compared", "sites", "kinds", "elements", "slices", "foot")
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


@dataclass(frozen=True)
class Offered:
    """What the tables hold for a suite: each control offers no more."""

    protocols: list[offer.Protocol]
    potentials: list[str]
    unasked: list[str]
    quantities: list[str]
    anions: list[str]
    a_sites: list[str]

    def shown(self, view: AnharmonicityView) -> list[str]:
        """The potentials of `view`: those chosen, or the foundation potentials, which are shown unasked."""
        return [p for p in self.potentials if p in (view.potentials or self.unasked)]

    def first(self, view: AnharmonicityView) -> str:
        """Of the potentials of `view` the first with the errors that it asks for, else the first."""
        shown = self.shown(view)
        if view.quantity == "sigma":
            known = next((p.potentials for p in self.protocols if p.name == view.protocol), frozenset())
            shown = [p for p in shown if p in known] or shown
        return next(iter(shown), "")


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
            controls.bar(
                controls.select("anharmonicity-suite", "Suite", SUITE_OPTIONS, view.suite),
                controls.multi(
                    "anharmonicity-potentials", "Potentials", controls.options(offered.potentials, names),
                    view.potentials,
                ),
                controls.select(
                    "anharmonicity-protocol", "Sampling of the potential’s σ",
                    comparison.protocol_options(offered.protocols), view.protocol or None,
                ),
                controls.multi("anharmonicity-anion", "Anion", offered.anions, view.anion),
                controls.multi("anharmonicity-a_site", "A site", offered.a_sites, view.a_site),
                label="What to compare",
            ),
            section(
                "σ against published DFT",
                controls.boxes("anharmonicity-shown", "Draw with", controls.options(list(SHOWN), SHOWN), view.shown),
                html.Div(parts["compared"], id="anharmonicity-compared"),
            ),
            section(
                "σ of each site",
                html.Div(parts["sites"], id="anharmonicity-sites"),
                about="The same ratio over the atoms of one site alone.",
            ),
            section(
                "Where is it wrong?",
                controls.bar(
                    controls.choice(
                        "anharmonicity-quantity", "Error of", _quantities(offered), view.quantity
                    ),
                    controls.select(
                        "anharmonicity-focus", "Map and slices of",
                        controls.options(offered.shown(view), names), view.focus or None,
                    ),
                    label="Which error",
                ),
                html.Div(parts["kinds"], id="anharmonicity-kinds"),
                about="The error of σ needs a sampled trajectory per compound. The error of the softest harmonic mode "
                "needs none and is known for more compounds.",
            ),
            section(
                "By element",
                controls.bar(
                    controls.choice("anharmonicity-site", "Element on site", SITE_OPTIONS, view.site),
                    controls.choice("anharmonicity-measure", "Colour", MEASURES, view.measure),
                    label="Which map",
                ),
                html.Div(parts["elements"], id="anharmonicity-elements"),
            ),
            section(
                "Worst slices",
                html.Div(parts["slices"], id="anharmonicity-slices"),
                about="Every element on a site, every stratum and every pair of elements on two sites is tested "
                "against all other compounds, by the ranks of its errors. Compounds of one cation err together, so the "
                "test counts cations, not compounds, and leaves out what has fewer than five. With so many tests some "
                "would seem to differ by chance; q is corrected for their number (Benjamini and Hochberg).",
            ),
            html.Div(parts["foot"], id="anharmonicity-foot"),
            dcc.Store(id=VIEW_QUERY, data=encode(_stated(offered, view))),
        ],
        className="page",
    )  # fmt: skip


def _offered(dataset: Dataset, suite: str) -> Offered:
    potentials = offer.potentials(dataset, suite)
    return Offered(
        protocols=offer.protocols(dataset, suite),
        potentials=potentials,
        unasked=coverage.foundation(dataset, potentials) or potentials,
        quantities=offer.quantities(dataset, suite),
        anions=coverage.anions(dataset, suite),
        a_sites=offer.a_sites(dataset, suite),
    )


def _quantities(offered: Offered) -> list[dict[str, str]]:
    return controls.options(offered.quantities, QUANTITIES)


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
                view, frame(view.quantity), offer.published(dataset, view, view.quantity), cast
            )
        if part == "elements":
            return error_breakdown.of_elements(view, focused(), name)
        return error_breakdown.worst_slices(view, focused(), name)

    def foot() -> list[Any]:
        used = [frame(quantity) for quantity in dict.fromkeys(("sigma", view.quantity))]
        return [provenance(sources(dataset, [view.suite]), query.runs(dataset, used))]

    made = {
        "compared": lambda: comparison.compared(dataset, view, frame("sigma"), cast),
        "sites": lambda: comparison.sites(view, frame("sigma"), cast),
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
            _quantities(offered),
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
        prevent_initial_call=True,
    )
    def _pick_element(clicks: Any, suite: Any, focus: Any, site: Any) -> Any:
        point = clicked(clicks)
        element = element_at(point.get("x"), point.get("y"))
        view = build(AnharmonicityView, suite=suite, focus=focus, site=site)
        return error_breakdown.picked_element(view, element) if element else no_update


PAGE = Page(
    "/anharmonicity",
    "Anharmonicity",
    "Anharmonicity · Softmode",
    "The anharmonicity score at 300 K of potentials against published DFT: parity, strata, sites and elements.",
    layout,
    register,
)
