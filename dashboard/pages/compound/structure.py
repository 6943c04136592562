"""Structure, bands and modes of one compound."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.pages.compound.stored_bands import stored_bands
from dashboard.queries.bands import EFFECTIVE, Bands, Mode, mode, pattern_json
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import bands as drawing
from dashboard.ui import controls
from dashboard.ui.blocks import campaign_command, not_computed, section
from dashboard.ui.structure import in_words, structure_json, viewer
from dashboard.views.compound import CompoundView

Options = list[dict[str, str]]
_DRAWN = [{"value": "both", "label": "harmonic and 300 K"}, {"value": "harmonic", "label": "harmonic"}]


def structure_and_bands(found: KnownCompound, view: CompoundView) -> Component:
    """The crystal beside its bands, and the mode that moves; bands alone where only those are stored."""
    if not found.prototyped:
        return stored_bands(found)
    title, cell, shown = "Structure, bands and modes", found.cell(view), found.shown(view)
    if cell is None:
        return section(
            title,
            not_computed(
                "Neither DFT’s lattice constant nor a relaxed cell of a potential is published.",
                f"softmode harmonic {found.name} --suite {found.suite} --potential chgnet-0.3.0",
            ),
        )
    drawn_cell = html.P(in_words(cell), className="fine", id="compound-cell")
    if shown is None:
        missing = not_computed(
            "Bands and modes: the force constants of this compound are not published.",
            campaign_command(found.suite, f"--compound {found.name}"),
        )
        return section(title, html.Div([html.Div([viewer(cell, None), drawn_cell]), missing], className="pair"))
    moving = mode(shown, view.q, view.branch)
    figure = drawing.band_figure(found, view, moving)
    return section(
        title,
        _controls(found, view, shown, moving),
        html.Div(
            [
                html.Div([viewer(cell, pattern_json(moving)), drawn_cell]),
                html.Div(figure, id="compound-band-figure"),
            ],
            className="pair",
        ),
        html.P(drawing.mode_sentence(found, shown, moving), id="compound-mode", role="status"),
        drawing.band_table(found),
        about="Harmonic force constants at the cell stated below; those of 300 K are fitted to sampled forces. "
        "A mode below zero is imaginary.",
    )


def _controls(found: KnownCompound, view: CompoundView, shown: Bands, moving: Mode) -> Component:
    keys = [{"value": b.key, "label": drawing.name_of(b, found.names, found.bands)} for b in found.bands]
    effective = any(b.kind == EFFECTIVE for b in found.bands)
    return controls.bar(
        controls.select("compound-constants", "Force constants of", keys, view.constants),
        controls.select("compound-q", "q point", drawing.q_options(shown.prototype, view.q), view.q),
        controls.select("compound-branch", "Mode", drawing.branch_options(moving), view.branch),
        html.Div(
            controls.choice("compound-drawn", "Bands", _DRAWN, view.drawn), hidden=not effective, className="control"
        ),
        label="Which mode moves",
    )


def moved(
    found: KnownCompound, view: CompoundView, shown: Bands
) -> tuple[Component, str, str, str, list[Any], Options, Options]:
    """What follows another mode of `shown`: bands, pattern, scene, cell and mode in words, q points, branches."""
    moving = mode(shown, view.q, view.branch)
    return (
        drawing.band_figure(found, view, moving),
        json.dumps(pattern_json(moving)),
        structure_json(shown.structure),
        in_words(shown.structure),
        drawing.mode_sentence(found, shown, moving),
        drawing.q_options(shown.prototype, view.q),
        drawing.branch_options(moving),
    )
