"""One compound of the data: what a page asks of it is read once, and only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from compute.structures.formula import FormulaError
from compute.trust.answer import LEAST
from compute.trust.features import SUITE
from compute.trust.model import NoTrust
from dashboard.dataset import Dataset
from dashboard.queries import bands as compound_bands
from dashboard.queries import compound as rows
from dashboard.queries import coverage, formulas
from dashboard.queries import potentials as models
from dashboard.queries.bands import Bands, ModePairs, StoredBands
from dashboard.queries.structure import Structure, structure
from dashboard.queries.trust import Trusted, trusted
from dashboard.views.compound import CompoundView


@dataclass(frozen=True, eq=False)
class KnownCompound:
    """A compound; `known` is its row of `references`."""

    dataset: Dataset
    known: rows.Row

    @property
    def suite(self) -> str:
        """Suite of the compound."""
        return str(self.known["suite"])

    @property
    def name(self) -> str:
        """Canonical formula, or material id."""
        return str(self.known["compound"])

    @property
    def prototyped(self) -> bool:
        """Whether its prototype is one that can be drawn and sampled."""
        return self.known["prototype"] in rows.PROTOTYPES

    @cached_property
    def sigma(self) -> pd.DataFrame:
        """Every run of σ."""
        return rows.sigma_rows(self.dataset, self.suite, self.name)

    @cached_property
    def bands(self) -> tuple[Bands, ...]:
        """Bands of every set of force constants."""
        return compound_bands.bands(self.dataset, self.suite, self.name, self.known["prototype"])

    @cached_property
    def dft(self) -> Bands | None:
        """Bands of DFT's own force constants, where they are published."""
        return compound_bands.bands_of_dft(self.dataset, self.suite, self.name, self.known["prototype"])

    @cached_property
    def stored_bands(self) -> tuple[StoredBands, ...]:
        """Bands as the table `bands` has them."""
        return compound_bands.stored_bands(self.dataset, self.suite, self.name)

    @cached_property
    def mode_pairs(self) -> tuple[ModePairs, ...]:
        """Modes of potentials beside DFT's, where a source stored the forces of both."""
        return compound_bands.mode_pairs(self.dataset, self.suite, self.name)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of potentials for people."""
        return coverage.potential_names(self.dataset)

    @cached_property
    def trust(self) -> Trusted | None:
        """The trust in every potential; None where the score is not fitted to the suite or there is none."""
        try:
            return trusted(self.dataset, self.name, LEAST) if self.suite == SUITE else None
        except (NoTrust, FormulaError):
            return None

    @cached_property
    def first_constants(self) -> str:
        """Key of the force constants shown unasked: harmonic, of the potential that the suite ranks first; the first
        potential with stored modes."""
        if self.mode_pairs:
            return self.mode_pairs[0].potential
        return next((b.key for b in self.bands), "")

    def answers(self, view: CompoundView) -> pd.DataFrame:
        """One row per potential with labels at the view's thresholds, as `queries.compound.answers` gives them."""
        return rows.answers(self.dataset, self.suite, self.name, view.tolerance_thz, view.threshold)

    def shown(self, view: CompoundView) -> Bands | None:
        """The force constants that the view names; None where there are none."""
        return next((b for b in self.bands if b.key == view.constants), None)

    def stored(self, view: CompoundView) -> ModePairs | None:
        """The stored modes of the potential that the view names; None where there are none."""
        return next((pairs for pairs in self.mode_pairs if pairs.potential == view.constants), None)

    def cell(self, view: CompoundView) -> Structure | None:
        """The cell of the force constants or modes that are shown; without any, DFT's or a potential's."""
        shown = self.shown(view) or self.stored(view)
        return structure(self.dataset, self.known) if shown is None else shown.structure

    def other_levels(self, potentials: Iterable[str]) -> dict[str, str]:
        """By potential of `potentials` the functional that it is trained on, where it is not that of the compound."""
        wanted = set(potentials)
        trained = {p: text for p, text in models.trained_on(self.dataset).items() if p in wanted}
        return models.other_levels(trained, [self.known["functional"]])


def find(dataset: Dataset, suite: Any, compound: Any) -> KnownCompound | None:
    """The compound of this name, or the only one of this formula, in any order of its elements; else None."""
    if not isinstance(suite, str) or not isinstance(compound, str):
        return None
    names = formulas.named(dataset, [suite], compound)
    known = rows.reference(dataset, suite, names[0]) if len(names) == 1 else None
    return None if known is None else KnownCompound(dataset, known)
