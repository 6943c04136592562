"""Tilt wells: how far potentials are from DFT in the harmonic and in the anharmonic part, over all compounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.figures.compounds_parity import Points, compounds_parity
from dashboard.queries import wells as query
from dashboard.ui.blocks import captioned, not_computed, publish_command, statement, statements, table
from dashboard.ui.text import count, number, plural
from dashboard.views.error_sources import ErrorSourcesView

COMPUTE = "softmode reference dft wells"
PARITY_HARMONIC, PARITY_HEIGHT = "errors-parity-harmonic", "errors-parity-height"
UNITS = {"curvature": "eV/Å²", "omega": "THz", "height": "meV"}
SYMBOLS = {"curvature": "k", "omega": "ω", "height": "E(0.4 Å)"}
WORDS = {"curvature": "curvature", "omega": "ω of the tilt", "height": "energy at 0.4 Å"}
IN_A_SENTENCE = {"curvature": "the curvature", "omega": "ω of the tilt", "height": "the energy at 0.4 Å"}
QUARTIC_UNIT = "eV/Å⁴"
# With fewer compounds the bootstrap draws too few different samples to bound anything.
FEWEST = 5
# Share of the forces that the fit may miss before its curvature is said to be one over the whole range.
ROUGH = 0.05

Names = Mapping[str, str]


def provenance_sentence(frame: pd.DataFrame, names: Names) -> str:
    """Whose cell, and which DFT: from the rows themselves."""
    cells = " or ".join(names.get(cell, cell) for cell in sorted(frame["geometry_from"].unique()))
    reference = frame[frame["kind"] == query.REFERENCE]
    shared = f"Every source is asked about the same structures, in the cell that {cells} relaxed, not in DFT’s own"
    if reference.empty:
        return f"{shared}."
    method = " or ".join(sorted({", ".join(text.split(", ")[:2]) for text in reference["settings"]}))
    low, high = reference["cutoff_ev"].min(), reference["cutoff_ev"].max()
    cutoff = f"{low:g}" if low == high else f"{low:g}–{high:g}"
    mesh = " or ".join(sorted(reference["k_points"].dropna().unique()))
    return (
        f"{shared}. DFT is computed by Softmode ({method}, plane waves to {cutoff} eV, {mesh} k points); it is not the "
        "published VASP data."
    )


def compared(frame: pd.DataFrame, view: ErrorSourcesView, names: Names) -> list[Any]:
    """All compounds: sentences, two parity figures, and a table with DFT at other settings beside the potentials."""
    shown = query.chosen(frame, view.potentials or query.potentials(frame))
    found = query.comparisons(shown, view.quantity)
    return [
        *_overall(found, shown, view.quantity, names),
        html.Div(
            [
                _parity(frame, shown, found, view, view.quantity, names),
                _parity(frame, shown, found, view, "height", names),
            ],
            className="pair",
        ),
        *_errors(found, view.quantity, names),
        *_own_error(found, query.potentials(frame)),
    ]


def _overall(found: Sequence[query.Comparison], shown: pd.DataFrame, quantity: str, names: Names) -> list[Component]:
    scored = [c for c in found if c.kind == query.POTENTIAL and c.n]
    if not scored:
        return [html.P("No compound has both DFT and a potential that is chosen.")]
    checks = [_check_sentence(c, quantity) for c in found if c.kind == query.CHECK and c.n]
    rough = html.P(_rough_sentence(shown), className="fine")
    if len(scored) > 1:
        return [html.P(" ".join([_range_sentence(scored), *checks])), rough]
    (only,) = scored
    tiles = [
        statement(
            f"{only.signs} of {only.n}",
            "curvatures with DFT’s sign",
            f"{names.get(only.name, only.name)}; always the more frequent sign: {only.baseline} of {only.n}",
        ),
        *(
            statement(
                f"{number(part.median)} {UNITS[what]}",
                f"median error of {IN_A_SENTENCE[what]}",
                f"DFT’s median size: {number(part.scale)}",
            )
            for what, part in ((quantity, only.harmonic), ("height", only.height))
        ),
    ]
    return [statements(*tiles), html.P(" ".join([_sentence(only, quantity, names), *checks])), rough]


def _range_sentence(scored: Sequence[query.Comparison]) -> str:
    """What all potentials have in common; the table has each."""
    shares = [c.signs / c.n for c in scored]
    beaten = sum(c.signs > c.baseline for c in scored)
    return (
        f"{len(scored)} potentials give the curvature DFT’s sign in {100 * min(shares):.0f} to "
        f"{100 * max(shares):.0f} % of the compounds; {beaten} of them more often than always answering DFT’s more "
        "frequent sign."
    )


def _rough_sentence(shown: pd.DataFrame) -> str:
    """In how many wells the polynomial is a poor description."""
    finished = shown[(shown["status"] == "ok") & (shown["kind"] != query.CHECK)]
    missed = int((finished["missed"] > ROUGH).sum())
    return (
        f"The fit misses more than {100 * ROUGH:.0f} % of the forces in {count(missed)} of "
        f"{plural(len(finished), 'well')}. There k and q describe the whole range of Q, not the neighbourhood of Q = 0."
    )


def _sentence(c: query.Comparison, quantity: str, names: Names) -> str:
    left_out = [f"{plural(c.n_failed, 'compound')} failed" if c.n_failed else ""]
    left_out.append(f"{plural(c.n_missing, 'compound')} not computed" if c.n_missing else "")
    beside = f" ({', '.join(part for part in left_out if part)})" if any(left_out) else ""
    return (
        f"{names.get(c.name, c.name)} gives the curvature DFT’s sign in {c.signs} of {plural(c.n, 'compound')}"
        f"{beside}, always answering the more frequent sign in {c.baseline}; its median error is "
        f"{number(c.harmonic.median)} {UNITS[quantity]} in {IN_A_SENTENCE[quantity]}, {number(c.height.median)} meV in "
        f"the energy at 0.4 Å, of DFT’s {number(c.height.scale)}, and {number(1000 * c.depth.median)} meV in the depth "
        f"of the well (n = {count(c.depth.n)})."
    )


def _check_sentence(c: query.Comparison, quantity: str) -> str:
    changed = c.name.removeprefix("DFT, ")
    return (
        f"With {changed} instead, DFT’s own {WORDS[quantity]} moves by a median of {number(c.harmonic.median)} "
        f"{UNITS[quantity]} and its energy at 0.4 Å by {number(c.height.median)} meV "
        f"(n = {count(c.n)})."
    )


def _parity(
    frame: pd.DataFrame,
    shown: pd.DataFrame,
    found: Sequence[query.Comparison],
    view: ErrorSourcesView,
    what: str,
    names: Names,
) -> Component:
    pairs = query.pairs(shown)
    column = query.QUANTITY_COLUMNS.get(what, what)
    groups = []
    for potential in query.potentials(frame):
        mine = pairs[(pairs["name"] == potential) & (pairs["kind"] == query.POTENTIAL)]
        if not mine.empty:
            groups.append(
                Points(
                    name=names.get(potential, potential),
                    compounds=mine["compound"].tolist(),
                    dft=mine[f"dft_{column}"].to_numpy(float),
                    values=mine[column].to_numpy(float),
                    potential=potential,
                )
            )
    figure = compounds_parity(
        groups, title=f"{WORDS[what]} {SYMBOLS[what]}".removesuffix(" ω"), unit=UNITS[what], chosen=view.compound
    )
    scored = [c for c in found if c.kind == query.POTENTIAL and c.n]
    n = sum((c.height if what == "height" else c.harmonic).n for c in scored)
    leaning = "".join(_leaning(group, what) for group in groups) if len(groups) == 1 else ""
    return captioned(
        figure,
        [html.Strong(f"n = {count(n)} wells of {plural(len(scored), 'potential')}. "), leaning, _how_to_read(what)],
        label=f"{WORDS[what].capitalize()} of DFT against the potentials, one point per compound",
        shape="square",
        identity=PARITY_HEIGHT if what == "height" else PARITY_HARMONIC,
    )


def _leaning(group: Points, what: str) -> str:
    """Which way a potential errs, counted."""
    n, above = len(group.compounds), int(np.sum(group.values > group.dft))
    side, many = ("above", above) if 2 * above >= n else ("below", n - above)
    means = {
        ("curvature", "above"): "less soft than DFT",
        ("curvature", "below"): "softer than DFT",
        ("omega", "above"): "less soft than DFT",
        ("omega", "below"): "softer than DFT",
        ("height", "above"): "the tilt costs more than in DFT",
        ("height", "below"): "the tilt costs less than in DFT",
    }[what, side]
    return f"{group.name} lies {side} the diagonal in {many} of {n}: {means}. "


def _how_to_read(what: str) -> str:
    if what == "height":
        return "E at a stated Q needs no fit; quartic and sextic terms of one fit are nearly collinear. Click a point."
    return "Upper left of the dotted lines: DFT has a double well that the potential does not have. Click a point."


def _errors(found: Sequence[query.Comparison], quantity: str, names: Names) -> list[Component]:
    symbol = SYMBOLS[quantity]
    head = (
        "against DFT", "n", "same sign", f"RMSE of {symbol}", f"bias of {symbol}", f"median |Δ{symbol}|",
        "RMSE of E", "bias of E", "median |ΔE|", "median |Δq|", "median |Δdepth|",
    )  # fmt: skip
    rows = [
        [
            names.get(c.name, c.name),
            count(c.n),
            [f"{c.signs} of {c.n}", html.Span(f"one sign always: {c.baseline}", className="sub")],
            *(cell for part in (c.harmonic, c.height) for cell in _cells(part)),
            number(c.quartic.median),
            number(1000 * c.depth.median),
        ]
        for c in found
        if c.n
    ]
    if not rows:
        return []
    caption = (
        f"Differences from DFT, {symbol} in {UNITS[quantity]}, E at Q = 0.4 Å and the depth in meV, q, fitted without "
        f"a sextic term, in {QUARTIC_UNIT}, with 95 % intervals, compounds of one M and of one M′ drawn together. One "
        "sign always: what answering DFT’s more frequent sign gets. Rows that begin with DFT are DFT at other "
        "settings: its own error."
    )
    return [table(head, rows, caption=caption)]


def _cells(part: query.Deviations) -> list[Any]:
    interval = f"{number(part.rmse_low)} to {number(part.rmse_high)}" if part.n >= FEWEST else None
    rmse = [number(part.rmse), html.Span(interval, className="sub")] if interval else number(part.rmse)
    return [rmse, number(part.bias, sign=True), number(part.median)]


def _own_error(found: Sequence[query.Comparison], potentials: Sequence[str]) -> list[Component]:
    """What is missing to know DFT's own error of k points and of cutoff."""
    checks = [c.name for c in found if c.kind == query.CHECK and c.n]
    wanted = {
        "k points": ("--k 4", any(" k" in name for name in checks)),
        "cutoff": ("--cutoff-factor 1.5", any("cutoff" in name for name in checks)),
    }
    missing = {what: option for what, (option, known) in wanted.items() if not known}
    if not missing:
        return []
    commands = [f"{COMPUTE} {option}" for option in missing.values()]
    return [
        not_computed(
            f"How these wells change with DFT’s own {' and '.join(missing)}.",
            " && ".join([*commands, publish_command(*potentials)]),
        )
    ]
