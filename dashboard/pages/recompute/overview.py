"""Several live results side by side: a row per potential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import dcc
from dash.development.base_component import Component

from compute.jobs.service import Job
from compute.trust.answer import PotentialTrust
from dashboard.pages.recompute.job import potential_name
from dashboard.pages.recompute.result_data import Row, q_name, value
from dashboard.ui.blocks import table
from dashboard.ui.compound_text import label_mark, published
from dashboard.ui.text import marked, number, plural, with_error
from dashboard.ui.trust import percent_of

_PLACES = ("gamma", "r", "m", "x", "l")
_PARTS = {"total": "total error of σ", "path_forces": "forces", "path_hessian": "Hessian", "path_sampling": "sampling"}


def side_by_side(
    jobs: Sequence[Job],
    names: Mapping[str, str],
    reference: Row | None,
    trust: Mapping[str, PotentialTrust],
) -> Component:
    """A row per job, DFT's first where it is published: what each found, or where it stands.

    `trust` is that in harmonic labels, by potential.
    """
    lines = {"harmonic": _harmonic, "sigma": _sigma, "attribution": _attribution}[jobs[0].stage]
    return lines(jobs, names, reference, trust)


def _harmonic(
    jobs: Sequence[Job], names: Mapping[str, str], reference: Row | None, trust: Mapping[str, PotentialTrust]
) -> Component:
    found = [job.result or {} for job in jobs]
    places = [p for p in _PLACES if any(np.isfinite(value(row, f"omega_{p}_thz")) for row in found)]
    head: list[Any] = ["", "label", [*marked("ω_min"), " (THz)"], "at"]
    head += [f"ω {'Γ' if p == 'gamma' else p.upper()} (THz)" for p in places]
    head += ["noise floor (THz)", [dcc.Link("trust", href="/trust")]]
    rows: list[list[Any]] = []
    if reference is not None and np.isfinite(value(reference, "omega_min_thz")):
        own = [published(value(reference, f"omega_{p}_thz")) for p in places]
        rows.append(["DFT, published", "", number(value(reference, "omega_min_thz")), "", *own, "–", "–"])
    for job, row in zip(jobs, found, strict=True):
        name = potential_name(job, names)
        if row.get("status") != "ok":
            rows.append([name, _standing(job), *["–"] * (len(head) - 2)])
            continue
        one = trust.get(job.request.potential)
        rows.append(
            [
                name,
                label_mark(row.get("label")),
                number(value(row, "omega_min_thz")),
                q_name(row),
                *(_number(row, f"omega_{p}_thz") for p in places),
                _number(row, "noise_floor_thz", 3),
                percent_of(one.trust) if one else "–",
            ]
        )
    caption = f"n = {plural(len(jobs), 'potential')}, live, not published. Imaginary ω are negative."
    return table(head, rows, caption=caption)


def _sigma(
    jobs: Sequence[Job], names: Mapping[str, str], reference: Row | None, trust: Mapping[str, PotentialTrust]
) -> Component:
    rows: list[list[Any]] = []
    if reference is not None and jobs[0].request.temperature in (None, 300.0):
        rows.append(["DFT, published", published(value(reference, "sigma"), 3), "", "–"])
    for job in jobs:
        row, name = job.result or {}, potential_name(job, names)
        ok = row.get("status") == "ok"
        rows.append(
            [
                name,
                with_error(value(row, "sigma"), value(row, "sigma_se")) if ok else _standing(job),
                label_mark(row.get("label")) if ok else "–",
                f"{row['n_frames']:,}" if ok and row.get("n_frames") else "–",
            ]
        )
    caption = f"n = {plural(len(jobs), 'potential')}, live, not published."
    return table(("", "σ ± SE", "label", "frames"), rows, caption=caption)


def _attribution(
    jobs: Sequence[Job], names: Mapping[str, str], reference: Row | None, trust: Mapping[str, PotentialTrust]
) -> Component:
    rows: list[list[Any]] = []
    for job in jobs:
        row, name = job.result or {}, potential_name(job, names)
        if row.get("status") != "ok":
            rows.append([name, _standing(job), *["–"] * (len(_PARTS) - 1)])
            continue
        rows.append([name, *(with_error(value(row, p), value(row, f"{p}_se"), sign=True) for p in _PARTS)])
    caption = f"n = {plural(len(jobs), 'potential')}, live, not published."
    return table(("", *_PARTS.values()), rows, caption=caption)


def _standing(job: Job) -> str:
    return f"failed: {job.error}" if job.state == "failed" else job.state


def _number(row: Row, column: str, decimals: int = 2) -> str:
    found = value(row, column)
    return number(found, decimals) if np.isfinite(found) else "–"
