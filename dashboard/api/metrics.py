"""Scores of potentials against DFT: the same counts, scores and ranks as on the pages."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import Field

from compute.statistics import verdicts
from compute.suites import COMPARED
from dashboard.api.answers import Answer
from dashboard.api.parameters import MetricsParameters, Suite
from dashboard.dataset import Dataset
from dashboard.queries import stability
from dashboard.queries.coverage import foundation
from dashboard.queries.potentials import reference_functionals
from dashboard.queries.ranking import METRICS, SUITE_METRICS, Ranked, ranking
from dashboard.views.stability import SUITE_CRITERIA, StabilityView


class IntervalAnswer(Answer):
    """A score with its 95 % interval, compounds of one cation drawn together; null is "not defined"."""

    value: float | None
    low: float | None
    high: float | None


class PerLabel(Answer):
    """A score of either label; null is "not defined"."""

    stable: float | None
    unstable: float | None


class ScoresAnswer(Answer):
    """How well the labels of a potential reproduce those of DFT, over `n` compounds."""

    rule: str = Field(description="what counts: score, decided or strict, as in the answer’s `rules`")
    n: int = Field(description="compounds scored")
    n_smaller: int = Field(description="of DFT's smaller class among them")
    n_undecidable: int = Field(description="within the noise among them")
    n_failed: int = Field(description="without a label among them")
    accuracy: IntervalAnswer
    balanced_accuracy: IntervalAnswer
    mcc: IntervalAnswer = Field(description="Matthews correlation")
    precision: PerLabel
    recall: PerLabel
    f1: PerLabel


class Counts(Answer):
    """Compounds by the verdict of the potential."""

    stable: int
    unstable: int
    undecidable: int = Field(description="within the noise")
    failed: int
    not_run: int


class Confusion(Answer):
    """Compounds by the verdict of DFT."""

    stable: Counts
    unstable: Counts
    no_label: Counts = Field(description="DFT publishes no number")


class ComparisonAnswer(Answer):
    """One potential against DFT on one suite, with nothing left out of the counts."""

    suite: Suite
    criterion: str = Field(description="numbers compared, DFT | potential: as in the parameter")
    potential: str
    training_functional: str | None = Field(description="functional of the potential's training data")
    geometry: str | None = Field(description="cells of the harmonic run: reference or relaxed")
    sigma_protocol: str | None = Field(description="sampling protocol of the potential's σ")
    n: int = Field(description="compounds of the filter")
    counts: Confusion
    score: ScoresAnswer | None = Field(
        description="THE score: the potential's own label counts, a failure is wrong; null for σ | ω, two questions"
    )
    other_rules: list[ScoresAnswer] = Field(description="what the two other conventions in use would say")


class NullAnswer(Answer):
    """What knows nothing of forces on the same compounds: a score that it also has is no finding."""

    suite: Suite
    criterion: str
    null: str = Field(description="constant: the class DFT calls more often; composition: from the elements alone")
    score: ScoresAnswer


class Rank(Answer):
    """A foundation potential's place by its score over the `n` compounds that it was run on, without the filters."""

    suite: Suite
    metric: str = Field(description="mcc, sigma_mcc: Matthews correlation of harmonic and σ labels; else an RMSE")
    unit: str
    higher_is_better: bool
    potential: str
    value: float | None
    low: float | None = Field(description="lower end of the 95 % interval")
    high: float | None = Field(description="upper end")
    n: int
    group: str = Field(description="potentials that share a letter do not differ measurably")
    n_failed: int
    n_undecidable: int
    protocol: str
    complete: bool = Field(description="false: run on too few compounds to be ranked")
    training_level: str = Field(description="functional of the training data where DFT's is another, else empty")
    n_smaller: int | None = Field(description="of DFT's smaller class, where labels are scored")
    comparable: IntervalAnswer | None = Field(description="the same where the level of theory is that of DFT")
    n_comparable: int = Field(description="compounds of that")
    n_not_run: int = Field(
        description="more that DFT has the number of; where there are any, the score is of those run, no random sample"
    )


class NotComputed(Answer):
    """A suite and a criterion for which no chosen potential has a result."""

    suite: Suite
    criterion: str


class MetricsAnswer(Answer):
    """Scores of potentials against published DFT."""

    release: str = Field(description="release of the data")
    tolerance_thz: float
    threshold: float
    common: bool = Field(description="whether only compounds that all potentials of a suite have run are scored")
    reference_functionals: dict[str, list[str]] = Field(description="functionals of the published DFT, per suite")
    rules: dict[str, str] = Field(description="what each convention counts; `score` is the one of every page")
    comparisons: list[ComparisonAnswer]
    nulls: list[NullAnswer] = Field(description="on all compounds that any of the chosen potentials was run on")
    not_computed: list[NotComputed]
    ranking: list[Rank] = Field(description=f"at the default tolerance; {Rank.__doc__}")


@lru_cache(maxsize=32)
def scores(dataset: Dataset, release: str, asked: MetricsParameters) -> MetricsAnswer:
    """The scores that `asked` describes; `release` drops what is out of date."""
    comparisons, missing, knowing_nothing = [], [], []
    suites = [suite for suite in COMPARED if suite in asked.suite or not asked.suite]
    for suite in suites:
        for criterion in SUITE_CRITERIA[suite]:
            if asked.criterion and criterion not in asked.criterion:
                continue
            found, nulls = _compared(dataset, suite, criterion, asked)
            comparisons += found
            knowing_nothing += nulls
            if not found:
                missing.append(NotComputed(suite=suite, criterion=criterion))
    functionals = reference_functionals(dataset)
    return MetricsAnswer(
        release=release,
        tolerance_thz=asked.tolerance_thz,
        threshold=asked.threshold,
        common=asked.common == "yes",
        reference_functionals={suite: functionals.get(suite, []) for suite in suites},
        rules=verdicts.RULES,
        comparisons=comparisons,
        nulls=knowing_nothing,
        not_computed=missing,
        ranking=[
            _rank(suite, place)
            for suite in suites
            for metric in SUITE_METRICS[suite]
            for place in ranking(dataset, suite, metric)
            if not asked.potential or place.potential in asked.potential
        ],
    )


def _compared(
    dataset: Dataset, suite: Suite, criterion: str, asked: MetricsParameters
) -> tuple[list[ComparisonAnswer], list[NullAnswer]]:
    offered = stability.potentials(dataset, suite, criterion)
    # Unless they are asked for, distilled potentials are not among the others.
    chosen = tuple(name for name in offered if name in asked.potential) if asked.potential else tuple(
        foundation(dataset, offered)
    )  # fmt: skip
    if not chosen:
        return [], []
    view = StabilityView(
        suite=suite, potentials=chosen, common=asked.common, level=asked.level,
        anion=tuple(sorted(set(asked.X))), criterion=criterion,
        tolerance_thz=asked.tolerance_thz, threshold=asked.threshold,
    )  # fmt: skip
    data = stability.compared(dataset, view, chosen)
    scored = criterion != "cross"
    answers = [
        ComparisonAnswer(
            suite=suite, criterion=criterion, potential=setting.potential, training_functional=setting.functional,
            geometry=setting.geometry, sigma_protocol=setting.sigma_protocol, n=data.n,
            counts=_confusion(data.truth, data.labels[setting.potential]),
            score=_scores(data.scores[setting.potential]) if scored else None,
            other_rules=[
                _scores(verdicts.score(data.truth, data.answers[setting.potential], clusters=data.clusters, rule=rule))
                for rule in verdicts.RULES if rule != verdicts.SCORE
            ] if scored else [],
        )
        for setting in stability.settings(dataset, suite, chosen)
    ]  # fmt: skip
    nulls = data.nulls if scored else {}
    return answers, [
        NullAnswer(suite=suite, criterion=criterion, null=name, score=_scores(found)) for name, found in nulls.items()
    ]


def _confusion(truth: stability.Labels, answer: stability.Labels) -> Confusion:
    names = [name.replace(" ", "_") for name in verdicts.ANSWERS]
    rows = verdicts.crosstab(truth, answer).tolist()
    counts = [Counts(**dict(zip(names, row, strict=True))) for row in rows]
    return Confusion(**dict(zip((name.replace(" ", "_") for name in verdicts.TRUTHS), counts, strict=True)))


def _scores(found: verdicts.Score) -> ScoresAnswer:
    with_interval: dict[str, Any] = {
        name: IntervalAnswer(value=_defined(one.value), low=_defined(one.low), high=_defined(one.high))
        for name in ("accuracy", "balanced_accuracy", "mcc")
        if (one := getattr(found, name))
    }
    per_label: dict[str, Any] = {
        name: PerLabel(stable=_defined(values[0]), unstable=_defined(values[1]))
        for name in ("precision", "recall", "f1")
        if (values := getattr(found, name))
    }
    numbers = {name: getattr(found, name) for name in ("rule", "n", "n_smaller", "n_undecidable", "n_failed")}
    return ScoresAnswer(**numbers, **with_interval, **per_label)


def _rank(suite: Suite, place: Ranked) -> Rank:
    metric = METRICS[place.metric]
    known = asdict(place)
    comparable = known.pop("comparable")
    numbers: dict[str, Any] = {name: _defined(known.pop(name)) for name in ("value", "low", "high")}
    level = known.pop("level")
    return Rank(
        suite=suite,
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        training_level=level,
        comparable=None if comparable is None else IntervalAnswer(**{k: _defined(v) for k, v in comparable.items()}),
        **numbers,
        **known,
    )


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
