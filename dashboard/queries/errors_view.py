"""The view of the page of error sources: what the tables can follow of it, and how its address states it."""

from __future__ import annotations

from dataclasses import replace

from dashboard.dataset import Dataset
from dashboard.queries import attribution, wells
from dashboard.queries.errors_explained import regressions
from dashboard.queries.errors_protocols import protocol_pairs
from dashboard.views.errors import ErrorsView


def resolved(dataset: Dataset, view: ErrorsView) -> ErrorsView:
    """The view with what the tables hold: potentials and a compound with wells, a scored set, a known order."""
    frame = wells.wells(dataset)
    present, compounds = wells.potentials(frame), wells.compounds(frame)
    references = attribution.references(dataset)
    reference = view.reference if view.reference in references else next(iter(references), view.reference)
    sets = attribution.sets(dataset, reference)
    known_regressions = [regression.id for regression in regressions(dataset)]
    pairs = [pair.id for pair in protocol_pairs(dataset)]
    view = replace(
        view,
        regression=view.regression if view.regression in known_regressions else next(iter(known_regressions), ""),
        protocols=view.protocols if view.protocols in pairs else next(iter(pairs), ""),
        potentials=tuple(p for p in view.potentials if p in present),
        compound=view.compound if view.compound in compounds else wells.most_different(frame),
        reference=reference,
        frames=view.frames if view.frames in sets else next(iter(sets), ""),
    )
    scored = attribution.potentials(dataset, view.frames)
    view = replace(view, scored=view.scored if view.scored in scored else next(iter(scored), ""))
    known_orders = orders(dataset, view)
    return replace(view, order=view.order if view.order in known_orders else known_orders[0])


def orders(dataset: Dataset, view: ErrorsView) -> list[str]:
    """Orders that are known of the one attribution, the published one first and never missing."""
    found = attribution.scored(dataset, view.frames, view.scored)
    known = [] if found is None else attribution.known_orders(found)
    return known or [ErrorsView.order]


def addressed(dataset: Dataset, view: ErrorsView) -> ErrorsView:
    """The view as an address states it: without what comes first anyway."""
    first_set = next(iter(attribution.sets(dataset, view.reference)), "")
    first_scored = next(iter(attribution.potentials(dataset, view.frames)), "")
    first_regression = next((regression.id for regression in regressions(dataset)), "")
    first_pair = next((pair.id for pair in protocol_pairs(dataset)), "")
    return replace(
        view,
        regression="" if view.regression == first_regression else view.regression,
        protocols="" if view.protocols == first_pair else view.protocols,
        compound="" if view.compound == wells.most_different(wells.wells(dataset)) else view.compound,
        frames="" if view.frames == first_set else view.frames,
        scored="" if view.scored == first_scored else view.scored,
    )
