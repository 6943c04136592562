"""Overview: what is computed, and how far each potential is from DFT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from compute.physics import metrics
from compute.physics.comparison import CUT_AT_ZERO
from compute.protocols import SUITES
from dashboard.components import controls
from dashboard.components.blocks import (
    address_notice,
    campaign_command,
    captioned,
    not_computed,
    page_head,
    section,
    statement,
    statements,
    table,
)
from dashboard.components.coverage import coverage_table
from dashboard.components.provenance import provenance
from dashboard.components.suites import benchmark, double_perovskites
from dashboard.components.text import compared_how, count, marked, number, percent, plural
from dashboard.dataset import Dataset
from dashboard.figures.noise import noise_by_bond
from dashboard.figures.parity import outside, parity
from dashboard.pages.page import VIEW_QUERY, Page
from dashboard.queries import agreement, results, stability
from dashboard.queries.provenance import runs, sources
from dashboard.views.overview import OverviewView
from dashboard.views.stability import StabilityView
from dashboard.viewstate import build, decode, encode, replaced

SUITE = "abx3"


def layout(dataset: Dataset, query: Mapping[str, str]) -> Component:
    """The page for the view in `query`."""
    asked, problems = decode(OverviewView, query)
    view = _resolved(asked, results.potentials_with_results(dataset, SUITE))
    return html.Div(
        [
            page_head(
                "Can a foundation potential be trusted with soft phonons?",
                "Softmode compares the phonons that foundation potentials (MACE, CHGNet) predict with published "
                "density functional theory (DFT), compound by compound. It counts where a potential calls a compound "
                "dynamically stable that DFT calls unstable, or the reverse, and by how much its frequencies are off.",
            ),
            address_notice(problems + replaced(asked, view)),
            section(
                "What is computed",
                coverage_table(
                    results.coverage(dataset),
                    results.potential_names(dataset),
                    results.benchmark_potentials(dataset),
                ),
                about="Compounds with a harmonic calculation, out of all compounds of each suite. A failed "
                "calculation stays in the count.",
            ),
            *_perovskites(dataset, view),
            benchmark(dataset),
            double_perovskites(dataset),
            provenance(sources(dataset, tuple(SUITES)), runs(dataset, tuple(SUITES))),
            dcc.Store(id=VIEW_QUERY, data=encode(_shown(view, results.potentials_with_results(dataset, SUITE)))),
        ],
        className="page",
    )


def _perovskites(dataset: Dataset, view: OverviewView) -> list[Component]:
    title = "Cubic ABX₃ perovskites"
    computed = results.potentials_with_results(dataset, SUITE)
    if not computed:
        return [
            section(
                title,
                not_computed("No potential has been run on this suite.", campaign_command(SUITE)),
            )
        ]
    names = results.potential_names(dataset)
    return [
        section(
            title,
            controls.bar(
                controls.select("overview-potential", "Potential", controls.options(computed, names), view.potential),
                controls.choice(
                    "overview-place",
                    "Softest mode at",
                    [{"value": k, "label": v} for k, v in agreement.PLACE_NAMES.items()],
                    view.place,
                ),
                label="What to compare",
            ),
            html.Div(_agreement(dataset, view), id="overview-agreement"),
        )
    ]


def _agreement(dataset: Dataset, view: OverviewView) -> list[Component]:
    pairs = agreement.frequency_pairs(dataset, SUITE, view.potential, view.place)
    dft, potential = pairs["dft"].to_numpy(float), pairs["potential"].to_numpy(float)
    place = "ω<sub>min</sub>" if view.place == "min" else f"ω at {agreement.PLACE_NAMES[view.place]}"
    lost = outside(dft, potential)
    cut = (SUITE, view.place) in CUT_AT_ZERO
    missed = "Along the upper edge" if cut else "Upper left of the dotted lines"
    figure = captioned(
        parity(dft, potential, place),
        [
            html.Strong(f"n = {count(len(pairs))} of {count(SUITES[SUITE].size)} compounds. "),
            "Imaginary modes are negative. On the diagonal the two agree; above it the potential is too stiff, below "
            f"it too soft. {missed}: instabilities of DFT that the potential misses. ",
            _outside(lost),
        ],
        label="Counts of compounds by the softest mode of DFT and of the potential",
        shape="square",
    )
    how = compared_how(SUITE, results.geometry(dataset, SUITE, view.potential))
    return [
        html.P(how, className="about"),
        html.Div([figure, html.Div(_numbers(dataset, view))], className="side-by-side"),
        *_noise(dataset, view.potential),
    ]


def _noise(dataset: Dataset, potential: str) -> list[Component]:
    floors = agreement.noise_floors(dataset, SUITE, potential)
    if floors.empty:
        return []
    figure = captioned(
        noise_by_bond(floors["bond"].to_numpy(float), floors["noise_floor"].to_numpy(float)),
        [
            html.Strong(f"n = {count(len(floors))}. "),
            "How far the softest mode’s ω from force constants is from the same mode frozen in, at displacements of "
            "0.01 Å. Near 0 the potential is smooth; where the curve is high, its frequencies are those of the "
            "displacement as much as of the compound. "
            "CHGNet rises below 3 Å, where its three-body terms begin: they have a cusp at straight bonds, which "
            "every cubic perovskite has.",
        ],
        label="Median and quartiles of the noise floor by B–X distance",
    )
    return [html.H3("Where the potential has a harmonic limit"), figure]


def _outside(n: int) -> str:
    if n == 0:
        return "No compound lies outside the frame."
    return f"{plural(n, 'compound')} {'lies' if n == 1 else 'lie'} outside the frame."


def _numbers(dataset: Dataset, view: OverviewView) -> list[Component]:
    deviations = agreement.deviations(dataset, SUITE, view.potential)
    labels = StabilityView(suite=SUITE, potential=view.potential)
    data = stability.compared(dataset, labels)
    truth = stability.truth_labels(data, labels, labels.tolerance_thz)
    answer = stability.answer_labels(data, labels.tolerance_thz)
    counts = metrics.confusion_counts(truth, answer)
    decided = stability.score(counts)
    unstable = int(counts[metrics.CLASSES.index("unstable")].sum())
    lowest = deviations["min"]
    noise = agreement.median_noise_floor(dataset, SUITE, view.potential)
    return [
        statements(
            statement(f"{number(lowest.rmse)} THz", marked("RMSE of ω_min"), f"n = {count(lowest.n)}"),
            statement(f"{number(lowest.bias, sign=True)} THz", marked("bias of ω_min"), "potential − DFT"),
            statement(_share(decided.accuracy), "same harmonic label", f"n = {count(decided.n)} decided"),
        ),
        html.P(
            [
                f"DFT calls {percent(unstable, decided.n)} of these {count(decided.n)} compounds unstable, so always "
                "answering “unstable” would agree as often. The Matthews correlation, 0 for such guessing and 1 for a "
                f"perfect answer, is {number(decided.mcc)}. ",
                dcc.Link("See every count", href=f"/stability?{encode(labels)}".rstrip("?")),
                ".",
            ]
        ),
        table(
            ("softest mode at", "n", "RMSE (THz)", "MAE (THz)", "bias (THz)"),
            [
                [agreement.PLACE_NAMES[k], count(d.n), number(d.rmse), number(d.mae), number(d.bias, sign=True)]
                for k, d in deviations.items()
            ],
            caption="Potential − DFT. A negative bias means that the potential is too soft.",
        ),
        html.P(
            "The source counts the acoustic modes at Γ, so a stable compound has 0 there; for “any” and Γ both sides "
            f"are cut at 0. The median noise floor of the potential is {number(noise)} THz: half of its calculations "
            "cannot tell a smaller ω from 0.",
            className="fine",
        ),
    ]


def _share(value: float) -> str:
    return number(100 * value, 1) + " %" if value == value else number(value)


def _resolved(view: OverviewView, computed: list[str]) -> OverviewView:
    return view if view.potential in computed else replace(view, potential=next(iter(computed), ""))


def _shown(view: OverviewView, computed: list[str]) -> OverviewView:
    """The view as the address states it: without the potential that comes first anyway."""
    return replace(view, potential="") if view.potential == next(iter(computed), "") else view


def register(app: Dash, dataset: Dataset) -> None:
    """Potential and place recompute the figure and every number beside it."""

    @app.callback(
        Output("overview-agreement", "children"),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        Input("overview-potential", "value"),
        Input("overview-place", "value"),
        prevent_initial_call=True,
    )
    def _update(potential: Any, place: Any) -> tuple[Any, str]:
        computed = results.potentials_with_results(dataset, SUITE)
        view = _resolved(build(OverviewView, potential=potential, place=place), computed)
        if not view.potential:
            return [], encode(view)
        return _agreement(dataset, view), encode(_shown(view, computed))


PAGE = Page(
    "/",
    "Overview",
    "Softmode: soft phonons of foundation potentials",
    "How far foundation potentials can be trusted with soft phonons: coverage, ranking, a map.",
    layout,
    register,
)
