"""Phonon bands of one compound whose forces a source stored: DFT against a potential, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from dashboard.figures.bands import BandCurve, bands
from dashboard.queries.bands import DFT, StoredBands
from dashboard.queries.compound import harmonic_errors
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui.bands import band_labels, curve, lowest_sentence
from dashboard.ui.blocks import campaign_command, captioned, not_computed, section, table
from dashboard.ui.text import count, number, plural
from dashboard.views.compound import CompoundView

_ERRORS = (
    ("omega_rmse_thz", "ω, RMSE (THz)", 3),
    ("omega_mae_thz", "ω, mean |error| (THz)", 3),
    ("omega_bias_thz", "ω, bias (THz)", 3),
    ("omega2_rmse_thz2", "ω², RMSE (THz²)", 2),
    ("speed_rmse_km_s", "group velocity, RMSE (km/s)", 3),
    ("speed_error", "group velocity, relative", 3),
    ("constants_error", "Hessian, relative", 3),
)


def stored_bands(found: KnownCompound, view: CompoundView) -> Component:
    """Bands along one path: DFT’s and one potential’s, the others by a click on their names."""
    if not found.stored_bands:
        if found.suite != "mp0b3":
            return html.P("This suite publishes frequencies without bands.")
        missing = "Bands: the source publishes forces of supercells, and those of this compound are not imported."
        return not_computed(missing, campaign_command(found.suite))
    stored = found.stored_bands
    asked = view.potentials or tuple(b.source for b in stored if b.source != DFT)[:1]
    curves = [_curve(found, b) for b in stored]
    figure = bands(curves, band_labels(stored[0].path), {}, None)
    for trace, b in zip(figure["data"], stored, strict=False):
        if b.source not in (DFT, *asked):
            trace["visible"] = "legendonly"
    sentences = [
        html.Strong(f"n = {count(stored[0].frequencies.shape[1])} branches. "),
        *(lowest_sentence(c.name, b.path, b.frequencies) for c, b in zip(curves, stored, strict=True)),
        *_differences(found, stored),
    ]
    return captioned(
        figure,
        sentences,
        label="Phonon bands of DFT and of the potential along the special points of the Brillouin zone",
    )


def stored_errors(found: KnownCompound) -> Component:
    """The errors of every potential over q meshes."""
    return section(
        "Errors against DFT’s phonons",
        _errors(found),
        about="From the source’s forces on displaced supercells, DFT’s and the potential’s. The structures themselves "
        "are not drawn.",
    )


def _curve(found: KnownCompound, stored: StoredBands) -> BandCurve:
    if stored.source == DFT:
        return curve(stored, "DFT", None)
    return curve(stored, found.names.get(stored.source, stored.source), stored.source)


def _differences(found: KnownCompound, stored: Sequence[StoredBands]) -> list[str]:
    """Where on the path each potential is furthest from DFT; branches are compared in their order."""
    dft = next((b for b in stored if b.source == DFT), None)
    if dft is None:
        return ["DFT’s bands cannot be drawn with them: the source’s two calculations differ (below)."]
    sentences = []
    for b in stored:
        if b.source == DFT:
            continue
        between = np.abs(b.frequencies - dft.frequencies)
        point, branch = np.unravel_index(int(between.argmax()), between.shape)
        change = float(b.frequencies[point, branch] - dft.frequencies[point, branch])
        sentences.append(
            f"{found.names.get(b.source, b.source)} is furthest from DFT {_place(b.path.labels, int(point))}, "
            f"{number(change, sign=True)} THz in branch {int(branch) + 1} from below. "
        )
    return sentences


def _place(labels: Sequence[str], point: int) -> str:
    if labels[point]:
        return f"at {labels[point]}"
    before = next(label for label in reversed(labels[:point]) if label)
    after = next(label for label in labels[point:] if label)
    return f"between {before} and {after}"


def _errors(found: KnownCompound) -> Component:
    frame = harmonic_errors(found.dataset, found.suite, found.name)
    rows: list[list[Any]] = []
    reasons: list[str] = []
    for row in frame.itertuples(index=False):
        values = [getattr(row, column) for column, _, _ in _ERRORS]
        name = found.names.get(row.potential, row.potential)
        rows.append([name, *(_value(v, d) for v, (_, _, d) in zip(values, _ERRORS, strict=True))])
        if isinstance(row.reason, str) and row.reason:
            reasons.append(f"{name}: {row.reason}.")
    finite = frame.dropna(subset=["q_mesh", "speed_mesh"])
    meshes = [
        f"ω: all modes on q points {row.q_mesh}. |Group velocity|: modes that are real in both, q points "
        f"{row.speed_mesh}."
        for row in finite.drop_duplicates(["q_mesh", "speed_mesh"]).itertuples(index=False)
    ]
    signs = "Squares of ω carry its sign; bias is potential − DFT; relative: over the RMS of DFT’s, of the Hessian by "
    caption = " ".join(
        [
            f"n = {plural(len(rows), 'potential')} against DFT.",
            *meshes,
            *([f"{signs}Frobenius norms."] if meshes else []),
            *reasons,
        ]
    )
    return table(("", *(head for _, head, _ in _ERRORS)), rows, caption=caption)


def _value(value: Any, decimals: int) -> str:
    return number(value, decimals) if np.isfinite(value) else "not comparable"
