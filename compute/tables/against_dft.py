"""Foundation potentials against DFT's force constants: the rows that answer, and the table that is made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from compute.physics.stability import MISSING, harmonic_labels
from compute.statistics.leaderboard import QUANTITIES, BoardLine, TestedPair, anion, leaderboard, pairs
from compute.suites import SUITES

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE_THZ = 0.1
"""At which labels are compared here: stable when the softest commensurate ω lies above its negative."""
SUITES_WITH_PHONONS = ("alexandria50", "mp0b3")
"""Suites whose DFT force constants are kept, the one that decides the ranking first."""

_ROWS = f"""
SELECT h.compound, h.potential, h.geometry, h.status, h.reason, h.omega_min_thz,
       {", ".join(f"h.{quantity}" for quantity in QUANTITIES)}, r.formula, r.omega_min_thz AS dft_omega_min_thz
FROM harmonic h
JOIN chosen c ON c.suite = h.suite AND c.potential = h.potential AND c.run = h.run AND c.geometry = h.geometry
JOIN "references" r ON r.suite = h.suite AND r.compound = h.compound
JOIN potentials p ON p.potential = h.potential
WHERE h.suite = $suite AND (p.category <> 'distilled' OR h.potential = $also)
ORDER BY h.potential, h.compound
"""

Query: TypeAlias = "Callable[[str, Mapping[str, Any]], pd.DataFrame]"


@dataclass(frozen=True)
class AgainstDft:
    """Potentials of one suite in order, and every two of them tested.

    `elsewhere` are those that stand in their own cell, not in DFT's. DFT calls `n_stable` of the materials stable and
    `n_unstable` not; they have `n_clusters` anions.
    """

    suite: str
    standings: tuple[BoardLine, ...]
    pairs: tuple[TestedPair, ...]
    elsewhere: frozenset[str]
    n_stable: int
    n_unstable: int
    n_clusters: int

    @property
    def n(self) -> int:
        """Materials that DFT labels."""
        return self.n_stable + self.n_unstable

    def pair(self, quantity: str, first: str, second: str) -> TestedPair | None:
        """The test of two potentials in either order; None where they share too few materials."""
        names = sorted((first, second))
        found = (p for p in self.pairs if p.quantity == quantity and [p.first, p.second] == names)
        return next(found, None)


def against_dft(query: Query, suite: str, compounds: Collection[str] | None = None, also: str = "") -> AgainstDft:
    """The table of `suite`, of all or of these `compounds`; `query` runs SQL with parameters on the joined tables.

    Distilled models are left out, but the one that `also` names.
    """
    frame = query(_ROWS, {"suite": suite, "also": also})
    if compounds is not None:
        frame = frame[frame["compound"].isin(compounds)]
    own = harmonic_labels(frame["omega_min_thz"].to_numpy(float, na_value=np.nan), TOLERANCE_THZ)
    dft = harmonic_labels(frame["dft_omega_min_thz"].to_numpy(float, na_value=np.nan), TOLERANCE_THZ)
    rows = [
        {**row, "label": ours, "dft_label": None if theirs == MISSING else theirs}
        for row, ours, theirs in zip(frame.to_dict("records"), own.tolist(), dft.tolist(), strict=True)
    ]
    clusters = {row["compound"]: cluster(row["formula"]) for row in rows}
    labels = {row["compound"]: row["dft_label"] for row in rows}
    standings = leaderboard(rows, clusters)
    return AgainstDft(
        suite=suite,
        standings=tuple(standings),
        pairs=tuple(pairs(rows, clusters)),
        elsewhere=frozenset(row["potential"] for row in rows if row["geometry"] == "relaxed"),
        n_stable=sum(label == "stable" for label in labels.values()),
        n_unstable=sum(label == "unstable" for label in labels.values()),
        n_clusters=len(set(clusters.values())),
    )


def cluster(formula: str) -> str:
    """The anion of `formula`: materials that share it are drawn together."""
    return anion(re.findall(r"[A-Z][a-z]?", formula))


def to_plain(found: AgainstDft, query: Query) -> dict[str, Any]:
    """The table as JSON, NaN as null: what the command line prints and the API answers."""
    about = query("SELECT potential, name, family, benchmark, training_set, functional, licence FROM potentials", {})
    known = {row["potential"]: row for row in about.to_dict("records")}
    return {
        "suite": found.suite,
        "n": found.n,
        "n_stable": found.n_stable,
        "n_unstable": found.n_unstable,
        "n_clusters": found.n_clusters,
        "tolerance_thz": TOLERANCE_THZ,
        "caution": SUITES[found.suite].caution,
        "null_labels_right": max(found.n_stable, found.n_unstable),
        "potentials": [_plain_line(line, known[line.potential], found) for line in found.standings],
        "pairs": [_finite(asdict(pair)) | {"measurable": pair.measurable} for pair in found.pairs],
    }


def _plain_line(line: BoardLine, about: Mapping[str, Any], found: AgainstDft) -> dict[str, Any]:
    return {
        **{name: about[name] for name in ("potential", "name", "family", "training_set", "functional", "licence")},
        "benchmark": bool(about["benchmark"]),
        "cell": "its own" if line.potential in found.elsewhere else "DFT's",
        "n": line.n_ok,
        "n_failed": line.n_failed,
        "n_not_run": line.n_not_run,
        **{name: _finite(asdict(median)) for name, median in line.medians.items()},
        "labels": {**asdict(line.labels), "n_right": line.labels.n_right, "smaller_class": line.labels.smaller_class},
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(v, float) and np.isnan(v) else v for name, v in values.items()}
