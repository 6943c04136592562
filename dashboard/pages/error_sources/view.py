"""The view of the page of error sources: what the tables can follow of it, and how its address states it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from compute.structures.formula import among
from dashboard.dataset import Dataset
from dashboard.pages.error_sources.protocols_data import protocol_pairs
from dashboard.pages.error_sources.regression_data import regressions
from dashboard.pages.page import PageState
from dashboard.queries import attribution, wells
from dashboard.views.codec import encode
from dashboard.views.error_sources import ErrorSourcesView


def resolve(dataset: Dataset, asked: ErrorSourcesView) -> PageState[ErrorSourcesView]:
    """What the tables hold of `asked`: potentials and a compound with wells, a scored set, a known order."""
    present, implied = wells.potentials(wells.wells(dataset)), {}
    view = replace(asked, potentials=tuple(p for p in asked.potentials if p in present))
    for name, offered in _OFFERED.items():
        values = offered(dataset, view)
        if not getattr(ErrorSourcesView, name):
            implied[name] = next(iter(values), "")
        if name == "compound" and view.compound:
            view = replace(view, compound=among(values, view.compound))
        if getattr(view, name) not in values:
            first: dict[str, Any] = {name: next(iter(values), getattr(ErrorSourcesView, name))}
            view = replace(view, **first)
    return PageState(view, encode(view, **implied))


def orders(dataset: Dataset, view: ErrorSourcesView) -> list[str]:
    """Orders that are known of the one attribution, the published one first and never missing."""
    found = attribution.scored(dataset, view.frames, view.scored)
    known = [] if found is None else attribution.known_orders(found)
    return known or [ErrorSourcesView.order]


def _compounds(dataset: Dataset, view: ErrorSourcesView) -> list[str]:
    frame = wells.wells(dataset)
    return [wells.most_different(frame), *wells.compounds(frame)]


_OFFERED: dict[str, Callable[[Dataset, ErrorSourcesView], Sequence[str]]] = {
    "regression": lambda dataset, view: [regression.id for regression in regressions(dataset)],
    "protocols": lambda dataset, view: [pair.id for pair in protocol_pairs(dataset)],
    "compound": _compounds,
    "reference": lambda dataset, view: attribution.references(dataset) or [view.reference],
    "frames": lambda dataset, view: attribution.sets(dataset, view.reference),
    "scored": lambda dataset, view: attribution.potentials(dataset, view.frames),
    "order": orders,
}
"""What the tables offer per field of a view, what comes by itself first; it depends on the fields before it."""
