"""The controls of the page of anharmonicity and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.pages.anharmonicity import comparison, reference_sigmas, sites
from dashboard.pages.anharmonicity.choices import Offered
from dashboard.ui import controls
from dashboard.ui.blocks import fold, section
from dashboard.ui.tabs import tabs
from dashboard.views.anharmonicity import SIGMA_SUITES, SITES, AnharmonicityView

SUITE_OPTIONS = [{"value": suite, "label": SUITES[suite].title} for suite in SIGMA_SUITES]
QUANTITIES = {"sigma": "σ", "omega": "ω of the softest mode"}
SITE_OPTIONS = [{"value": s, "label": sites.SITE_NAMES.get(s, "any")} for s in SITES]
MEASURES = [{"value": "bias", "label": "mean error"}, {"value": "rmse", "label": "RMSE"}]
SHOWN = {"log": "logarithmic axes", "bars": "standard errors"}

Names = Mapping[str, str]


def asked(offered: Offered, view: AnharmonicityView, names: Names) -> Component:
    """What is compared, and which of its errors are sorted."""
    return controls.bar(
        controls.select("anharmonicity-suite", "Suite", SUITE_OPTIONS, view.suite),
        controls.multi(
            "anharmonicity-potentials", "Potentials", controls.options(offered.potentials, names), view.potentials
        ),
        controls.select(
            "anharmonicity-protocol",
            "Sampling of the potential’s σ",
            comparison.protocol_options(offered.protocols),
            view.protocol or None,
        ),
        controls.multi("anharmonicity-anion", "Anion", offered.anions, view.anion),
        controls.multi("anharmonicity-a_site", "A site", offered.a_sites, view.a_site),
        controls.choice("anharmonicity-quantity", "Errors of", quantities(offered), view.quantity),
        controls.select(
            "anharmonicity-focus",
            "Elements and slices of",
            controls.options(offered.shown(view), names),
            view.focus or None,
        ),
        label="What to compare",
    )


def quantities(offered: Offered) -> list[dict[str, str]]:
    """Options of the control that says which error is sorted."""
    return controls.options(offered.quantities, QUANTITIES)


def shown(offered: Offered, view: AnharmonicityView, names: Names, parts: Mapping[str, list[Any]]) -> Component:
    """The parts of the page, with what `parts` holds for each."""
    return tabs(
        ("sigma", "σ against DFT", _compared(view, parts["compared"])),
        ("sites", "Sites", _sites(parts["sites"])),
        ("reference", "Reference", _reference(parts["reference"])),
        ("kinds", "Where it is wrong", _kinds(parts["kinds"])),
        ("elements", "Elements", _elements(view, parts["elements"])),
        ("slices", "Worst slices", _slices(parts["slices"])),
        label="What is compared",
    )


def _compared(view: AnharmonicityView, content: list[Any]) -> Component:
    return section(
        "σ against published DFT",
        controls.boxes("anharmonicity-shown", "Draw with", controls.options(list(SHOWN), SHOWN), view.shown),
        html.Div(content, id="anharmonicity-compared"),
    )


def _sites(content: list[Any]) -> Component:
    return section(
        "σ of each site",
        html.Div(content, id="anharmonicity-sites"),
        about="The same ratio over the atoms of one site alone.",
    )


def _reference(content: list[Any]) -> Component:
    return section(
        "What the reference says beyond harmonic",
        html.Div(content, id="anharmonicity-reference"),
        about=reference_sigmas.ABOUT,
    )


def _kinds(content: list[Any]) -> Component:
    return section(
        "Where is it wrong?",
        html.Div(content, id="anharmonicity-kinds"),
        about="σ needs a trajectory per compound; ω of the softest mode needs none and is known of more compounds. "
        "“Errors of”, above, chooses.",
    )


def _elements(view: AnharmonicityView, content: list[Any]) -> Component:
    return section(
        "By element",
        controls.bar(
            controls.choice("anharmonicity-site", "Element on site", SITE_OPTIONS, view.site),
            controls.choice("anharmonicity-measure", "Colour", MEASURES, view.measure),
            label="Which map",
        ),
        html.Div(content, id="anharmonicity-elements"),
    )


def _slices(content: list[Any]) -> Component:
    return section(
        "Worst slices",
        html.Div(content, id="anharmonicity-slices"),
        fold(
            "How slices are tested",
            html.P(
                "Every element on a site, every stratum and every pair of elements on two sites is tested against all "
                "other compounds, by the ranks of its errors. Compounds of one cation err together, so the test "
                "counts cations, not compounds, and leaves out what has fewer than five. With so many tests some "
                "would seem to differ by chance; q is corrected for their number (Benjamini and Hochberg).",
                className="fine",
            ),
        ),
        about="Kinds of compound in which the potential errs more than elsewhere.",
    )
