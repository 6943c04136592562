"""What the reference itself says of σ beyond harmonic force constants: to third order, and by TDEP."""

from __future__ import annotations

from typing import Any

import numpy as np
from dash import html

from compute.statistics.bootstrap import clusters_of
from compute.statistics.criteria import THRESHOLD
from compute.statistics.deviation import Agreement
from dashboard.dataset import Dataset
from dashboard.pages.anharmonicity.choices import FILTERS, filters
from dashboard.pages.anharmonicity.comparison import interval_text
from dashboard.pages.anharmonicity.data import compared
from dashboard.ui.blocks import table
from dashboard.ui.text import count, drawn_by, number
from dashboard.views.anharmonicity import AnharmonicityView

KINDS = {
    "sigma_third_order": "force constants to third order",
    "sigma_tdep_22": "σ_TDEP (2,2)",
    "sigma_tdep_24": "σ_TDEP (2,4)",
    "sigma_tdep_34": "σ_TDEP (3,4)",
    "sigma_tdep_44": "σ_TDEP (4,4)",
}
"""Columns of `references`, by what the source calls them."""
ABOUT = (
    "σ above is what harmonic force constants at 0 K leave of the forces. The source also publishes what third-order "
    "force constants leave, and what effective ones do (TDEP, in the source’s own numbering). No potential has these "
    "numbers yet: they say how far the reference’s verdict rests on which force constants σ is held against."
)


def reference_sigmas(dataset: Dataset, view: AnharmonicityView) -> list[Any]:
    """A row per kind of σ that the reference of the view publishes, beside its harmonic one."""
    columns = ", ".join(f"r.{name}" for name in ("sigma", *KINDS))
    frame = dataset.frame(
        f'SELECT r.A, r.B, r.Bp, r.X, {columns} FROM "references" r WHERE {FILTERS} AND r.sigma IS NOT NULL',
        filters(view),
    )
    harmonic = frame["sigma"].to_numpy(float)
    ways = tuple(np.unique(way, return_inverse=True)[1].astype(np.int64) for way in clusters_of(frame, view.suite))
    rows = []
    for column, name in KINDS.items():
        values = frame[column].to_numpy(float)
        found = compared(values, harmonic, ways)
        if found.n:
            rows.append(_row(name, values, harmonic, found))
    if not rows:
        return [html.P("The source of this suite publishes no other σ of the compounds that are chosen.")]
    head = ("", "n", "median", "median, harmonic", "mean difference", "rank correlation", "verdict σ < 1 changes")
    caption = (
        "The reference’s σ at 300 K by kind, against its harmonic σ of the same compounds. Beneath: 95 % interval, "
        f"{drawn_by(view.suite)}. Effective force constants are fitted to the dynamics, so they leave less; no score "
        "here is against them."
    )
    return [table(head, rows, caption=caption)]


def _row(name: str, values: np.ndarray, harmonic: np.ndarray, found: Agreement) -> list[Any]:
    known = np.isfinite(values)
    changes = int(((values < THRESHOLD) != (harmonic < THRESHOLD))[known].sum())
    return [
        name,
        count(found.n),
        number(float(np.median(values[known]))),
        number(float(np.median(harmonic[known]))),
        interval_text(found.bias, sign=True),
        interval_text(found.spearman, sign=True),
        [f"{count(changes)} of {count(found.n)}", html.Span(f"{100 * changes / found.n:.0f} %", className="sub")],
    ]
