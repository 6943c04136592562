"""Two potentials on the compounds that both were run on: who is right where, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNSTABLE, harmonic_labels, sigma_labels
from compute.statistics.comparable import comparable
from compute.statistics.paired import Difference, McNemar, mcnemar, paired_difference
from dashboard.dataset import Dataset
from dashboard.queries.coverage import foundation_first
from dashboard.views.codec import DEFAULT_TOLERANCE_THZ

Values = NDArray[np.float64]
THRESHOLD = 1.0
LISTED = 20


@dataclass(frozen=True)
class Verdicts:
    """Labels of two potentials against DFT's over the `test.n` compounds that DFT decides and both were run on.

    `both_right` and `both_wrong` complete the 2×2 table of `test`; an answer that is no verdict is wrong.
    """

    test: McNemar
    both_right: int
    both_wrong: int


@dataclass(frozen=True)
class Pairwise:
    """Two potentials over a suite: harmonic and σ verdicts, and paired differences of the RMSE against DFT.

    None where one of the two has nothing of that stage. `differing` holds the compounds by |Δω_min| of the two, and
    `n_both` how many have both.
    """

    harmonic: Verdicts | None
    sigma: Verdicts | None
    omega_rmse: Difference | None
    sigma_rmse: Difference | None
    n_both: int
    differing: pd.DataFrame
    sigma_protocols: tuple[str, ...]


def pairwise(dataset: Dataset, suite: str, first: str, second: str) -> Pairwise:
    """The comparison of two potentials in `suite`."""
    return _pairwise(dataset, dataset.release(), suite, first, second)


@lru_cache(maxsize=64)
def _pairwise(dataset: Dataset, release: str, suite: str, first: str, second: str) -> Pairwise:
    frame = _joined(dataset, suite, first, second)
    ran = frame[(frame["status_1"] != "not-run") & (frame["status_2"] != "not-run")]
    sampled = frame[(frame["sigma_status_1"] != "not-run") & (frame["sigma_status_2"] != "not-run")]
    return Pairwise(
        harmonic=_verdicts(*_harmonic_labels(ran)) if len(ran) else None,
        sigma=_verdicts(*_sigma_labels(sampled)) if sampled["dft_sigma"].notna().any() else None,
        omega_rmse=_difference(ran, suite, "omega_min_thz") if len(ran) else None,
        sigma_rmse=_difference(sampled, suite, "sigma") if sampled["dft_sigma"].notna().any() else None,
        n_both=int((ran["omega_min_thz_1"].notna() & ran["omega_min_thz_2"].notna()).sum()),
        differing=_differing(ran, suite),
        sigma_protocols=tuple(
            sorted({str(p) for p in (*sampled["sigma_protocol_1"], *sampled["sigma_protocol_2"]) if isinstance(p, str)})
        ),
    )


def _joined(dataset: Dataset, suite: str, first: str, second: str) -> pd.DataFrame:
    """One row per compound; columns of the potentials end in `_1` and `_2`."""
    own = ("omega_min_thz", "noise_floor_thz", "status", "sigma", "sigma_se", "sigma_status", "sigma_protocol")
    columns = ", ".join(f"{side}.{name} AS {name}_{end}" for end, side in ((1, "a"), (2, "b")) for name in own)
    return dataset.frame(
        f"SELECT a.compound, a.dft_omega_min_thz, a.dft_sigma, {columns} FROM pairs a JOIN pairs b "
        "USING (suite, compound) WHERE a.suite = $suite AND a.potential = $first AND b.potential = $second "
        "ORDER BY a.compound",
        {"suite": suite, "first": first, "second": second},
    )


def _column(frame: pd.DataFrame, name: str) -> Values:
    return frame[name].to_numpy(float, na_value=np.nan)


def _harmonic_labels(frame: pd.DataFrame) -> tuple[NDArray[np.str_], ...]:
    """DFT's and both potentials' labels."""
    return (
        harmonic_labels(_column(frame, "dft_omega_min_thz"), DEFAULT_TOLERANCE_THZ),
        *(
            harmonic_labels(
                _column(frame, f"omega_min_thz_{end}"), DEFAULT_TOLERANCE_THZ, _column(frame, f"noise_floor_thz_{end}")
            )
            for end in (1, 2)
        ),
    )


def _sigma_labels(frame: pd.DataFrame) -> tuple[NDArray[np.str_], ...]:
    return (
        sigma_labels(_column(frame, "dft_sigma"), THRESHOLD),
        *(sigma_labels(_column(frame, f"sigma_{end}"), THRESHOLD, _column(frame, f"sigma_se_{end}")) for end in (1, 2)),
    )


def _verdicts(truth: NDArray[np.str_], first: NDArray[np.str_], second: NDArray[np.str_]) -> Verdicts:
    decided = np.isin(truth, (STABLE, UNSTABLE))
    right = [(labels == truth) & decided for labels in (first, second)]
    both = int(np.sum(right[0] & right[1]))
    test = mcnemar(truth, first, second)
    return Verdicts(test, both, test.n - both - test.n_discordant)


def _difference(frame: pd.DataFrame, suite: str, column: str) -> Difference:
    """RMSE against DFT of the first less that of the second."""
    truth, first, second = (_column(frame, name) for name in (f"dft_{column}", f"{column}_1", f"{column}_2"))
    if column == "omega_min_thz":
        truth, first, second = (comparable(values, suite, "min") for values in (truth, first, second))
    return paired_difference(_rmse, truth, first, second, keep_failures=False)


def _rmse(truth: Values, prediction: Values) -> float:
    difference = prediction - truth
    return float(np.sqrt(np.dot(difference, difference) / len(difference)))


def _differing(frame: pd.DataFrame, suite: str) -> pd.DataFrame:
    """Columns compound, dft, first, second (ω_min in THz, as compared) and a label of each: most different first."""
    labels = _harmonic_labels(frame)
    dft, first, second = (
        comparable(_column(frame, name), suite, "min")
        for name in ("dft_omega_min_thz", "omega_min_thz_1", "omega_min_thz_2")
    )
    rows = pd.DataFrame(
        {
            "compound": frame["compound"], "dft": dft, "first": first, "second": second,
            "apart": np.abs(first - second),
            "dft_label": labels[0], "first_label": labels[1], "second_label": labels[2],
        }
    )  # fmt: skip
    return rows[rows["apart"] > 0].sort_values(["apart", "compound"], ascending=[False, True]).head(LISTED)


def potentials(dataset: Dataset, suite: str) -> list[str]:
    """Potentials that were run on `suite` in any stage, the one with most results first; distilled ones last."""
    found = dataset.frame(
        "SELECT potential FROM pairs WHERE suite = $suite AND (status <> 'not-run' OR sigma_status <> 'not-run') "
        "GROUP BY potential ORDER BY count(*) FILTER (status = 'ok') + count(*) FILTER (sigma_status = 'ok') DESC, "
        "potential",
        {"suite": suite},
    )
    return foundation_first(dataset, found["potential"])
