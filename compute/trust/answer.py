"""The trust in each potential for one compound, in numbers and with the reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from compute.physics.stability import STABLE, UNSTABLE
from compute.structures.compounds import Compound, identify
from compute.structures.formula import FormulaError
from compute.trust import reasons
from compute.trust.features import SUITE, features, of_composition
from compute.trust.model import Evidence, NoTrust, Record, TrustModel, expected_trust

LEAST = 0.9
"""Trust from which a potential is recommended, unless the asker says otherwise."""


@dataclass(frozen=True)
class Subject:
    """The compound that is asked about: `in_suite` says whether DFT is published of it, `lattice_constant` in Å."""

    formula: str
    sites: Mapping[str, str]
    in_suite: bool = False
    lattice_constant: float = math.nan


@dataclass(frozen=True)
class PotentialTrust:
    """The trust in one potential for one compound.

    `trust`: probability that its label is DFT's. `label` is its own raw label, None where it has not been run, and then
    the trust is the one to expect. `probability_stable`: that DFT calls the compound stable. `error_thz`: |Δω_min| that
    is not exceeded at `level`. `prior`: share of its labels that are right over the suite. `votes`: stable and unstable
    labels of all potentials. `evidence` and `missing`: what the score rests on, and which features it lacks.
    """

    potential: str
    evidence: str
    trust: float
    label: str | None
    omega_min_thz: float | None
    probability_stable: float
    error_thz: float
    level: float
    prior: float
    votes: tuple[int, int]
    reasons: tuple[str, ...]
    missing: tuple[str, ...]


def subject(text: str, known: Mapping[str, float]) -> Subject:
    """The cubic perovskite that `text` means; `known` has the lattice constant of every compound of the suite.

    Raises `FormulaError` for what is no formula, `NoTrust` for a formula of another structure type.
    """
    try:
        found: Compound = identify(text, SUITE, known.keys())
    except FormulaError as error:
        if "ABX3" not in str(error):
            raise
        raise NoTrust(
            f"{text} is no cubic ABX3 perovskite: outside what the trust was trained on. Do not trust any, run DFT."
        ) from error
    inside = found.formula in known
    return Subject(found.formula, dict(found.sites), inside, known.get(found.formula, math.nan))


def assess(
    model: TrustModel, asked: Subject, rows: pd.DataFrame, potentials: Sequence[str] | None = None
) -> list[PotentialTrust]:
    """The trust in each of `potentials`, or of all that the model knows, the highest first.

    `rows` are those of the compound as `features.ROWS` has them; none for one that was never computed. For a compound
    with published DFT the model that has seen no compound with its element on B answers, so that it cannot know.
    """
    wanted = list(potentials if potentials is not None else model.potentials)
    finished = rows[(rows["status"] == "ok") & rows["omega_min_thz"].notna()].reset_index(drop=True)
    labels = (finished["omega_min_thz"] > -model.tolerance_thz).tolist()
    kind = "committee" if len(finished) > 1 else "calculation"
    run = {name: i for i, name in enumerate(finished["potential"])}
    table = features(finished) if run else pd.DataFrame()
    calculated: list[dict[str, Any]] = finished.to_dict("records")
    formula = pd.DataFrame([{**asked.sites, "lattice_constant": asked.lattice_constant}])
    alone = of_composition(formula)

    def fitted(evidence: str) -> Evidence:
        return model.without(asked.sites["B"], evidence) if asked.in_suite else model.evidence[evidence]

    unusual = [
        *reasons.of_formula(asked.sites, model.elements, bool(alone["radii_known"].iloc[0])),
        *reasons.of_interval(asked.sites, model.short),
    ]
    found = []
    for potential in wanted:
        place = run.get(potential)
        evidence = "composition" if place is None else kind
        given = alone if place is None else table.iloc[[place]]
        names = np.array([potential])
        q = float(fitted(evidence).stable(given, names)[0])
        says_stable = None if place is None else labels[place]
        record = model.potentials.get(potential) or _mean(model)
        run_or_not = {None: float(expected_trust(np.array(q), record)), True: q, False: 1 - q}
        why = [
            *(reasons.of_calculation(calculated[place]) if place is not None else []),
            *(reasons.of_votes(labels) if place is not None else []),
            *reasons.of_chemistry(q, says_stable),
            *unusual,
        ]
        lacking = tuple(name for name in fitted(evidence).logit.names if not np.isfinite(given[name].iloc[0]))
        found.append(
            PotentialTrust(
                potential=potential,
                evidence=evidence,
                trust=run_or_not[says_stable],
                label=None if says_stable is None else STABLE if says_stable else UNSTABLE,
                omega_min_thz=None if place is None else float(finished["omega_min_thz"].iloc[place]),
                probability_stable=q,
                error_thz=float(fitted(evidence).bound(given, names)[0]),
                level=model.level,
                prior=record.right,
                votes=(sum(labels), len(labels) - sum(labels)),
                reasons=tuple(why),
                missing=lacking + tuple(name for name in model.missing[evidence] if name not in lacking),
            )
        )
    return sorted(found, key=lambda one: -one.trust)


def _mean(model: TrustModel) -> Record:
    """How the potentials did on average: what is assumed of one that the model has never met."""
    known = list(model.potentials.values())

    def mean(name: str) -> float:
        return float(np.mean([getattr(record, name) for record in known]))

    return Record(
        n=0, n_stable=0, finds_stable=mean("finds_stable"), finds_unstable=mean("finds_unstable"), right=mean("right")
    )


def advice(found: Sequence[PotentialTrust], names: Mapping[str, str], least: float = LEAST) -> tuple[str | None, str]:
    """The potential to use, None for none, and a sentence that says so; `found` as `assess` orders them."""
    if not found:
        return None, "No potential has been held against DFT, so there is none to trust: run DFT."
    best = found[0]
    name = names.get(best.potential, best.potential)
    why = f": {best.reasons[0]}" if best.reasons else ""
    if best.trust < least:
        return None, (
            f"Do not trust any: run DFT. The best, {name}, is right with a probability of {best.trust:.0%}{why}."
        )
    label = f"that it is {best.label}" if best.label else "the label that it would give"
    return best.potential, f"Trust {name} in {label}: right with a probability of {best.trust:.0%}."
