"""What the cell does to harmonic frequencies: the same potential and compounds at DFT's cell and at its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from compute.reports.markdown import ReportTables, interval, listed, table
from compute.statistics import confusion
from compute.statistics.bootstrap import Interval, clusters_of
from compute.statistics.comparable import comparable
from compute.statistics.criteria import dft_labels, potential_answers
from compute.statistics.deviation import agreement
from compute.statistics.paired import differences_of_counts

# One row per compound that a potential was run on at both cells.
_BOTH = """
SELECT suite, potential, d.B, d.Bp, d.lattice_constant, d.omega_min_thz AS dft,
       g.status AS status_given, g.omega_min_thz AS given, g.noise_floor_thz AS noise_given,
       g.undecidable AS undecidable_given, o.undecidable AS undecidable_own,
       o.status AS status_own, o.omega_min_thz AS own, o.noise_floor_thz AS noise_own, o.a AS cell
FROM newest_harmonic g JOIN newest_harmonic o USING (suite, potential, compound)
JOIN "references" d USING (suite, compound)
WHERE g.geometry = 'reference' AND o.geometry = 'relaxed' ORDER BY suite, potential, compound
"""
_SAID = """
The same potential and compounds at the published cell of DFT and at the cell that the potential itself relaxes to,
symmetry kept; ω is cut at 0. n compounds have frequencies at both; the last column counts those that have none at
their own. In the MCC the own label counts and a failure is wrong. A relaxed cell adds the error of the potential's
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
    clusters = clusters_of(rows, suite)
    of_finished = [way[finished] for way in clusters]
    cell = agreement(100 * rows.loc[finished, "cell"].to_numpy(float) / rows.loc[finished, "lattice_constant"] - 100,
                     np.zeros(int(finished.sum())), clusters=of_finished)  # fmt: skip
    both = (comparable(rows[name].astype(float), suite, "min")[finished] for name in ("own", "given"))
    softest = agreement(*both, clusters=of_finished)
    truth = dft_labels({"dft_omega_min_thz": rows["dft"]}, "harmonic")
    labels = {
        side: potential_answers(
            {
                "omega_min_thz": rows[side], "noise_floor_thz": rows[f"noise_{side}"],
                "undecidable": rows[f"undecidable_{side}"], "status": rows[f"status_{side}"],
            },
            "harmonic",
        ).own
        for side in ("own", "given")
    }  # fmt: skip
    apart = differences_of_counts({"mcc": confusion.mcc}, truth, labels["own"], labels["given"], clusters=clusters)[
        "mcc"
    ]
    failed = rows.loc[np.isfinite(given) & ~np.isfinite(own), "status_own"].value_counts()
    return (
        f"{finished.sum():,}", interval(cell.bias, 2, signed=True), interval(cell.rmse),
        interval(softest.bias, 2, signed=True), interval(softest.spearman),
        f"{np.sum(labels['own'][finished] != labels['given'][finished]):,}",
        interval(Interval(apart.difference, apart.low, apart.high), 3, signed=True), listed(failed.to_dict()),
    )  # fmt: skip
