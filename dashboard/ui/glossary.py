"""The words of the site: what each means, shown where it stands and together on Methods & data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.server.documentation import PATH


@dataclass(frozen=True)
class Term:
    """A word and what it means; `formula` is a part of Methods & data, `page` one of the documentation."""

    name: str
    meaning: str
    page: str
    formula: str = ""


GLOSSARY = {
    "sigma": Term(
        "anharmonicity score σ",
        "std(F + Φu)/std(F) over the frames of a trajectory at 300 K: the part of the forces that harmonic force "
        "constants miss. 0: harmonic; 1: the harmonic model says nothing about the forces. Below 1 counts as "
        "dynamically stable.",
        "sigma",
        "sigma-pooled",
    ),
    "omega": Term(
        "ω_min",
        "The softest phonon frequency at the q points that fit the supercell, in THz; an imaginary frequency is "
        "written as a negative number.",
        "stability",
        "omega-min",
    ),
    "label": Term(
        "label",
        "Stable where ω_min > −0.1 THz, or where σ < 1; else unstable. Every page names the criterion.",
        "stability",
        "harmonic-label",
    ),
    "undecidable": Term(
        "undecidable",
        "A label within the noise of its calculation: ω_min below the noise floor, rungs of the ladder that differ, or "
        "σ within two standard errors of 1. It stays in the count.",
        "stability",
        "ladder",
    ),
    "noise-floor": Term(
        "noise floor",
        "How far ω of the softest mode from force constants is from the same mode frozen in: frequencies below it are "
        "not told from 0.",
        "stability",
        "noise-floor",
    ),
    "cusp": Term(
        "cusp",
        "A kink of the energy at the ideal site, as of CHGNet’s three-body terms for bonds below 3 Å: the frequency "
        "then depends on the displacement, and there is no harmonic limit.",
        "method",
        "ladder",
    ),
    "mcc": Term(
        "MCC",
        "Matthews correlation of the potential’s labels with DFT’s: 1 is perfect, 0 is guessing. The potential’s own "
        "label counts, undecidable or not; a failure counts as wrong.",
        "stability",
        "mcc",
    ),
    "null": Term(
        "null",
        "What knows nothing of forces: always the larger class, the mean of DFT, or a model of the composition alone. "
        "A potential has to beat it.",
        "stability",
        "mcc",
    ),
    "constants-error": Term(
        "Φ error",
        "‖Φ − Φ_DFT‖/‖Φ_DFT‖: how far the force constants are from DFT’s in the same cell and for the same "
        "displacements; median over materials.",
        "attribution",
        "amplification",
    ),
    "omega-rmse": Term(
        "ω RMSE",
        "Root mean square error of all phonon frequencies of a material against DFT, in THz; median over materials.",
        "method",
        "omega-min",
    ),
    "softening": Term(
        "softening",
        "Slope of the potential’s force constants against DFT’s: below 1 the crystal is too soft.",
        "attribution",
        "softening",
    ),
    "sigma-hessian": Term(
        "σ of the Hessian error",
        "The σ that DFT’s own harmonic crystal would seem to have with the potential’s force constants: the error of "
        "the force constants as an anharmonicity. It needs no trajectory; 0 is exact.",
        "attribution",
        "amplification",
    ),
    "trust": Term(
        "trust",
        "The probability that the potential’s label of a compound is DFT’s, from a model tested on elements left out.",
        "trust",
    ),
    "comparable": Term(
        "comparable level",
        "DFT and the potential’s training data mean the same level of theory: same functional, no open d or f shell, "
        "no +U.",
        "limits",
    ),
    "tolerance-factor": Term(
        "tolerance factor t",
        "(r_A + r_X)/√2(r_B + r_X) from ionic radii. Small: the A site is small for its cage, and octahedra tend to "
        "tilt.",
        "method",
    ),
    "octahedral-factor": Term(
        "octahedral factor μ", "r_B/r_X from ionic radii: how well B fits its octahedron of X.", "method"
    ),
    "left-sites": Term(
        "left its sites",
        "Atoms move away from the ideal structure during the run: the structure is not stable at 300 K. An answer, "
        "not a failure; σ is then larger than any number.",
        "sampling",
        "sigma-label",
    ),
    "exploded": Term(
        "exploded", "Forces or temperature grew without bound: a numerical failure that says nothing.", "sampling"
    ),
    "not-relaxed": Term(
        "not relaxed", "The cell did not reach the residual force that is asked for; counted as a failure.", "method"
    ),
    "not-described": Term(
        "not described",
        "The potential has no force at these distances, or does not know an element; counted as a failure.",
        "method",
    ),
    "corners": Term(
        "corners",
        "σ[T, F, Φ] with trajectory, forces and force constants each from DFT (r) or the potential (m); their "
        "differences say where an error of σ comes from.",
        "attribution",
        "corners",
    ),
    "protocol": Term(
        "protocol",
        "Frozen settings of a calculation with a digest. σ is compared with published σ by the published schedule "
        "only.",
        "sampling",
    ),
    "distilled": Term(
        "distilled potential",
        "A small MACE fitted to CHGNet’s forces, to study training data. It knows no DFT and is in no ranking.",
        "distil",
    ),
}


def term(key: str, text: Any = None) -> Component:
    """`text`, or the word itself, with its meaning on hover, focus or touch."""
    found = GLOSSARY[key]
    return explained(text or found.name, found.meaning)


def explained(text: Any, meaning: str) -> Component:
    """`text` that says what it means on hover, focus or touch."""
    found: Component = dmc.Tooltip(
        html.Span(text, className="term", tabIndex=0),
        label=meaning,
        multiline=True,
        w=300,
        events={"hover": True, "focus": True, "touch": True},
    )
    return found


def glossary() -> Component:
    """Every word with its meaning, its formula and its page of the documentation."""
    return html.Dl(
        [
            part
            for key, found in GLOSSARY.items()
            for part in (
                html.Dt(found.name, id=f"term-{key}"),
                html.Dd([found.meaning, " ", *_leads(found)]),
            )
        ],
        className="glossary",
    )


def _leads(found: Term) -> list[Any]:
    formula = [html.A("Formula", href=f"#{found.formula}"), ", "] if found.formula else []
    return [*formula, html.A("documentation", href=documentation(found.page)), "."]


def documentation(page: str) -> str:
    """Address of a page of the documentation."""
    return f"{PATH}/docs/{page}.html"
