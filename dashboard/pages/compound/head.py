"""The head of the page of one compound: its name, what is known of it, and the answer of DFT and each potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from compute.suites import SUITES
from dashboard.queries.compound import agreement, dft_labels
from dashboard.queries.compound_page import KnownCompound
from dashboard.queries.coverage import foundation
from dashboard.queries.structure import SPACE_GROUPS
from dashboard.queries.trust import Trusted
from dashboard.ui.blocks import fold, table
from dashboard.ui.compound_text import formula, label_mark, why_none
from dashboard.ui.text import marked, number, plural, with_error
from dashboard.ui.trust import percent_of
from dashboard.views.compound import CompoundView


def head(found: KnownCompound, view: CompoundView) -> Component:
    """Name and facts."""
    return html.Header(
        [
            html.P(dcc.Link("Compounds", href=f"/compounds?s={found.suite}"), className="crumbs"),
            html.H1(formula(str(found.known["formula"]))),
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
        if np.isfinite(known[column]) and (column != "octahedral_mismatch" or known["Bp"]):
            pairs.append((name, number(known[column], decimals) + unit))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="compound-facts")


def trust_sentence(found: KnownCompound, known: Trusted) -> list[Any]:
    """Whom to trust; where DFT is published, what one would say without it."""
    link = dcc.Link("Trust", href=f"/trust?c={found.name}")
    if np.isfinite(found.known["omega_min_thz"]):
        return ["Without the DFT of this compound one would say: ", html.Q(known.sentence), " ", link]
    return [known.sentence, " ", link]


def verdict(found: KnownCompound, view: CompoundView) -> list[Component | None]:
    """DFT's answer, the votes, whom to trust, then each potential's answer."""
    answers, known = found.answers(view), found.trust
    names = found.names
    if answers.empty:
        return [html.P(_dft(found, view), className="lead"), html.P("No potential has been run on this suite.")]
    ranked = foundation(found.dataset, answers["potential"])
    shown = answers[answers["potential"].isin(ranked)]
    others = answers[~answers["potential"].isin(ranked)]
    of_trust = {one.potential: one.trust for one in known.found} if known else {}
    at = f"At a tolerance of {view.tolerance_thz:g} THz and a σ threshold of {view.threshold:g}."
    return [
        html.P(_dft(found, view), className="lead"),
        html.P(_votes(shown.to_dict("records"))),
        html.P(trust_sentence(found, known)) if known else None,
        _table(shown.to_dict("records"), names, of_trust, at),
        fold(plural(len(others), "distilled potential"), _table(others.to_dict("records"), names, {}, at))
        if len(others)
        else None,
    ]


def _dft(found: KnownCompound, view: CompoundView) -> list[Any]:
    known = found.known
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
    return said


def _votes(rows: Sequence[Mapping[Any, Any]]) -> str:
    """How the foundation potentials with a harmonic result vote, and how many agree with DFT."""
    labels = [row["harmonic_at"] for row in rows if row["status"] == "ok" and row["harmonic_at"] != MISSING]
    if not labels:
        return "No foundation potential has a harmonic result."
    parts = [f"{labels.count(word)} {word}" for word in ("stable", "unstable", "undecidable") if word in labels]
    words = [agreement(row["dft_harmonic_at"], row["harmonic_at"]) for row in rows if row["status"] == "ok"]
    decided = [word for word in words if word in ("agrees", "disagrees")]
    right = f"; {decided.count('agrees')} of {len(decided)} agree with DFT" if decided else ""
    return f"Votes of n = {plural(len(labels), 'foundation potential')}: {', '.join(parts)}{right}."


def _table(
    rows: Sequence[Mapping[Any, Any]], names: Mapping[str, str], trust: Mapping[str, float], at: str
) -> Component:
    """What each potential says, and whether it agrees; columns without a number are left out."""
    with_error_of_modes = any(np.isfinite(row["omega_rmse_thz"]) for row in rows)
    with_sigma = any(row["sigma_status"] not in ("not-run", None) for row in rows)
    head: list[Any] = ["", "harmonic", [*marked("ω_min"), " (THz)"]]
    head += ["trust"] if trust else []
    head += ["RMSE of ω (THz)"] if with_error_of_modes else []
    head += ["at 300 K"] if with_sigma else []
    lines = []
    for row in rows:
        ok = row["status"] == "ok" and row["harmonic_at"] != MISSING
        line: list[Any] = [
            names.get(row["potential"], row["potential"]),
            _label(row["dft_harmonic_at"], row["harmonic_at"]) if ok else why_none(row["status"], row["reason"]),
            number(row["omega_min_thz"]) if ok else "–",
        ]
        line += [percent_of(trust[row["potential"]]) if row["potential"] in trust else "–"] if trust else []
        error = row["omega_rmse_thz"]
        line += [number(error, 3) if np.isfinite(error) else "–"] if with_error_of_modes else []
        lines.append(line + ([_sigma(row)] if with_sigma else []))
    return table(head, lines, caption=f"✓ agrees with DFT, ✗ disagrees. {at}", numeric_from=2)


def _label(dft: str, potential: str) -> list[Any]:
    word = agreement(dft, potential)
    mark = {"agrees": "✓", "disagrees": "✗"}.get(word)
    said = html.Span(mark, className=f"agreement-{word}", title=f"{word} with DFT") if mark else ""
    return [label_mark(potential), " ", said]


def _sigma(row: Mapping[Any, Any]) -> Any:
    if row["sigma_status"] != "ok" or row["sigma_at"] == MISSING:
        return why_none(row["sigma_status"], row["sigma_reason"])
    return [*_label(row["dft_sigma_at"], row["sigma_at"]), f" σ {with_error(row['sigma'], row['sigma_se'], 2)}"]
