"""The result of a live job beside what is published: numbers, differences, bands, and what made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.jobs.service import Job
from compute.statistics.comparable import CUT_AT_ZERO
from compute.trust.answer import PotentialTrust
from dashboard.figures.sigma_trace import RunningSigma, sigma_trace
from dashboard.pages.recompute.form import duration
from dashboard.pages.recompute.job import potential_name
from dashboard.pages.recompute.result_data import UNITS, PublishedDifference, Row, differences, of_dft, q_name, value
from dashboard.queries.attribution import Scored
from dashboard.ui.attribution_breakdown import breakdown
from dashboard.ui.blocks import captioned, statement, statements, table
from dashboard.ui.compound_text import address, label_mark
from dashboard.ui.text import marked, number, plural, with_error
from dashboard.ui.trust import percent_of
from dashboard.views.error_sources import ORDERS


def result(
    job: Job,
    names: Mapping[str, str],
    *,
    reference: Row | None,
    stored: Row | None,
    digest: str | None,
    content: Row | None,
    scored: Scored | None,
    trust: PotentialTrust | None = None,
) -> list[Component | None]:
    """Everything about the result of a job that is done; `names` are those of potentials.

    `reference` is DFT's row, `stored` that of the same potential and protocol, `content` the file of the result,
    `scored` what an attribution found, and `trust` that in the label of a harmonic result.
    """
    row, stage = job.result, job.stage
    name = potential_name(job, names)
    if row is None:
        return []
    ok = row.get("status") == "ok"
    return [
        _headline(stage, row, trust) if ok else None,
        _doubts(trust) if ok and trust else None,
        _beside(stage, row, name, stored, reference) if ok and (stored or reference) else None,
        _references(stage, row, name, stored, reference),
        _trace(row, name, reference) if ok and stage == "sigma" else None,
        *(breakdown(scored, ORDERS[0], names) if ok and scored else []),
        _made_by(job, digest, content, stored),
    ]


def _headline(stage: str, row: Row, trust: PotentialTrust | None) -> Component:
    label = [label_mark(row.get("label"))]
    if stage == "attribution":
        own = row.get("protocol") is not None
        total = with_error(value(row, "total"), value(row, "total_se")) if own else "not computed"
        note = None if own else "needs frames of the potential’s own"
        return statements(statement(total, "error of σ in all", note))
    if stage == "sigma":
        found = with_error(value(row, "sigma"), value(row, "sigma_se"))
        return statements(statement(found, f"σ at {row['temperature']:g} K", label))
    where = f" at {q_name(row)}" if row.get("omega_min_q") else ""
    return statements(
        statement(f"{number(value(row, 'omega_min_thz'))} THz", ["ω", html.Sub("min")], [*label, where]),
        statement(
            percent_of(trust.trust) if trust else "not computed",
            dcc.Link("trust", href=f"/trust?c={row['compound']}"),
            f"that the label is DFT’s; |Δω| ≤ {number(trust.error_thz, 1)} THz" if trust else "for cubic ABX₃ alone",
        ),
        statement(f"{number(value(row, 'noise_floor_thz'), 3)} THz", "noise floor"),
        statement(f"{number(value(row, 'a'), 3)} Å", f"a, {row.get('geometry')} cell"),
    )


def _doubts(trust: PotentialTrust) -> Component | None:
    """Why the label may be wrong here; nothing where nothing speaks against it."""
    if not trust.reasons:
        return None
    return html.P(f"Why it may fail here: {'; '.join(trust.reasons)}.", className="recompute-doubts")


def _beside(stage: str, row: Row, name: str, stored: Row | None, reference: Row | None) -> Component:
    """A row per quantity: the live number, the stored one and DFT's, each with its difference."""
    own = differences(stage, row, stored) if stored is not None and stored.get("status") == "ok" else []
    published = of_dft(stage, row, reference)
    dft = differences(stage, row, published) if published else []
    alone = differences(stage, row, {})
    unit = f" ({UNITS[stage]})" if UNITS[stage] else ""
    head: list[Any] = ["", f"live{unit}"]
    head += [f"{name}, published", "difference", "within the error"] if own else []
    head += ["DFT, published", "difference", "within the error"] if dft else []
    rows = []
    for i, line in enumerate(alone):
        cells: list[Any] = [html.Span(marked(line.name)), number(line.live, 3)]
        for other in (own, dft):
            cells += _compared(other[i]) if other else []
        rows.append(cells)
    return table(head, rows, caption=_caption(stage, row, alone, own, dft))


def _compared(line: PublishedDifference) -> list[Any]:
    if not np.isfinite(line.other):
        return ["not published", "", ""]
    within = {True: "yes", False: html.Strong("no"), None: "no error is known"}[line.within]
    return [number(line.other, 3), number(line.difference, 3, sign=True), within]


def _caption(
    stage: str,
    row: Row,
    alone: Sequence[PublishedDifference],
    own: Sequence[PublishedDifference],
    dft: Sequence[PublishedDifference],
) -> str:
    """What the differences say and what the error is, from the rows themselves."""
    said = []
    for lines, whose in ((own, "the published row"), (dft, "DFT")):
        decided = [line for line in lines if line.within is not None]
        if decided:
            agreeing = sum(bool(line.within) for line in decided)
            verb = "agrees" if 1 in (agreeing, len(decided)) else "agree"
            said.append(f"{agreeing} of {plural(len(decided), 'number')} {verb} with {whose} within the error.")
    if not said:
        said.append(f"{plural(len(alone), 'number')}, with nothing published to compare.")
    elif stage == "harmonic":
        said.append("The error is the noise floor, the larger of the two. Imaginary ω are negative.")
        if dft and (row["suite"], "min") in CUT_AT_ZERO:
            said.append("At Γ and for the minimum both sides are cut at 0 against DFT, which counts acoustic modes.")
    else:
        said.append("The error is twice the combined standard error.")
        said.append("DFT’s published σ states none of its own." if dft else "")
        if stage == "attribution" and dft:
            said.append("It is of its source’s own trajectories, σ[rrr] of the reference frames.")
    return " ".join(said).strip()


def _references(stage: str, row: Row, name: str, stored: Row | None, reference: Row | None) -> Component:
    """Which of the two comparisons there is none of, and why; and where the published rows are."""
    said: list[Any] = []
    if reference is None:
        said.append("No published reference exists for this compound. ")
    elif of_dft(stage, row, reference) is None:
        said.append("DFT’s σ is published at 300 K alone, so it is not compared. ")
    if stored is None and reference is not None:
        of = f"the frames {row['frames']}" if stage == "attribution" else f"this compound, protocol {row['protocol']}"
        said.append(f"Not computed in the campaign: {name} on {of}. ")
    elif stored is not None and stored.get("status") != "ok":
        said.append(f"In the campaign this ended with “{stored['status']}”: {stored.get('reason')}. ")
    if reference is not None:
        href = address(reference["suite"], reference["compound"])
        said += [dcc.Link("Everything published of this compound", href=href), "."]
    return html.P(said, className="recompute-references")


def _trace(row: Row, name: str, reference: Row | None) -> Component | None:
    sigma = np.asarray(row.get("trace_sigma") or [], float)
    if sigma.size < 2:
        return None
    times = np.asarray(row.get("trace_time_ps") or [0.0], float)
    timed = bool(times.max() > 0)
    at = times if timed else np.asarray(row["trace_frames"], float)
    published = float("nan")
    if dft_row := of_dft("sigma", row, reference):
        published = value(dft_row, "sigma")
    trace = RunningSigma(name, str(row["potential"]), 0, at, sigma, value(row, "sigma_se"))
    drift = sigma[-1] - sigma[len(sigma) // 2]
    dft = f" DFT’s published σ is {number(published, 3)}." if np.isfinite(published) else ""
    return captioned(
        sigma_trace([trace], published, x_title="time since the start (ps)" if timed else "samples of each replica"),
        f"n = {row['n_frames']} frames: σ = {with_error(value(row, 'sigma'), trace.se)} at the end, "
        f"{number(float(drift), 3, sign=True)} since half-way.{dft} The band is one standard error about the last "
        "value.",
        label=f"Running σ of the result, {name}",
    )


def _made_by(job: Job, digest: str | None, content: Row | None, stored: Row | None) -> Component:
    """What made the numbers: settings, weights, code, machine, time."""
    row, made = job.result or {}, (content or {}).get("provenance", {})
    live = made.get("checkpoint_sha256")
    same = ""
    if stored is not None and live and isinstance(stored.get("checkpoint_sha256"), str):
        same = ", as published" if stored["checkpoint_sha256"] == live else ", not the published one"
    elsewhere = "kept with the worker"
    protocol = row.get("protocol") or "reference frames alone"
    pairs: list[tuple[str, Any]] = [
        ("job", html.Code(job.id)),
        ("protocol", [protocol, ", digest ", html.Code(digest) if digest else "unknown"]),
        ("checkpoint sha256", [html.Code(live[:12], title=live), same] if live else elsewhere),
        ("code", html.Code(made["code_commit"][:12]) if made.get("code_commit") else elsewhere),
        ("hardware", made.get("hardware") or elsewhere),
        ("packages", ", ".join(f"{k} {v}" for k, v in made.get("package_versions", {}).items()) or elsewhere),
        ("calculation", duration(row["seconds"]) if row.get("seconds") is not None else "not recorded"),
    ]
    return html.Details(
        [
            html.Summary("What made it"),
            html.Dl([html.Div([html.Dt(k), html.Dd(v)]) for k, v in pairs], className="recompute-made"),
        ],
        className="more",
        open=True,
    )
