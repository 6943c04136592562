"""Models: what each potential is, what it costs, in which order they come, and two of them in detail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Any

from dash import Dash, Input, Output, ctx, dcc, html, no_update
from dash.development.base_component import Component

from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.pages.page import Page, PageState, clicked, outputs
from dashboard.pages.potentials import cards as models_cards
from dashboard.pages.potentials import comparison, comparison_data, learning, learning_data
from dashboard.pages.potentials.wider_field import wider_field
from dashboard.queries import coverage
from dashboard.queries import potentials as models_query
from dashboard.queries.provenance import runs, sources
from dashboard.queries.ranking import METRICS, SUITE_METRICS, nulls, ranking
from dashboard.ui import controls
from dashboard.ui.blocks import address_notice, campaign_command, not_computed, page_head, section
from dashboard.ui.provenance import provenance
from dashboard.ui.ranking import ranking as ranking_block
from dashboard.ui.tabs import tabs
from dashboard.views.codec import build, encode
from dashboard.views.overview import MAPPED_SUITES
from dashboard.views.potentials import PotentialsView

AGAINST = [{"value": "training", "label": "training-set size"}, {"value": "cost", "label": "cost"}]
SCORE_LABELS = {
    "mcc": "labels", "omega": "ω", "sigma_mcc": "σ labels", "sigma": "σ", "frequency": "all modes",
}  # fmt: skip


def resolve(dataset: Dataset, asked: PotentialsView) -> PageState[PotentialsView]:
    """What its suite offers of `asked`: a score, and two different potentials that were run."""
    present = comparison_data.potentials(dataset, asked.suite)
    first = asked.first if asked.first in present else _other(present, asked.second) or _other(present, "")
    second = asked.second if asked.second in present and asked.second != first else _other(present, first)
    scores = SUITE_METRICS[asked.suite]
    plain = PotentialsView.score if PotentialsView.score in scores else scores[0]
    view = replace(asked, score=asked.score if asked.score in scores else scores[0], first=first, second=second)
    best = _other(present, "")
    pair = {"first": best, "second": _other(present, best)}
    implied = pair if (first, second) == tuple(pair.values()) else {}
    return PageState(view, encode(view, score=plain, **implied))


def layout(dataset: Dataset, state: PageState[PotentialsView], ignored: tuple[str, ...]) -> Component:
    """The page that shows `state`."""
    view, trainings = state.view, learning_data.trainings(dataset)
    cards = models_query.cards(dataset)
    functionals = models_query.reference_functionals(dataset)
    every = chain.from_iterable(functionals.get(suite, []) for suite in MAPPED_SUITES)
    levels = models_query.other_levels(models_query.trained_on(dataset), every)
    return html.Div(
        [
            page_head(
                "Which potential, and at what price?",
                "What each potential was trained on, how far it has been run here, what a force call costs, and which "
                "differences in accuracy can be measured. ",
                dcc.Link("Add my potential", href="/add"), ".",
            ),
            address_notice(ignored),
            controls.bar(
                controls.select("models-suite", "Suite", controls.SUITE_OPTIONS, view.suite),
                controls.choice("models-score", "Score", _scores(view), view.score),
                label="What to compare",
            ),
            tabs(
                ("order", "Ranking", _ranking_part(dataset, view)),
                ("two", "Two potentials", _two_part(dataset, view)),
                ("cards", "Potentials", section("Potentials that were run", *_cards(cards, levels))),
                ("field", "A wider field", section(
                    "A wider field: forty potentials on 103 binaries", *wider_field(dataset)
                )),
                ("learned", "Distilled", section(
                    "How the distilled models learned", *_learned(dataset, trainings)
                )) if trainings else None,
                ("waiting", "Not computed", section(
                    "Registered and not computed", *models_cards.not_computed_list(cards, levels)
                )),
                label="What is known of potentials",
            ),
            provenance(sources(dataset, tuple(SUITES)), runs(dataset, tuple(SUITES))),
        ],
        className="page",
    )  # fmt: skip


def _ranking_part(dataset: Dataset, view: PotentialsView) -> Component:
    return html.Div(
        [
            section("Which is most accurate", html.Div(_order(dataset, view), id="models-order")),
            section(
                "Accuracy against size and cost",
                controls.bar(
                    controls.choice("models-against", "Drawn against", AGAINST, view.against), label="What to draw"
                ),
                html.Div(_accuracy(dataset, view), id="models-accuracy"),
                identity="accuracy",
            ),
        ]
    )


def _two_part(dataset: Dataset, view: PotentialsView) -> Component:
    return section(
        "Two potentials",
        controls.bar(
            controls.select("models-first", "First", _options(dataset, view), view.first),
            controls.select("models-second", "Second", _options(dataset, view), view.second),
            label="Which two",
        ),
        html.Div(_pair(dataset, view), id="models-pair"),
        about="On the compounds of the suite that both were run on.",
    )


def _cards(cards: list[models_query.Card], levels: Mapping[str, str]) -> list[Component]:
    if not any(card.computed for card in cards):
        return [not_computed("No potential has been run.", campaign_command("abx3"))]
    return [models_cards.computed_cards(cards, levels)]


def _order(dataset: Dataset, view: PotentialsView) -> Component:
    names = coverage.potential_names(dataset)
    entries, knowing_nothing = ranking(dataset, view.suite, view.score), nulls(dataset, view.suite, view.score)
    return ranking_block(entries, view.suite, names, knowing_nothing)


def _accuracy(dataset: Dataset, view: PotentialsView) -> list[Component]:
    return comparison.accuracy_block(
        ranking(dataset, view.suite, view.score), models_query.cards(dataset), view.against
    )


def _pair(dataset: Dataset, view: PotentialsView) -> list[Any]:
    if not view.second:
        return [comparison.second_missing(view, models_query.cards(dataset))]
    return comparison.pair_block(
        comparison_data.pairwise(dataset, view.suite, view.first, view.second),
        view,
        models_query.cards(dataset),
        models_query.other_levels(
            models_query.trained_on(dataset), models_query.reference_functionals(dataset).get(view.suite, [])
        ),
    )


def _learned(dataset: Dataset, trainings: Sequence[learning_data.TrainingRecord]) -> list[Component]:
    about = learning.about(trainings, coverage.potential_names(dataset))
    return [html.P(about, className="about"), learning.learned(trainings, learning_data.learned(dataset))]


def _scores(view: PotentialsView) -> list[dict[str, str]]:
    return [{"value": m, "label": SCORE_LABELS[METRICS[m].id]} for m in SUITE_METRICS[view.suite]]


def _options(dataset: Dataset, view: PotentialsView) -> list[dict[str, str]]:
    return controls.options(comparison_data.potentials(dataset, view.suite), coverage.potential_names(dataset))


def _other(present: list[str], taken: str) -> str:
    """The potential with most results that is not `taken`; empty when there is none."""
    return next((p for p in present if p != taken), "")


def register(app: Dash, dataset: Dataset) -> None:
    """The suite decides what every other control offers; each control recomputes what stands under it."""

    @app.callback(
        output=outputs("models", ("order", "accuracy", "pair"), ("score", "first", "second")),
        inputs={field.name: Input(f"models-{field.name}", "value") for field in fields(PotentialsView)},
        prevent_initial_call=True,
    )
    def _update(**values: Any) -> dict[str, Any]:
        state = resolve(dataset, build(PotentialsView, **values))
        view, offered = state.view, _options(dataset, state.view)
        return {
            "order": _order(dataset, view),
            "accuracy": _accuracy(dataset, view),
            "pair": _pair(dataset, view),
            "score_offered": _scores(view),
            "score": view.score,
            "first_offered": offered,
            "first": view.first,
            "second_offered": offered,
            "second": view.second,
            "address": state.address,
        }

    @app.callback(
        Output(learning.PICKED, "children"),
        Input(learning.STEPS, "clickData"),
        Input(learning.SIZES, "clickData"),
        prevent_initial_call=True,
    )
    def _pick_model(steps: Any, sizes: Any) -> Any:
        of_sizes = ctx.triggered_id == learning.SIZES
        carried = clicked(sizes if of_sizes else steps).get("customdata")
        potential: Any = carried[-1] if isinstance(carried, list) and carried else carried
        if potential not in {training.potential for training in learning_data.trainings(dataset)}:
            return no_update
        errors = learning_data.learned(dataset) if of_sizes else None
        return learning.picked(potential, coverage.potential_names(dataset).get(potential, potential), errors)


PAGE = Page(
    "/models",
    "Models",
    "Models · Softmode",
    "A card per potential: what it was trained on, its licence and cost, its accuracy, and pairwise tests.",
    view=PotentialsView,
    resolve=resolve,
    layout=layout,
    register=register,
)
