"""Columns of the table `references` that follow from the compound alone."""

from __future__ import annotations

from typing import Any

from compute.structures.compounds import Compound
from compute.suites import SUITES


def compound_columns(compound: Compound, formula: str) -> dict[str, Any]:
    """Names, sites, charge states, computed descriptors and source of `compound`, published as `formula`."""
    suite = SUITES[compound.suite]
    descriptors = compound.descriptors()
    return {
        "suite": suite.id,
        "compound": formula,
        "formula": formula,
        "prototype": compound.prototype,
        **compound.sites,
        **{f"charge_{site.lower()}": q for site, q in compound.charges.items() if site != "X"},
        "charge_note": "; ".join(compound.notes) or None,
        **descriptors,
        "descriptor_source": "computed from Shannon radii" if descriptors else None,
        "doi": suite.doi,
        "source": suite.source,
    }
