"""Figures of σ of one compound: running, per site, per mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from dash.development.base_component import Component

from dashboard.figures.sigma_trace import RunningSigma, sigma_trace
from dashboard.pages.compound.sigma_modes_figure import SiteScores, Star, sigma_modes, sigma_sites
from dashboard.queries.compound import sites
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui.blocks import captioned
from dashboard.ui.structure import ROLE_NAMES
from dashboard.ui.text import count, number, plural, with_error

_STARS = {"gamma": "Γ", "r": "R", "m": "M", "x": "X", "l": "L"}


def trace_figures(found: KnownCompound) -> list[Component]:
    """Running σ of the runs with a time axis, then of those that are samples."""
    rows = found.sigma
    ok = rows[(rows["status"] == "ok") & rows["trace_sigma"].map(lambda value: np.size(value) > 1)]
    timed = ok["trace_time_ps"].map(lambda times: float(np.max(times)) > 0)
    figures = []
    for part, column, x_title, what in (
        (ok[timed], "trace_time_ps", "time since the start (ps)", "trajectories"),
        (ok[~timed], "trace_frames", "samples of each replica", "independent samples"),
    ):
        if not part.empty:
            figures.append(_trace_figure(found, part, column, x_title, what))
    return figures


def _trace_figure(found: KnownCompound, part: pd.DataFrame, column: str, x_title: str, what: str) -> Component:
    traces, drifts, sentences = [], [], []
    nth = part.groupby("potential").cumcount().tolist()
    for row, dash in zip(part.itertuples(index=False), nth, strict=True):
        name = f"{found.names.get(row.potential, row.potential)}, {row.protocol}"
        at, sigma = np.asarray(getattr(row, column), float), np.asarray(row.trace_sigma, float)
        traces.append(RunningSigma(name, str(row.potential), dash, at, sigma, float(row.sigma_se)))
        drifts.append(sigma[-1] - sigma[len(sigma) // 2])
        sentences.append(f"{name}: {with_error(row.sigma, row.sigma_se)} at the end, {_since(drifts[-1])}. ")
    if len(sentences) > 2:
        furthest = max(range(len(drifts)), key=lambda i: abs(drifts[i]))
        sentences = [f"n = {len(traces)} runs. Least settled: {sentences[furthest]}"]
    published = float(found.known["sigma"])
    if np.isfinite(published):
        sentences.append(f"DFT’s published σ is {number(published, 3)}. ")
    return captioned(
        sigma_trace(traces, published, x_title=x_title),
        [*sentences, "The band is one standard error about the last value."],
        label=f"Running σ over {what}",
    )


def _since(drift: float) -> str:
    return f"{number(drift, 3, sign=True)} since half-way"


def site_figure(found: KnownCompound) -> Component | None:
    """σ per site of DFT and of every run; None where nothing has any."""
    known, rows, present = found.known, found.sigma, sites(found.known)
    columns = [f"sigma_{site.lower()}" for site in present]
    scores = [SiteScores("DFT, published", None, 0, tuple(float(known[column]) for column in columns))]
    ok = rows[rows["status"] == "ok"]
    for row, nth in zip(ok.itertuples(index=False), ok.groupby("potential").cumcount().tolist(), strict=True):
        name = f"{found.names.get(row.potential, row.potential)}, {row.protocol}"
        scores.append(SiteScores(name, str(row.potential), nth, tuple(float(getattr(row, c)) for c in columns)))
    scores = [score for score in scores if np.isfinite(score.sigma).any()]
    if not scores:
        return None
    ticks = [f"{ROLE_NAMES[site]} ({known[site]})" for site in present]
    highest = Counter(ticks[int(np.nanargmax(score.sigma))] for score in scores)
    return captioned(
        sigma_sites(ticks, scores),
        f"n = {plural(len(scores), 'source')} with σ per site. Most anharmonic site: "
        f"{'; '.join(f'{site} by {n}' for site, n in highest.most_common())}.",
        label="σ of each site",
    )


def mode_figure(row: Any, names: Mapping[str, str]) -> Component | None:
    """σ per mode of one run; None where it stored none."""
    if row.status != "ok" or np.size(row.mode_sigma) < 2:
        return None
    q = np.asarray(row.mode_q, str)
    omega, sigma = np.asarray(row.mode_omega_thz, float), np.asarray(row.mode_sigma, float)
    stars = [Star(_STARS[star], omega[q == star], sigma[q == star]) for star in _STARS if (q == star).any()]
    known = np.isfinite(sigma)
    above = int((sigma[known] > row.sigma).sum())
    soft = int((sigma[known & (omega < 0)] > row.sigma).sum())
    return captioned(
        sigma_modes(stars, float(row.sigma)),
        f"{names.get(row.potential, row.potential)}, {row.protocol}: n = {count(int(known.sum()))} modes, mean over "
        f"each star of q; imaginary ω as negative. {count(above)} lie above the σ of all together "
        f"({number(row.sigma, 3)}, dashed); {count(soft)} of these are imaginary.",
        label="σ of each mode against its frequency",
    )
