"""Why potentials may fail on one compound: the ladder of displacements, bonds, levels of theory, votes and trust."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.criteria import TOLERANCE_THZ
from dashboard.figures.ladder import Climb, over_displacement
from dashboard.pages.compound.head import trust_sentence
from dashboard.queries.compound import ladders
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.coverage import foundation
from dashboard.queries.structure import Structure
from dashboard.ui.blocks import captioned, section, table
from dashboard.ui.compound_text import label_mark
from dashboard.ui.glossary import documentation
from dashboard.ui.text import listed, marked, number, plural, together
from dashboard.ui.trust import rests_on, trust_table
from dashboard.views.compound import CompoundView

TITLE = "Why it may fail here"
EXPLAINED = "/methods#limits"
THREE_BODY = 3.0
"""Å; the angles of CHGNet count for shorter bonds."""


def why(found: KnownCompound, view: CompoundView) -> Component:
    """What the data of this compound say, in sentences, then the ladders and the trust they rest on."""
    rows = ladders(found.dataset, found.suite, found.name)
    climbed = rows[rows["potential"].isin(foundation(found.dataset, rows["potential"]))]
    said = [_bond(found, view, climbed), _ladder(climbed, found), _level(climbed, found), _floor(climbed, found)]
    known = [sentence for sentence in said if sentence]
    return section(
        TITLE,
        html.Ul([html.Li(sentence) for sentence in known], className="plain") if known else html.P(_nothing(climbed)),
        *_ladders(climbed, found),
        *_trust(found),
        html.P(
            [
                "What is behind each: ",
                dcc.Link("limits", href=EXPLAINED),
                ", ",
                html.A("the method", href=documentation("method")),
                ".",
            ],
            className="fine",
        ),
        about="What of this compound’s own data speaks against a label.",
    )


def bonds(cell: Structure) -> dict[str, float]:
    """Shortest distance in Å from each B site to X, by element on it: half a in ABX3; x·a and (½ − x)·a in A2MM'X6."""
    anions = cell.positions[[role == "X" for role in cell.roles]]
    found = {}
    for place, role, symbol in zip(cell.positions, cell.roles, cell.symbols, strict=True):
        if role in ("B", "Bp"):
            between = anions - place
            apart = np.linalg.norm((between - between.round()) @ cell.lattice, axis=1)
            found[symbol] = float(apart.min())
    return found


def _bond(found: KnownCompound, view: CompoundView, climbed: pd.DataFrame) -> str:
    cell = found.cell(view) if found.prototyped else None
    short = {symbol: length for symbol, length in bonds(cell).items() if length < THREE_BODY} if cell else {}
    if not short or cell is None or "CHGNet" not in set(climbed["family"]):
        return ""
    lengths = listed([f"{symbol}–{cell.symbols[-1]} {length:.2f} Å" for symbol, length in short.items()])
    return (
        f"Bond below 3 Å: {lengths}. There CHGNet’s three-body terms have a cusp at straight bonds, so its frequencies "
        "can depend on the displacement."
    )


def _ladder(climbed: pd.DataFrame, found: KnownCompound) -> str:
    known = climbed[climbed["label_ladder"].notna()]
    if known.empty:
        return ""
    turned = known.loc[known["rung_label"].map(lambda labels: len(set(labels)) > 1), "potential"].tolist()
    if not turned:
        return f"No label changes with the displacement (n = {plural(len(known), 'potential')})."
    names = listed([found.names.get(name, name) for name in turned])
    return f"The label changes with the displacement, 0.01 to 0.05 Å: {names}."


def _level(climbed: pd.DataFrame, found: KnownCompound) -> str:
    other = climbed[
        climbed["comparable_level"].map(lambda value: value is not None and not pd.isna(value) and not value)
    ]
    said = {found.names.get(row.potential, row.potential): str(row.comparable_reason) for row in other.itertuples()}
    return f"Not at DFT’s level of theory: {together(said)}." if said else ""


def _floor(climbed: pd.DataFrame, found: KnownCompound) -> str:
    within = climbed[climbed["noise_floor_thz"] > climbed["omega_min_thz"].abs()]
    names = listed([found.names.get(name, name) for name in within["potential"]]) if len(within) else ""
    return f"The softest ω lies within the noise floor: {names}." if names else ""


def _nothing(climbed: pd.DataFrame) -> str:
    if climbed.empty:
        return "No potential has a harmonic result of this compound."
    return "Nothing in the tables speaks against these labels."


def _ladders(climbed: pd.DataFrame, found: KnownCompound) -> list[Component]:
    """ω of the softest mode over the displacement, of the potentials with a ladder: a figure and a table."""
    known = climbed[climbed["rung_omega_thz"].map(lambda rungs: np.size(rungs) > 1)]
    return [] if known.empty else [_ladder_figure(known, found), _ladder_table(known, found)]


def _ladder_figure(known: pd.DataFrame, found: KnownCompound) -> Component:
    climbs = [
        Climb(
            potential=row.potential,
            name=found.names.get(row.potential, row.potential),
            amplitudes=np.asarray(row.rung_amplitude, float),
            values=np.asarray(row.rung_omega_thz, float),
        )
        for row in known.itertuples(index=False)
    ]
    return captioned(
        over_displacement(climbs, y_title="ω of the softest mode (THz)", unit="THz", turns_at=-TOLERANCE_THZ),
        [
            html.Strong(f"n = {plural(len(climbs), 'potential')}. "),
            "Imaginary as negative. A level line: the label does not depend on the displacement; one that falls "
            f"towards small ones has a cusp. Dotted: −{TOLERANCE_THZ:g} THz, where the label turns.",
        ],
        label=f"ω of the softest mode of {found.name} over the displacement",
    )


def _ladder_table(known: pd.DataFrame, found: KnownCompound) -> Component:
    heights = sorted({round(float(a), 4) for amplitudes in known["rung_amplitude"] for a in amplitudes})
    rows: list[list[Any]] = []
    for row in known.itertuples(index=False):
        rungs = dict(zip([round(float(a), 4) for a in row.rung_amplitude], row.rung_omega_thz, strict=True))
        rows.append(
            [
                found.names.get(row.potential, row.potential),
                *(number(rungs[height]) if height in rungs else "–" for height in heights),
                number(row.cusp_thz),
                number(row.noise_floor_thz),
                label_mark(row.label_ladder),
            ]
        )
    head = ["", *(f"{height:g} Å" for height in heights), "cusp (THz)", "noise floor (THz)", "label of all"]
    return table(
        head,
        rows,
        caption=[
            *marked("ω (THz) of the softest mode, frozen in at each amplitude; "),
            f"n = {plural(len(rows), 'potential')}. Without a cusp it hardly depends on the amplitude.",
        ],
    )


def _trust(found: KnownCompound) -> list[Component]:
    known = found.trust
    if known is None:
        return []
    return [
        html.H3("Trust in each label"),
        html.P(trust_sentence(found, known), id="compound-trust"),
        trust_table(known.found, found.names),
        html.P([known.where, " ", *rests_on(known.found)], className="fine"),
    ]
