"""What one potential gets right and wrong, in a few numbers, and where in chemistry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics import metrics
from compute.physics.comparison import comparable
from compute.physics.stability import STABLE, UNDECIDABLE, UNSTABLE, harmonic_labels, sigma_labels
from dashboard.dataset import Dataset
from dashboard.viewstate import DEFAULT_TOLERANCE_THZ

FEWEST = 30
"""Decided compounds of an anion below which its balanced accuracy is not quoted."""


@dataclass(frozen=True)
class AnionScore:
    """Balanced accuracy of harmonic labels over the n decided compounds of one anion."""

    anion: str
    n: int
    balanced_accuracy: float


@dataclass(frozen=True)
class Headline:
    """Harmonic labels of one potential against DFT's over a suite; every compound with DFT's label is in one count.

    `missed` of `n_unstable` decided compounds that DFT calls unstable are called stable, `alarms` of `n_stable` the
    reverse. `anions` has the score of every anion with enough decided compounds, worst first.
    """

    n_unstable: int
    missed: int
    n_stable: int
    alarms: int
    n_undecidable: int
    n_failed: int
    n_not_run: int
    anions: tuple[AnionScore, ...]


@dataclass(frozen=True)
class FactorMap:
    """Compounds by tolerance and octahedral factor, arrays of length n, and a value each (bool for disagreement).

    `n_without_factors` more have no factors, and `n_without_value` have them and no value.
    """

    tolerance_factor: NDArray[np.float64]
    octahedral_factor: NDArray[np.float64]
    value: NDArray[np.float64]
    n_without_factors: int
    n_without_value: int


def headline(dataset: Dataset, suite: str, potential: str) -> Headline:
    """What the harmonic labels of `potential` get right, at the default tolerance."""
    frame = dataset.frame(
        "SELECT X, dft_omega_min_thz, omega_min_thz, noise_floor_thz, status FROM pairs "
        "WHERE suite = $suite AND potential = $potential AND dft_omega_min_thz IS NOT NULL",
        {"suite": suite, "potential": potential},
    )
    truth, answer = _harmonic(frame)
    counts = metrics.confusion_counts(truth, answer)
    (ss, su), (us, uu) = _by_truth(counts)
    scores = []
    for anion, rows in frame.groupby("X").indices.items():
        part = metrics.confusion_counts(truth[rows], answer[rows])
        value = float(metrics.balanced_accuracy(part))
        if part.sum() >= FEWEST and np.isfinite(value):
            scores.append(AnionScore(str(anion), int(part.sum()), value))
    failed = ~frame["status"].isin(("ok", "not-run")).to_numpy()
    return Headline(
        n_unstable=us + uu,
        missed=us,
        n_stable=ss + su,
        alarms=su,
        n_undecidable=int(np.sum(answer == UNDECIDABLE)),
        n_failed=int(failed.sum()),
        n_not_run=int((frame["status"] == "not-run").sum()),
        anions=tuple(sorted(scores, key=lambda score: score.balanced_accuracy)),
    )


def factor_map(dataset: Dataset, suite: str, potential: str, colour: str) -> FactorMap:
    """The map of `suite`, coloured by DFT's σ, by the error of `potential`, or by whether its label is another.

    Errors are of ω_min (THz) where DFT publishes it, else of σ; labels likewise.
    """
    frame = dataset.frame(
        "SELECT tolerance_factor AS t, octahedral_factor AS mu, dft_sigma, sigma, sigma_se, dft_omega_min_thz, "
        "omega_min_thz, noise_floor_thz FROM pairs WHERE suite = $suite AND potential IS NOT DISTINCT FROM $potential",
        {"suite": suite, "potential": potential or None},
    ).astype(float)
    value = _value(frame, suite, colour)
    placed = (frame["t"].notna() & frame["mu"].notna()).to_numpy()
    known = placed & np.isfinite(value)
    return FactorMap(
        tolerance_factor=frame["t"].to_numpy()[known],
        octahedral_factor=frame["mu"].to_numpy()[known],
        value=value[known],
        n_without_factors=int(np.sum(~placed)),
        n_without_value=int(np.sum(placed & ~known)),
    )


def compared_quantity(suite: str) -> str:
    """What DFT publishes for the map to be coloured by the potential's error: `omega` or `sigma`."""
    return "omega" if suite == "abx3" else "sigma"


def _value(frame: pd.DataFrame, suite: str, colour: str) -> NDArray[np.float64]:
    if colour == "sigma":
        return frame["dft_sigma"].to_numpy()
    harmonic = compared_quantity(suite) == "omega"
    if colour == "error" and harmonic:
        ours, dft = (comparable(frame[c], suite, "min") for c in ("omega_min_thz", "dft_omega_min_thz"))
        return np.asarray(ours - dft)
    if colour == "error":
        return (frame["sigma"] - frame["dft_sigma"]).to_numpy()
    truth, answer = _harmonic(frame) if harmonic else _sigma(frame)
    decided = np.isin(truth, (STABLE, UNSTABLE)) & np.isin(answer, (STABLE, UNSTABLE))
    return np.where(decided, truth != answer, np.nan)


def _harmonic(frame: pd.DataFrame) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    return (
        harmonic_labels(frame["dft_omega_min_thz"].astype(float), DEFAULT_TOLERANCE_THZ),
        harmonic_labels(
            frame["omega_min_thz"].astype(float), DEFAULT_TOLERANCE_THZ, frame["noise_floor_thz"].astype(float)
        ),
    )


def _sigma(frame: pd.DataFrame) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    return sigma_labels(frame["dft_sigma"]), sigma_labels(frame["sigma"], sigma_se=frame["sigma_se"])


def _by_truth(counts: metrics.Counts) -> list[list[int]]:
    """Rows: DFT stable, unstable; columns: the potential's answer in the same order."""
    order = [metrics.CLASSES.index(STABLE), metrics.CLASSES.index(UNSTABLE)]
    return [[int(counts[i, j]) for j in order] for i in order]
