"""What the sampling protocol does to σ: the same potential and compounds by two of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from compute.physics.stability import sigma_labels
from compute.protocols import SAMPLING_NAMES
from compute.reports.markdown import ReportTables, interval, listed, table
from compute.statistics.bootstrap import clusters_of
from compute.statistics.deviation import agreement

_RUN = """
SELECT n.suite, n.potential, n.protocol, n.compound, n.status, n.sigma, d.B, d.Bp
FROM newest_sigma n LEFT JOIN "references" d USING (suite, compound) ORDER BY ALL
"""
_SAID = """
The same potential and compounds, sampled in two ways; DFT takes no part. n compounds have σ by both. The last columns
count those that only one of the two finished, by how the other failed."""


def effect(release: ReportTables, potentials: Sequence[str]) -> str:
    """σ by every two protocols that compounds of one potential share, and what becomes of those that fail."""
    rows = release.rows(_RUN)
    rows = rows[rows["potential"].isin(potentials)]
    lines = []
    for (suite, potential), part in rows.groupby(["suite", "potential"]):
        named = sorted(part["protocol"].unique(), key=_order)
        tried = {protocol: part[part["protocol"] == protocol].set_index("compound") for protocol in named}
        for first, second in combinations(named, 2):
            both = tried[first].merge(tried[second], on=["compound", "B", "Bp"], suffixes=("_first", "_second"))
            if len(both):
                lines.append((suite, potential, first, second, *_cells(both, str(suite))))
    head = ("suite", "potential", "first", "second", "n", "second − first, mean", "RMS difference", "rank correlation",
            "on the other side of σ = 1", "finished by the first only", "by the second only")  # fmt: skip
    return f"## What the sampling does to σ\n{_SAID}\n\n{table(head, lines) if lines else 'Not computed.'}"


def _order(protocol: str) -> int:
    return [protocol.startswith(name) for name in SAMPLING_NAMES].index(True)


def _cells(both: pd.DataFrame, suite: str) -> tuple[str, ...]:
    first, second = (both[f"sigma_{side}"].to_numpy(float) for side in ("first", "second"))
    finished = np.isfinite(first) & np.isfinite(second)
    clusters = [way[finished] for way in clusters_of(both, suite)]
    found = agreement(second[finished], first[finished], clusters=clusters)
    flipped = int(np.sum(sigma_labels(first[finished]) != sigma_labels(second[finished])))
    failed = [
        both.loc[np.isfinite(one) & ~np.isfinite(other), f"status_{side}"].value_counts()
        for one, other, side in ((first, second, "second"), (second, first, "first"))
    ]
    return (
        f"{found.n:,}", interval(found.bias, 3, signed=True), interval(found.rmse, 3), interval(found.spearman),
        f"{flipped:,}", *(listed(counts.to_dict()) for counts in failed),
    )  # fmt: skip
