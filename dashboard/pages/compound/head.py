"""The head of the page of one compound: its name, what is known of it, and the verdict of DFT and each potential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from compute.suites import SUITES
from dashboard.queries.compound import dft_labels
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.structure import SPACE_GROUPS
from dashboard.ui.compound_text import agrees, formula, label_mark, why_none
from dashboard.ui.text import marked, number, with_error
from dashboard.views.compound import CompoundView


def head(found: KnownCompound, view: CompoundView) -> Component:
    """Name, verdicts and facts."""
    return html.Header(
        [
            html.P(dcc.Link("Compounds", href=f"/compounds?s={found.suite}"), className="crumbs"),
            html.H1(formula(str(found.known["formula"]))),
            html.Div(verdict(found, view), id="compound-verdict"),
            facts(found, view),
        ],
        className="page-head compound-head",
    )


def unknown(suite: str, compound: str) -> list[Component]:
    """Says that there is no such compound, and where to look."""
    known = suite in SUITES
    kept = "".join(c for c in compound if c.isascii() and (c.isalnum() or c in "().-"))[:32]
    asked = {**({"s": suite} if known else {}), **({"f": kept} if kept else {})}
    what = f"The suite {SUITES[suite].title} has no compound {compound}." if known else f"There is no suite {suite}."
    return [
        html.P(what, className="notice", role="alert"),
        html.P(dcc.Link("Search the table of compounds", href=f"/compounds?{urlencode(asked)}".rstrip("?"))),
    ]


def facts(found: KnownCompound, view: CompoundView) -> Component:
    """Suite, prototype, space group, lattice constant and descriptors, each only where there is one."""
    known, cell = found.known, found.cell(view)
    prototype = known["prototype"]
    group = SPACE_GROUPS.get(prototype)
    pairs: list[tuple[str, Any]] = [("suite", SUITES[known["suite"]].title)]
    if group is not None:
        pairs += [("prototype", prototype), ("space group", f"{group[0]} ({group[1]})")]
    if np.isfinite(known["lattice_constant"]):
        pairs.append(("a, DFT", f"{number(known['lattice_constant'], 3)} Å"))
    elif cell is not None:
        pairs.append((f"a, {cell.origin}", f"{number(cell.a, 3)} Å"))
    for name, column, unit, decimals in (
        ("tolerance factor", "tolerance_factor", "", 3),
        ("octahedral factor", "octahedral_factor", "", 3),
        ("octahedral mismatch", "octahedral_mismatch", "", 3),
        ("formation energy", "formation_energy", " eV/atom", 2),
    ):
        if np.isfinite(known[column]):
            pairs.append((name, number(known[column], decimals) + unit))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="compound-facts")


def verdict(found: KnownCompound, view: CompoundView) -> list[Component]:
    """DFT's verdict, then each potential's beside it."""
    known, answers = found.known, found.answers(view)
    dft = dft_labels(known, view.tolerance_thz, view.threshold)
    said: list[Any] = ["DFT: "]
    if dft["dft_harmonic_at"] != MISSING:
        said += [
            "harmonically ", label_mark(dft["dft_harmonic_at"]), *marked(" (ω_min "),
            f"{number(known['omega_min_thz'])} THz)",
        ]  # fmt: skip
    if dft["dft_sigma_at"] != MISSING:
        said += [
            ", " if len(said) > 1 else "", "at 300 K ", label_mark(dft["dft_sigma_at"]),
            f" (σ {number(known['sigma'])})",
        ]  # fmt: skip
    said.append("." if len(said) > 1 else "neither a frequency nor σ is published.")
    lines = [html.Li(_answer(row, found.names)) for row in answers.itertuples(index=False)]
    beside = html.Ul(lines, className="plain") if lines else html.P("No potential has been run on this suite.")
    at = f"At a tolerance of {view.tolerance_thz:g} THz and a σ threshold of {view.threshold:g}."
    return [html.P(said, className="lead"), beside, html.P(at, className="fine")]


def _answer(row: Any, names: Mapping[str, str]) -> list[Any]:
    """What one potential says: harmonic, then σ, each with whether it agrees."""
    parts: list[Any] = [html.Strong(f"{names.get(row.potential, row.potential)}: ")]
    if row.status == "ok" and row.harmonic_at != MISSING:
        parts += ["harmonically ", label_mark(row.harmonic_at), f" ({number(row.omega_min_thz)} THz)"]
        parts += agrees(row.dft_harmonic_at, row.harmonic_at)
        if np.isfinite(row.omega_rmse_thz):
            parts.append(f", {number(row.omega_rmse_thz, 3)} THz from DFT over all modes of a q mesh (RMSE)")
    else:
        parts.append(f"harmonic: {why_none(row.status, row.reason)}")
    parts.append("; ")
    if row.sigma_status == "ok" and row.sigma_at != MISSING:
        parts += ["at 300 K ", label_mark(row.sigma_at), f" (σ {with_error(row.sigma, row.sigma_se)})"]
        parts += agrees(row.dft_sigma_at, row.sigma_at)
    else:
        parts.append(f"σ: {why_none(row.sigma_status, row.sigma_reason)}")
    return [*parts, "."]
