"""Definitions: every quantity of the tables with its formula, as `compute.physics` computes it."""

from __future__ import annotations

from functools import cache

from dash.development.base_component import Component

from dashboard.pages.methods.definitions_scores import attribution, scores, wells
from dashboard.pages.methods.definitions_sigma import harmonic, labels, sigma


@cache
def definitions() -> tuple[Component, ...]:
    """The parts of the page with formulas, in the order in which one builds on the other."""
    return (harmonic(), sigma(), labels(), attribution(), wells(), scores())
