"""Labels of one compound: the number behind each verdict, for DFT and every potential."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from dashboard.queries.compound import dft_labels
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import controls
from dashboard.ui.blocks import section, table
from dashboard.ui.compound_text import label_mark, published, why_none
from dashboard.ui.text import compared_how, level_sentence, marked, number, plural, with_error
from dashboard.views.compound import CompoundView


def labels(found: KnownCompound, view: CompoundView) -> Component:
    """The labels, with the thresholds that make them."""
    answers = found.answers(view)
    geometries = answers.loc[answers["status"] == "ok", "geometry"].unique().tolist()
    level = level_sentence(found.other_levels(answers["potential"]), found.names)
    return section(
        "Labels",
        controls.bar(
            controls.tolerance("compound-tolerance_thz", view.tolerance_thz),
            controls.threshold("compound-threshold", view.threshold),
            label="Thresholds",
        ),
        html.Div(labels_table(found, view), id="compound-labels"),
        html.P([f"{compared_how(found.suite, geometry)} " for geometry in geometries], className="fine"),
        html.P(level, className="fine"),
        about="The number behind each verdict, and the verdict it becomes. Move a threshold to see which depend on it.",
    )  # fmt: skip


def labels_table(found: KnownCompound, view: CompoundView) -> Component:
    """Every number that a label is made from, and the label, for DFT and each potential."""
    known, answers = found.known, found.answers(view)
    dft = dft_labels(known, view.tolerance_thz, view.threshold)
    rows: list[list[Any]] = [
        [
            "DFT",
            published(known["omega_min_thz"]),
            "not published",
            label_mark(dft["dft_harmonic_at"]),
            published(known["sigma"], 3),
            label_mark(dft["dft_sigma_at"]),
            "not published",
            label_mark(MISSING),
        ]
    ]
    for row in answers.itertuples(index=False):
        harmonic, sigma = row.status == "ok", row.sigma_status == "ok"
        renormalised = sigma and np.isfinite(row.renormalised_min_thz)
        rows.append(
            [
                found.names.get(row.potential, row.potential),
                number(row.omega_min_thz) if harmonic else why_none(row.status, row.reason),
                number(row.noise_floor_thz, 3) if harmonic else "–",
                label_mark(row.harmonic_at if harmonic else MISSING),
                with_error(row.sigma, row.sigma_se) if sigma else why_none(row.sigma_status, row.sigma_reason),
                label_mark(row.sigma_at if sigma else MISSING),
                with_error(row.renormalised_min_thz, row.renormalised_min_se_thz, 2)
                if renormalised
                else "not computed",
                label_mark(row.renormalised_at if renormalised else MISSING),
            ]
        )
    head = (
        "", [*marked("ω_min"), " (THz)"], "noise floor (THz)", "harmonic", "σ at 300 K", "by σ",
        [*marked("ω_min"), " of 300 K (THz)"], "by ω at 300 K",
    )  # fmt: skip
    return table(
        head,
        rows,
        caption=f"n = {plural(len(answers), 'potential')} and DFT. Harmonic: stable when the softest ω > "
        f"−{view.tolerance_thz:g} THz, undecidable within the noise floor. By σ: stable below {view.threshold:g}, "
        "undecidable within two standard errors. By ω at 300 K: the softest mode of force constants fitted to "
        "frames at 300 K, with its standard error.",
    )
