"""Structure, bands and modes of one compound."""

from __future__ import annotations

import json
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.pages.compound.stored_bands import stored_bands, stored_errors
from dashboard.queries.bands import Bands, Mode, mode, pattern_json
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import bands as drawing
from dashboard.ui import controls
from dashboard.ui.blocks import campaign_command, fold, not_computed, section
from dashboard.ui.structure import in_words, structure_json, viewer
from dashboard.views.compound import CompoundView

Options = list[dict[str, str]]
FROZEN = {"cif": "CIF", "poscar": "POSCAR"}
"""Files of the mode that moves, frozen in."""
_REPEATS = [{"value": "", "label": "whole octahedra"}, *({"value": n, "label": f"{n} × {n} × {n}"} for n in "123")]
_DRAWN = [{"value": "harmonic", "label": "first"}, {"value": "all", "label": "all"}]


def bands(found: KnownCompound, view: CompoundView) -> Component:
    """The bands of DFT and of the potentials that the view names, with the controls that choose them."""
    if not found.prototyped:
        return stored_bands(found, view)
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


def structure(found: KnownCompound, view: CompoundView) -> Component:
    """The crystal with the mode that moves, and every set of force constants; errors alone where forces are stored."""
    if not found.prototyped:
        return stored_errors(found)
    title, cell, shown = "Structure and modes", found.cell(view), found.shown(view)
    if cell is None:
        return section(
            title,
            not_computed(
                "Neither DFT’s lattice constant nor a relaxed cell of a potential is published.",
                f"softmode harmonic {found.name} --suite {found.suite} --potential chgnet-0.3.0",
            ),
        )
    repeats = int(view.repeats or 0)
    drawn_cell = html.P(in_words(cell, repeats), className="fine", id="compound-cell")
    if shown is None:
        return section(title, html.Div([viewer(cell, None, repeats), drawn_cell]))
    moving = mode(shown, view.q, view.branch)
    return section(
        title,
        html.Div(
            [
                html.Div([viewer(cell, pattern_json(moving), repeats), drawn_cell]),
                html.Div(
                    [
                        _controls(found, view, shown, moving),
                        html.P(_sentence(found, shown, moving), id="compound-mode", role="status"),
                        html.Div(
                            [
                                html.Span("The mode frozen in, as drawn:"),
                                *(
                                    dmc.Button(text, id=f"compound-frozen-{name}", variant="light", size="xs")
                                    for name, text in FROZEN.items()
                                ),
                            ],
                            className="downloads",
                        ),
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
    return drawing.mode_sentence(name, shown, moving, drawing.published_omegas(found.known))


def moved(
    found: KnownCompound, view: CompoundView, shown: Bands
) -> tuple[Component, str, str, str, list[Any], Options, Options]:
    """What follows another mode of `shown`: bands, pattern, scene, cell and mode in words, q points, branches."""
    moving = mode(shown, view.q, view.branch)
    return (
        drawing.band_figure(found, view, moving),
        json.dumps(pattern_json(moving)),
        structure_json(shown.structure, int(view.repeats or 0)),
        in_words(shown.structure, int(view.repeats or 0)),
        _sentence(found, shown, moving),
        drawing.q_options(shown.prototype, view.q),
        drawing.branch_options(moving),
    )
