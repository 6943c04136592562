"""The trust model as data: coefficients in JSON, applied with NumPy.

One logistic regression per kind of evidence says how likely DFT is to call a compound stable, q. The trust in a
potential's label is then q where it says stable and 1 − q where it says unstable. Where the potential has not been run,
it is q s + (1 − q) u, with s and u the shares of DFT's stable and unstable compounds that the potential finds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from compute.files import write_atomic
from compute.tables.release import FITTED as FILE

Array = NDArray[np.float64]

FORMAT = 1
SMALL_THZ = 0.05
"""Added to |Δω| before its logarithm is fitted: smaller differences are below what DFT's published digits resolve."""


COMMAND = "softmode trust train"


class NoTrust(ValueError):
    """There is no score, and why, in a sentence."""


class Frozen(BaseModel):
    """Plain data that does not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Linear(Frozen):
    """A linear function of standardised features; a missing feature counts as its mean.

    `deviations` holds, per potential, what it adds to the coefficients of `deviating` and, last, to the intercept.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    deviating: tuple[str, ...] = ()
    deviations: Mapping[str, tuple[float, ...]] = {}

    def standardised(self, features: pd.DataFrame) -> Array:
        """The features (n, k), less their mean and over their spread; 0 for a missing one."""
        given = features.reindex(columns=list(self.names)).to_numpy(float)
        found: Array = np.nan_to_num((given - np.array(self.mean)) / np.array(self.scale), nan=0.0)
        return found

    def value(self, features: pd.DataFrame, potentials: NDArray[np.str_]) -> Array:
        """The function (n,) of `features` with a row per compound and potential; `potentials` (n,) are their ids."""
        given = self.standardised(features)
        found: Array = given @ np.array(self.coefficients) + self.intercept
        places = [self.names.index(name) for name in self.deviating]
        for potential, own in self.deviations.items():
            rows = potentials == potential
            found[rows] += given[np.ix_(rows, places)] @ np.array(own[:-1]) + own[-1]
        return found


class Evidence(Frozen):
    """The model for one kind of evidence.

    `logit` gives ln q/(1 − q) before it is calibrated by `slope` and `offset`; `size` gives ln(|Δω_min| + 0.05 THz),
    and `quantile` is what exp(size) is multiplied by for the interval of |Δω_min|.
    """

    logit: Linear
    slope: float
    offset: float
    size: Linear
    quantile: float

    def stable(self, features: pd.DataFrame, potentials: NDArray[np.str_]) -> Array:
        """Probability q (n,) that DFT calls the compound stable."""
        return logistic(self.slope * self.logit.value(features, potentials) + self.offset)

    def bound(self, features: pd.DataFrame, potentials: NDArray[np.str_]) -> Array:
        """|Δω_min| (n,) in THz that is not exceeded at the level of the model."""
        found: Array = np.maximum(self.quantile * np.exp(self.size.value(features, potentials)) - SMALL_THZ, 0)
        return found


class Record(Frozen):
    """How a potential did on the `n` compounds that it was fitted with: shares of DFT's two classes that it finds."""

    n: int
    n_stable: int
    finds_stable: float
    finds_unstable: float
    right: float


class NextRun(Frozen):
    """A compound that DFT could compute: whether the suite lists it, how likely DFT is to call it stable, and by how
    much the Brier score expected falls once it is known, after those before it in the list.
    """

    formula: str
    in_suite: bool
    probability_stable: float
    expected_reduction: float


class Fold(Frozen):
    """The model fitted without every compound of the elements `left_out` on B."""

    left_out: tuple[str, ...]
    evidence: Mapping[str, Evidence]


class TrustModel(Frozen):
    """Everything that an answer needs; `release` is that of the tables which it was fitted to.

    `short` names by site the elements whose intervals hold less often than they should, and how often they do.
    """

    format: int = FORMAT
    release: str
    suite: str
    tolerance_thz: float
    level: float
    n_compounds: int
    n_stable: int
    potentials: Mapping[str, Record]
    elements: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]
    evidence: Mapping[str, Evidence]
    folds: tuple[Fold, ...]
    short: Mapping[str, Mapping[str, float]] = {}
    next_runs: tuple[NextRun, ...] = ()

    @cached_property
    def fold_of(self) -> dict[str, int]:
        """Number of the fold that leaves out an element on B."""
        return {element: i for i, fold in enumerate(self.folds) for element in fold.left_out}

    def without(self, element: str, evidence: str) -> Evidence:
        """The model of one kind of evidence that has seen no DFT with `element` on B; the whole one where all have."""
        place = self.fold_of.get(element)
        return self.evidence[evidence] if place is None else self.folds[place].evidence[evidence]

    @property
    def prior(self) -> float:
        """Share of compounds that DFT calls stable."""
        return self.n_stable / self.n_compounds


def logistic(x: Any) -> Array:
    """1 / (1 + exp(−x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, float))))


def trust(q: Array, says_stable: NDArray[np.bool_]) -> Array:
    """Probability (n,) that the label is DFT's, from the probability q (n,) of stable and the label."""
    return np.where(says_stable, q, 1 - q)


def expected_trust(q: Array, record: Record) -> Array:
    """The same (n,) for a potential that has not been run, from how it did on each class."""
    return np.asarray(q * record.finds_stable + (1 - q) * record.finds_unstable)


def read(directory: Path) -> TrustModel:
    """The model beside the tables in `directory`; raises `NoTrust` where there is none that can be read."""
    path = directory / FILE
    try:
        content = path.read_bytes()
        found = TrustModel.model_validate_json(content)
    except FileNotFoundError as error:
        raise NoTrust(f"No trust is fitted to these tables yet. Fit it with: {COMMAND}") from error
    except (OSError, ValidationError) as error:
        raise NoTrust(f"{FILE} cannot be read. Make it anew with: {COMMAND}") from error
    if found.format != FORMAT:
        raise NoTrust(f"{FILE} has format {found.format}, not {FORMAT}. Make it anew with: {COMMAND}")
    return found


def write(model: TrustModel, directory: Path) -> None:
    """Write the model beside the tables in `directory`, whole or not at all."""
    rounded = json.loads(model.model_dump_json(), parse_float=lambda text: float(f"{float(text):.6g}"))
    write_atomic(directory / FILE, (json.dumps(rounded, indent=1, ensure_ascii=False) + "\n").encode())
