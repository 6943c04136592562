"""Bands with the mode that moves, and the figures of σ, of one compound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.physics.bands import Path
from dashboard.components.blocks import captioned
from dashboard.components.structure import ROLE_NAMES
from dashboard.components.text import count, number, plural, with_error
from dashboard.figures.bands import Curve, bands
from dashboard.figures.sigma_modes import SiteScores, Star, sigma_modes, sigma_sites
from dashboard.figures.sigma_trace import Trace, sigma_trace
from dashboard.queries import compound as query
from dashboard.queries.compound import Bands, Mode
from dashboard.views.compound import CompoundView

Row = Mapping[str, Any]
Names = Mapping[str, str]
BANDS = "compound-bands"
_PUBLISHED = {"Γ": "omega_gamma_thz", "X": "omega_x_thz", "M": "omega_m_thz", "R": "omega_r_thz"}
_STARS = {"gamma": "Γ", "r": "R", "m": "M", "x": "X", "l": "L"}
_FRACTIONS = {0.25: "¼", 0.375: "⅜", 0.5: "½", 0.75: "¾"}


def name_of(shown: Bands, names: Names, among: Sequence[Bands]) -> str:
    """Potential and kind of force constants, with the protocol where it is needed to tell two apart."""
    name = names.get(shown.potential, shown.potential)
    kind = "harmonic" if shown.kind == query.HARMONIC else f"{shown.temperature:g} K"
    alike = [b for b in among if (b.potential, b.kind) == (shown.potential, shown.kind)]
    return f"{name}, {kind}" + (f", {shown.protocol}" if len(alike) > 1 else "")


def drawn(found: Sequence[Bands], view: CompoundView) -> list[Bands]:
    """The force constants whose bands the view draws, in the order of the traces."""
    return [b for b in found if view.drawn == "both" or b.kind == query.HARMONIC]


def published_omegas(known: Row) -> dict[str, float]:
    """DFT's softest ω (THz) by special point, where it is published."""
    if known["prototype"] != "cubic-perovskite":
        return {}
    return {label: float(known[column]) for label, column in _PUBLISHED.items() if np.isfinite(known[column])}


def band_figure(
    found: Sequence[Bands], known: Row, view: CompoundView, mode: Mode, names: Names, series: Mapping[str, int]
) -> Component:
    """Bands of every force constants that the view draws, DFT's marks, and a ring about the mode that moves."""
    listed = drawn(found, view)
    path = listed[0].path
    curves = [curve(b, name_of(b, names, found), series[b.potential]) for b in listed]
    on_path = path.distances[np.abs(path.q - np.array(mode.q)).max(axis=1) < 1e-4]
    published = published_omegas(known)
    figure = bands(curves, band_labels(path), published, (np.unique(on_path.round(9)).tolist(), mode.omega))
    return captioned(
        figure,
        _band_caption(listed, found, published, names),
        label="Phonon bands along the special points of the Brillouin zone",
        identity=BANDS,
    )


def curve(shown: Bands, name: str, series: int) -> Curve:
    """Bands in the order that they are drawn; effective ones are dashed."""
    order = query.drawn_points(shown.path)
    omegas = np.where(order[:, None] < 0, np.nan, shown.frequencies[order])
    return Curve(name, series, shown.kind == query.EFFECTIVE, shown.path.distances[order], omegas)


def band_labels(path: Path) -> list[str]:
    """Names of the special points of `path` in the order that it is drawn."""
    return ["" if index < 0 else path.labels[index] for index in query.drawn_points(path).tolist()]


def _band_caption(
    listed: Sequence[Bands], found: Sequence[Bands], published: Mapping[str, float], names: Names
) -> list[Any]:
    sentences = []
    for b in listed:
        lowest = np.unravel_index(int(np.argmin(b.frequencies)), b.frequencies.shape)[0]
        omega = float(b.frequencies.min())
        if omega > -0.005:
            sentences.append(f"{name_of(b, names, found)}: no imaginary mode on the path. ")
            continue
        where = b.path.labels[lowest] or "between special points"
        at = f"at {where}" if b.path.labels[lowest] else where
        sentences.append(f"{name_of(b, names, found)}: lowest {number(omega)} THz, {at}. ")
    harmonic = [b for b in listed if b.kind == query.HARMONIC]
    for b in harmonic if published else ():
        points = query.q_points(b.prototype)
        lowest_at = [query.mode(b, query.q_name(label), "").omega for label in published]
        # Like the source, with acoustic modes: none lies below those at Γ but an imaginary one.
        error = np.mean(np.abs(np.array(lowest_at) - np.array(list(published.values()))))
        sentences.append(
            f"{names.get(b.potential, b.potential)} is {number(error)} THz from DFT’s softest modes on average "
            f"(n = {count(len(published))} of {count(len(points))} points; acoustic modes counted on both sides). "
        )
    sentences.append(
        "Exact at the special points that fit the supercell, interpolated between them. Click a band to see its mode."
    )
    return sentences


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


def mode_sentence(shown: Bands, mode: Mode, names: Names, found: Sequence[Bands]) -> list[Any]:
    """What moves in the mode, for those who cannot see it."""
    roles = shown.structure.roles
    symbols = dict(zip(roles, shown.symbols, strict=True))
    moved = query.moving(mode, roles)
    parts = [f"{symbols[role]} ({ROLE_NAMES[role]}) {number(size)}" for role, size in moved.items()]
    where = q_label(shown.prototype, query.q_text(shown.prototype, mode.q))
    kind = "imaginary: the energy falls along it" if mode.omega < -0.005 else "real: the energy rises along it"
    return [
        html.Strong(f"{number(mode.omega)} THz at {where}"),
        f", mode {mode.branch} of {len(mode.omegas)}, {name_of(shown, names, found)}; {kind}. Largest displacement per "
        f"site, relative to the largest of all: {', '.join(parts)}. Drawn at up to 0.5 Å; the speed says nothing of ω.",
    ]


def trace_figures(known: Row, rows: pd.DataFrame, names: Names, series: Mapping[str, int]) -> list[Component]:
    """Running σ of the runs with a time axis, then of those that are samples."""
    ok = rows[(rows["status"] == "ok") & rows["trace_sigma"].map(lambda value: np.size(value) > 1)]
    timed = ok["trace_time_ps"].map(lambda times: float(np.max(times)) > 0)
    figures = []
    for part, column, x_title, what in (
        (ok[timed], "trace_time_ps", "time since the start (ps)", "trajectories"),
        (ok[~timed], "trace_frames", "samples of each replica", "independent samples"),
    ):
        if not part.empty:
            figures.append(_trace_figure(known, part, column, x_title, what, names, series))
    return figures


def _trace_figure(
    known: Row, part: pd.DataFrame, column: str, x_title: str, what: str, names: Names, series: Mapping[str, int]
) -> Component:
    traces, sentences = [], []
    nth = part.groupby("potential").cumcount().tolist()
    for row, dash in zip(part.itertuples(index=False), nth, strict=True):
        name = f"{names.get(row.potential, row.potential)}, {row.protocol}"
        at, sigma = np.asarray(getattr(row, column), float), np.asarray(row.trace_sigma, float)
        traces.append(Trace(name, series[row.potential], dash, at, sigma, float(row.sigma_se)))
        drift = sigma[-1] - sigma[len(sigma) // 2]
        sentences.append(
            f"{name}: {with_error(row.sigma, row.sigma_se)} at the end, {number(drift, 3, sign=True)} since half-way. "
        )
    published = float(known["sigma"])
    if np.isfinite(published):
        sentences.append(f"DFT’s published σ is {number(published, 3)}. ")
    return captioned(
        sigma_trace(traces, published, x_title=x_title),
        [*sentences, "The band is one standard error about the last value."],
        label=f"Running σ over {what}",
    )


def site_figure(known: Row, rows: pd.DataFrame, names: Names, series: Mapping[str, int]) -> Component | None:
    """σ per site of DFT and of every run; None where nothing has any."""
    sites = query.sites(known)
    columns = [f"sigma_{site.lower()}" for site in sites]
    scores = [SiteScores("DFT, published", None, 0, tuple(float(known[column]) for column in columns))]
    ok = rows[rows["status"] == "ok"]
    for row, nth in zip(ok.itertuples(index=False), ok.groupby("potential").cumcount().tolist(), strict=True):
        name = f"{names.get(row.potential, row.potential)}, {row.protocol}"
        scores.append(SiteScores(name, series[row.potential], nth, tuple(float(getattr(row, c)) for c in columns)))
    scores = [score for score in scores if np.isfinite(score.sigma).any()]
    if not scores:
        return None
    ticks = [f"{ROLE_NAMES[site]} ({known[site]})" for site in sites]
    highest = [f"{score.name}: {ticks[int(np.nanargmax(score.sigma))]}" for score in scores]
    return captioned(
        sigma_sites(ticks, scores),
        f"n = {plural(len(scores), 'source')} with σ per site. Most anharmonic site by {'; '.join(highest)}.",
        label="σ of each site",
    )


def mode_figure(row: Any, names: Names) -> Component | None:
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
