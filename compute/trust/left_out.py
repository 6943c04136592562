"""The trust model asked about chemistry it has not seen: everything is fitted anew without each group of compounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.trust.baselines import BASELINES
from compute.trust.features import EVIDENCE
from compute.trust.model import expected_trust, trust
from compute.trust.training import Examples, train

Array = NDArray[np.float64]

SITES = {"B": "b", "A": "a", "X": "x"}
"""What is left out: all compounds of one element on a site."""
INNER_FOLDS = 4
UNRUN = "formula, potential not run"


@dataclass(frozen=True)
class LeftOut:
    """Of every example, answers of models fitted without all compounds that share its element on `site`.

    `trusts` (n,) by method: the kinds of evidence, the baselines, and `UNRUN` for the trust to expect of a potential
    that has not been run. `bounds` (n,) in THz by kind of evidence.
    """

    site: str
    data: Examples
    trusts: dict[str, Array]
    bounds: dict[str, Array]

    @property
    def groups(self) -> NDArray[np.str_]:
        """The element left out (n,)."""
        return np.asarray(getattr(self.data, SITES[self.site]))


def rounds(data: Examples, site: str) -> list[str]:
    """The elements to leave out on `site`."""
    return [str(element) for element in np.unique(getattr(data, SITES[site]))]


def left_out(data: Examples, site: str, elements: Iterable[str]) -> LeftOut:
    """Answers for every example; `elements` are `rounds(data, site)`, one fit of everything for each."""
    n, of = len(data.b), getattr(data, SITES[site])
    trusts = {name: np.full(n, np.nan) for name in (*EVIDENCE, UNRUN, *BASELINES)}
    bounds = {kind: np.full(n, np.nan) for kind in EVIDENCE}
    for element in elements:
        fitted, asked, rows = data.chosen(of != element), data.chosen(of == element), of == element
        model = train(fitted, release="", folds=INNER_FOLDS)
        for kind, evidence in model.evidence.items():
            q = evidence.stable(asked.features, asked.potentials)
            trusts[kind][rows] = trust(q, asked.says_stable)
            bounds[kind][rows] = evidence.bound(asked.features, asked.potentials)
            if kind == "composition":
                expected = np.zeros(len(q))
                for potential, record in model.potentials.items():
                    own = asked.potentials == potential
                    expected[own] = expected_trust(q[own], record)
                trusts[UNRUN][rows] = expected
        for name, baseline in BASELINES.items():
            trusts[name][rows] = baseline(fitted, asked)
    return LeftOut(site, data, trusts, bounds)
