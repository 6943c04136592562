"""What to cite and how, under which licences, and how a potential is added."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.pages.methods.bibtex import bibtex
from dashboard.pages.methods.definitions_sigma import KNOOP
from dashboard.pages.methods.part import part
from dashboard.ui.blocks import copy_button, doi_link, fold, link
from dashboard.ui.glossary import documentation
from dashboard.ui.provenance import AUTHORS, BENCHMARK_DOI, VERSION

TITLE = "Softmode: which foundation potential can be trusted with a soft phonon"
RELEASED = date(2026, 11, 22)
LICENCE = "MIT"

METHODS = (
    ("Anharmonicity score: F. Knoop et al.", KNOOP),
    ("BAOAB dynamics: B. Leimkuhler and C. Matthews", "10.1093/amrx/abs010"),
    ("Collisions of the published schedule: H. C. Andersen", "10.1063/1.439486"),
)
ADDING = (
    "softmode potentials add my.model --id my-potential",
    "softmode harmonic CsPbBr3 --suite abx3 --potential my-potential",
    "softmode campaign run --suite abx3 --potential my-potential",
    "softmode campaign run --suite abx3 --potential my-potential --stage sigma",
    "softmode serve",
)


def citing(release: str, sources: pd.DataFrame, potentials: pd.DataFrame) -> Component:
    """How to cite the site, a view of it and the works behind it; columns as in `queries`."""
    return part(
        "citing",
        "Citing",
        html.H3("Softmode"),
        html.P(f"{AUTHORS}, {TITLE}, version {VERSION} ({RELEASED.year}).", className="quote"),
        html.H3("A view"),
        html.P(_view_sentence(release), className="quote"),
        html.P(
            "The address holds the whole view. “Copy link” adds the release of the data to it; a later visitor is "
            "then told whether the tables have changed since, and which.",
        ),
        html.H3("BibTeX"),
        fold(
            "Softmode, the sources of DFT and the potentials",
            copy_button("bibtex", "Copy BibTeX"),
            html.Pre(
                html.Code(bibtex(TITLE, RELEASED.year, release, potentials), id="bibtex"),
                className="example",
                tabIndex=0,
            ),
        ),
        html.H3("Where the numbers come from"),
        html.Ul([*(_source(row.suite, row.doi) for row in sources.itertuples(index=False)), _benchmark()]),
        html.H3("Potentials"),
        _potentials(potentials),
        html.H3("Methods"),
        html.Ul([html.Li([text, ", ", doi_link(doi)]) for text, doi in METHODS]),
        about="Cite the sources of the numbers you use, the potential, and Softmode.",
        unfolded=True,
    )


def licensing(licences: pd.DataFrame) -> Component:
    """What may be done with code, numbers and weights; columns licence and names."""
    return part(
        "licences",
        "Licences",
        html.Ul(
            [
                html.Li(["Code: ", LICENCE, "."]),
                html.Li(
                    "Published numbers of DFT: they belong to their sources, which are named in every row. No "
                    "licence is recorded for them here; ask the source before you pass them on."
                ),
                *(html.Li(f"Weights of {row.names}: {row.licence}.") for row in licences.itertuples(index=False)),
                html.Li("No weights are served here."),
            ]
        ),
    )


def adding() -> Component:
    """Five commands from a checkpoint to the pages."""
    return part(
        "adding",
        "Adding a potential",
        html.Pre(html.Code("\n".join(ADDING)), className="example", tabIndex=0),
        html.P(
            "A checkpoint is added by its path and fixed by its sha256; MACE and CHGNet files are read. Then one "
            "compound as a trial, the whole suite, σ at 300 K, and the pages. A campaign that was stopped goes on "
            "where it was. Loading a checkpoint runs code from it: add only files from people you trust."
        ),
        html.P(["Step by step: ", html.A("get and use potentials", href=documentation("how-to-potentials")), "."]),
        unfolded=True,
    )


def _view_sentence(release: str) -> str:
    data = f"data release {release}" if release else "no data published"
    return f"{AUTHORS}, Softmode {VERSION}, [address of the view], {data}, visited on [date]."


def _source(suite: str, doi: object) -> Component:
    known = SUITES[suite]
    where = doi_link(doi) if isinstance(doi, str) and doi else link(known.source, known.source)
    return html.Li([html.Code(suite), f": {known.citation}. ", where])


def _benchmark() -> Component:
    return html.Li(["The choice of MACE models follows ", doi_link(BENCHMARK_DOI), "; none of its numbers is shown."])


def _potentials(frame: pd.DataFrame) -> Component:
    if frame.empty:
        return html.P("No potential is registered in the published tables.")
    return html.Ul([html.Li(_work(row)) for row in frame.itertuples(index=False)])


def _work(row: Any) -> list[Any]:
    where = [". ", doi_link(row.doi)] if isinstance(row.doi, str) and row.doi else []
    return [row.citation, *where, html.Span(f"for {row.names}", className="sub")]
