"""Modes of a potential beside DFT's, of a material whose forces a source stored; files of the mode that moves."""

from __future__ import annotations

import json
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.queries.bands import Counterpart, Mode, ModePairs, pattern_json
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui import bands as drawing
from dashboard.ui import controls
from dashboard.ui.blocks import section
from dashboard.ui.structure import beside_it, in_words, structure_json, viewer
from dashboard.views.compound import CompoundView

Options = list[dict[str, str]]
FROZEN = {"cif": "CIF", "poscar": "POSCAR"}
"""Files of the mode that moves, frozen in."""
CELLS = [{"value": n, "label": f"{n} × {n} × {n}"} for n in "123"]


def stored_modes(found: KnownCompound, view: CompoundView, pairs: ModePairs) -> Component:
    """Both crystals with the mode that moves, and the controls that choose it."""
    moving, other = pairs.at(view.q, view.branch)
    repeats = int(view.repeats or 0)
    offered = [
        {"value": each.potential, "label": found.names.get(each.potential, each.potential)} for each in found.mode_pairs
    ]
    drawn = viewer(pairs.structure, pattern_json(moving), repeats, beside=_beside(pairs, other, repeats))
    bar = controls.bar(
        controls.select("compound-constants", "Potential", offered, view.constants),
        controls.select("compound-q", "q point", _points(pairs), view.q),
        controls.select("compound-branch", "Mode", _branches(pairs, moving), view.branch),
        controls.select(
            "compound-repeats", "Cells drawn", [{"value": "", "label": "2 × 2 × 2"}, CELLS[0], CELLS[2]], view.repeats
        ),
        label="Which mode moves",
    )
    cell = html.P(in_words(pairs.structure, repeats), className="fine", id="compound-cell")
    said = html.P(_sentence(found, pairs, moving, other), id="compound-mode", role="status")
    return section(
        "Structure and modes",
        html.Div([html.Div([drawn, cell]), html.Div([bar, said, frozen_files()])], className="pair"),
        about="The softest modes at Γ and where DFT or the potential is softest, from the source’s forces.",
    )


def moved(found: KnownCompound, view: CompoundView, pairs: ModePairs) -> dict[str, Any]:
    """What follows another mode, by name; DFT's beside it, cell and mode in words."""
    moving, other = pairs.at(view.q, view.branch)
    repeats = int(view.repeats or 0)
    return {
        "pattern": json.dumps(pattern_json(moving)),
        "scene": structure_json(pairs.structure, repeats),
        "beside": _beside(pairs, other, repeats),
        "cell": in_words(pairs.structure, repeats),
        "sentence": _sentence(found, pairs, moving, other),
        "q_offered": _points(pairs),
        "branch_offered": _branches(pairs, moving),
    }


def frozen_files() -> Component:
    """Buttons for files of the mode that moves."""
    return html.Div(
        [
            html.Span("The mode frozen in, as drawn:"),
            *(
                dmc.Button(text, id=f"compound-frozen-{name}", variant="light", size="xs")
                for name, text in FROZEN.items()
            ),
        ],
        className="downloads",
    )


def _beside(pairs: ModePairs, other: Counterpart, repeats: int) -> list[Component]:
    return beside_it(pairs.dft, pattern_json(other.mode), drawing.LIKEST, repeats)


def _points(pairs: ModePairs) -> Options:
    return [{"value": text, "label": drawing.q_label(pairs.structure.prototype, text)} for text in pairs.points]


def _branches(pairs: ModePairs, moving: Mode) -> Options:
    return drawing.branch_options(moving)[: pairs.overlap.shape[1]]


def _sentence(found: KnownCompound, pairs: ModePairs, moving: Mode, other: Counterpart) -> list[Any]:
    name = found.names.get(pairs.potential, pairs.potential)
    return [
        *drawing.mode_sentence(name, pairs.structure, moving, {}),
        *drawing.counterpart_sentence(moving, other, str(found.known["functional"])),
    ]
