"""How well potentials reproduce published labels, frequencies and σ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from compute.physics.phonons import signed_square
from compute.physics.stability import harmonic_labels, sigma_labels
from compute.reports.markdown import ReportTables, interval, number, share, table
from compute.statistics import confusion
from compute.statistics.comparable import comparable
from compute.statistics.deviation import Agreement, Interval, agreement, rmse_difference
from compute.statistics.paired import differences_of_counts
from compute.statistics.strata import STRONG, WEAK, anharmonicity_strata
from compute.statistics.verdicts import ANSWERS, FAILED, NOT_RUN, answer_labels, crosstab, truth_labels

TOLERANCE_THZ = 0.1
PLACES = {"gamma": "Γ", "r": "R", "m": "M", "x": "X", "min": "softest"}
_FEWEST = 3


def sections(release: ReportTables, potentials: Sequence[str]) -> list[str]:
    """Labels, frequencies and σ of `potentials`, and which of them are better."""
    return [
        labels(release, potentials, "harmonic"),
        labels(release, potentials, "sigma"),
        frequencies(release, potentials),
        sigma(release, potentials),
        better(release, potentials),
    ]


def labels(release: ReportTables, potentials: Sequence[str], criterion: str) -> str:
    """Confusion counts and scores of one criterion."""
    lines = []
    for suite, potential, rows in _groups(release, potentials):
        truth, answer = _labels(rows, criterion)
        if np.all(answer == NOT_RUN) or np.all(truth == "no label"):
            continue
        counts = confusion.confusion_counts(truth, answer)
        matrix = crosstab(truth, answer)
        known = matrix[:2].sum(0)
        (ss, su), (us, uu) = counts.tolist()
        scores = [
            Interval(float(score(counts)), *confusion.bootstrap_interval(counts, name))
            for name, score in (("mcc", confusion.mcc), ("balanced_accuracy", confusion.balanced_accuracy))
        ]
        lines.append((
            suite, potential, f"{counts.sum():,}", *(interval(score) for score in scores), share(us, us + uu),
            share(su, ss + su), *(f"{known[ANSWERS.index(name)]:,}" for name in ("undecidable", FAILED, NOT_RUN)),
        ))  # fmt: skip
    title, rule = {
        "harmonic": ("Harmonic stability", f"Stable: softest ω above −{TOLERANCE_THZ} THz, on both sides."),
        "sigma": ("Stability at 300 K", "Stable: σ below 1, on both sides."),
    }[criterion]
    head = ("suite", "potential", "n", "MCC", "balanced accuracy", "unstable called stable", "stable called unstable",
            "undecidable", "failed", "not run")  # fmt: skip
    said = f"{rule} Scores over the n compounds that both decide; the last three columns count the others DFT decides."
    return f"## {title}\n\n{said}\n\n{table(head, lines) if lines else 'Not computed.'}"


def frequencies(release: ReportTables, potentials: Sequence[str]) -> str:
    """Agreement of ω² with DFT at the points that a suite publishes."""
    lines = []
    for suite, potential, rows in _groups(release, potentials):
        for place, name in PLACES.items():
            both = [
                signed_square(comparable(rows[f"{side}omega_{place}_thz"].astype(float), suite, place))
                for side in ("", "dft_")
            ]
            # All of mp0b3 is compared on meshes, in a section of its own.
            if suite != "mp0b3" and (found := _agreement(*both, rows["status"])).n >= _FEWEST:
                lines.append((suite, potential, name, *_cells(found, 1)))
    head = ("suite", "potential", "mode", "n", "failed", "RMSE (THz²)", "bias (THz²)", "rank correlation")
    said = (
        "ω² of the softest mode, squares signed: what forces fix. The source of abx3 counts acoustic modes at Γ, so Γ"
        " and the softest mode are cut at 0 on both sides."
    )
    return f"## Soft modes\n\n{said}\n\n{table(head, lines) if lines else 'Not computed.'}"


def sigma(release: ReportTables, potentials: Sequence[str]) -> str:
    """Agreement of σ with DFT per protocol, and by how anharmonic DFT says a compound is."""
    lines, strata = [], []
    rows = release.rows(
        "SELECT a.suite, a.potential, a.protocol, a.compound, a.status, a.sigma, r.sigma AS dft FROM anharmonic a"
        ' JOIN "references" r USING (suite, compound) WHERE r.sigma IS NOT NULL ORDER BY ALL'
    )
    rows = rows[rows["potential"].isin(potentials)]
    for (suite, potential, protocol), part in rows.groupby(["suite", "potential", "protocol"]):
        attempted = part[part["status"] != "not-run"]
        values, known = (attempted[column].to_numpy(float) for column in ("sigma", "dft"))
        found = agreement(values, known)
        lines.append((suite, potential, protocol, *_cells(found, 3)))
        error, kind = values - known, anharmonicity_strata(known)
        weak, strong = (error[(kind == name) & np.isfinite(error)] for name in (WEAK, STRONG))
        if len(weak) >= _FEWEST and len(strong) >= _FEWEST:
            apart = rmse_difference(weak, strong)
            strata.append(
                f"- {suite}, {potential}, {protocol}: RMSE {number(_rms(weak), 3)} over {len(weak):,} weakly and"
                f" {number(_rms(strong), 3)} over {len(strong):,} strongly anharmonic compounds; difference"
                f" {interval(apart, 3, signed=True)}: {_verdict(apart, 'weakly anharmonic compounds are better')}."
            )
    head = ("suite", "potential", "protocol", "n", "failed", "RMSE", "bias", "rank correlation")
    weakly = "Weakly anharmonic: σ of DFT below 0.5; strongly: above 1.\n\n" + "\n".join(strata) if strata else ""
    return f"## σ at 300 K\n\n{table(head, lines) if lines else 'Not computed.'}\n\n{weakly}"


def better(release: ReportTables, potentials: Sequence[str]) -> str:
    """Differences of the Matthews correlation on the compounds that two potentials were both run on."""
    lines = []
    for suite, criterion in (("abx3", "harmonic"), ("abx3", "sigma"), ("hdp", "sigma"), ("mp0b3", "harmonic")):
        said = {
            potential: (rows["compound"].to_numpy(str), *_labels(rows, criterion))
            for s, potential, rows in _groups(release, potentials)
            if s == suite
        }
        for first, second in combinations(said, 2):
            truth, one, other = said[first][1], said[first][2], said[second][2]
            both = (one != NOT_RUN) & (other != NOT_RUN)
            if both.sum() < _FEWEST:
                continue
            found = differences_of_counts({"mcc": confusion.mcc}, truth[both], one[both], other[both])["mcc"]
            apart = Interval(found.difference, found.low, found.high)
            verdict = _verdict(apart, f"{first} is better", f"{second} is better")
            lines.append((suite, criterion, first, second, f"{found.n:,}", interval(apart, signed=True), verdict))
    if not lines:
        return ""
    head = ("suite", "criterion", "first", "second", "n", "MCC of first − second", "so")
    said = "On the compounds that both were run on; an undecidable or failed one counts as wrong."
    return f"## Which potential is better\n\n{said}\n\n{table(head, lines)}"


def _groups(release: ReportTables, potentials: Sequence[str]) -> list[tuple[str, str, pd.DataFrame]]:
    rows = release.pairs[release.pairs["potential"].isin(potentials)]
    return [(str(s), str(p), part) for (s, p), part in rows.groupby(["suite", "potential"])]


def _labels(rows: pd.DataFrame, criterion: str) -> tuple[np.ndarray, np.ndarray]:
    numbers = rows[["dft_omega_min_thz", "omega_min_thz", "noise_floor_thz", "dft_sigma", "sigma", "sigma_se"]].astype(
        float
    )
    if criterion == "harmonic":
        truth = harmonic_labels(numbers["dft_omega_min_thz"], TOLERANCE_THZ)
        answer = harmonic_labels(numbers["omega_min_thz"], TOLERANCE_THZ, numbers["noise_floor_thz"])
        return truth_labels(truth), answer_labels(answer, rows["status"].to_numpy(str))
    truth = sigma_labels(numbers["dft_sigma"])
    answer = sigma_labels(numbers["sigma"], sigma_se=numbers["sigma_se"])
    return truth_labels(truth), answer_labels(answer, rows["sigma_status"].to_numpy(str))


def _agreement(values: np.ndarray, known: np.ndarray, status: pd.Series) -> Agreement:
    run = (status != "not-run").to_numpy()
    return agreement(values[run], known[run])


def _cells(found: Agreement, digits: int) -> tuple[str, ...]:
    return (
        f"{found.n:,}", f"{found.n_failed:,}", interval(found.rmse, digits), interval(found.bias, digits, signed=True),
        interval(found.spearman),
    )  # fmt: skip


def _verdict(apart: Interval, above: str, below: str | None = None) -> str:
    """What the sign of an interval says; of two groups' errors the lower is better, of two scores the higher."""
    if below is None:
        if apart.high < 0:
            return above
        return "the reverse" if apart.low > 0 else "no measurable difference"
    if apart.low > 0:
        return above
    return below if apart.high < 0 else "no measurable difference"


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(error**2)))
