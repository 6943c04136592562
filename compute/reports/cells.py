"""What the cell does to harmonic frequencies: the same potential and compounds at DFT's cell and at its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from compute.physics.stability import harmonic_labels
from compute.reports.accuracy import TOLERANCE_THZ
from compute.reports.markdown import ReportTables, interval, listed, table
from compute.statistics import confusion
from compute.statistics.comparable import comparable
from compute.statistics.deviation import Interval, agreement
from compute.statistics.paired import differences_of_counts
from compute.statistics.verdicts import answer_labels, truth_labels

# One row per compound that a potential was run on at both cells; of several runs at one, the newest.
_BOTH = """
WITH newest AS (
    SELECT h.suite, h.potential, h.geometry, h.compound, h.status, h.a AS cell, h.omega_min_thz, h.noise_floor_thz
    FROM harmonic h LEFT JOIN runs r USING (run) WHERE h.status <> 'not-run'
    QUALIFY row_number() OVER (
        PARTITION BY h.suite, h.potential, h.geometry, h.compound ORDER BY r.started DESC NULLS LAST, h.run DESC
    ) = 1
)
SELECT suite, potential, d.lattice_constant, d.omega_min_thz AS dft,
       g.status AS status_given, g.omega_min_thz AS given, g.noise_floor_thz AS noise_given,
       o.status AS status_own, o.omega_min_thz AS own, o.noise_floor_thz AS noise_own, o.cell
FROM newest g JOIN newest o USING (suite, potential, compound) JOIN "references" d USING (suite, compound)
WHERE g.geometry = 'reference' AND o.geometry = 'relaxed' ORDER BY suite, potential, compound
"""
_SAID = """
The same potential and compounds at the published cell of DFT and at the cell that the potential itself relaxes to,
symmetry kept; ω is cut at 0. n compounds have frequencies at both; the last column counts those that have none at
their own. In the MCC an undecidable or failed one counts as wrong. A relaxed cell adds the error of the potential's
lattice constant to that of its forces."""
_HEAD = (
    "suite", "potential", "n", "own lattice constant against DFT's, mean, %", "RMS, %",
    "softest ω, own − DFT's, mean (THz)", "rank correlation", "other label", "MCC, own − DFT's", "failed",
)  # fmt: skip


def effect(release: ReportTables, potentials: Sequence[str]) -> str:
    """Lattice constants, softest modes and labels at relaxed cells beside those at published ones; or nothing."""
    rows = release.rows(_BOTH)
    rows = rows[rows["potential"].isin(potentials)]
    lines = [(*names, *_cells(str(names[0]), part)) for names, part in rows.groupby(["suite", "potential"])]
    return f"## What relaxing the cell does\n{_SAID}\n\n{table(_HEAD, lines)}" if lines else ""


def _cells(suite: str, rows: pd.DataFrame) -> tuple[str, ...]:
    given, own = (rows[name].to_numpy(float) for name in ("given", "own"))
    finished = np.isfinite(given) & np.isfinite(own)
    cell = agreement(100 * rows.loc[finished, "cell"].to_numpy(float) / rows.loc[finished, "lattice_constant"] - 100,
                     np.zeros(int(finished.sum())))  # fmt: skip
    softest = agreement(*(comparable(rows[name].astype(float), suite, "min")[finished] for name in ("own", "given")))
    truth = truth_labels(harmonic_labels(rows["dft"].astype(float), TOLERANCE_THZ))
    labels = {
        side: answer_labels(
            harmonic_labels(rows[side].astype(float), TOLERANCE_THZ, rows[f"noise_{side}"].astype(float)),
            rows[f"status_{side}"].to_numpy(str),
        )
        for side in ("own", "given")
    }
    apart = differences_of_counts({"mcc": confusion.mcc}, truth, labels["own"], labels["given"])["mcc"]
    failed = rows.loc[np.isfinite(given) & ~np.isfinite(own), "status_own"].value_counts()
    return (
        f"{finished.sum():,}", interval(cell.bias, 2, signed=True), interval(cell.rmse),
        interval(softest.bias, 2, signed=True), interval(softest.spearman),
        f"{np.sum(labels['own'][finished] != labels['given'][finished]):,}",
        interval(Interval(apart.difference, apart.low, apart.high), 3, signed=True), listed(failed.to_dict()),
    )  # fmt: skip
