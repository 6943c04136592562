"""σ of one compound at 300 K: published, then every run of every potential."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from compute.potentials.registry import preselected
from dashboard.pages.compound import sigma_figures as figures
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import controls
from dashboard.ui.blocks import not_computed, section, table
from dashboard.ui.compound_text import label_mark, published, why_none
from dashboard.ui.text import count, number, plural, with_error
from dashboard.views.compound import CompoundView


def sigma(found: KnownCompound, view: CompoundView) -> Component:
    """σ in numbers, over time, and of each site and mode."""
    title = "Anharmonicity at 300 K"
    about = (
        "σ is the size of the forces that the harmonic force constants miss, over that of all forces: 0 for a harmonic "
        "crystal, 1 where what is missed is as large as the forces."
    )
    command = f"softmode sigma {found.name} --suite {found.suite} --potential {preselected()} --protocol quick"
    if found.sigma.empty:
        return section(
            title,
            sigma_table(found),
            not_computed("No potential has sampled this compound.", command),
            about=about,
        )
    traces = figures.trace_figures(found)
    sites = figures.site_figure(found)
    return section(
        title,
        sigma_table(found),
        html.P(sigma_protocols(found.sigma), className="fine"),
        html.Div(traces, className="pair") if traces else None,
        html.H3("σ of each site and mode"),
        controls.bar(
            controls.select(
                "compound-sigma_run", "Modes of", _options(found), view.sigma_run, className="control wide"
            ),
            label="Whose modes",
        ),
        html.Div([html.Div(mode_figure(found, view), id="compound-sigma-modes"), sites], className="pair"),
        about=about,
    )


def _options(found: KnownCompound) -> list[dict[str, str]]:
    return [
        {"value": row.run, "label": f"{found.names.get(row.potential, row.potential)}, {row.protocol}"}
        for row in found.sigma.itertuples(index=False)
    ]


def mode_figure(found: KnownCompound, view: CompoundView) -> Component:
    """σ per mode of the run that the view names."""
    row = next(row for row in found.sigma.itertuples(index=False) if row.run == view.sigma_run)
    return figures.mode_figure(row, found.names) or html.P("This run stored no σ per mode.")


def sigma_table(found: KnownCompound) -> Component:
    """Published σ, then every run of every potential."""
    rows, of_dft = found.sigma, published(found.known["sigma"], 3)
    lines: list[list[Any]] = [["DFT", "as published", "300", *["–"] * 2, of_dft, *["–"] * 4]]
    for row in rows.itertuples(index=False):
        name = found.names.get(row.potential, row.potential)
        if row.status != "ok":
            why = why_none(row.status, row.reason)
            lines.append(
                [name, row.protocol, *["–"] * 2, why, "–", label_mark(MISSING), *["–"] * 2, label_mark(MISSING)]
            )
            continue
        frames = f"{count(int(row.n_frames))}, {plural(int(row.n_replicas), 'replica')}"
        lines.append(
            [
                name,
                row.protocol,
                f"{row.temperature:g}",
                number(row.temperature_mean, 0) if np.isfinite(row.temperature_mean) else "samples",
                frames,
                with_error(row.sigma, row.sigma_se),
                label_mark(row.label),
                number(row.sigma_frame_mean, 3),
                number(row.sigma_effective, 3) if np.isfinite(row.sigma_effective) else "not fitted",
                label_mark(row.renormalised_label),
            ]
        )
    head = (
        "", "protocol", "bath (K)", "mean T (K)", "frames", "σ ± SE", "label of the run", "mean σ of a frame",
        "σ left by fitted Φ", "by ω at 300 K",
    )  # fmt: skip
    n_failed = int((rows["status"] != "ok").sum())
    return table(
        head,
        lines,
        caption=f"n = {plural(len(rows), 'run')}, {count(n_failed)} failed. SE is from blocks of the replicas. Labels "
        "here are as the run stored them, at its own threshold and tolerance.",
        numeric_from=2,
    )


def sigma_protocols(rows: pd.DataFrame) -> str:
    """Which of the runs are sampled as the published σ was."""
    ok = rows[rows["status"] == "ok"]
    like = ok["protocol"].str.startswith("published")
    if ok.empty:
        return "No run ended with a σ."
    if like.all():
        return "Every run samples by the schedule of the published σ: like with like."
    if not like.any():
        return "No run samples by the schedule of the published σ, so part of any difference is the protocol."
    return (
        f"Sampled by the schedule of the published σ: {count(int(like.sum()))} of {plural(len(ok), 'run')} with a σ. "
        "With the others part of any difference is the protocol."
    )
