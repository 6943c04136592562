"""Where a potential is wrong: by stratum, anion, A site and element, and the worst slices of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics.slices import LEAST, LEVEL, Slice
from compute.statistics.strata import EDGES, MIDDLE, STRONG, WEAK
from dashboard.elements import ELEMENTS
from dashboard.pages.anharmonicity import data as query
from dashboard.pages.anharmonicity.choices import STRATUM, Published
from dashboard.pages.anharmonicity.comparison import Cast, error_cells, interval_text
from dashboard.pages.anharmonicity.element_map_figure import element_map
from dashboard.pages.anharmonicity.levels import by_level
from dashboard.pages.anharmonicity.sites import SITE_NAMES
from dashboard.pages.anharmonicity.strata_figure import Series, errors_by_kind, height
from dashboard.ui.blocks import attributes, captioned, fold, table
from dashboard.ui.compound_text import address, formula
from dashboard.ui.text import count, drawn_by, frequency, number, plural
from dashboard.views.anharmonicity import AnharmonicityView
from dashboard.views.codec import ANIONS, encode
from dashboard.views.compounds import STRATA, CompoundsView

ELEMENT_MAP, ELEMENT_PICKED = "anharmonicity-map", "anharmonicity-element"
UNITS = {"sigma": "", "omega": " THz"}
WORDS = {"sigma": "σ", "omega": "the softest ω"}
TITLES = {"sigma": "σ", "omega": "ω<sub>min</sub>"}
STRATUM_NAMES = {
    WEAK: f"weak, σ < {EDGES[0]:g}",
    MIDDLE: f"middle, {EDGES[0]:g} to {EDGES[1]:g}",
    STRONG: f"strong, σ > {EDGES[1]:g}",
}
FEWEST = 5
"""With fewer compounds in a stratum, the bootstrap draws too few different samples to bound a difference."""
FILTERS = {"A": "a_site", "B": "b_site", "Bp": "bp_site", "X": "anion"}
"""Fields of the view of the compounds, by site."""
SHOWN_SLICES, SHOWN_COMPOUNDS = 12, 10


def in_unit(view: AnharmonicityView, what: str) -> str:
    """`what` with the unit of the view's quantity in brackets."""
    return f"{what} ({UNITS[view.quantity].strip()})" if UNITS[view.quantity] else what


def by_kind(
    view: AnharmonicityView,
    frame: pd.DataFrame,
    published: Published,
    by_level_of_theory: Mapping[str, Mapping[str, int]],
    cast: Cast,
) -> list[Any]:
    """Errors of every potential by level of theory, stratum, anion and A site, of the compounds that are counted."""
    if frame["error"].notna().sum() == 0:
        return [html.P(f"No compound that is chosen has {WORDS[view.quantity]} of both sides.")]
    return [
        *by_level(view, frame, by_level_of_theory, cast, in_unit(view, "")),
        html.H3("By how anharmonic the compound is in DFT"),
        *_contrasts(view, frame, cast),
        *_kinds(view, frame, published, cast, STRATUM, "stratum"),
        html.H3("By anion"),
        *_kinds(view, frame, published, cast, "X", "anion"),
        fold("By element on the A site", *_kinds(view, frame, published, cast, "A", "A site")),
    ]


def _contrasts(view: AnharmonicityView, frame: pd.DataFrame, cast: Cast) -> list[Component]:
    """Per potential, whether weakly anharmonic compounds are better, or that it cannot be told."""
    rows = []
    for name, mine in frame.groupby("potential", sort=False):
        found = query.contrast(mine, STRATUM, WEAK, STRONG)
        enough = min(found.n, found.n_other) >= FEWEST
        difference = interval_text(found.difference, sign=True) if enough else "too few"
        rows.append([cast.name(name), count(found.n), count(found.n_other), difference, _contrast(found, enough)])
    absolute = " These are absolute errors: a compound of larger σ has more to get wrong."
    return [
        table(
            ("", "n weak", "n strong", in_unit(view, "RMSE, weak − strong"), "better for weak ones?"),
            rows,
            caption=f"RMSE of {WORDS[view.quantity]} of weakly against strongly anharmonic compounds. Beneath: 95 % "
            f"interval, {drawn_by(view.suite)}.{absolute if view.quantity == 'sigma' else ''}",
        )
    ]


def _contrast(found: query.Contrast, enough: bool) -> str:
    if not enough or not found.measurable:
        return "cannot be told"
    if found.earned_by_a_constant:
        return "so is the mean of DFT: this says nothing about the potential"
    return "yes, and a constant is not" if found.difference.value < 0 else "no, they are worse; a constant is not"


def _kinds(
    view: AnharmonicityView, frame: pd.DataFrame, published: Published, cast: Cast, column: str, word: str
) -> list[Component]:
    found = query.groups(frame, column, dict.fromkeys(map(str, frame["potential"].unique()), published[column]))
    kinds = _ordered({group.name for groups in found.values() for group in groups if group.n}, column)
    labels = [STRATUM_NAMES.get(kind, kind) for kind in kinds]
    by_name = {name: {group.name: group for group in groups} for name, groups in found.items()}
    series = [
        Series(
            name=cast.name(name),
            n=np.array([groups[k].n for k in kinds]),
            median=np.array([groups[k].median for k in kinds]),
            lower=np.array([groups[k].lower_quartile for k in kinds]),
            upper=np.array([groups[k].upper_quartile for k in kinds]),
            potential=str(name),
        )
        for name, groups in by_name.items()
    ]
    symbol, unit = WORDS[view.quantity], UNITS[view.quantity]
    title = f"error of {TITLES[view.quantity]}"
    figure = captioned(
        errors_by_kind(kinds, series, x_title=in_unit(view, title), unit=unit),
        [
            html.Strong(f"{_largest(series, labels, unit)} "),
            f"Median and quartiles of potential − DFT; n = {count(int(frame['error'].notna().sum()))}. Quartiles only "
            "from four compounds.",
        ],
        label=f"Error of {symbol} by {word}, median and quartiles of {len(kinds)} kinds",
        height=height(len(kinds), len(series)),
    )
    rows = [
        [
            f"{label}, {cast.name(name)}" if len(by_name) > 1 else label,
            *error_cells(group),
        ]
        for kind, label in zip(kinds, labels, strict=True)
        for name, group in ((name, groups[kind]) for name, groups in by_name.items())
    ]
    numbers = table(
        (word, "n", "failed", "not run", in_unit(view, "median"), in_unit(view, "RMSE"), in_unit(view, "bias")),
        rows,
        caption=f"Errors of {symbol} by {word}. Beneath: 95 % interval, {drawn_by(view.suite)}.",
    )
    return [figure, fold(f"All numbers by {word}", numbers)]


def _ordered(kinds: set[str], column: str) -> list[str]:
    """`kinds` from weak to strong, from light to heavy anions, or by atomic number."""
    order: Sequence[str] = {STRATUM: STRATA, "X": ANIONS}.get(column, ELEMENTS)
    return [kind for kind in order if kind in kinds]


def _largest(series: Sequence[Series], labels: Sequence[str], unit: str) -> str:
    """Whose median error is furthest from zero, and for which kind, of those with quartiles."""
    furthest: tuple[float, str] | None = None
    for one in series:
        size = np.where(one.n >= FEWEST, np.abs(one.median), np.nan)
        if np.isfinite(size).any():
            i = int(np.nanargmax(size))
            said = f"Furthest off is {one.name} for {labels[i]}: median {number(one.median[i], sign=True)}{unit}."
            furthest = max(furthest or (0.0, ""), (float(size[i]), said))
    return furthest[1] if furthest else f"No kind has {FEWEST} compounds."


def of_elements(view: AnharmonicityView, frame: pd.DataFrame, name: str) -> list[Any]:
    """Errors of the potential `name`, whose rows `frame` holds, on the periodic table and as a list."""
    found = query.by_element(frame, view.site)
    if found.empty:
        return [html.P("No compound that is chosen has an element on this site and an error.")]
    signed, unit, symbol = view.measure == "bias", UNITS[view.quantity], WORDS[view.quantity]
    values = found[view.measure].to_numpy(float)
    where = "any site" if view.site == "any" else f"site {SITE_NAMES[view.site]}"
    what = "mean signed error" if signed else "RMSE"
    title = in_unit(view, f"{what} of {TITLES[view.quantity]}")
    figure = captioned(
        element_map(found["element"].tolist(), values, found["n"].to_numpy(), title=title, unit=unit, signed=signed),
        [
            html.Strong(_extremes(found, view, name)),
            f" Element on {where}; n = {count(int(frame['error'].notna().sum()))} compounds; cells hold the "
            f"{what} and n. The ends of the scale also hold the five per cent of elements beyond it.",
        ],
        label=f"Periodic table: {what} of {symbol} of {name} by element on {where}, {len(found)} elements",
        identity=ELEMENT_MAP,
        height="33rem",
    )
    order = found.sort_values(view.measure, key=np.abs, ascending=False, kind="stable")
    rows = [
        [
            _compounds_link(view, row.element, **_element_filter(view, row.element)),
            count(row.n),
            number(row.bias, sign=True),
            number(row.rmse),
        ]
        for row in order.itertuples(index=False)
    ]
    return [
        html.Div(figure, className="element-map", tabIndex=0, role="region", **attributes(aria_label="Periodic table")),
        html.P("Choose an element to see its compounds.", id=ELEMENT_PICKED, className="picked", role="status"),
        html.Details(
            [
                html.Summary("All elements"),
                table(
                    ("element", "n", in_unit(view, "mean error"), in_unit(view, "RMSE")),
                    rows,
                    caption=f"Errors of {symbol} of {name} by element on {where}, largest first.",
                ),
            ],
            className="more",
        ),
    ]


def _extremes(found: pd.DataFrame, view: AnharmonicityView, name: str) -> str:
    """The element with the largest error of those with at least `LEAST` compounds."""
    enough = found[found["n"] >= LEAST]
    if enough.empty:
        return f"No element has {LEAST} compounds with an error."
    row = enough.loc[enough[view.measure].abs().idxmax()]
    size = number(float(row[view.measure]), sign=view.measure == "bias")
    return f"{name} is furthest off for {row['element']}: {size}{UNITS[view.quantity]} (n = {count(int(row['n']))})."


def picked_element(view: AnharmonicityView, element: str) -> list[Any]:
    """A link to the compounds with `element` on the site of the view."""
    where = "any site" if view.site == "any" else f"site {SITE_NAMES[view.site]}"
    return [_compounds_link(view, f"Compounds with {element}", **_element_filter(view, element)), f" on {where}."]


def _element_filter(view: AnharmonicityView, element: str) -> dict[str, Any]:
    return {FILTERS.get(view.site, "elements"): (element,)}


def _compounds_link(view: AnharmonicityView, text: str, **filters: Any) -> Component:
    return dcc.Link(text, href=f"/compounds?{encode(counted(view, **filters))}")


def counted(view: AnharmonicityView, **filters: Any) -> CompoundsView:
    """The compounds of the table that have an error by `view`, of those that its own and further `filters` admit."""
    return CompoundsView(
        suite=view.suite,
        potentials=(view.focus,),
        criterion="sigma" if view.quantity == "sigma" else "harmonic",
        truth=("stable", "unstable"),
        status=("ok",),
        **{"anion": view.anion, "a_site": view.a_site, **filters},
    )


def worst_slices(view: AnharmonicityView, frame: pd.DataFrame, name: str) -> list[Any]:
    """Kinds of compound in which the potential `name` is worse than elsewhere, and its worst compounds."""
    tested = query.slices(frame)
    n = int(frame["error"].notna().sum())
    if not tested:
        lead: list[Any] = [
            html.P(
                f"Too few compounds for a test: n = {count(n)}; a slice needs {LEAST}, and as many outside."
            )
        ]  # fmt: skip
    else:
        lead = _tested(view, tested, name, n)
    return [*lead, html.H3("Largest errors"), _worst_compounds(view, frame, name)]


def _tested(view: AnharmonicityView, tested: Sequence[Slice], name: str, n: int) -> list[Any]:
    worse = [s for s in tested if s.found and s.worse]
    better = [s for s in tested if s.found and s.better]
    sentence = (
        f"{plural(len(tested), 'slice')} of {plural(n, 'compound')} tested; "
        f"{count(len(worse))} found in which {name} is worse than elsewhere and {count(len(better))} in which it is "
        f"better. Of those found, about {100 * LEVEL:g} % may be by chance."
    )
    shown = sorted(worse, key=lambda s: -s.rmse)[:SHOWN_SLICES]
    caption = f"The {len(shown)} slices of largest RMSE among the {count(len(worse))} that are worse than the rest."
    rows = [
        [
            _slice_link(view, s),
            count(s.n),
            number(s.rmse),
            number(s.rmse_rest),
            number(s.mae),
            number(s.mae_rest),
            _q(s.q),
        ]
        for s in shown
    ]
    head = ("slice", "n", "RMSE", "RMSE of the rest", "mean |error|", "mean |error| of the rest", "q")
    unit = UNITS[view.quantity].strip()
    return [
        html.P(sentence),
        table(
            head,
            rows,
            caption=f"{caption} {'Errors in THz. ' if unit else ''}The links lead to their compounds.",
        )
        if rows
        else None,
    ]


def _q(q: float) -> str:
    return "< 0.001" if q < 0.001 else number(q, 3)


def _slice_link(view: AnharmonicityView, found: Slice) -> Component:
    text = ", ".join(
        STRATUM_NAMES[label] if column == STRATUM else f"{SITE_NAMES[column]} = {label}"
        for column, label in found.labels
    )
    return _compounds_link(view, text, **slice_filters(dict(found.labels)))


def slice_filters(labels: Mapping[str, str]) -> dict[str, Any]:
    """Filters of the table of compounds that admit the compounds of a slice, by site and stratum."""
    fields = {**FILTERS, STRATUM: "stratum"}
    return {fields[column]: (label,) for column, label in labels.items() if column in fields}


def _worst_compounds(view: AnharmonicityView, frame: pd.DataFrame, name: str) -> Component:
    rows = [
        [
            dcc.Link(formula(row.compound), href=address(view.suite, row.compound)),
            number(row.dft),
            frequency(row.value) if view.quantity == "omega" else number(row.value),
            number(row.error, sign=True),
        ]
        for row in query.worst(frame, SHOWN_COMPOUNDS).itertuples(index=False)
    ]
    symbol = WORDS[view.quantity]
    return table(
        ("compound", in_unit(view, f"DFT {symbol}"), in_unit(view, f"{name} {symbol}"), in_unit(view, "error")),
        rows,
        caption=f"The compounds in which {name} is furthest from DFT in {symbol}.",
    )
