"""Structure, bands and modes of one compound."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.potentials.registry import preselected
from dashboard.pages.compound.stored_bands import stored_bands
from dashboard.pages.compound.stored_modes import CELLS, frozen_files, stored_modes
from dashboard.queries.bands import Bands, Mode, counterpart, mode, pattern_json
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import bands as drawing
from dashboard.ui import controls
from dashboard.ui.blocks import campaign_command, fold, not_computed, section
from dashboard.ui.structure import in_words, structure_json, viewer
from dashboard.views.compound import CompoundView

_REPEATS = [{"value": "", "label": "whole octahedra"}, *CELLS]
_DRAWN = [{"value": "harmonic", "label": "first"}, {"value": "all", "label": "all"}]


def bands(found: KnownCompound, view: CompoundView) -> Component:
    """The bands of DFT and of the potentials that the view names, with the controls that choose them."""
    if not found.prototyped:
        return html.Div(stored_bands(found, view), id="compound-band-figure")
    shown = found.shown(view)
    if shown is None:
        return not_computed(
            "Bands and modes: the force constants of this compound are not published.",
            campaign_command(found.suite, f"--compound {found.name}"),
        )
    offered = list(dict.fromkeys(b.potential for b in found.bands))
    several = len(found.bands) > len(offered)
    return html.Div(
        [
            html.Div(
                [
                    controls.multi(
                        "compound-potentials", "Bands of", controls.options(offered, found.names),
                        view.potentials or (shown.potential,),
                    ),
                    html.Div(
                        controls.choice("compound-drawn", "Sets of each", _DRAWN, view.drawn),
                        hidden=not several, className="control",
                    ),
                ],
                className="compound-drawn",
            ),
            html.Div(drawing.band_figure(found, view, mode(shown, view.q, view.branch)), id="compound-band-figure"),
        ]
    )  # fmt: skip


def movable(found: KnownCompound) -> bool:
    """Whether there is a crystal to draw: of a prototype, or of stored modes."""
    return found.prototyped or bool(found.mode_pairs)


def structure(found: KnownCompound, view: CompoundView) -> Component:
    """The crystal with the mode that moves, and every set of force constants; the stored modes where there are such."""
    if pairs := found.stored(view):
        return stored_modes(found, view, pairs)
    title, cell, shown = "Structure and modes", found.cell(view), found.shown(view)
    if cell is None:
        return section(
            title,
            not_computed(
                "Neither DFT’s lattice constant nor a relaxed cell of a potential is published.",
                f"softmode harmonic {found.name} --suite {found.suite} --potential {preselected()}",
            ),
        )
    repeats = int(view.repeats or 0)
    drawn_cell = html.P(in_words(cell, repeats), className="fine", id="compound-cell")
    if shown is None:
        return section(title, html.Div([viewer(cell, None, repeats), drawn_cell]))
    moving = mode(shown, view.q, view.branch)
    second = drawing.beside_mode(found.dft, counterpart(moving, shown, found.dft), repeats)
    return section(
        title,
        html.Div(
            [
                html.Div([viewer(cell, pattern_json(moving), repeats, beside=second), drawn_cell]),
                html.Div(
                    [
                        _controls(found, view, shown, moving),
                        html.P(_sentence(found, shown, moving), id="compound-mode", role="status"),
                        frozen_files(),
                        fold("All sets of force constants", drawing.band_table(found)),
                    ]
                ),
            ],
            className="pair",
        ),
    )


def _controls(found: KnownCompound, view: CompoundView, shown: Bands, moving: Mode) -> Component:
    keys = [{"value": b.key, "label": drawing.name_of(b, found.names, found.bands)} for b in found.bands]
    return controls.bar(
        controls.select("compound-constants", "Force constants of", keys, view.constants),
        controls.select("compound-q", "q point", drawing.q_options(shown.prototype, view.q), view.q),
        controls.select("compound-branch", "Mode", drawing.branch_options(moving), view.branch),
        controls.select("compound-repeats", "Cells drawn", _REPEATS, view.repeats),
        label="Which mode moves",
    )


def _sentence(found: KnownCompound, shown: Bands, moving: Mode) -> list[Any]:
    name = drawing.name_of(shown, found.names, found.bands)
    return [
        *drawing.mode_sentence(name, shown.structure, moving, drawing.published_omegas(found.known)),
        *drawing.counterpart_sentence(moving, counterpart(moving, shown, found.dft), drawing.our_own(found.dft)),
    ]


def moved(found: KnownCompound, view: CompoundView, shown: Bands) -> dict[str, Any]:
    """What follows another mode of `shown`, by name; DFT's beside it, cell and mode in words."""
    moving, repeats = mode(shown, view.q, view.branch), int(view.repeats or 0)
    return {
        "bands": drawing.band_figure(found, view, moving),
        "pattern": json.dumps(pattern_json(moving)),
        "scene": structure_json(shown.structure, repeats),
        "beside": drawing.beside_mode(found.dft, counterpart(moving, shown, found.dft), repeats),
        "cell": in_words(shown.structure, repeats),
        "sentence": _sentence(found, shown, moving),
        "q_offered": drawing.q_options(shown.prototype, view.q),
        "branch_offered": drawing.branch_options(moving),
    }
