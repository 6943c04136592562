"""The parts of the page of error sources, and what their controls make again."""

from __future__ import annotations

from itertools import chain
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.dataset import Dataset
from dashboard.pages.error_sources import mean_contributions, regression
from dashboard.pages.error_sources import mean_contributions_data as groups_query
from dashboard.pages.error_sources import one_well as errors_well
from dashboard.pages.error_sources import protocols as errors_protocols
from dashboard.pages.error_sources import protocols_data as protocols_query
from dashboard.pages.error_sources import regression_data as explained_query
from dashboard.pages.error_sources import softening as errors_softening
from dashboard.pages.error_sources.view import orders
from dashboard.queries import attribution as attribution_query
from dashboard.queries import potentials as models_query
from dashboard.queries import wells as wells_query
from dashboard.queries.coverage import potential_names
from dashboard.queries.ranking import RANKED_IN, preferred
from dashboard.ui import attribution as errors_attribution
from dashboard.ui import attribution_breakdown, controls, wells
from dashboard.ui.blocks import not_computed, publish_command, section
from dashboard.ui.text import level_sentence
from dashboard.views.error_sources import ErrorSourcesView

SUITES = ("hdp", "abx3")
"""Those whose errors are taken apart."""
QUANTITIES = [{"value": "curvature", "label": "curvature"}, {"value": "omega", "label": "ω of the tilt"}]


def level(dataset: Dataset) -> Component | None:
    """A notice of the potentials of this page that were trained on another functional than DFT's."""
    shown = models_query.taken_apart(dataset)
    trained = {p: text for p, text in models_query.trained_on(dataset).items() if p in shown}
    functionals = models_query.reference_functionals(dataset)
    published = chain.from_iterable(functionals.get(suite, []) for suite in SUITES)
    others = level_sentence(models_query.other_levels(trained, published), potential_names(dataset))
    return html.P(others, className="notice") if others else None


def tilt(dataset: Dataset, view: ErrorSourcesView) -> Component:
    """Tilt wells of all compounds, then of one."""
    frame = wells_query.wells(dataset)
    if frame.empty:
        return section(
            "Tilt wells",
            not_computed(
                "The energy of DFT and of potentials along the octahedral tilt of double perovskites.",
                f"{wells.COMPUTE} && {publish_command()}",
            ),
        )
    names = potential_names(dataset)
    mode = frame["mode"].iloc[0]
    return section(
        "Tilt wells",
        html.P(wells.provenance_sentence(frame, names), className="about"),
        controls.bar(
            controls.multi(
                "errors-potentials", "Potentials", controls.options(wells_query.potentials(frame), names),
                view.potentials,
            ),
            controls.choice("errors-quantity", "Harmonic part as", QUANTITIES, view.quantity),
            label="What to compare",
        ),
        html.Div(compared_wells(dataset, view), id="errors-compared"),
        html.H3("One compound"),
        controls.bar(
            controls.select(
                "errors-compound", "Compound", wells_query.compounds(frame), view.compound, searchable=True
            ),
            label="Whose well",
        ),
        html.Div(one_well(dataset, view), id="errors-one"),
        about=f"E(Q) = ½kQ² + ¼qQ⁴ + ⅙sQ⁶ along the octahedral tilt ({mode}) of the ten-atom cell, fitted to energies "
        "and forces. The curvature k is all that a harmonic calculation knows; the quartic term q is what it misses.",
    )  # fmt: skip


def compared_wells(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """Potentials against DFT over the tilt wells of all compounds."""
    return wells.compared(wells_query.wells(dataset), view, potential_names(dataset))


def one_well(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """The tilt well of the view's compound."""
    return errors_well.one(wells_query.wells(dataset), view, potential_names(dataset))


def attribution(dataset: Dataset, view: ErrorSourcesView) -> Component:
    """Errors of σ taken apart: means over compounds, all sets of frames, one set."""
    about = (
        "σ is computed again with forces, force constants and frames taken from DFT or from the potential, one "
        "replacement after another. What a replacement changes is its contribution; it depends on the order."
    )
    if not view.frames:
        return section(
            "Attribution of the error of σ",
            not_computed(
                "It needs DFT forces and force constants on frames at 300 K, here of CsPbI3.",
                "softmode reference dft constants CsPbI3 && softmode reference dft frames CsPbI3 --potential "
                "chgnet-0.3.0 && softmode reference dft frames CsPbI3 --potential chgnet-0.3.0 --check && "
                + publish_command(),
            ),
            about=about,
        )
    return section(
        "Attribution of the error of σ",
        controls.bar(
            controls.choice(
                "errors-reference", "Reference",
                errors_attribution.reference_options(attribution_query.references(dataset)), view.reference,
            ),
            label="What stands for the reference",
        ),
        html.Div(errors_attribution.reference_notice(view.reference), id="errors-reference-notice"),
        html.H3("Means over compounds"),
        controls.bar(
            controls.select(
                "errors-split", "How the error is shared out", mean_contributions.split_options(), view.split,
                className="control wide",
            ),
            label="How to share out",
        ),
        html.Div(means(dataset, view), id="errors-means"),
        html.H3("All sets of reference frames"),
        html.Div(all_sets(dataset, view), id="errors-all-sets"),
        about=about,
    )  # fmt: skip


def one_set(dataset: Dataset, view: ErrorSourcesView) -> Component | None:
    """One set of frames with one potential, step by step; nothing where there is none."""
    if not view.frames:
        return None
    return section(
        "One set of frames",
        controls.bar(
            controls.select(
                "errors-frames", "Reference frames", attribution_query.sets(dataset, view.reference), view.frames
            ),
            controls.select("errors-scored", "Potential", scored_options(dataset, view), view.scored),
            controls.select(
                "errors-order", "Order of replacement", order_options(dataset, view), view.order,
                className="control wide",
            ),
            label="Which attribution",
        ),
        html.Div(breakdown(dataset, view), id="errors-breakdown"),
    )  # fmt: skip


def means(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """Mean contributions by potential and anion."""
    found = groups_query.groups(dataset, view.split, view.reference)
    order = preferred(dataset, RANKED_IN, dict.fromkeys(group.potential for group in found))
    found = sorted(found, key=lambda group: order.index(group.potential))
    return mean_contributions.means(found, view.split, potential_names(dataset))


def all_sets(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """Contributions of every set of frames."""
    found = attribution_query.contributions(dataset, view.reference)
    return errors_attribution.all_sets(found, potential_names(dataset))


def softening(dataset: Dataset) -> Component:
    """Softening slopes and amplification, and what they go with."""
    found = groups_query.softenings(dataset)
    content = (
        errors_softening.softening(found, potential_names(dataset))
        if found
        else [
            not_computed(
                "It needs DFT forces and force constants on reference frames.",
                publish_command(),
            )
        ]
    )
    return section(
        "Softening and amplification",
        *content,
        about="On the same reference frames: how much worse the Hessian is than the forces, how soft the forces are, "
        "and whether that goes with DFT’s anharmonicity.",
    )


def explained(dataset: Dataset, view: ErrorSourcesView) -> Component:
    """σ, that of DFT given, regressed on errors of ω²."""
    found = explained_query.regressions(dataset)
    content = (
        [
            controls.bar(
                controls.select(
                    "errors-regression", "Potential and protocol",
                    regression.options(found, potential_names(dataset)), view.regression,
                    className="control wide",
                ),
                label="Which regression",
            ),
            html.Div(shares(dataset, view), id="errors-explained"),
        ]
        if found
        else [not_computed("It needs σ of a potential in the DFT cell of abx3.", regression.COMMAND)]
    )  # fmt: skip
    return section(
        "What the harmonic errors explain",
        *content,
        about="Without a single DFT frame: over the cubic ABX₃ compounds, the potential’s σ is regressed on that of "
        "DFT and on the errors of ω² of the softest modes at Γ, R, M and X; what counts is what the errors add. A "
        "difference of σ regressed on differences of the same DFT would explain itself.",
    )


def shares(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """The regression that the view names."""
    chosen = next(r for r in explained_query.regressions(dataset) if r.id == view.regression)
    return regression.shares(
        explained_query.shares(dataset, chosen.potential, chosen.protocol), chosen, potential_names(dataset)
    )


def protocols(dataset: Dataset, view: ErrorSourcesView) -> Component:
    """σ by two protocols of sampling."""
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
            html.Div(effect(dataset, view), id="errors-effect"),
        ]
        if pairs
        else [
            errors_protocols.missing(
                sorted({r.protocol for r in explained_query.regressions(dataset)})
            )
        ]
    )  # fmt: skip
    return section(
        "What the sampling protocol does",
        *content,
        about="σ depends on how frames are sampled. The same compound and potential by two protocols shows how much.",
    )


def effect(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """The pair of protocols that the view names."""
    chosen = next(pair for pair in protocols_query.protocol_pairs(dataset) if pair.id == view.protocols)
    return errors_protocols.effect(protocols_query.protocols(dataset, chosen), chosen, potential_names(dataset))


def breakdown(dataset: Dataset, view: ErrorSourcesView) -> list[Any]:
    """The one attribution that the view names."""
    found = attribution_query.scored(dataset, view.frames, view.scored)
    if found is None:
        return [html.P("Not scored.")]
    return attribution_breakdown.breakdown(found, view.order, potential_names(dataset))


def scored_options(dataset: Dataset, view: ErrorSourcesView) -> list[dict[str, str]]:
    """Potentials scored on the view's frames."""
    return controls.options(attribution_query.potentials(dataset, view.frames), potential_names(dataset))


def order_options(dataset: Dataset, view: ErrorSourcesView) -> list[dict[str, str]]:
    """Known orders of replacement of the one attribution."""
    return errors_attribution.order_options(orders(dataset, view))
