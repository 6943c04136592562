"""Bands of one compound, and the mode of them that moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from compute.physics.bands import Path, frequencies
from dashboard.figures.bands import BandCurve, Line, bands
from dashboard.figures.identity import colour
from dashboard.queries import bands as query
from dashboard.queries.bands import Bands, Counterpart, Mode, StoredBands
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.structure import Structure
from dashboard.ui.blocks import captioned, table
from dashboard.ui.structure import ROLE_NAMES, VIEWER, beside_it
from dashboard.ui.text import count, number, plural
from dashboard.views.compound import CompoundView

Names = Mapping[str, str]
Array = NDArray[np.float64]
BANDS = "compound-bands"
LIKEST = "DFT’s mode most like it"
FEW = 3
"""Curves up to which a figure has its own legend, and none is faint."""
_REAL = -0.005  # THz: what is written as 0.00 is not imaginary
_PUBLISHED = {"Γ": "omega_gamma_thz", "X": "omega_x_thz", "M": "omega_m_thz", "R": "omega_r_thz"}
_FRACTIONS = {0.25: "¼", 0.375: "⅜", 0.5: "½", 0.75: "¾"}


def name_of(shown: Bands, names: Names, among: Sequence[Bands]) -> str:
    """Potential and kind of force constants, with the protocol where it is needed to tell two apart."""
    name = names.get(shown.potential, shown.potential)
    kind = "harmonic" if shown.kind == query.HARMONIC else f"{shown.temperature:g} K"
    return f"{name}, {kind}" + (f", {shown.protocol}" if len(_alike(shown, among)) > 1 else "")


def line_of(shown: Bands, among: Sequence[Bands]) -> Line:
    """Dashed for effective force constants; dotted for harmonic ones of a potential that has others before them."""
    if shown.kind == query.EFFECTIVE:
        return "dashed"
    return "solid" if _alike(shown, among)[0].key == shown.key else "dotted"


def _alike(shown: Bands, among: Sequence[Bands]) -> list[Bands]:
    return [b for b in among if (b.potential, b.kind) == (shown.potential, shown.kind)]


def drawn(found: Sequence[Bands], view: CompoundView) -> list[Bands]:
    """The force constants whose bands the view draws, in the order of the traces: those that move among them."""
    chosen = {*view.potentials, *(b.potential for b in found if b.key == view.constants)}
    first = {_alike(b, found)[0].key for b in found if b.kind == query.HARMONIC}
    return [
        b
        for b in found
        if b.key == view.constants or (b.potential in chosen and (view.drawn == "all" or b.key in first))
    ]


def published_omegas(known: Mapping[str, Any]) -> dict[str, float]:
    """DFT's softest ω (THz) by special point, where it is published."""
    if known["prototype"] != "cubic-perovskite":
        return {}
    return {label: float(known[column]) for label, column in _PUBLISHED.items() if np.isfinite(known[column])}


def band_figure(found: KnownCompound, view: CompoundView, mode: Mode) -> Component:
    """Bands of every force constants that the view draws, DFT's marks, and a ring about the mode that moves."""
    listed = drawn(found.bands, view)
    path = listed[0].path
    curves = [
        replace(
            curve(b, name_of(b, found.names, found.bands), b.potential),
            line=line_of(b, found.bands),
            faint=len(listed) > FEW and b.key != view.constants,
            density=query.density(b) if len(listed) <= FEW or b.key == view.constants else None,
        )
        for b in listed
    ]
    if found.dft is not None:  # after those that a click asks for
        curves.append(curve(found.dft, "DFT of our own", None))
    on_path = path.distances[np.abs(path.q - np.array(mode.q)).max(axis=1) < 1e-4]
    published = published_omegas(found.known)
    figure = bands(
        curves, band_labels(path), published, (np.unique(on_path.round(9)).tolist(), mode.omega),
        legend=len(listed) <= FEW,
    )  # fmt: skip
    shown = found.shown(view)
    return captioned(
        figure,
        [
            html.Strong(f"n = {plural(len(listed), 'set')} of force constants. "),
            lowest_sentence(name_of(shown, found.names, found.bands), shown.path, shown.frequencies) if shown else "",
            "Stars are DFT’s softest modes as published. " if published else "",
            "Colours are named below. " if len(listed) > FEW else "",
            "Exact at the special points that fit the supercell, interpolated between them. Click a band to see its "
            "mode.",
        ],
        label="Phonon bands along the special points of the Brillouin zone",
        identity=BANDS,
    )


def lowest_sentence(name: str, path: Path, frequencies: Array) -> str:
    """The lowest ω of bands (n, 3m) in THz, if it is imaginary, and where on the path it is."""
    omega, where = _lowest(path, frequencies)
    return f"{name}: {f'lowest {number(omega)} THz, {where}' if omega < _REAL else 'no imaginary mode on the path'}. "


def _lowest(path: Path, frequencies: Array) -> tuple[float, str]:
    point = int(frequencies.min(axis=1).argmin())
    label = path.labels[point]
    return float(frequencies.min()), f"at {label}" if label else "between special points"


def curve(shown: Bands | StoredBands, name: str, potential: str | None) -> BandCurve:
    """Bands in the order that they are drawn."""
    order = query.drawn_points(shown.path)
    omegas = np.where(order[:, None] < 0, np.nan, shown.frequencies[order])
    return BandCurve(name, potential, shown.path.distances[order], omegas)


def band_labels(path: Path) -> list[str]:
    """Names of the special points of `path` in the order that it is drawn."""
    return ["" if index < 0 else path.labels[index] for index in query.drawn_points(path).tolist()]


def band_table(found: KnownCompound) -> Component:
    """Every set of force constants with its colour, its lowest ω, and how far it is from DFT's softest modes."""
    published = published_omegas(found.known)
    rows = []
    for b in found.bands:
        omega, where = _lowest(b.path, b.frequencies)
        key = html.Span(
            className=f"line-key {line_of(b, found.bands)}",
            style={"borderColor": colour(b.potential)},
        )
        error = number(_from_published(b, published)) if b.kind == query.HARMONIC and published else "–"
        imaginary = f"{number(omega)} {where}" if omega < _REAL else "none imaginary"
        rows.append([[key, name_of(b, found.names, found.bands)], imaginary, error])
    points = f"{count(len(published))} of {count(len(query.q_points(found.known['prototype'])))}"
    caption = f"n = {plural(len(rows), 'set')} of force constants. " + (
        f"The last column: mean distance from DFT’s softest modes at the special points, n = {points} published, "
        "acoustic modes counted on both sides; of harmonic force constants, as DFT’s are."
        if published
        else "The source published no ω at the special points."
    )
    head = ("force constants", "lowest ω on the path (THz)", "from DFT’s softest modes (THz)")
    return table(head, rows, caption=caption)


def _from_published(shown: Bands, published: Mapping[str, float]) -> float:
    # Like the source, with acoustic modes: none lies below those at Γ but an imaginary one.
    points = query.q_points(shown.prototype)
    lowest = frequencies(shown.crystal, [points[query.q_name(label)] for label in published])[:, 0]
    return float(np.mean(np.abs(lowest - np.array(list(published.values())))))


def q_label(prototype: str, text: str) -> str:
    """A q point as a select shows it: its name, if it has one, and its coordinates."""
    q = query.q_of(prototype, text) or (0.0, 0.0, 0.0)
    coordinates = " ".join(_FRACTIONS.get(c, f"{c:g}") for c in q)
    if text in query.q_points(prototype):
        return f"{'Γ' if text == 'G' else text} ({coordinates})"
    return f"({coordinates})"


def q_options(prototype: str, chosen: str) -> list[dict[str, str]]:
    """Special points, and the chosen point where it is none of them."""
    texts = list(query.q_points(prototype))
    texts += [] if chosen in texts else [chosen]
    return [{"value": text, "label": q_label(prototype, text)} for text in texts]


def branch_options(mode: Mode) -> list[dict[str, str]]:
    """Modes at one q with their ω, the softest first."""
    return [
        {"value": str(i), "label": f"{i}: {number(omega)} THz"} for i, omega in enumerate(mode.omegas.tolist(), start=1)
    ]


def counterpart_sentence(mode: Mode, other: Counterpart | None, method: str) -> list[Any]:
    """DFT's mode, by `method`, that is most like `mode`: how like it is, and both frequencies; nothing without one."""
    if other is None:
        return []
    last = other.mode.branch + other.degeneracy - 1
    which = f"mode {last}" if other.degeneracy == 1 else f"modes {other.mode.branch}–{last}, degenerate,"
    return [
        html.Strong(f" DFT: {number(other.mode.omega)} THz"),
        f" against {number(mode.omega)} THz, in {which} of {len(other.mode.omegas)}: the one most like it by the "
        "overlap of eigenvectors, ",
        html.Span(f"|⟨DFT|potential⟩| = {number(other.overlap)}", className="formula-words"),
        f". DFT here: {method}.",
    ]


def our_own(dft: Bands | None) -> str:
    """How our own DFT of `dft` was done."""
    return f"our own, {dft.protocol}" if dft else ""


def beside_mode(
    dft: Bands | None, other: Counterpart | None, repeats: int = 0, identity: str = VIEWER
) -> list[Component]:
    """DFT's crystal with its mode, for the place beside the potential's; nothing without DFT's force constants."""
    if other is None or dft is None:
        return []
    return beside_it(dft.structure, query.pattern_json(other.mode), LIKEST, repeats, identity)


def mode_sentence(name: str, cell: Structure, mode: Mode, published: Mapping[str, float]) -> list[Any]:
    """What moves in the mode of `name` in its `cell`, and DFT's `published` softest ω (THz) at this q."""
    roles = cell.roles
    symbols = dict(zip(roles, cell.symbols, strict=True))
    moved = query.moving(mode, roles)
    parts = [
        f"{symbols[role]}{f' ({ROLE_NAMES[role]})' if role in ROLE_NAMES else ''} {number(size)}"
        for role, size in moved.items()
    ]
    label = query.q_text(cell.prototype, mode.q).replace("G", "Γ")
    dft = f" DFT’s softest mode there: {number(published[label])} THz." if label in published else ""
    where = q_label(cell.prototype, query.q_text(cell.prototype, mode.q))
    kind = "imaginary: the energy falls along it" if mode.omega < _REAL else "real: the energy rises along it"
    return [
        html.Strong(f"{number(mode.omega)} THz at {where}"),
        f", mode {mode.branch} of {len(mode.omegas)}, {name}; {kind}.{dft} Largest displacement per site, relative to "
        f"the largest of all: {', '.join(parts)}. Speed and amplitude of the drawing are free.",
    ]
