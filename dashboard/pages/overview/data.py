"""What one potential gets right and wrong, in a few numbers, and where in chemistry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from compute.statistics import confusion
from compute.statistics.verdicts import Score, counts
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries import stability
from dashboard.queries.compounds_sql import select
from dashboard.views.compounds import CompoundsView
from dashboard.views.stability import StabilityView


@dataclass(frozen=True)
class Headline:
    """Harmonic labels of one potential against DFT's over a suite, by the score's own rule.

    `missed` of `n_unstable` compounds that DFT calls unstable are not called so, `alarms` of `n_stable` the reverse.
    """

    score: Score
    n_unstable: int
    missed: int
    n_stable: int
    alarms: int
    n_not_run: int


@dataclass(frozen=True)
class FactorMap:
    """Compounds by tolerance and octahedral factor, arrays of length n, and a value each (0 or 1 for disagreement).

    `n_without_factors` more have no factors, and `n_without_value` have them and no value.
    """

    tolerance_factor: NDArray[np.float64]
    octahedral_factor: NDArray[np.float64]
    value: NDArray[np.float64]
    n_without_factors: int
    n_without_value: int


def headline(dataset: Dataset, suite: str, potential: str) -> Headline:
    """What the harmonic labels of `potential` get right, at the default tolerance."""
    return _headline(dataset, dataset.release(), suite, potential)


@lru_cache(maxsize=64)
def _headline(dataset: Dataset, release: str, suite: str, potential: str) -> Headline:
    view = StabilityView(suite=suite, potentials=(potential,))
    data = stability.compared(dataset, view, (potential,))
    (ss, su), (us, uu) = counts(data.truth, data.own[potential]).tolist()
    decided = np.isin(data.truth, confusion.CLASSES)
    return Headline(
        score=data.scores[potential],
        n_unstable=us + uu,
        missed=us,
        n_stable=ss + su,
        alarms=su,
        n_not_run=int(np.sum(decided & ~data.own[potential].run)),
    )


def factor_map(dataset: Dataset, suite: str, potential: str, colour: str) -> FactorMap:
    """The map of `suite`, coloured by DFT's σ, by the error of `potential`, or by whether its label is another.

    Errors are of ω_min (THz) where DFT publishes it, else of σ; labels likewise.
    """
    value = {
        "sigma": "dft_sigma",
        "error": "delta_omega_min_thz" if compared_quantity(suite) == "omega" else "delta_sigma",
        "disagreement": "CASE agreement WHEN 'agree' THEN 0 WHEN 'disagree' THEN 1 END",
    }[colour]
    view = coloured(suite, potential, colour)
    query = select(
        view,
        view.potentials,
        f"SELECT tolerance_factor AS t, octahedral_factor AS mu, CAST({value} AS DOUBLE) AS value, "
        "compound IN (SELECT compound FROM kept) AS kept FROM answers WHERE potential IS NOT DISTINCT FROM $only",
        only=potential or None,
    )
    frame = dataset.frame(query.sql, query.parameters)
    t, mu, values = (frame[name].to_numpy(float) for name in ("t", "mu", "value"))
    placed = np.isfinite(t) & np.isfinite(mu)
    known = placed & frame["kept"].to_numpy(bool)
    return FactorMap(
        tolerance_factor=t[known],
        octahedral_factor=mu[known],
        value=values[known],
        n_without_factors=int(np.sum(~placed)),
        n_without_value=int(np.sum(placed & ~known)),
    )


def coloured(suite: str, potential: str, colour: str) -> CompoundsView:
    """The compounds that have a value on the map, as the table of compounds lists them."""
    view = CompoundsView(
        suite=suite,
        potentials=(potential,),
        criterion="harmonic" if compared_quantity(suite) == "omega" else "sigma",
        truth=("stable", "unstable"),
    )
    if colour == "sigma":
        return replace(view, criterion="sigma")
    if colour == "disagreement":
        return replace(view, agreement=("agree", "disagree"))
    return replace(view, status=("ok",), answer=("stable", "unstable", "undecidable"))


def in_cell(view: CompoundsView, tolerance: tuple[float, float], octahedral: tuple[float, float]) -> CompoundsView:
    """Of the compounds of `view` those whose factors lie in a cell of the map."""
    return replace(
        view,
        factor_low=tolerance[0],
        factor_high=tolerance[1],
        octahedral_low=octahedral[0],
        octahedral_high=octahedral[1],
    )


def compared_quantity(suite: str) -> str:
    """What DFT publishes for the map to be coloured by the potential's error: `omega` or `sigma`."""
    return "omega" if "harmonic" in SUITES[suite].criteria else "sigma"
