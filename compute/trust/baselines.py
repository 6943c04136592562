"""What the trust model has to beat: the same question answered by one number. Fitted as it is, on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.trust.model import logistic, trust
from compute.trust.training import Examples, regressions

Array = NDArray[np.float64]


def prior(fitted: Examples, asked: Examples) -> Array:
    """Per potential the share of its labels that are right: the class prior, the same for every compound."""
    return _share(fitted.right, fitted.potentials, asked.potentials)


def label(fitted: Examples, asked: Examples) -> Array:
    """Per potential and label the share that is right."""
    return _share(fitted.right, _joined(fitted), _joined(asked))


def votes(fitted: Examples, asked: Examples) -> Array:
    """By the share of potentials that say stable, how often DFT does: the vote split at its best."""
    q = _share(fitted.dft_stable, fitted.features["votes"].to_numpy(), asked.features["votes"].to_numpy())
    return trust(q, asked.says_stable)


def margin(fitted: Examples, asked: Examples) -> Array:
    """A logistic function, for each potential, of its label and of how far its ω_min is from the tolerance."""
    logit, _ = regressions(fitted, "calculation", ("says_stable", "margin", "distance"))
    return trust(logistic(logit.value(asked.features, asked.potentials)), asked.says_stable)


BASELINES: Mapping[str, Callable[[Examples, Examples], Array]] = {
    "class prior": prior,
    "label alone": label,
    "vote split": votes,
    "margin alone": margin,
}
"""Trust (n,) in the labels of the second examples, from the first."""


def _share(outcome: NDArray[np.bool_], kinds: NDArray[np.generic], asked: NDArray[np.generic]) -> Array:
    """Share of `outcome` among those of the same kind, as if each kind had two more, one of either outcome."""
    known = pd.Series(outcome).groupby(pd.Series(kinds)).agg(["sum", "size"])
    share = (known["sum"] + 1) / (known["size"] + 2)
    overall = (outcome.sum() + 1) / (len(outcome) + 2)
    return np.asarray(pd.Series(asked).map(share).fillna(overall), float)


def _joined(data: Examples) -> NDArray[np.str_]:
    return np.char.add(data.potentials, np.where(data.says_stable, " stable", " unstable"))
