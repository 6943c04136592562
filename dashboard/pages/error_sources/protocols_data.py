"""σ of the same compound and potential by two sampling protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNSTABLE, sigma_labels
from compute.statistics.deviation import Agreement, agreement
from dashboard.dataset import Dataset

Values = NDArray[np.float64]

# One row per compound, potential and two protocols.
_PAIRED = """
WITH paired AS (
    SELECT one.suite, one.protocol AS first_protocol, two.protocol AS second_protocol, one.compound, one.potential,
           one.sigma AS first, two.sigma AS second, one.sigma_se AS first_se, two.sigma_se AS second_se,
           one.status AS first_status, two.status AS second_status
    FROM newest_sigma one JOIN newest_sigma two USING (suite, compound, potential, geometry)
    WHERE one.protocol < two.protocol
)
"""


@dataclass(frozen=True)
class ProtocolPair:
    """Two protocols that share `n` compounds of a suite, counted per potential."""

    suite: str
    first: str
    second: str
    n: int

    @property
    def id(self) -> str:
        """As the address names it."""
        return f"{self.suite}.{self.first}~{self.second}"


@dataclass(frozen=True)
class Protocols:
    """One potential: σ of the same n compounds by both protocols, arrays of length n, and second − first.

    `n_flipped` of them are on the other side of σ = 1, `n_beyond` of those by more than two standard errors of each.
    `first_only` counts the compounds that the second did not finish, by how it failed, and `second_only` the others.
    """

    potential: str
    compounds: NDArray[np.object_]
    first: Values
    second: Values
    agreement: Agreement
    n_flipped: int
    n_beyond: int
    first_only: Mapping[str, int]
    second_only: Mapping[str, int]


def protocol_pairs(dataset: Dataset) -> list[ProtocolPair]:
    """Pairs that share a compound and potential, those with most first."""
    return list(_protocol_pairs(dataset, dataset.release()))


@lru_cache(maxsize=4)
def _protocol_pairs(dataset: Dataset, release: str) -> tuple[ProtocolPair, ...]:
    frame = dataset.frame(
        f"{_PAIRED} SELECT suite, first_protocol, second_protocol, count(*) AS n FROM paired "
        "WHERE first IS NOT NULL AND second IS NOT NULL GROUP BY ALL "
        "ORDER BY n DESC, suite, first_protocol, second_protocol"
    )
    return tuple(
        ProtocolPair(row.suite, row.first_protocol, row.second_protocol, int(row.n))
        for row in frame.itertuples(index=False)
    )


def protocols(dataset: Dataset, pair: ProtocolPair) -> list[Protocols]:
    """Every potential that has both protocols of `pair`."""
    return list(_protocols(dataset, dataset.release(), pair))


@lru_cache(maxsize=32)
def _protocols(dataset: Dataset, release: str, pair: ProtocolPair) -> tuple[Protocols, ...]:
    frame = dataset.frame(
        f"{_PAIRED} SELECT * FROM paired WHERE suite = $suite AND first_protocol = $first "
        "AND second_protocol = $second ORDER BY potential, compound",
        {"suite": pair.suite, "first": pair.first, "second": pair.second},
    )
    found = []
    for potential, tried in frame.groupby("potential"):
        rows = tried[tried["first"].notna() & tried["second"].notna()]
        if rows.empty:
            continue
        first, second, first_se, second_se = (
            rows[name].to_numpy(float, na_value=np.nan) for name in ("first", "second", "first_se", "second_se")
        )
        beyond = [sigma_labels(first, sigma_se=first_se), sigma_labels(second, sigma_se=second_se)]
        found.append(
            Protocols(
                potential=str(potential),
                compounds=rows["compound"].to_numpy(object),
                first=first,
                second=second,
                agreement=agreement(second, first, draws=200),
                n_flipped=int(np.sum(sigma_labels(first) != sigma_labels(second))),
                n_beyond=int(
                    np.sum((beyond[0] != beyond[1]) & np.all([np.isin(b, (STABLE, UNSTABLE)) for b in beyond], axis=0))
                ),
                first_only=_failed(tried[tried["first"].notna()], "second"),
                second_only=_failed(tried[tried["second"].notna()], "first"),
            )
        )
    return tuple(found)


def _failed(rows: pd.DataFrame, side: str) -> dict[str, int]:
    """How `side` failed on those of `rows` that it did not finish, most frequent first."""
    counts = rows.loc[rows[side].isna(), f"{side}_status"].value_counts()
    return {str(status): int(n) for status, n in counts.items()}
