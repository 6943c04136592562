"""The phonons of live results: overlaid bands with their densities of states, and the mode of one that moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.physics.bands import ANY
from dashboard.figures.bands import bands
from dashboard.queries.bands import EFFECTIVE, Bands, Mode, counterpart, density, mode, pattern_json, softest_point
from dashboard.ui import bands as drawing
from dashboard.ui import controls
from dashboard.ui.blocks import captioned
from dashboard.ui.structure import in_words, structure_json, viewer
from dashboard.ui.text import number

VIEWER = "recompute-viewer"
FILES = {
    "cif": "CIF", "poscar": "POSCAR", "phonopy": "phonopy yaml", "frozen-cif": "mode frozen in, CIF",
    "frozen-poscar": "mode frozen in, POSCAR",
}  # fmt: skip
"""Files of the force constants whose mode moves."""


@dataclass(frozen=True, eq=False)
class LiveSet:
    """Force constants of a live result, with their `name` for people, published ones of the same kind, and DFT's."""

    job: str
    name: str
    found: Bands
    published: Bands | None = None
    dft: Bands | None = None

    @property
    def key(self) -> str:
        """Its name in a control."""
        return f"{self.job}~{self.found.kind}"


def phonons(sets: Sequence[LiveSet], published: Mapping[str, float]) -> list[Component]:
    """Bands of every set, then the viewer; `published` is DFT's softest ω (THz) at special points."""
    if not sets:
        return []
    first = sets[0]
    moving = mode(first.found, softest_point(first.found), "")
    prototype, q = first.found.prototype, softest_point(first.found)
    offered = [{"value": one.key, "label": one.name} for one in sets]
    return [
        _figure(sets, published),
        html.Div(
            [
                html.Div([
                    viewer(
                        first.found.structure, pattern_json(moving), identity=VIEWER, beside=_beside(first, moving)
                    ),
                    html.P(in_words(first.found.structure), className="fine", id="recompute-cell"),
                ]),
                html.Div([
                    controls.bar(
                        controls.select("recompute-constants", "Force constants of", offered, first.key),
                        controls.select("recompute-q", "q point", drawing.q_options(prototype, q), q),
                        controls.select("recompute-branch", "Mode", drawing.branch_options(moving), str(moving.branch)),
                        label="Which mode moves",
                    ),
                    html.P(_sentence(first, moving, published), id="recompute-mode", role="status"),
                ]),
            ],
            className="pair",
        ),
    ]  # fmt: skip


def _sentence(shown: LiveSet, moving: Mode, published: Mapping[str, float]) -> list[Any]:
    said = drawing.mode_sentence(shown.name, shown.found.structure, moving, published)
    return [
        *said,
        *drawing.counterpart_sentence(moving, counterpart(moving, shown.found, shown.dft), drawing.our_own(shown.dft)),
    ]


def _beside(shown: LiveSet, moving: Mode) -> list[Component]:
    return drawing.beside_mode(shown.dft, counterpart(moving, shown.found, shown.dft), identity=VIEWER)


def _figure(sets: Sequence[LiveSet], published: Mapping[str, float]) -> Component:
    """Bands of the sets; of one alone, dashed, also the published ones of the same potential."""
    curves = []
    for one in sets:
        live = drawing.curve(one.found, f"{one.name}, live", one.found.potential)
        curves.append(replace(live, density=density(one.found), line=_line(one.found)))
        if one.published is not None and len(sets) == 1:
            curves.append(
                replace(drawing.curve(one.published, f"{one.name}, published", one.found.potential), line="dashed")
            )
    path = sets[0].found.path
    lowest = " ".join(f"{one.name}: lowest {number(float(one.found.frequencies.min()))} THz." for one in sets)
    where = (
        "q in primitive reciprocal coordinates: the cell is of no prototype. "
        if sets[0].found.prototype == ANY
        else f"DFT at n = {len(published)} points. "
        if published
        else ""
    )
    return captioned(
        bands(curves, drawing.band_labels(path), published, None),
        f"{lowest} Exact at the q points that fit the supercell, interpolated between them. {where}",
        label="Phonon bands and density of states of the results",
        identity="recompute-bands",
    )


def _line(found: Bands) -> Any:
    return "dotted" if found.kind == EFFECTIVE else "solid"


def moved(shown: LiveSet, q: str, branch: str, published: Mapping[str, float]) -> dict[str, Any]:
    """What follows another mode, by name; DFT's beside it, cell and mode in words."""
    q = q if q in {option["value"] for option in drawing.q_options(shown.found.prototype, "G")} else "G"
    moving = mode(shown.found, q, branch)
    return {
        "pattern": json.dumps(pattern_json(moving)),
        "scene": structure_json(shown.found.structure),
        "beside": _beside(shown, moving),
        "cell": in_words(shown.found.structure),
        "sentence": _sentence(shown, moving, published),
        "q_offered": drawing.q_options(shown.found.prototype, q),
        "q": q,
        "branch_offered": drawing.branch_options(moving),
        "branch": str(moving.branch),
    }
