"""What the numbers cannot say, and why: level of theory, the reference's own errors, cells, statistics."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.pages.methods.part import part
from dashboard.ui.blocks import table
from dashboard.ui.text import count, number, plural


def limits(
    sources: pd.DataFrame, functionals: pd.DataFrame, sigma_coverage: pd.DataFrame, noise_by_bond: pd.DataFrame
) -> Component:
    """Columns as in `queries.provenance.sources` and `queries.methods`."""
    return part(
        "limits",
        "Limits",
        html.H3("Level of theory"),
        html.P(
            "A potential that was trained on another functional than the reference differs from it for that reason "
            "too. Every comparison holds this difference; it cannot be taken out."
        ),
        _levels(sources, functionals),
        html.H3("The reference"),
        _list(
            (
                "σ is missing or bounded. ",
                *(_sigma_sentence(row) for row in sigma_coverage.itertuples(index=False)),
                "Where no compound is that anharmonic, nothing is said about such compounds.",
            ),
            (
                "Its k mesh. ",
                "For CsSnI₃ the published Γ mode is −0.72 THz. Our own DFT with the same Γ-centred mesh gives −0.72 "
                "again, a denser one +0.28: no potential is to blame for that. Narrow gaps are where to expect it.",
            ),
            (
                "Its sampling. ",
                "The published schedule is 2 ps or less with an overdamped thermostat: soft modes stay cold, and σ "
                "comes out too small where they are the anharmonic ones. Potentials are compared by the same "
                "schedule.",
            ),
        ),
        html.H3("The calculations"),
        _list(
            (
                "CHGNet’s cusp below 3 Å. ",
                "Its three-body terms have a cusp at straight bonds, which every cubic perovskite has; they count "
                "for bonds below 3 Å. There the harmonic frequency depends on the displacement, and undecidable says "
                "so. ",
                *_noise_sentences(noise_by_bond),
            ),
            (
                "2×2×2 supercells. ",
                "Only q points that fit are seen: Γ, R, M, X of ABX₃, Γ, X, L of A₂MM′X₆. A softer mode elsewhere, "
                "and anything that needs a longer wave, is missed. The potentials’ phonons leave out long-range "
                "electrostatics (LO–TO splitting).",
            ),
            (
                "Classical nuclei at one temperature. ",
                "σ is at 300 K, without zero-point motion and at the lattice constant of 0 K. Light atoms and strong "
                "thermal expansion are outside of it.",
            ),
            (
                "Ideal structures. ",
                "The cubic phase alone: no magnetic order, no disorder, no competing phase. Stable means that this "
                "structure does not distort on its own, not that it can be made.",
            ),
        ),
        html.H3("The statistics"),
        _list(
            (
                "Compounds are no random sample. ",
                "Intervals say what other compounds of the same kind could have given, not what a new chemistry would.",
            ),
            (
                "Training data. ",
                "Compounds may be in the training set of a potential; the tables do not hold which.",
            ),
        ),
        about="What no filter on these pages can repair.",
        unfolded=True,
    )


def _levels(sources: pd.DataFrame, functionals: pd.DataFrame) -> Component:
    rows = [["reference", SUITES[row.suite].title, row.functional] for row in sources.itertuples(index=False)]
    rows += [["potential", row.names, row.functional] for row in functionals.itertuples(index=False)]
    return table(
        ("side", "which", "functional"),
        rows,
        caption="Level of theory of the references and of the training data",
        numeric_from=3,
    )


def _list(*entries: tuple[Any, ...]) -> Component:
    return html.Ul([html.Li([html.Strong(head), *rest]) for head, *rest in entries], className="limits")


def _sigma_sentence(row: Any) -> str:
    suite = SUITES[row.suite]
    above = "none is 2 or more" if row.n_large == 0 else f"{count(row.n_large)} are 2 or more"
    return (
        f"{suite.title}: σ of {count(row.n_sigma)} of {count(row.n)} compounds, {above}, the largest "
        f"{number(row.largest)}. "
    )


def _noise_sentences(frame: pd.DataFrame) -> list[str]:
    """Per potential the median noise floor on either side of 3 Å."""
    return [
        f"{name}: median noise floor "
        + ", ".join(
            f"{number(row.median)} THz {'below' if row.short else 'above'} ({plural(row.n, 'compound')})"
            for row in rows.itertuples(index=False)
        )
        + ". "
        for name, rows in frame.groupby("name", sort=True)
    ]
