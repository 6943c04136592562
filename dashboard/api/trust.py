"""How far the labels of potentials can be trusted for one compound: the same as on the page Trust."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from compute.structures.formula import FormulaError
from compute.trust.answer import LEAST
from compute.trust.model import NoTrust
from dashboard.api.answers import Answer
from dashboard.api.parameters import Label, Parameters
from dashboard.api.problems import ApiError
from dashboard.dataset import Dataset
from dashboard.queries.trust import trusted

Formula = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")]


class TrustParameters(Parameters):
    """Of a request for the trust in potentials."""

    compound: Formula = Field(description="formula of a cubic perovskite ABX3, of the suite or not")
    least: float = Field(LEAST, ge=0, le=1, allow_inf_nan=False, description="trust from which one is recommended")


class Votes(Answer):
    """Labels of all potentials that were run."""

    stable: int
    unstable: int


class PotentialTrustAnswer(Answer):
    """The trust in one potential for the compound."""

    potential: str
    trust: float = Field(description="probability that its label is DFT's; where it was not run, the one to expect")
    label: Label | None = Field(description="its label at the tolerance of the model; null where it was not run")
    omega_min_thz: float | None = Field(description="its softest mode (THz)")
    probability_stable: float = Field(description="that DFT calls the compound stable")
    error_thz: float = Field(description="|Δω_min| that is not exceeded at the level (THz)")
    level: float
    prior: float = Field(description="share of all its labels that are right")
    evidence: str = Field(description="what the score rests on: composition, calculation or committee")
    votes: Votes
    reasons: list[str] = Field(description="what speaks against the label here")
    missing: list[str] = Field(description="features that are not known here and count as average")


class TrustAnswer(Answer):
    """What to do with one compound, and the trust in each potential, the highest first."""

    release: str = Field(description="release of the data")
    fitted_to: str = Field(description="release of the data that the score was fitted to")
    compound: str
    in_suite: bool = Field(description="whether DFT is published of it; then no DFT of its element on B was used")
    recommended: str | None = Field(description="the potential to use; null: run DFT")
    advice: str
    known: str = Field(description="what is known of the compound, in a sentence")
    potentials: list[PotentialTrustAnswer]


def trust_of(dataset: Dataset, release: str, asked: TrustParameters) -> dict[str, Any]:
    """The answer to a request."""
    try:
        found = trusted(dataset, asked.compound, asked.least)
    except (NoTrust, FormulaError) as error:
        raise ApiError(HTTPStatus.NOT_FOUND, str(error)) from error
    return TrustAnswer(
        release=release,
        fitted_to=found.fitted_to,
        compound=found.subject.formula,
        in_suite=found.subject.in_suite,
        recommended=found.recommended,
        advice=found.sentence,
        known=found.where,
        potentials=[
            PotentialTrustAnswer.model_validate(
                {
                    **asdict(one),
                    "votes": {"stable": one.votes[0], "unstable": one.votes[1]},
                    "reasons": list(one.reasons),
                    "missing": list(one.missing),
                }
            )
            for one in found.found
        ],
    ).model_dump()
