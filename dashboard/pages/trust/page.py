"""Trust: which potential to use for one compound, or none; what a screen is worth; what DFT should do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.trust.features import SUITE
from compute.trust.model import NoTrust, TrustModel
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.pages.trust import screening
from dashboard.pages.trust.answer import answer
from dashboard.pages.trust.next_runs import ABOUT as NEXT_ABOUT
from dashboard.pages.trust.next_runs import next_table
from dashboard.queries.coverage import potential_names
from dashboard.queries.provenance import runs, sources
from dashboard.queries.trust import Trusted, fitted, next_csv
from dashboard.server.response_cache import do_not_remember
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, not_computed, page_head, section
from dashboard.ui.provenance import provenance
from dashboard.ui.structure import ROLE_NAMES
from dashboard.ui.tabs import tabs
from dashboard.views.codec import changed, decode, encode
from dashboard.views.trust import TrustView

SITES = ("A", "B", "X")
COMPOUND = "trust-compound"


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    view, problems = decode(TrustView, query)
    head = page_head(
        "Which potential can be trusted with my compound?",
        "Pick elements or type a formula, in the suite or not, and see which potential’s label is most likely DFT’s, "
        "how far its ω may be off and why it may fail, or that none can be trusted.",
    )
    try:
        model = fitted(dataset)
    except NoTrust as error:
        missing = not_computed("The trust is not fitted to these tables.", "softmode trust train")
        return html.Div(
            [head, address_notice(problems), html.P(str(error), className="notice"), missing], className="page"
        )
    shown, found, error = answer(dataset, view)
    return html.Div(
        [
            head,
            address_notice(problems),
            _controls(model, view, found, error),
            html.Div(shown, id="trust-answer", **{"aria-live": "polite"}),
            tabs(
                ("screen", "Screening with trust", section(
                    "Screening with trust",
                    html.Div(id="trust-prices", children=_prices(dataset, model, view)),
                    html.Div(id="trust-screening", className="later tall"),
                    about=screening.ABOUT,
                )),
                ("next", "What DFT should compute next", section(
                    "What DFT should compute next",
                    next_table(dataset),
                    html.Div(dmc.Button("CSV", id="trust-next", variant="light", size="sm"), className="downloads"),
                    dcc.Download(id="trust-file"),
                    about=NEXT_ABOUT,
                )),
                label="What trust is for",
            ),
            html.P(
                [
                    f"Fitted to {model.n_compounds:,} cubic ABX₃ with published DFT, {model.n_stable} of them stable, "
                    f"and {len(model.potentials)} foundation potentials; tested on elements left out and on other "
                    "structure types, to which it does not carry over: docs/trust.md. "
                    "On the command line: ",
                    html.Code("softmode trust CsPbBr3"), ". For programs: ", html.A("the API", href="/api/v1/"), ".",
                ],
                className="fine",
            ),
            provenance(sources(dataset, [SUITE]), runs(dataset, [SUITE])),
            dcc.Store(id=VIEW_QUERY, data=encode(view)),
        ],
        className="page",
    )  # fmt: skip


def _controls(model: TrustModel, view: TrustView, found: Trusted | None, error: str | None) -> Component:
    sites = found.subject.sites if found else {}
    return controls.bar(
        dmc.TextInput(
            id=COMPOUND, label="Compound", value=view.compound, placeholder="CsPbBr3", debounce=250, error=error,
        ),
        *(
            controls.select(
                f"trust-{site}", ROLE_NAMES[site], _offered(model, site, sites.get(site)), sites.get(site),
                searchable=True,
            )
            for site in SITES
        ),
        controls.slider(
            "trust-least", "Trust needed", value=view.least, low=0.5, high=0.99, step=0.01, marks=(0.5, 0.7, 0.9, 0.99)
        ),
        label="Compound",
    )  # fmt: skip


def _offered(model: TrustModel, site: str, chosen: str | None) -> list[str]:
    """Elements of the suite on a site, and the one that the formula has there."""
    return sorted({*model.elements.get(site, ()), *([chosen] if chosen else [])})


def _prices(dataset: Dataset, model: TrustModel, view: TrustView) -> Component:
    names = potential_names(dataset)
    options = [{"value": "", "label": "the cheapest"}, *controls.options(sorted(model.potentials), names)]
    return controls.bar(
        controls.select("trust-potential", "Potential", options, view.potential),
        _price("trust-false_stable", "False stable costs (DFT runs)", view.false_stable),
        _price("trust-false_unstable", "False unstable costs (DFT runs)", view.false_unstable),
        label="What mistakes cost",
    )


def _price(identity: str, label: str, value: float) -> Component:
    return dmc.NumberInput(id=identity, label=label, value=value, min=0, max=10_000, decimalScale=1, debounce=300)


def register(app: Dash, dataset: Dataset) -> None:
    """The answer follows formula, elements and the trust needed; the screen follows its costs."""

    @app.callback(
        Output("trust-answer", "children"),
        Output(COMPOUND, "value"),
        Output(COMPOUND, "error"),
        *(Output(f"trust-{site}", part) for site in SITES for part in ("data", "value")),
        Output("trust-least-value", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input(COMPOUND, "value"),
        *(Input(f"trust-{site}", "value") for site in SITES),
        Input("trust-least", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update(text: Any, a: Any, b: Any, x: Any, least: Any, written: Any) -> tuple[Any, ...]:
        do_not_remember()
        picked = ctx.triggered_id in {f"trust-{site}" for site in SITES} and all((a, b, x))
        view = changed(TrustView, written, compound=f"{a}{b}{x}3" if picked else text, least=least)
        model = fitted(dataset)
        shown, found, error = answer(dataset, view)
        sites = found.subject.sites if found else {}
        parts = [part for site in SITES for part in (_offered(model, site, sites.get(site)), sites.get(site))]
        return (
            no_update if error else shown,
            view.compound if picked else no_update,
            error,
            *(parts if found else [no_update] * len(parts)),
            f"{view.least:.2f}",
            no_update if error else encode(view),
        )

    @app.callback(
        Output("trust-screening", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("trust-potential", "value"),
        Input("trust-false_stable", "value"),
        Input("trust-false_unstable", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call="initial_duplicate",
    )
    def _screen(potential: Any, false_stable: Any, false_unstable: Any, written: Any) -> tuple[Any, str]:
        do_not_remember()
        view = changed(
            TrustView, written, potential=potential, false_stable=false_stable, false_unstable=false_unstable
        )
        known = screening.found(dataset, view)
        shown = screening.screening(screening.resolved(view, known), known, potential_names(dataset))
        return shown, encode(view)

    @app.callback(Output("trust-file", "data"), Input("trust-next", "n_clicks"), prevent_initial_call=True)
    def _download(_clicks: Any) -> Any:
        do_not_remember()
        content = next_csv(dataset)
        return no_update if content is None else {"content": content, "filename": "softmode-next-dft.csv"}


PAGE = Page(
    "/trust",
    "Trust",
    "Trust · Softmode",
    "Which potential can be trusted with the soft phonons of my compound, and how far it may be off.",
    layout,
    register,
    remembered=False,
)
"""Not remembered: the trust may be fitted anew without a new release."""
