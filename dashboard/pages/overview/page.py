"""Overview: which potential, how sure that is, and what lies behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from compute.statistics.comparable import CUT_AT_ZERO
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.overview import data
from dashboard.pages.overview.chemistry import by_chemistry
from dashboard.pages.overview.coverage import coverage_table
from dashboard.pages.overview.headline import CELL, MAP, cell, headline, map_of
from dashboard.pages.overview.leaderboard import answer
from dashboard.pages.overview.noise_figure import noise_by_bond
from dashboard.pages.overview.parity_figure import outside, parity
from dashboard.pages.overview.suites import benchmark
from dashboard.pages.page import VIEW_QUERY, Page, PageState, clicked
from dashboard.queries import agreement, coverage
from dashboard.queries.provenance import runs, sources
from dashboard.queries.ranking import preferred
from dashboard.ui import controls
from dashboard.ui.blocks import (
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
from dashboard.ui.provenance import provenance
from dashboard.ui.tabs import tabs
from dashboard.ui.text import compared_how, count, marked, number, percent, plural
from dashboard.views.codec import build, encode
from dashboard.views.overview import MAPPED_SUITES, OverviewView
from dashboard.views.stability import StabilityView

FREQUENCIES = "abx3"
"""The suite whose published frequencies are compared one by one."""
SEARCHED = "Rb2NaInCl6 or Br3CsSn, in any order"
CUSP = (
    "CHGNet rises below 3 Å, where its three-body terms begin: they have a cusp at straight bonds, which every cubic "
    "perovskite has."
)
COLOUR_NAMES = {"error": "error", "disagreement": "disagreement", "sigma": "DFT σ"}
_CONTROLS = {name: f"overview-{name}" for name in ("suite", "potential", "colour", "place")}


@dataclass(frozen=True)
class OverviewState(PageState[OverviewView]):
    """A view with a potential that its suite has results of, and all such potentials, the best first."""

    offered: list[str]


def resolve(dataset: Dataset, asked: OverviewView) -> OverviewState:
    """What can be shown of `asked`: foundation potentials alone; distilled ones are shown where they are studied."""
    computed = coverage.foundation(dataset, coverage.potentials_with_results(dataset, asked.suite))
    offered = preferred(dataset, asked.suite, computed)
    first = next(iter(offered), "")
    view = asked if asked.potential in offered else replace(asked, potential=first)
    return OverviewState(view, encode(view, potential=first), offered)


def layout(dataset: Dataset, state: OverviewState, ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view, names = state.view, coverage.potential_names(dataset)
    return html.Div(
        [
            page_head(
                "Which potential can be trusted with a soft phonon?",
                "Foundation potentials against published density functional theory (DFT).",
            ),
            address_notice(ignored),
            controls.search("overview-search", hint=SEARCHED),
            answer(dataset),
            controls.bar(
                controls.select(_CONTROLS["suite"], "Suite", _suites(), view.suite),
                controls.select(
                    _CONTROLS["potential"], "Potential", controls.options(state.offered, names), view.potential
                ),
                label="Whose errors",
            ),
            tabs(
                ("map", "Where it fails", _map(dataset, view)),
                ("chemistry", "By chemistry", section("Which potential for which chemistry", *by_chemistry(
                    dataset, names
                ))),
                ("frequencies", "Frequencies", _frequencies(dataset, view)),
                ("coverage", "What is computed", section(
                    "What is computed",
                    coverage_table(coverage.coverage(dataset), names, coverage.benchmark_potentials(dataset)),
                    about="Compounds of each suite with a harmonic calculation and with σ at 300 K. A failed "
                    "calculation stays in the count.",
                )),
                ("stored", "Stored forces", benchmark(dataset)),
                label="What lies behind the answer",
            ),
            provenance(sources(dataset, tuple(SUITES)), runs(dataset, tuple(SUITES))),
        ],
        className="page overview",
    )  # fmt: skip


def _map(dataset: Dataset, view: OverviewView) -> Component:
    return html.Div(
        [
            controls.bar(
                controls.choice(
                    _CONTROLS["colour"],
                    "Colour of the map",
                    [{"value": k, "label": v} for k, v in COLOUR_NAMES.items()],
                    view.colour,
                ),
                label="What to draw",
            ),
            html.Div(_first_screen(dataset, view), id="overview-results"),
        ]
    )


def _suites() -> list[dict[str, str]]:
    return [{"value": suite, "label": SUITES[suite].title} for suite in MAPPED_SUITES]


def _first_screen(dataset: Dataset, view: OverviewView) -> list[Component]:
    names = coverage.potential_names(dataset)
    if not view.potential:
        return [not_computed("No potential has been run on this suite.", campaign_command(view.suite))]
    return [
        html.Div(headline(dataset, view.suite, view.potential, names), className="headline"),
        map_of(dataset, view.suite, view.potential, view.colour, names),
    ]


def _frequencies(dataset: Dataset, view: OverviewView) -> Component:
    return section(
        "How far are the frequencies off?",
        html.Div(
            controls.bar(
                controls.choice(
                    _CONTROLS["place"],
                    "Softest mode at",
                    [{"value": k, "label": v} for k, v in agreement.PLACE_NAMES.items()],
                    view.place,
                ),
                label="Where to compare",
            ),
            id="overview-place-box",
            hidden=not _has_frequencies(view),
        ),
        html.Div(_agreement(dataset, view), id="overview-agreement"),
    )


def _has_frequencies(view: OverviewView) -> bool:
    return view.suite == FREQUENCIES and bool(view.potential)


def _agreement(dataset: Dataset, view: OverviewView) -> list[Component]:
    if not _has_frequencies(view):
        return [html.P(f"Frequencies are published for {SUITES[FREQUENCIES].title} alone; choose that suite.")]
    pairs = agreement.frequency_pairs(dataset, FREQUENCIES, view.potential, view.place)
    dft, potential = pairs["dft"].to_numpy(float), pairs["potential"].to_numpy(float)
    place = "ω<sub>min</sub>" if view.place == "min" else f"ω at {agreement.PLACE_NAMES[view.place]}"
    lost = outside(dft, potential)
    cut = (FREQUENCIES, view.place) in CUT_AT_ZERO
    missed = "Along the upper edge" if cut else "Upper left of the dotted lines"
    figure = captioned(
        parity(dft, potential, place),
        [
            html.Strong(f"n = {count(len(pairs))} of {count(SUITES[FREQUENCIES].size)} compounds. "),
            "Imaginary modes are negative. On the diagonal the two agree; above it the potential is too stiff, below "
            f"it too soft. {missed}: instabilities of DFT that the potential misses. ",
            _outside(lost),
        ],
        label="Counts of compounds by the softest mode of DFT and of the potential",
        shape="square",
    )
    how = compared_how(FREQUENCIES, coverage.geometry(dataset, FREQUENCIES, view.potential))
    return [
        html.P(how, className="about"),
        html.Div([figure, html.Div(_numbers(dataset, view))], className="side-by-side"),
        *_noise(dataset, view.potential),
    ]


def _noise(dataset: Dataset, potential: str) -> list[Component]:
    floors = agreement.noise_floors(dataset, FREQUENCIES, potential)
    if floors.empty:
        return []
    figure = captioned(
        noise_by_bond(floors["bond"].to_numpy(float), floors["noise_floor"].to_numpy(float)),
        [
            html.Strong(f"n = {count(len(floors))}. "),
            "How far the softest mode’s ω from force constants is from that of the same mode frozen in, at "
            "displacements of 0.01 Å. Near 0 the potential is smooth; where the curve is high, the frequencies depend "
            "on the displacement. ",
            CUSP if potential.startswith("chgnet") else "",
        ],
        label="Median and quartiles of the noise floor by B–X distance",
    )
    return [html.H3("Where the potential has a harmonic limit"), figure]


def _outside(n: int) -> str:
    if n == 0:
        return "No compound lies outside the frame."
    return f"{plural(n, 'compound')} {'lies' if n == 1 else 'lie'} outside the frame."


def _numbers(dataset: Dataset, view: OverviewView) -> list[Component]:
    deviations = agreement.deviations(dataset, FREQUENCIES, view.potential)
    labels = StabilityView(suite=FREQUENCIES, potentials=(view.potential,))
    found = data.headline(dataset, FREQUENCIES, view.potential)
    score = found.score
    lowest = deviations["min"]
    noise = agreement.median_noise_floor(dataset, FREQUENCIES, view.potential)
    return [
        statements(
            statement(f"{number(lowest.rmse)} THz", marked("RMSE of ω_min"), f"n = {count(lowest.n)}"),
            statement(f"{number(lowest.bias, sign=True)} THz", marked("bias of ω_min"), "potential − DFT"),
            statement(_share(score.accuracy.value), "same harmonic label", f"n = {count(score.n)}"),
        ),
        html.P(
            [
                f"DFT calls {percent(found.n_unstable, score.n)} of these {count(score.n)} compounds unstable, so "
                "always answering “unstable” would agree as often. The Matthews correlation, 0 for such guessing and 1 "
                f"for a perfect answer, is {number(score.mcc.value)} (95 % {number(score.mcc.low)} to "
                f"{number(score.mcc.high)}). ",
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


def register(app: Dash, dataset: Dataset) -> None:
    """Suite and potential decide everything; colour the map; the place the comparison of frequencies."""

    @app.callback(
        output={
            "map": Output("overview-results", "children"),
            "agreement": Output("overview-agreement", "children"),
            "no_place": Output("overview-place-box", "hidden"),
            "offered": Output(_CONTROLS["potential"], "data"),
            "potential": Output(_CONTROLS["potential"], "value"),
            "address": Output(VIEW_QUERY, "data", allow_duplicate=True),
        },
        inputs={name: Input(_CONTROLS[name], "value") for name in ("suite", "potential", "colour")},
        state={"place": State(_CONTROLS["place"], "value")},
        prevent_initial_call=True,
    )
    def _update(**values: Any) -> dict[str, Any]:
        state = resolve(dataset, build(OverviewView, **values))
        return {
            "map": _first_screen(dataset, state.view),
            "agreement": _agreement(dataset, state.view),
            "no_place": not _has_frequencies(state.view),
            "offered": controls.options(state.offered, coverage.potential_names(dataset)),
            "potential": state.view.potential,
            "address": state.address,
        }

    @app.callback(
        Output("overview-agreement", "children", allow_duplicate=True),
        Output(VIEW_QUERY, "data", allow_duplicate=True),
        inputs={"place": Input(_CONTROLS["place"], "value")},
        state={name: State(_CONTROLS[name], "value") for name in ("suite", "potential", "colour")},
        prevent_initial_call=True,
    )
    def _compare(**values: Any) -> tuple[Any, str]:
        state = resolve(dataset, build(OverviewView, **values))
        return _agreement(dataset, state.view), state.address

    @app.callback(
        Output(CELL, "children"),
        inputs={"clicks": Input(MAP, "clickData")},
        state={name: State(_CONTROLS[name], "value") for name in ("suite", "potential", "colour")},
        prevent_initial_call=True,
    )
    def _pick_cell(clicks: Any, **values: Any) -> Any:
        point = clicked(clicks)
        t: Any = point.get("x")
        mu: Any = point.get("y")
        if not all(isinstance(value, int | float) and abs(value) < 10 for value in (t, mu)):
            return no_update
        view = resolve(dataset, build(OverviewView, **values)).view
        return cell(dataset, view.suite, view.potential, view.colour, t, mu) if view.potential else no_update


PAGE = Page(
    "/",
    "Overview",
    "Softmode: soft phonons of foundation potentials",
    "How far foundation potentials can be trusted with soft phonons: coverage, ranking, a map.",
    view=OverviewView,
    resolve=resolve,
    layout=layout,
    register=register,
)
