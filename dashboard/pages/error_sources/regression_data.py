"""How much of a potential's σ, DFT's given, goes together with its errors of ω², over the compounds of abx3."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from compute.statistics.regression import PLACES, Explained, explained, square_errors
from dashboard.dataset import Dataset
from dashboard.queries.coverage import distilled, foundation_first
from dashboard.views.codec import ANIONS

SUITE = "abx3"
DRAWS = 200
"""Bootstrap draws: enough for an interval of two digits, few enough to wait for."""

# As `softmode data explained`: the DFT cell on both sides, failed ones counted.
_SIGMA = "FROM newest_sigma s WHERE s.suite = $suite AND s.geometry = 'reference'"


@dataclass(frozen=True)
class Regression:
    """What can be regressed: a potential with σ by a protocol, over `n` compounds that were sampled."""

    potential: str
    protocol: str
    n: int

    @property
    def id(self) -> str:
        """As the address names it."""
        return f"{self.potential}~{self.protocol}"


@dataclass(frozen=True)
class ExplainedShare:
    """What is explained over one anion or, with None, over all."""

    anion: str | None
    result: Explained


def regressions(dataset: Dataset) -> list[Regression]:
    """Potentials and protocols with σ in the DFT cell, most compounds first, those that were distilled last."""
    return list(_regressions(dataset, dataset.release()))


@lru_cache(maxsize=4)
def _regressions(dataset: Dataset, release: str) -> tuple[Regression, ...]:
    frame = dataset.frame(
        f"SELECT potential, protocol, count(*) AS n {_SIGMA} GROUP BY ALL ORDER BY n DESC, potential, protocol",
        {"suite": SUITE},
    )
    found = [Regression(row.potential, row.protocol, int(row.n)) for row in frame.itertuples(index=False)]
    order = foundation_first(dataset, dict.fromkeys(regression.potential for regression in found))
    taught = set(distilled(dataset))
    return tuple(sorted(found, key=lambda r: order.index(r.potential) if r.potential in taught else -1))


def shares(dataset: Dataset, potential: str, protocol: str) -> list[ExplainedShare]:
    """All compounds together, then by anion."""
    return list(_shares(dataset, dataset.release(), potential, protocol))


@lru_cache(maxsize=32)
def _shares(dataset: Dataset, release: str, potential: str, protocol: str) -> tuple[ExplainedShare, ...]:
    columns = ", ".join(f"h.omega_{place}_thz, d.omega_{place}_thz AS dft_omega_{place}_thz" for place in PLACES)
    rows = dataset.frame(
        f"SELECT s.compound, d.X, s.sigma, d.sigma AS dft_sigma, {columns} FROM (SELECT * {_SIGMA}) s "
        'JOIN "references" d USING (suite, compound) '
        "LEFT JOIN newest_harmonic h ON h.suite = s.suite AND h.compound = s.compound AND h.potential = s.potential "
        "AND h.geometry = s.geometry AND h.status = 'ok' "
        "WHERE s.potential = $potential AND s.protocol = $protocol ORDER BY s.compound",
        {"suite": SUITE, "potential": potential, "protocol": protocol},
    )
    found = []
    for anion in (None, *(anion for anion in ANIONS if anion in set(rows["X"]))):
        part = rows if anion is None else rows[rows["X"] == anion]
        omegas, dft = (
            {place: part[f"{side}omega_{place}_thz"].to_numpy(float, na_value=np.nan) for place in PLACES}
            for side in ("", "dft_")
        )
        sigma, given = (part[name].to_numpy(float, na_value=np.nan) for name in ("sigma", "dft_sigma"))
        found.append(ExplainedShare(anion, explained(sigma, given, square_errors(omegas, dft, SUITE), draws=DRAWS)))
    return tuple(found)
