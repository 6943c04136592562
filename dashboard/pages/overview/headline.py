"""The first screen of the overview: what is found, said from the data, and the map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from compute.statistics import verdicts
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.overview import data as query
from dashboard.pages.overview.factor_map_figure import cell_at, factor_map, outside
from dashboard.queries.potentials import other_levels, reference_functionals, trained_on
from dashboard.ui.blocks import captioned, not_computed
from dashboard.ui.text import bracketed, count, level_sentence, marked, percent, plural
from dashboard.views.codec import encode
from dashboard.views.stability import StabilityView

Names = Mapping[str, str]
MAP, CELL = "overview-map", "overview-cell"


def headline(dataset: Dataset, suite: str, potential: str, names: Names) -> list[Component]:
    """The finding in a sentence, how far it reaches, and what does not match between the two sides."""
    found = query.headline(dataset, suite, potential)
    name = names.get(potential, potential)
    sentences = _labels(found, name) if found.n_unstable + found.n_stable else _no_frequencies(suite, name)
    return [
        html.P(sentences, className="finding"),
        html.P([*_beside(found), *_levels(dataset, suite, potential, names)], className="fine"),
    ]


def map_of(dataset: Dataset, suite: str, potential: str, colour: str, names: Names) -> Component:
    """The map of a suite over tolerance and octahedral factor, with a sentence on what its colour says."""
    data = query.factor_map(dataset, suite, potential, colour)
    name = names.get(potential, potential)
    if len(data.value) == 0:
        stage = "" if query.compared_quantity(suite) == "omega" else " --stage sigma"
        command = f"softmode campaign run --suite {suite} --potential {potential}{stage}"
        return not_computed(f"{name} has no result to colour this map by; DFT’s σ can be shown.", command)
    titles = _titles(suite, colour)
    figure = factor_map(
        data.tolerance_factor, data.octahedral_factor, data.value, title=titles[0], signed=colour == "error"
    )
    lost = outside(data.tolerance_factor, data.octahedral_factor)
    missing = [
        f"{plural(data.n_without_factors, 'compound')} without ionic radii or balanced charges"
        if data.n_without_factors
        else "",
        f"{count(data.n_without_value)} without this value" if data.n_without_value else "",
        f"{count(lost)} beyond the axes" if lost else "",
    ]
    beside = "; ".join(part for part in missing if part)
    drawn = captioned(
        figure,
        [
            html.Strong(f"{SUITES[suite].title}, n = {count(len(data.value))}. "),
            *marked(titles[1].format(name=name)),
            " ",
            f"Not shown: {beside}." if beside else "",
        ],
        label=f"{titles[0]} over tolerance and octahedral factor",
        shape="tall",
        identity=MAP,
    )
    return html.Div([drawn, html.P("Click a cell to see its compounds.", id=CELL, className="picked", role="status")])


def cell(dataset: Dataset, suite: str, potential: str, colour: str, t: float, mu: float) -> list[Component | str]:
    """A link to the compounds of the cell of the map around the factors `t` and `mu`."""
    data = query.factor_map(dataset, suite, potential, colour)
    tolerance, octahedral = cell_at(t, mu)
    n = int(
        np.sum(
            (data.tolerance_factor >= tolerance[0]) & (data.tolerance_factor < tolerance[1])
            & (data.octahedral_factor >= octahedral[0]) & (data.octahedral_factor < octahedral[1])
        )
    )  # fmt: skip
    compounds = query.in_cell(query.coloured(suite, potential, colour), tolerance, octahedral)
    return [
        dcc.Link(plural(n, "compound"), href=f"/compounds?{encode(compounds)}"),
        f" with t from {tolerance[0]:.2f} to {tolerance[1]:.2f} and μ from {octahedral[0]:.2f} to {octahedral[1]:.2f}.",
    ]


def _titles(suite: str, colour: str) -> tuple[str, str]:
    """Title of the colour bar, and the sentence on what to see."""
    omega = query.compared_quantity(suite) == "omega"
    if colour == "sigma":
        return ("mean DFT σ at 300 K", "Every cell is the mean of DFT’s anharmonicity score over its compounds.")
    if colour == "disagreement":
        what = "harmonic" if omega else "300 K"
        return (
            "share with the other label",
            f"Every cell is the share of compounds whose {what} label by {{name}} is not DFT’s; a failure counts.",
        )
    if omega:
        return (
            "mean error of ω<sub>min</sub> (THz)",
            "Every cell is the mean error of ω_min of {name}. Blue: too soft. Orange: too stiff.",
        )
    return (
        "mean error of σ",
        "Every cell is the mean error of σ of {name}. Blue: less anharmonic than DFT. Orange: more.",
    )


def _labels(found: query.Headline, name: str) -> list[Component | str]:
    if not found.score.enough:
        smaller = plural(found.score.n_smaller, "compound")
        return [
            f"DFT’s smaller class has {smaller}, fewer than {verdicts.SMALLEST_CLASS}: too few to say how well the "
            f"labels of {name} do."
        ]
    mcc = found.score.mcc
    sentence = (
        f"{name} misses {percent(found.missed, found.n_unstable)} of the instabilities that DFT finds "
        f"(n = {count(found.n_unstable)}) and does not call {percent(found.alarms, found.n_stable)} of its stable "
        f"compounds stable (n = {count(found.n_stable)}). MCC "
        f"{bracketed(mcc.value, mcc.low, mcc.high)}. "
    )
    return [sentence]


def _no_frequencies(suite: str, name: str) -> list[Component | str]:
    link = dcc.Link(
        "Harmonic stability against stability at 300 K", href=f"/stability?{encode(StabilityView(suite=suite))}"
    )
    return [
        f"For these {count(SUITES[suite].size)} compounds the source publishes σ at 300 K and no frequencies, so the "
        f"phonons of {name} cannot be compared one by one. ",
        link,
        ".",
    ]


def _beside(found: query.Headline) -> list[Component | str]:
    """What the sentence counts and what stands beside it."""
    if not found.score.n:
        return []
    parts = [
        f"n = {count(found.score.n)}",
        f"{count(found.score.n_undecidable)} in doubt, whose own label counts" if found.score.n_undecidable else "",
        f"{count(found.score.n_failed)} failed, counted as wrong" if found.score.n_failed else "",
        f"{count(found.n_not_run)} not run" if found.n_not_run else "",
    ]
    return [f"{', '.join(part for part in parts if part)}. "]


def _levels(dataset: Dataset, suite: str, potential: str, names: Names) -> list[Component | str]:
    """The functionals of the two sides, and whether they differ."""
    published, trained = reference_functionals(dataset).get(suite), trained_on(dataset).get(potential)
    if not published or not trained:
        return []
    return [
        f"Level of theory: {' or '.join(published)} for DFT; {names.get(potential, potential)} is trained on "
        f"{trained}. ",
        level_sentence(other_levels({potential: trained}, published), names),
    ]
