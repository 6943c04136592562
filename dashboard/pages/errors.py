"""Error sources: tilt wells of DFT against potentials, and where a potential's error of σ comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.components import (
    attribution,
    controls,
    errors_explained,
    errors_groups,
    errors_protocols,
    errors_softening,
    wells,
)
from dashboard.components.blocks import address_notice, not_computed, page_head
from dashboard.components.contents import contents, part
from dashboard.components.provenance import provenance
from dashboard.components.text import level_sentence
from dashboard.dataset import Dataset
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import attribution as attribution_query
from dashboard.queries import errors_explained as explained_query
from dashboard.queries import errors_groups as groups_query
from dashboard.queries import errors_protocols as protocols_query
from dashboard.queries import models as models_query
from dashboard.queries import results
from dashboard.queries import wells as wells_query
from dashboard.queries.provenance import runs, sources
from dashboard.views.errors import ErrorsView
from dashboard.viewstate import build, decode, encode, replaced

SUITES = ("hdp", "abx3")
PARTS = {
    "tilt": "Tilt wells",
    "attribution": "Attribution of the error of σ",
    "softening": "Softening and amplification",
    "explained": "What the harmonic errors explain",
    "protocols": "What the sampling protocol does",
}
QUANTITIES = [{"value": "curvature", "label": "curvature"}, {"value": "omega", "label": "ω of the tilt"}]


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(ErrorsView, query)
    frame = wells_query.wells(dataset)
    view = _resolved(dataset, frame, asked)
    return html.Div(
        [
            page_head(
                "Where do the errors come from?",
                "Tests against DFT. Is it the harmonic or the anharmonic part of the energy that a potential gets "
                "wrong? Does its error of σ come from its forces, from its Hessian or from sampling, and how much of "
                "it would a single number mend?",
            ),
            address_notice(problems + replaced(asked, view)),
            _level(dataset),
            contents(tuple(PARTS.items())),
            _wells(dataset, frame, view),
            _attribution(dataset, view),
            _softening(dataset),
            _explained(dataset, view),
            _protocols(dataset, view),
            provenance(sources(dataset, SUITES), runs(dataset, SUITES)),
            dcc.Store(id=VIEW_QUERY, data=encode(_shown(dataset, frame, view))),
        ],
        className="page",
    )


def _level(dataset: Dataset) -> Component | None:
    """A notice of the potentials of this page that were trained on another functional than DFT's."""
    shown = models_query.taken_apart(dataset)
    trained = {p: text for p, text in models_query.trained_on(dataset).items() if p in shown}
    published = chain.from_iterable(models_query.reference_functionals(dataset).values())
    others = level_sentence(models_query.other_levels(trained, published), results.potential_names(dataset))
    return html.P(others, className="notice") if others else None


def _wells(dataset: Dataset, frame: pd.DataFrame, view: ErrorsView) -> Component:
    if frame.empty:
        return part(
            "tilt",
            PARTS["tilt"],
            not_computed(
                "The energy of DFT and of potentials along the octahedral tilt of double perovskites.",
                f"{wells.COMPUTE} && {wells.publish_command(())}",
            ),
        )
    names = results.potential_names(dataset)
    mode = frame["mode"].iloc[0]
    return part(
        "tilt",
        PARTS["tilt"],
        html.P(wells.provenance_sentence(frame, names), className="about"),
        controls.bar(
            controls.multi(
                "errors-potentials", "Potentials", controls.options(wells_query.potentials(frame), names),
                view.potentials,
            ),
            controls.choice("errors-quantity", "Harmonic part as", QUANTITIES, view.quantity),
            label="What to compare",
        ),
        html.Div(wells.compared(frame, view, names), id="errors-compared"),
        html.H3("One compound"),
        controls.bar(
            controls.select(
                "errors-compound", "Compound", wells_query.compounds(frame), view.compound, searchable=True
            ),
            label="Whose well",
        ),
        html.Div(wells.one(frame, view, names), id="errors-one"),
        about=f"E(Q) = ½kQ² + ¼qQ⁴ + ⅙sQ⁶ along the octahedral tilt ({mode}) of the ten-atom cell, fitted to energies "
        "and forces. The curvature k is all that a harmonic calculation knows; the quartic term q is what it misses.",
    )  # fmt: skip


def _attribution(dataset: Dataset, view: ErrorsView) -> Component:
    about = (
        "σ is computed again with forces, force constants and frames taken from DFT or from the potential, one "
        "replacement after another. What a replacement changes is its contribution; it depends on the order."
    )
    if not view.frames:
        return part(
            "attribution",
            PARTS["attribution"],
            not_computed(
                "It needs DFT forces and force constants on frames at 300 K, here of CsPbI3.",
                "softmode reference dft constants CsPbI3 && softmode reference dft frames CsPbI3 --potential "
                "chgnet-0.3.0 && softmode reference dft frames CsPbI3 --potential chgnet-0.3.0 --check && "
                + attribution.publish_command("chgnet-0.3.0"),
            ),
            about=about,
        )
    return part(
        "attribution",
        PARTS["attribution"],
        controls.bar(
            controls.choice(
                "errors-reference", "Reference",
                attribution.reference_options(attribution_query.references(dataset)), view.reference,
            ),
            label="What stands for the reference",
        ),
        html.Div(attribution.reference_notice(view.reference), id="errors-reference-notice"),
        html.H3("Means over compounds"),
        controls.bar(
            controls.select(
                "errors-split", "How the error is shared out", errors_groups.split_options(), view.split,
                className="control wide",
            ),
            label="How to share out",
        ),
        html.Div(_means(dataset, view), id="errors-means"),
        html.H3("All sets of reference frames"),
        html.Div(_all_sets(dataset, view), id="errors-all-sets"),
        html.H3("One set"),
        controls.bar(
            controls.select(
                "errors-frames", "Reference frames", attribution_query.sets(dataset, view.reference), view.frames
            ),
            controls.select("errors-scored", "Potential", _scored_options(dataset, view), view.scored),
            controls.select(
                "errors-order", "Order of replacement", _order_options(dataset, view), view.order,
                className="control wide",
            ),
            label="Which attribution",
        ),
        html.Div(_breakdown(dataset, view), id="errors-breakdown"),
        about=about,
    )  # fmt: skip


def _means(dataset: Dataset, view: ErrorsView) -> list[Any]:
    return errors_groups.means(
        groups_query.groups(dataset, view.split, view.reference), view.split, results.potential_names(dataset)
    )


def _all_sets(dataset: Dataset, view: ErrorsView) -> list[Any]:
    found = attribution_query.contributions(dataset, view.reference)
    return attribution.all_sets(found, results.potential_names(dataset))


def _softening(dataset: Dataset) -> Component:
    found = groups_query.softenings(dataset)
    content = (
        errors_softening.softening(found, results.potential_names(dataset))
        if found
        else [
            not_computed(
                "It needs DFT forces and force constants on reference frames.",
                attribution.publish_command("chgnet-0.3.0"),
            )
        ]
    )
    return part(
        "softening",
        PARTS["softening"],
        *content,
        about="On the same reference frames: how much worse the Hessian is than the forces, how soft the forces are, "
        "and whether that goes with DFT’s anharmonicity.",
    )


def _explained(dataset: Dataset, view: ErrorsView) -> Component:
    found = explained_query.regressions(dataset)
    content = (
        [
            controls.bar(
                controls.select(
                    "errors-regression", "Potential and protocol",
                    errors_explained.options(found, results.potential_names(dataset)), view.regression,
                    className="control wide",
                ),
                label="Which regression",
            ),
            html.Div(_shares(dataset, view), id="errors-explained"),
        ]
        if found
        else [not_computed("It needs σ of a potential in the DFT cell of abx3.", errors_explained.COMMAND)]
    )  # fmt: skip
    return part(
        "explained",
        PARTS["explained"],
        *content,
        about="Without a single DFT frame: over the cubic ABX₃ compounds, the error of σ is regressed on the errors of "
        "ω² of the softest modes at Γ, R, M and X.",
    )


def _shares(dataset: Dataset, view: ErrorsView) -> list[Any]:
    chosen = next(r for r in explained_query.regressions(dataset) if r.id == view.regression)
    return errors_explained.shares(
        explained_query.shares(dataset, chosen.potential, chosen.protocol), chosen, results.potential_names(dataset)
    )


def _protocols(dataset: Dataset, view: ErrorsView) -> Component:
    pairs = protocols_query.protocol_pairs(dataset)
    content = (
        [
            controls.bar(
                controls.select(
                    "errors-protocols", "Protocols", errors_protocols.options(pairs), view.protocols,
                    className="control wide",
                ),
                label="Which protocols",
            ),
            html.Div(_effect(dataset, view), id="errors-effect"),
        ]
        if pairs
        else [
            errors_protocols.missing(
                sorted({r.protocol for r in explained_query.regressions(dataset)})
            )
        ]
    )  # fmt: skip
    return part(
        "protocols",
        PARTS["protocols"],
        *content,
        about="σ depends on how frames are sampled. The same compound and potential by two protocols shows how much.",
    )


def _effect(dataset: Dataset, view: ErrorsView) -> list[Any]:
    chosen = next(pair for pair in protocols_query.protocol_pairs(dataset) if pair.id == view.protocols)
    return errors_protocols.effect(protocols_query.protocols(dataset, chosen), chosen, results.potential_names(dataset))


def _breakdown(dataset: Dataset, view: ErrorsView) -> list[Any]:
    found = attribution_query.scored(dataset, view.frames, view.scored)
    if found is None:
        return [html.P("Not scored.")]
    return attribution.breakdown(found, view.order, results.potential_names(dataset))


def _scored_options(dataset: Dataset, view: ErrorsView) -> list[dict[str, str]]:
    return controls.options(attribution_query.potentials(dataset, view.frames), results.potential_names(dataset))


def _orders(dataset: Dataset, view: ErrorsView) -> list[str]:
    found = attribution_query.scored(dataset, view.frames, view.scored)
    known = [] if found is None else attribution_query.known_orders(found)
    return known or [ErrorsView.order]


def _order_options(dataset: Dataset, view: ErrorsView) -> list[dict[str, str]]:
    return attribution.order_options(_orders(dataset, view))


def _resolved(dataset: Dataset, frame: pd.DataFrame, view: ErrorsView) -> ErrorsView:
    """The view with what the tables hold: potentials and a compound with wells, a scored set, a known order."""
    present = wells_query.potentials(frame)
    compounds = wells_query.compounds(frame)
    references = attribution_query.references(dataset)
    reference = view.reference if view.reference in references else next(iter(references), view.reference)
    sets = attribution_query.sets(dataset, reference)
    regressions = [regression.id for regression in explained_query.regressions(dataset)]
    pairs = [pair.id for pair in protocols_query.protocol_pairs(dataset)]
    view = replace(
        view,
        regression=view.regression if view.regression in regressions else next(iter(regressions), ""),
        protocols=view.protocols if view.protocols in pairs else next(iter(pairs), ""),
        potentials=tuple(p for p in view.potentials if p in present),
        compound=view.compound if view.compound in compounds else wells_query.most_different(frame),
        reference=reference,
        frames=view.frames if view.frames in sets else next(iter(sets), ""),
    )
    scored = attribution_query.potentials(dataset, view.frames)
    view = replace(view, scored=view.scored if view.scored in scored else next(iter(scored), ""))
    orders = _orders(dataset, view)
    return replace(view, order=view.order if view.order in orders else orders[0])


def _shown(dataset: Dataset, frame: pd.DataFrame, view: ErrorsView) -> ErrorsView:
    """The view as the address states it: without what comes first anyway."""
    first_set = next(iter(attribution_query.sets(dataset, view.reference)), "")
    first_scored = next(iter(attribution_query.potentials(dataset, view.frames)), "")
    first_regression = next((regression.id for regression in explained_query.regressions(dataset)), "")
    first_pair = next((pair.id for pair in protocols_query.protocol_pairs(dataset)), "")
    return replace(
        view,
        regression="" if view.regression == first_regression else view.regression,
        protocols="" if view.protocols == first_pair else view.protocols,
        compound="" if view.compound == wells_query.most_different(frame) else view.compound,
        frames="" if view.frames == first_set else view.frames,
        scored="" if view.scored == first_scored else view.scored,
    )


def _changed(query: Any, **raw: Any) -> ErrorsView:
    """The view that `query` states, with the controls of one section in place of what it says about them."""
    present, _ = decode(ErrorsView, dict(parse_qsl(query if isinstance(query, str) else "", keep_blank_values=True)))
    values = build(ErrorsView, **raw)
    return replace(present, **{name: getattr(values, name) for name in raw})


def _clicked(clicks: Any) -> Any:
    """What the point that was clicked carries; None for anything else."""
    points = clicks.get("points") if isinstance(clicks, dict) else None
    first = points[0] if isinstance(points, list) and points else None
    return first.get("customdata") if isinstance(first, dict) else None


def register(app: Dash, dataset: Dataset) -> None:
    """Each section follows its own controls; a click on a point moves the control that chooses it."""

    @app.callback(
        Output("errors-compared", "children"),
        Output("errors-one", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-potentials", "value"),
        Input("errors-quantity", "value"),
        Input("errors-compound", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_wells(potentials: Any, quantity: Any, compound: Any, query: Any) -> tuple[Any, ...]:
        frame = wells_query.wells(dataset)
        asked = _changed(query, potentials=potentials, quantity=quantity, compound=compound)
        view = _resolved(dataset, frame, asked)
        names = results.potential_names(dataset)
        return (
            wells.compared(frame, view, names),
            wells.one(frame, view, names),
            encode(_shown(dataset, frame, view)),
        )

    @app.callback(
        Output("errors-compound", "value"),
        Input(wells.PARITY_HARMONIC, "clickData"),
        Input(wells.PARITY_QUARTIC, "clickData"),
        prevent_initial_call=True,
    )
    def _choose_compound(harmonic: Any, quartic: Any) -> Any:
        compound = _clicked(quartic if ctx.triggered_id == wells.PARITY_QUARTIC else harmonic)
        return compound if isinstance(compound, str) else no_update

    def resolved(query: Any, **raw: Any) -> tuple[ErrorsView, str]:
        """The view after a control has changed, and its address."""
        frame = wells_query.wells(dataset)
        view = _resolved(dataset, frame, _changed(query, **raw))
        return view, encode(_shown(dataset, frame, view))

    def follows(place: str, control: str, field: str, drawn: Callable[[Dataset, ErrorsView], Any]) -> None:
        """A section at `place` that `drawn` makes again when its one control, of `field`, changes."""

        @app.callback(
            Output(place, "children"),
            Output(VIEW_QUERY, "data", allow_duplicate=True),
            Input(control, "value"),
            State(VIEW_QUERY, "data"),
            prevent_initial_call=True,
        )
        def _update(value: Any, query: Any) -> tuple[Any, str]:
            view, address = resolved(query, **{field: value})
            return drawn(dataset, view), address

    follows("errors-means", "errors-split", "split", _means)

    @app.callback(
        Output("errors-reference-notice", "children"),
        Output("errors-means", "children", allow_duplicate=True),
        Output("errors-all-sets", "children"),
        Output("errors-frames", "data"),
        Output("errors-frames", "value", allow_duplicate=True),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-reference", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_reference(reference: Any, query: Any) -> tuple[Any, ...]:
        view, address = resolved(query, reference=reference)
        return (
            attribution.reference_notice(view.reference),
            _means(dataset, view),
            _all_sets(dataset, view),
            attribution_query.sets(dataset, view.reference),
            view.frames,
            address,
        )

    follows("errors-explained", "errors-regression", "regression", _shares)
    follows("errors-effect", "errors-protocols", "protocols", _effect)

    @app.callback(
        Output("errors-breakdown", "children"),
        Output("errors-scored", "data"),
        Output("errors-scored", "value"),
        Output("errors-order", "data"),
        Output("errors-order", "value"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("errors-frames", "value"),
        Input("errors-scored", "value"),
        Input("errors-order", "value"),
        State(VIEW_QUERY, "data"),
        prevent_initial_call=True,
    )
    def _update_attribution(frames: Any, scored: Any, order: Any, query: Any) -> tuple[Any, ...]:
        view, address = resolved(query, frames=frames, scored=scored, order=order)
        return (
            _breakdown(dataset, view),
            _scored_options(dataset, view),
            view.scored,
            _order_options(dataset, view),
            view.order,
            address,
        )

    @app.callback(
        Output("errors-frames", "value"),
        Output("errors-scored", "value", allow_duplicate=True),
        Input(attribution.CONTRIBUTIONS, "clickData"),
        prevent_initial_call=True,
    )
    def _choose_set(clicks: Any) -> Any:
        chosen = _clicked(clicks)
        if not isinstance(chosen, list) or len(chosen) != 2 or not all(isinstance(part, str) for part in chosen):
            return no_update, no_update
        return chosen[0], chosen[1]


PAGE = Page(
    "/errors",
    "Error sources",
    "Error sources · Softmode",
    "Where a potential's error of the anharmonicity score comes from: forces, Hessian or sampling.",
    layout,
    register,
)
