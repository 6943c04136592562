"""Trust: which potential to use for one compound, or none; what a screen is worth; what DFT should do next."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.trust.features import SUITE
from compute.trust.model import NoTrust, TrustModel
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page, PageState, outputs
from dashboard.pages.trust import screening
from dashboard.pages.trust.answer import answer
from dashboard.pages.trust.next_runs import ABOUT as NEXT_ABOUT
from dashboard.pages.trust.next_runs import next_table
from dashboard.queries.coverage import potential_names
from dashboard.queries.provenance import runs, sources
from dashboard.queries.trust import Trusted, fitted, next_csv
from dashboard.server.response_cache import do_not_remember
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, attributes, not_computed, page_head, section
from dashboard.ui.provenance import provenance
from dashboard.ui.structure import ROLE_NAMES
from dashboard.ui.tabs import tabs
from dashboard.views.codec import changed, encode
from dashboard.views.trust import TrustView

SITES = ("A", "B", "X")
COMPOUND = "trust-compound"


def resolve(dataset: Dataset, asked: TrustView) -> PageState[TrustView]:
    """All that is asked can be followed: what there is no answer to, the answer says."""
    return PageState(asked, encode(asked))


def layout(dataset: Dataset, state: PageState[TrustView], ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view = state.view
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
            [head, address_notice(ignored), html.P(str(error), className="notice"), missing], className="page"
        )
    shown, found, wrong = answer(dataset, view)
    return html.Div(
        [
            head,
            address_notice(ignored),
            _controls(model, view, found, wrong),
            html.Div(shown, id="trust-answer", **attributes(aria_live="polite")),
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
    found: Component = dmc.NumberInput(
        id=identity, label=label, value=value, min=0, max=10_000, decimalScale=1, debounce=300
    )
    return found


def register(app: Dash, dataset: Dataset) -> None:
    """The answer follows formula, elements and the trust needed; the screen follows its costs."""

    @app.callback(
        output={
            **outputs("trust", ("answer",), SITES),
            "compound": Output(COMPOUND, "value"),
            "error": Output(COMPOUND, "error"),
            "least": Output("trust-least-value", "children"),
        },
        inputs={
            "text": Input(COMPOUND, "value"),
            "sites": {site: Input(f"trust-{site}", "value") for site in SITES},
            "least": Input("trust-least", "value"),
        },
        state={"written": State(VIEW_QUERY, "data")},
        prevent_initial_call=True,
    )
    def _update(text: Any, sites: dict[str, Any], least: Any, written: Any) -> dict[str, Any]:
        do_not_remember()
        picked = ctx.triggered_id in {f"trust-{site}" for site in SITES} and all(sites.values())
        compound = "{A}{B}{X}3".format(**sites) if picked else text
        state = resolve(dataset, changed(TrustView, written, compound=compound, least=least))
        model = fitted(dataset)
        shown, found, error = answer(dataset, state.view)
        of = found.subject.sites if found else {}
        return {
            "answer": no_update if error else shown,
            "compound": state.view.compound if picked else no_update,
            "error": error,
            **{f"{site}_offered": _offered(model, site, of.get(site)) if found else no_update for site in SITES},
            **{site: of.get(site) if found else no_update for site in SITES},
            "least": f"{state.view.least:.2f}",
            "address": no_update if error else state.address,
        }

    @app.callback(
        Output("trust-screening", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        inputs={name: Input(f"trust-{name}", "value") for name in ("potential", "false_stable", "false_unstable")},
        state={"written": State(VIEW_QUERY, "data")},
        prevent_initial_call="initial_duplicate",
    )
    def _screen(written: Any, **values: Any) -> tuple[Any, str]:
        do_not_remember()
        state = resolve(dataset, changed(TrustView, written, **values))
        known = screening.found(dataset, state.view)
        chosen = screening.potential_of(state.view, known)
        return screening.screening(chosen, known, potential_names(dataset)), state.address

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
    view=TrustView,
    resolve=resolve,
    layout=layout,
    register=register,
    remembered=False,
)
"""Not remembered: the trust may be fitted anew without a new release."""
