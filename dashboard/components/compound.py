"""What is said of one compound: head, verdict, labels, σ, error sources, neighbours, commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from compute.physics.stability import MISSING
from compute.protocols import SUITES
from dashboard.components import attribution, controls, wells
from dashboard.components.blocks import campaign_command, not_computed, table
from dashboard.components.structure import ROLE_NAMES
from dashboard.components.text import count, marked, number, plural, with_error
from dashboard.queries import compound as query
from dashboard.queries.structure import SPACE_GROUPS, Structure
from dashboard.views.compound import CompoundView

Row = Mapping[str, Any]
Names = Mapping[str, str]
_SHAPES = {"stable": "●", "unstable": "▲", "undecidable": "◇"}
DOWNLOADABLE = {"cif": "CIF", "poscar": "POSCAR", "phonopy": "phonopy yaml", "json": "JSON, everything"}


def formula(text: str) -> list[Component | str]:
    """`text` with its digits as subscripts."""
    parts: list[Component | str] = []
    for character in text:
        if character.isdigit() or character == ".":
            if parts and isinstance(parts[-1], html.Sub):
                parts[-1].children += character
            else:
                parts.append(html.Sub(character))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def address(suite: str, compound: str) -> str:
    """Path of the page of a compound."""
    return f"/compound/{quote(suite)}/{quote(compound)}"


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


def facts(known: Row, cell: Structure | None) -> Component:
    """Suite, prototype, space group, lattice constant and descriptors, each only where there is one."""
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


def label_mark(label: Any) -> Component:
    """A label with a shape of its own, so that colour is not needed; "no label" where it is missing or null."""
    if label not in _SHAPES:
        return html.Span("no label", className="muted")
    return html.Span(f"{_SHAPES[label]} {label}", className=f"verdict-{label}")


def verdict(known: Row, answers: pd.DataFrame, view: CompoundView, names: Names) -> list[Component]:
    """DFT's verdict, then each potential's beside it."""
    dft = query.labelled(_dft_frame(known), view.tolerance_thz, view.threshold).iloc[0]
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
    lines = [html.Li(_answer(row, names)) for row in answers.itertuples(index=False)]
    beside = html.Ul(lines, className="plain") if lines else html.P("No potential has been run on this suite.")
    at = f"At a tolerance of {view.tolerance_thz:g} THz and a σ threshold of {view.threshold:g}."
    return [html.P(said, className="lead"), beside, html.P(at, className="fine")]


def _dft_frame(known: Row) -> pd.DataFrame:
    blank = dict.fromkeys(("omega_min_thz", "noise_floor_thz", "sigma", "sigma_se"), np.nan)
    return pd.DataFrame([{"dft_omega_min_thz": known["omega_min_thz"], "dft_sigma": known["sigma"], **blank}])


def _answer(row: Any, names: Names) -> list[Any]:
    """What one potential says: harmonic, then σ, each with whether it agrees."""
    parts: list[Any] = [html.Strong(f"{names.get(row.potential, row.potential)}: ")]
    if row.status == "ok" and row.harmonic_at != MISSING:
        parts += ["harmonically ", label_mark(row.harmonic_at), f" ({number(row.omega_min_thz)} THz)"]
        parts += _agreement(row.dft_harmonic_at, row.harmonic_at)
        if np.isfinite(row.omega_rmse_thz):
            parts.append(f", {number(row.omega_rmse_thz, 3)} THz from DFT over all modes of a q mesh (RMSE)")
    else:
        parts.append(f"harmonic: {_why(row.status, row.reason)}")
    parts.append("; ")
    if row.sigma_status == "ok" and row.sigma_at != MISSING:
        parts += ["at 300 K ", label_mark(row.sigma_at), f" (σ {with_error(row.sigma, row.sigma_se)})"]
        parts += _agreement(row.dft_sigma_at, row.sigma_at)
    else:
        parts.append(f"σ: {_why(row.sigma_status, row.sigma_reason)}")
    return [*parts, "."]


def _agreement(dft: str, potential: str) -> list[Any]:
    word = query.agreement(dft, potential)
    if word in ("agrees", "disagrees"):
        return [", ", html.Span(f"{word} with DFT", className=f"agreement-{word}")]
    return []


def _why(status: Any, reason: Any) -> str:
    """Why there is no number: not run, or the failure with its reason."""
    if status == "not-run":
        return "not run"
    if status == "ok":
        return "no number"
    return f"failed, {status}" + (f" ({reason})" if isinstance(reason, str) and reason else "")


def labels_table(known: Row, answers: pd.DataFrame, view: CompoundView, names: Names) -> Component:
    """Every number that a label is made from, and the label, for DFT and each potential."""
    dft = query.labelled(_dft_frame(known), view.tolerance_thz, view.threshold).iloc[0]
    rows: list[list[Any]] = [
        [
            "DFT",
            _published(known["omega_min_thz"]),
            "not published",
            label_mark(dft["dft_harmonic_at"]),
            _published(known["sigma"], 3),
            label_mark(dft["dft_sigma_at"]),
            "not published",
            label_mark(MISSING),
        ]
    ]
    for row in answers.itertuples(index=False):
        harmonic, sigma = row.status == "ok", row.sigma_status == "ok"
        renormalised = sigma and np.isfinite(row.renormalised_min_thz)
        rows.append(
            [
                names.get(row.potential, row.potential),
                number(row.omega_min_thz) if harmonic else _why(row.status, row.reason),
                number(row.noise_floor_thz, 3) if harmonic else "–",
                label_mark(row.harmonic_at if harmonic else MISSING),
                with_error(row.sigma, row.sigma_se) if sigma else _why(row.sigma_status, row.sigma_reason),
                label_mark(row.sigma_at if sigma else MISSING),
                with_error(row.renormalised_min_thz, row.renormalised_min_se_thz, 2)
                if renormalised
                else "not computed",
                label_mark(row.renormalised_at if renormalised else MISSING),
            ]
        )
    head = (
        "", [*marked("ω_min"), " (THz)"], "noise floor (THz)", "harmonic", "σ at 300 K", "by σ",
        [*marked("ω_min"), " of 300 K (THz)"], "by ω at 300 K",
    )  # fmt: skip
    return table(
        head,
        rows,
        caption=f"n = {plural(len(answers), 'potential')} and DFT. Harmonic: stable when the softest ω > "
        f"−{view.tolerance_thz:g} THz, undecidable within the noise floor. By σ: stable below {view.threshold:g}, "
        "undecidable within two standard errors. By ω at 300 K: the softest mode of force constants fitted to "
        "frames at 300 K, with its standard error.",
    )


def _published(value: float, decimals: int = 2) -> str:
    return number(value, decimals) if np.isfinite(value) else "not published"


def sigma_table(known: Row, rows: pd.DataFrame, names: Names) -> Component:
    """Published σ, then every run of every potential."""
    published = _published(known["sigma"], 3)
    lines: list[list[Any]] = [["DFT", "as published", "300", *["–"] * 2, published, *["–"] * 4]]
    for row in rows.itertuples(index=False):
        name = names.get(row.potential, row.potential)
        if row.status != "ok":
            why = _why(row.status, row.reason)
            lines.append(
                [name, row.protocol, *["–"] * 2, why, "–", label_mark(MISSING), *["–"] * 2, label_mark(MISSING)]
            )
            continue
        frames = f"{count(int(row.n_frames))}, {plural(int(row.n_replicas), 'replica')}"
        lines.append(
            [
                name,
                row.protocol,
                f"{row.temperature:g}",
                number(row.temperature_mean, 0) if np.isfinite(row.temperature_mean) else "samples",
                frames,
                with_error(row.sigma, row.sigma_se),
                label_mark(row.label),
                number(row.sigma_frame_mean, 3),
                number(row.sigma_effective, 3) if np.isfinite(row.sigma_effective) else "not fitted",
                label_mark(row.renormalised_label),
            ]
        )
    head = (
        "", "protocol", "bath (K)", "mean T (K)", "frames", "σ ± SE", "label of the run", "mean σ of a frame",
        "σ left by fitted Φ", "by ω at 300 K",
    )  # fmt: skip
    n_failed = int((rows["status"] != "ok").sum())
    return table(
        head,
        lines,
        caption=f"n = {plural(len(rows), 'run')}, {count(n_failed)} failed. SE is from blocks of the replicas. Labels "
        "here are as the run stored them, at its own threshold and tolerance.",
        numeric_from=2,
    )


def sigma_protocols(rows: pd.DataFrame) -> str:
    """Which of the runs are sampled as the published σ was."""
    ok = rows[rows["status"] == "ok"]
    like = ok["protocol"].str.startswith("published")
    if ok.empty:
        return "No run ended with a σ."
    if like.all():
        return "Every run samples by the schedule of the published σ: like with like."
    if not like.any():
        return "No run samples by the schedule of the published σ, so part of any difference is the protocol."
    return (
        f"Sampled by the schedule of the published σ: {count(int(like.sum()))} of {plural(len(ok), 'run')} with a σ. "
        "With the others part of any difference is the protocol."
    )


def errors(known: Row, attributed: pd.DataFrame, well: pd.DataFrame, names: Names) -> list[Component]:
    """Attributions and tilt wells of the compound, with links to where they are taken apart."""
    parts: list[Component] = []
    if not attributed.empty:
        rows = [
            [
                dcc.Link(row.frames, href=f"/errors?{urlencode({'f': row.frames, 'sp': row.potential})}"),
                names.get(row.potential, row.potential),
                *(
                    with_error(getattr(row, column), getattr(row, f"{column}_se"), sign=sign)
                    if np.isfinite(getattr(row, column))
                    else "not computed"
                    for column, sign in (
                        ("corner_rrr", False), ("path_forces", True), ("path_hessian", True), ("path_sampling", True),
                        ("corner_mmm", False),
                    )
                ),
            ]
            for row in attributed[attributed["status"] == "ok"].itertuples(index=False)
        ]  # fmt: skip
        failed = attributed[attributed["status"] != "ok"]
        head = ("reference frames", "potential", "σ, all DFT", "forces", "Hessian", "sampling", "σ, all potential")
        parts += [
            html.H3("Where the error of σ comes from"),
            table(
                head,
                rows,
                caption=f"n = {plural(len(rows), 'attribution')}, {count(len(failed))} failed. From σ of DFT forces, "
                "force constants and frames, each replaced in turn by the potential’s; the columns between are what "
                "each replacement changes. Follow the first column for other orders.",
                numeric_from=2,
            ),
        ]
    if not well.empty:
        rows = [
            [
                "DFT" if row.source == "dft" else names.get(row.source, row.source),
                row.settings,
                *(
                    [number(row.curvature, 3), number(row.quartic, 2), number(row.omega_thz), _depth(row.depth)]
                    if row.status == "ok"
                    else [_why(row.status, row.reason), *["–"] * 3]
                ),
            ]
            for row in well.itertuples(index=False)
        ]
        parts += [
            html.H3("Tilt well"),
            table(
                ("", "settings", "curvature (eV/Å²)", "quartic term (eV/Å⁴)", "ω (THz)", "depth (meV)"),
                rows,
                caption=f"n = {plural(len(rows), 'well')} of {well['mode'].iloc[0]}. A negative curvature is a "
                "double well.",
                numeric_from=2,
            ),
            html.P(
                dcc.Link("See E(Q) of DFT and potentials", href=f"/errors?{urlencode({'c': known['compound']})}"),
                className="more",
            ),
        ]
    return parts or [_no_errors(known)]


def _no_errors(known: Row) -> Component:
    if known["prototype"] == "elpasolite":
        return not_computed(
            "The energy of DFT and of potentials along the octahedral tilt of this compound.",
            f"{wells.COMPUTE} && {wells.publish_command(())}",
        )
    if known["prototype"] != "cubic-perovskite":
        return html.P("This suite has stored harmonic forces alone: no σ to attribute and no tilt well.")
    name = known["compound"]
    return not_computed(
        "An attribution needs DFT forces and force constants on frames at 300 K.",
        f"softmode reference dft constants {name} && softmode reference dft frames {name} --potential chgnet-0.3.0 && "
        + attribution.publish_command("chgnet-0.3.0"),
    )


def _depth(depth: float) -> str:
    return f"{1000 * depth:.1f}" if np.isfinite(depth) else "beyond the last Q"


def neighbours(known: Row, found: Sequence[str], frame: pd.DataFrame, view: CompoundView, names: Names) -> Component:
    """The nearest neighbours in tolerance factor, with DFT's numbers and whether each potential agrees."""
    site = ROLE_NAMES[view.site]
    if not found:
        return html.P(f"No other compound of the suite has the same elements on every site but {site}.")
    listed = list(found[: query.NEIGHBOURS])
    potentials = sorted(frame["potential"].dropna().unique())
    by_pair = {(row.compound, row.potential): row for row in frame.itertuples(index=False)}
    first = {row.compound: row for row in frame.drop_duplicates("compound").itertuples(index=False)}
    rows = []
    for name in listed:
        row = first[name]
        rows.append(
            [
                dcc.Link(formula(name), href=address(known["suite"], name)),
                number(row.tolerance_factor, 3) if np.isfinite(row.tolerance_factor) else "not defined",
                _published(row.dft_omega_min_thz),
                label_mark(row.dft_harmonic_at),
                _published(row.dft_sigma),
                label_mark(row.dft_sigma_at),
                *(_neighbour(by_pair[name, potential]) for potential in potentials),
            ]
        )
    head = (
        "", "tolerance factor", ["DFT ", *marked("ω_min"), " (THz)"], "harmonic", "DFT σ", "by σ",
        *(names.get(p, p) for p in potentials),
    )  # fmt: skip
    which = "closest in tolerance factor" if len(found) > len(listed) else "by distance in tolerance factor"
    caption = [
        f"n = {count(len(listed))} of {plural(len(found), 'compound')} that differ in {site} alone, {which}. ",
        *(_tally(frame[frame["compound"].isin(found)], potential, names) for potential in potentials),
    ]
    return table(head, rows, caption=caption)


def _neighbour(row: Any) -> Component:
    lines = []
    for status, dft, label, value, unit in (
        (row.status, row.dft_harmonic_at, row.harmonic_at, row.omega_min_thz, " THz"),
        (row.sigma_status, row.dft_sigma_at, row.sigma_at, row.sigma, ""),
    ):
        what = "" if unit else "σ "
        if status == "ok" and label != MISSING:
            word = query.agreement(dft, label)
            mark = html.Span(word or label, className=f"agreement-{word}")
            lines.append(html.Div([f"{what}{number(value)}{unit}: ", mark]))
        elif status != "not-run":
            lines.append(html.Div(f"{what}{_why(status, None)}"))
    return html.Div(lines or "not run")


def _tally(frame: pd.DataFrame, potential: str, names: Names) -> str:
    rows = frame[frame["potential"] == potential]
    words = [
        query.agreement(row.dft_harmonic_at, row.harmonic_at)
        for row in rows.itertuples(index=False)
        if row.status == "ok"
    ]
    decided = [word for word in words if word in ("agrees", "disagrees")]
    if not decided:
        return ""
    return (
        f"{names.get(potential, potential)} agrees with DFT’s harmonic label in {count(decided.count('agrees'))} of "
        f"{count(len(decided))} decided. "
    )


def commands(known: Row, potential: str) -> Component:
    """What computes the numbers of this page again."""
    suite, name = known["suite"], known["compound"]
    if known["prototype"] not in SPACE_GROUPS:
        lines = [campaign_command(suite)]
    else:
        common = f"{name} --suite {suite} --potential {potential}"
        lines = [
            f"softmode harmonic {common} --json",
            f"softmode sigma {common} --protocol quick --json",
            f"softmode sigma {common} --protocol published --json",
        ]
    return html.Ul([html.Li(html.Code(line, tabIndex=0)) for line in lines], className="commands")


def site_control(known: Row, view: CompoundView) -> Component:
    """Which site the neighbours change."""
    offered = [{"value": s, "label": f"{ROLE_NAMES[s]} ({known[s]})"} for s in query.sites(known)]
    return controls.choice("compound-site", "Site that differs", offered, view.site)


def download_names(with_cell: bool, with_constants: bool) -> dict[str, str]:
    """Downloads that can be had, by the end of their ids."""
    offered = {"json"} | ({"cif", "poscar"} if with_cell else set()) | ({"phonopy"} if with_constants else set())
    return {name: label for name, label in DOWNLOADABLE.items() if name in offered}
