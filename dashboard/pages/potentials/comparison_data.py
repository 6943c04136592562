"""Two potentials on the compounds that both were run on: who is right where, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.stability import STABLE, UNSTABLE
from compute.statistics import confusion, criteria
from compute.statistics.bootstrap import clusters_of
from compute.statistics.comparable import comparable
from compute.statistics.paired import Difference, McNemar, difference_of_rmse, differences_of_counts, mcnemar
from compute.statistics.verdicts import Answers
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries.coverage import foundation
from dashboard.queries.ranking import preferred

Values = NDArray[np.float64]
LISTED = 20


@dataclass(frozen=True)
class Verdicts:
    """Labels of two potentials against DFT's over the `test.n` compounds that DFT decides and both were run on.

    `both_right` and `both_wrong` complete the 2×2 table of `test`; own labels count, a failure is wrong. `accuracy` is
    the difference of the shares right, with an interval that knows which compounds share a cation.
    """

    test: McNemar
    accuracy: Difference
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


def pairwise(dataset: Dataset, suite: str, first: str, second: str) -> Pairwise:
    """The comparison of two potentials in `suite`."""
    return _pairwise(dataset, dataset.release(), suite, first, second)


@lru_cache(maxsize=64)
def _pairwise(dataset: Dataset, release: str, suite: str, first: str, second: str) -> Pairwise:
    frame = _joined(dataset, suite, first, second)
    ran = frame[(frame["status_1"] != "not-run") & (frame["status_2"] != "not-run")]
    sampled = frame[(frame["sigma_status_1"] != "not-run") & (frame["sigma_status_2"] != "not-run")]
    return Pairwise(
        harmonic=_verdicts(ran, suite, "harmonic") if len(ran) else None,
        sigma=_verdicts(sampled, suite, "sigma") if sampled["dft_sigma"].notna().any() else None,
        omega_rmse=_difference(ran, suite, "omega_min_thz") if len(ran) else None,
        sigma_rmse=_difference(sampled, suite, "sigma") if sampled["dft_sigma"].notna().any() else None,
        n_both=int((ran["omega_min_thz_1"].notna() & ran["omega_min_thz_2"].notna()).sum()),
        differing=_differing(ran, suite),
    )


def _joined(dataset: Dataset, suite: str, first: str, second: str) -> pd.DataFrame:
    """One row per compound; columns of the potentials end in `_1` and `_2`."""
    own = [name for name in criteria.COLUMNS if not name.startswith(("dft_", "composition_"))]
    columns = ", ".join(f"{side}.{name} AS {name}_{end}" for end, side in ((1, "a"), (2, "b")) for name in own)
    sites = "".join(f", a.{site}" for site in SUITES[suite].clusters)
    return dataset.frame(
        f"SELECT a.compound, a.dft_omega_min_thz, a.dft_sigma{sites}, {columns} FROM pairs a JOIN pairs b "
        "USING (suite, compound) WHERE a.suite = $suite AND a.potential = $first AND b.potential = $second "
        "ORDER BY a.compound",
        {"suite": suite, "first": first, "second": second},
    )


def _column(frame: pd.DataFrame, name: str) -> Values:
    return np.asarray(frame[name].to_numpy(float, na_value=np.nan))


def _answers(frame: pd.DataFrame, criterion: str) -> list[Answers]:
    """What both potentials say, by `criteria.potential_answers`."""
    return [
        criteria.potential_answers(
            {name: frame[f"{name}_{end}"] for name in criteria.COLUMNS if f"{name}_{end}" in frame}, criterion
        )
        for end in (1, 2)
    ]


def _verdicts(frame: pd.DataFrame, suite: str, criterion: str) -> Verdicts:
    truth = criteria.dft_labels(frame, criterion)
    first, second = (answer.own for answer in _answers(frame, criterion))
    decided = np.isin(truth, (STABLE, UNSTABLE))
    both = int(np.sum((first == truth) & (second == truth) & decided))
    test = mcnemar(truth, first, second)
    accuracy = differences_of_counts(
        {"accuracy": confusion.accuracy}, truth, first, second, clusters=clusters_of(frame, suite)
    )["accuracy"]
    return Verdicts(test, accuracy, both, test.n - both - test.n_discordant)


def _difference(frame: pd.DataFrame, suite: str, column: str) -> Difference:
    """RMSE against DFT of the first less that of the second."""
    truth, first, second = (_column(frame, name) for name in (f"dft_{column}", f"{column}_1", f"{column}_2"))
    if column == "omega_min_thz":
        truth, first, second = (comparable(values, suite, "min") for values in (truth, first, second))
    return difference_of_rmse(first - truth, second - truth, clusters=clusters_of(frame, suite))


def _differing(frame: pd.DataFrame, suite: str) -> pd.DataFrame:
    """Columns compound, dft, first, second (ω_min in THz, as compared) and a label of each: most different first."""
    labels = [criteria.dft_labels(frame, "harmonic"), *(answer.shown for answer in _answers(frame, "harmonic"))]
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
    """Foundation potentials that were run on `suite` in any stage, in the order that is shown unasked."""
    found = dataset.frame(
        "SELECT potential FROM pairs WHERE suite = $suite AND (status <> 'not-run' OR sigma_status <> 'not-run') "
        "GROUP BY potential ORDER BY count(*) FILTER (status = 'ok') + count(*) FILTER (sigma_status = 'ok') DESC, "
        "potential",
        {"suite": suite},
    )
    return preferred(dataset, suite, foundation(dataset, found["potential"]))
