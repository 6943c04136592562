"""The leaderboard's answer: what is said of each potential, and of every two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import Field, create_model

from compute.statistics.leaderboard import QUANTITIES
from compute.tables.schemas import SCHEMAS
from dashboard.api.answers import Answer
from dashboard.api.parameters import Parameters, SuiteOfPhonons


class LeaderboardParameters(Parameters):
    """Of a request for the leaderboard."""

    suite: SuiteOfPhonons = Field("alexandria50", description="suite whose DFT force constants are kept")


class MedianAnswer(Answer):
    """Median over `n` materials with its 95 % interval, whole anions drawn together; null is "not defined"."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class LabelsAnswer(Answer):
    """Harmonic labels against DFT's; a failure counts as wrong."""

    n_stable: int = Field(description="materials that DFT calls stable")
    n_unstable: int = Field(description="materials that DFT calls unstable")
    missed: int = Field(description="of the unstable, called stable")
    alarms: int = Field(description="of the stable, called unstable")
    n_failed: int
    n_right: int
    smaller_class: int = Field(description="materials in the rarer class of DFT's")


def _text(column: str) -> str:
    metadata = SCHEMAS["harmonic"].field(column).metadata
    unit = metadata[b"unit"].decode()
    return f"{metadata[b'description'].decode()} ({unit})" if unit else str(metadata[b"description"].decode())


_OF_POTENTIAL: dict[str, Any] = {
    "potential": str,
    "name": str,
    "family": str,
    "training_set": str,
    "functional": (str, Field(description="functional of the training data")),
    "licence": str,
    "benchmark": (bool, Field(description="one of the four models of doi:10.1039/d5cp04693a")),
    "cell": (str, Field(description="the cell that it stands in: DFT's, or its own")),
    "n": (int, Field(description="materials with numbers")),
    "n_failed": int,
    "n_not_run": int,
    **{quantity: (MedianAnswer, Field(description=_text(quantity))) for quantity in QUANTITIES},
    "labels": LabelsAnswer,
}
if TYPE_CHECKING:
    PotentialLine: TypeAlias = Answer
else:  # in the document it has these fields
    PotentialLine = create_model("PotentialLine", __base__=Answer, __doc__="One foundation potential.", **_OF_POTENTIAL)


class PairAnswer(Answer):
    """Two potentials on the `n` materials that both have: the geometric mean of first/second with its interval."""

    quantity: str
    first: str
    second: str
    n: int
    ratio: float | None
    low: float | None
    high: float | None
    p: float = Field(description="of random signs")
    p_holm: float = Field(description="corrected over all pairs of this quantity")
    n_clusters: int = Field(description="anions")
    n_alike: int = Field(description="anions in which the mean has the same sign as over all")
    measurable: bool = Field(description="p_holm below 0.05")


class LeaderboardAnswer(Answer):
    """Foundation potentials against DFT's force constants; models distilled from another potential are left out."""

    release: str = Field(description="release of the data")
    suite: SuiteOfPhonons
    n: int = Field(description="materials that DFT labels")
    n_stable: int
    n_unstable: int
    n_clusters: int = Field(description="anions, which the intervals draw together")
    tolerance_thz: float
    caution: str = Field(description="what stands beside every number of the suite")
    null_labels_right: int = Field(description="labels that always answering DFT's commoner class gets right")
    potentials: list[PotentialLine]
    pairs: list[PairAnswer]
