"""What the compounds of the table sum up to, per potential, and what may be compared."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.queries.potentials import other_levels
from dashboard.ui.blocks import table
from dashboard.ui.text import compared_how, count, level_sentence, percent

_CAPTIONS = {
    "harmonic": "Harmonic verdicts on these compounds",
    "sigma": "Verdicts by σ on these compounds",
    "renormalised": "300 K-renormalised verdicts on these compounds",
    "cross": "Harmonic verdicts on these compounds",
}
_VERDICTS = ("stable", "unstable", "undecidable", "failed", "not_run")


def counted(counts: pd.DataFrame, names: Mapping[str, str], criterion: str) -> Component | None:
    """The verdicts of every potential over the compounds of the table; nothing where there is no potential."""
    counts = counts[counts["potential"].notna()]
    if counts.empty:
        return None
    scored = criterion != "cross"
    rows = [
        [
            names.get(row.potential, row.potential),
            *(count(getattr(row, verdict)) for verdict in _VERDICTS),
            *([_agreement(row.agree, row.agree + row.disagree)] if scored else []),
            count(row.n_sigma) if isinstance(row.sigma_protocol, str) else "not run",
        ]
        for row in counts.itertuples(index=False)
    ]
    n = count(int(counts["n"].max()))
    return table(
        (
            "potential", "stable", "unstable", "undecidable", "failed", "not run",
            *(["agrees with DFT"] if scored else []), "with σ",
        ),
        rows,
        caption=f"{_CAPTIONS[criterion]}, n = {n} compounds. "
        + (
            "Agreement counts the potential’s own label, undecidable or not; a failure does not agree."
            if scored
            else "DFT has σ at 300 K here: a different question, so agreement is not counted."
        ),
    )  # fmt: skip


def _agreement(agree: int, decided: int) -> str:
    return f"{count(agree)} of {count(decided)} ({percent(agree, decided)})"


def cautions(counts: pd.DataFrame, names: Mapping[str, str], trained_on: Mapping[str, str], suite: str) -> list[str]:
    """Sentences on what differs between the two sides besides the potential, from the rows that are shown."""
    counts = counts[counts["potential"].notna()]
    geometries = sorted({g for g in counts["geometry"] if isinstance(g, str)})
    sentences = [compared_how(suite, geometry) for geometry in geometries]
    trained = {p: trained_on[p] for p in counts["potential"] if p in trained_on}
    if others := level_sentence(other_levels(trained, set(counts["functional"])), names):
        sentences.append(others)
    other = sorted({p for p in counts["sigma_protocol"] if isinstance(p, str) and not p.startswith("published")})
    if other and counts["n_sigma"].any():
        sentences.append(
            f"σ of the potentials is by the protocol {', '.join(other)}, σ of DFT by its own published schedule: "
            "part of Δσ is the sampling."
        )
    return sentences


def nothing_found(href: str) -> Component:
    """Says that no compound matches; `href` is the page without its filters."""
    return html.Div(
        [html.P("No compound matches these filters."), html.P(html.A("Clear filters", href=href))],
        className="not-computed",
    )
