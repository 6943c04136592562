"""The filters of the table of compounds, in parts that fold: each says in its heading what it excludes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from compute.statistics.strata import EDGES, MIDDLE, STRONG, WEAK
from dashboard.pages.compounds.data import SuiteChoices
from dashboard.pages.compounds.periodic_table import periodic_table
from dashboard.ui import controls
from dashboard.ui.text import number
from dashboard.views.compounds import (
    AGREEMENTS,
    ANSWERS,
    COLUMN_GROUPS,
    DEFAULT_COLUMNS,
    FORMATION_ENERGY_RANGE,
    OCTAHEDRAL_FACTOR_RANGE,
    SIGMA_RANGE,
    STATUSES,
    STRATA,
    TOLERANCE_FACTOR_RANGE,
    TRUTHS,
    CompoundsView,
)
from dashboard.views.stability import SUITE_CRITERIA

SITE_FIELDS = {"a_site": ("A", "A site"), "b_site": ("B", "B site (M)"), "bp_site": ("Bp", "M′ site")}
"""Field of the view by site: its column and its name."""
RANGES: dict[str, tuple[str, tuple[float, float], float, int, tuple[float, ...]]] = {
    "sigma": ("DFT σ at 300 K", SIGMA_RANGE, 0.1, 1, (0, 1, 2, 3, 4, 5)),
    "factor": ("Tolerance factor", TOLERANCE_FACTOR_RANGE, 0.01, 2, (0.5, 0.7, 0.9, 1.1)),
    "octahedral": ("Octahedral factor", OCTAHEDRAL_FACTOR_RANGE, 0.01, 2, (0, 0.5, 1, 1.5)),
    "energy": ("Formation energy (eV/atom)", FORMATION_ENERGY_RANGE, 0.1, 1, (-8, -6, -4, -2, 0, 2)),
}
"""Title, ends, step, decimals and marks by range; the fields of the view are `<range>_low` and `<range>_high`."""
CRITERION_NAMES = {
    "harmonic": "harmonic label of both",
    "sigma": "σ label of both",
    "renormalised": "DFT σ, potential’s 300 K label",
    "cross": "DFT σ, potential’s harmonic label",
}
COLUMN_NAMES = {
    "sites": "elements on sites",
    "dft": "σ, ω min, labels",
    "points": "ω at Γ R M X",
    "descriptors": "descriptors",
    "harmonic": "harmonic",
    "modes": "ω at Γ R M X L",
    "sigma": "σ",
    "renormalised": "300 K-renormalised",
    "level": "level of theory",
    "reason": "reasons",
}
_WORDS = {
    "no-label": "no label", "not-run": "not run", WEAK: f"weak, σ < {EDGES[0]:g}",
    MIDDLE: f"middle, {EDGES[0]:g} to {EDGES[1]:g}", STRONG: f"strong, σ > {EDGES[1]:g}",
}  # fmt: skip
TABLE = "compounds-elements"


def filters(view: CompoundsView, offer: SuiteChoices, names: Mapping[str, str]) -> list[Component]:
    """Every control for `view`; what the suite does not have is hidden."""
    said = summaries(view)
    return [
        controls.bar(
            controls.select("compounds-suite", "Suite", controls.SUITE_OPTIONS, view.suite),
            controls.multi(
                "compounds-potentials", "Potentials", controls.options(offer.potentials, names), view.potentials,
                everything="all with results",
            ),
            dmc.TextInput(id="compounds-formula", label="Formula contains", value=view.formula, debounce=300),
            html.Div(
                controls.multi("compounds-anion", "Anion (X)", offer.sites["X"], view.anion),
                id="compounds-anion-box", hidden=not offer.sites["X"], className="control",
            ),
            label="What to show",
        ),
        _folded("verdicts", said, _verdicts(view, controls.options(offer.potentials, names))),
        _folded("chemistry", said, _chemistry(view, offer), hidden=not has_chemistry(offer)),
        _folded("elements", said, [periodic_table(TABLE, offer.elements, view.elements, view.without)]),
        _folded("columns", said, [_columns(view)]),
    ]  # fmt: skip


def has_chemistry(offer: SuiteChoices) -> bool:
    """Whether the suite has sites or ranges to filter by."""
    return bool(offer.ranges) or any(offer.sites[site] for site, _ in SITE_FIELDS.values())


def _folded(part: str, said: Mapping[str, str], content: Sequence[Component], *, hidden: bool = False) -> Component:
    return html.Details(
        [html.Summary(said[part], id=f"compounds-{part}-summary"), html.Div(list(content), className="fold-body")],
        className="fold",
        id=f"compounds-{part}-fold",
        hidden=hidden,
    )


def _verdicts(view: CompoundsView, potentials: Sequence[dict[str, str]]) -> list[Component]:
    return [
        controls.bar(
            controls.select("compounds-criterion", "Labels that are compared", criteria(view.suite), view.criterion),
            controls.multi("compounds-truth", "DFT label", words(TRUTHS), view.truth),
            controls.multi("compounds-answer", "Label of a potential", words(ANSWERS), view.answer),
            html.Div(
                controls.multi("compounds-agreement", "DFT and a potential", AGREEMENTS, view.agreement),
                id="compounds-agreement-box", hidden=view.criterion == "cross", className="control",
            ),
            controls.multi("compounds-status", "Status of a potential", words(STATUSES), view.status),
            controls.select("compounds-level", "Level of theory", controls.LEVEL_OPTIONS, view.level),
            controls.multi("compounds-common", "Run by all of", potentials, view.common, everything="any"),
            controls.choice(
                "compounds-differ", "Potentials disagree with each other",
                [{"value": "no", "label": "any"}, {"value": "yes", "label": "only these"}], view.differ,
            ),
            controls.tolerance("compounds-tolerance_thz", view.tolerance_thz),
            controls.threshold("compounds-threshold", view.threshold),
            label="Verdicts",
        ),
        html.P(
            "Of several potentials, one must meet label, agreement and status together. At another level of theory, "
            "or not run by all, an answer counts as not run.", className="fine",
        ),
    ]  # fmt: skip


def _chemistry(view: CompoundsView, offer: SuiteChoices) -> list[Component]:
    sites = [
        html.Div(
            controls.multi(f"compounds-{field}", name, offer.sites[site], getattr(view, field)),
            id=f"compounds-{field}-box", hidden=not offer.sites[site], className="control",
        )
        for field, (site, name) in SITE_FIELDS.items()
    ]  # fmt: skip
    ranges = [
        html.Div(
            controls.range_slider(
                f"compounds-{name}", title, value=interval(view, name), low=ends[0], high=ends[1], step=step,
                marks=marks, decimals=decimals,
            ),
            id=f"compounds-{name}-box", hidden=name not in offer.ranges, className="control wide",
        )
        for name, (title, ends, step, decimals, marks) in RANGES.items()
    ]  # fmt: skip
    return [
        controls.bar(
            *sites,
            controls.multi("compounds-stratum", "Anharmonicity in DFT", words(STRATA), view.stratum),
            *ranges,
            label="Sites and descriptors",
        ),
        html.P(
            "A range excludes compounds without the number; a factor at its upper end lies outside.", className="fine"
        ),
    ]


def _columns(view: CompoundsView) -> Component:
    def chips(groups: Sequence[str]) -> list[Component]:
        return [dmc.Chip(COLUMN_NAMES[group], value=group, size="sm", variant="outline") for group in groups]

    split = COLUMN_GROUPS.index("harmonic")
    found: Component = dmc.ChipGroup(
        [
            html.Div([html.Span("Compound and DFT", className="chips-of"), *chips(COLUMN_GROUPS[:split])]),
            html.Div([html.Span("Each potential", className="chips-of"), *chips(COLUMN_GROUPS[split:])]),
        ],
        id="compounds-columns",
        value=list(view.columns),
        multiple=True,
    )
    return found


def criteria(suite: str) -> list[dict[str, str]]:
    """Options of the labels that can be compared in `suite`."""
    return [{"value": c, "label": CRITERION_NAMES[c]} for c in SUITE_CRITERIA[suite]]


def words(values: Sequence[str]) -> list[dict[str, str]]:
    """Options with the words of the pages."""
    return controls.options(values, _WORDS)


def interval(view: CompoundsView, name: str) -> tuple[float, float]:
    """Both ends of the range `name` of the view."""
    return (getattr(view, f"{name}_low"), getattr(view, f"{name}_high"))


def interval_words(view: CompoundsView, name: str) -> str:
    """The range `name` of the view in words."""
    _, (bottom, top), _, decimals, _ = RANGES[name]
    return controls.interval_text(*interval(view, name), top, bottom, decimals)


def summaries(view: CompoundsView) -> dict[str, str]:
    """What each folded part asks for, by part."""
    verdicts = [
        f"{name} {' or '.join(_WORDS.get(v, v) for v in values)}"
        for name, values in (
            ("DFT", view.truth), ("a potential", view.answer), ("they", view.agreement), ("status", view.status)
        )
        if values
    ]  # fmt: skip
    verdicts += ["at a comparable level of theory"] if view.level == "comparable" else []
    verdicts += [f"run by {', '.join(view.common)}"] if view.common else []
    verdicts += ["potentials disagree with each other"] if view.differ == "yes" else []
    chemistry = [
        f"{name} {', '.join(getattr(view, field))}" for field, (_, name) in SITE_FIELDS.items() if getattr(view, field)
    ]
    chemistry += [f"DFT σ {' or '.join(_WORDS[s] for s in view.stratum)}"] if view.stratum else []
    chemistry += [f"{RANGES[r][0]} {words}" for r in RANGES if (words := interval_words(view, r)) != "any"]
    elements = [
        f"{word} {', '.join(symbols)}"
        for word, symbols in (("with", view.elements), ("without", view.without))
        if symbols
    ]
    hidden = "" if view.columns == DEFAULT_COLUMNS else f"{len(view.columns)} of {len(COLUMN_GROUPS)} groups"
    lines = f"tolerance {number(view.tolerance_thz)} THz, σ threshold {number(view.threshold)}"
    return {
        "verdicts": f"Verdicts by {CRITERION_NAMES[view.criterion]} ({lines}): {'; '.join(verdicts) or 'any'}",
        "chemistry": f"Sites and descriptors: {'; '.join(chemistry) or 'any'}",
        "elements": f"Elements: {'; '.join(elements) or 'any'}",
        "columns": f"Columns: {hidden or 'DFT, harmonic, σ'}",
    }


def of_controls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the view for the raw `values` of the ranges, by name of the range."""
    ends: dict[str, Any] = {}
    for name in RANGES:
        value = values.get(name)
        if isinstance(value, list) and len(value) == 2:
            ends |= {f"{name}_low": value[0], f"{name}_high": value[1]}
    return ends
