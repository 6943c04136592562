"""The trust model asked about materials that are no cubic perovskites: whether anything of it carries over.

It is fitted to ABX3 and applied as it is. A material without the sites A, B and X has no features of the formula, and
what its source did not store of a calculation is missing too: `Linear` takes a missing feature as the mean of ABX3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.tables.against_dft import cluster
from compute.trust.baselines import label, margin, prior
from compute.trust.features import EVIDENCE
from compute.trust.model import TrustModel, trust
from compute.trust.training import Examples, examples

Array = NDArray[np.float64]

SUITES_OUTSIDE = ("alexandria50", "mp64", "phonondb")
"""Suites whose stored frequencies of potentials and of DFT the model has not been fitted to, of any structure type."""
KINDS = ("calculation", "committee")
"""Kinds of evidence that such a material can have: of the formula alone nothing is known."""
VOTES = "vote split"


@dataclass(frozen=True, eq=False)
class Outside:
    """Answers of the model of ABX3 for every label of one suite.

    `trusts` (n,) by method: `KINDS`, baselines fitted to ABX3, and `VOTES`, the share of the potentials that give the
    same label, which needs no fit. `bounds` (n,) in THz by kind. `anions` (n,) is by what labels are drawn together.
    `known` are the features that the suite has, of those the model uses.
    """

    suite: str
    data: Examples
    anions: NDArray[np.str_]
    trusts: dict[str, Array]
    bounds: dict[str, Array]
    known: tuple[str, ...]


def outside(model: TrustModel, fitted: Examples, rows: pd.DataFrame, suite: str) -> Outside:
    """The answers for `rows` of `suite` as `features.rows_of` asks for them, by `model`, which was made of `fitted`."""
    data = examples(rows, suite)
    votes = data.features["votes"].to_numpy(float)
    trusts = {
        "class prior": prior(fitted, data),
        "label alone": label(fitted, data),
        VOTES: trust(votes, data.says_stable),
        "margin alone": margin(fitted, data),
    }
    bounds = {}
    for kind in KINDS:
        evidence = model.evidence[kind]
        trusts[kind] = trust(evidence.stable(data.features, data.potentials), data.says_stable)
        bounds[kind] = evidence.bound(data.features, data.potentials)
    formulas = dict(zip(rows["compound"], rows["formula"], strict=True))
    used = {name for kind in KINDS for name in model.evidence[kind].logit.names}
    return Outside(
        suite=suite,
        data=data,
        anions=np.array([cluster(formulas[name]) for name in data.compounds], dtype=str),
        trusts=trusts,
        bounds=bounds,
        known=tuple(name for name in EVIDENCE["committee"] if name in used and data.features[name].notna().any()),
    )
