"""Contributions to the error of σ and softening, over all sets of reference frames, by potential and anion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics.attribution import CORNERS, OTHERS, PUBLISHED_PATH, corners_of
from compute.statistics.bootstrap import Interval
from compute.statistics.deviation import mean_interval, spearman
from compute.statistics.paired import Difference, paired_difference
from dashboard.dataset import Dataset
from dashboard.queries.attribution import OF_REFERENCE, STEP_OF
from dashboard.views.codec import ANIONS
from dashboard.views.error_sources import REFERENCES, SHAPLEY

Values = NDArray[np.float64]
INTERACTION = "interaction"
NET = "net"
"""Forces and Hessian as one step, on the frames at hand."""
SMOOTH = "B–X ≥ 3 Å"
"""Sets where CHGNet, which is the reference of the surrogate sets, has no cusp: no angle counts at such bonds."""
_SMOOTH_BOND = 3.0
FEWEST = 5
"""With fewer sets the bootstrap draws too few different samples to bound a mean."""


@dataclass(frozen=True)
class Mean:
    """Mean over `n` sets of frames with its 95 % interval, and the quartiles.

    Sets of one cation on B are drawn together; the interval is NaN with fewer than `FEWEST` sets, or few cations.
    """

    n: int
    mean: Interval
    quartiles: tuple[float, float, float]


@dataclass(frozen=True)
class ContributionGroup:
    """One potential, and one anion, `SMOOTH` or, with None, all: of `n` sets the mean of each step.

    `NET` is forces and Hessian as one, beside the interaction of the two; a step that no set knows has n 0.
    """

    potential: str
    anion: str | None
    n: int
    steps: dict[str, Mean]


@dataclass(frozen=True)
class Softening:
    """One potential on the sets where it and DFT have forces; arrays of length n.

    `sigma` is that of DFT's forces and Φ on the frames, `slope` that of the potential's forces on DFT's,
    `amplification` that of the Hessian's relative error over the forces'. `rescaled` is the paired difference of
    |σ error| of the forces with and without division by the slope: first before, second after; `n_nearer` sets come
    nearer to DFT by it. `force_errors` are the mean relative errors of the forces before and after it: σ is a norm, and
    matching it makes no force right.
    """

    potential: str
    frames: NDArray[np.object_]
    sigma: Values
    slope: Values
    amplification: Values
    rescaled: Difference
    n_nearer: int
    force_errors: tuple[float, float]

    def correlation(self, values: Values) -> float:
        """Spearman's rank correlation of `values` (n,) with σ of DFT over the sets that have both."""
        both = np.isfinite(self.sigma) & np.isfinite(values)
        return spearman(self.sigma[both], values[both])


def groups(dataset: Dataset, split: str, reference: str = REFERENCES[0]) -> list[ContributionGroup]:
    """Every potential over all anions and then by anion, on the sets of one kind of reference.

    `split` is an order of the three letters, or Shapley.
    """
    return list(_groups(dataset, dataset.release(), split, reference))


@lru_cache(maxsize=32)
def _groups(dataset: Dataset, release: str, split: str, reference: str) -> tuple[ContributionGroup, ...]:
    rows = _rows(dataset, reference)
    return tuple(_group(*found, split) for found in _members(rows))


def _members(rows: pd.DataFrame) -> Iterator[tuple[str, str | None, pd.DataFrame]]:
    for potential, mine in rows.groupby("potential"):
        yield str(potential), None, mine
        if len(part := mine[mine["bond"] >= _SMOOTH_BOND]):
            yield str(potential), SMOOTH, part
        for anion in ANIONS:
            part = mine[mine["X"] == anion]
            if len(part):
                yield str(potential), anion, part


def _group(potential: str, anion: str | None, rows: pd.DataFrame, split: str) -> ContributionGroup:
    cations = rows["B"].astype(str).to_numpy()
    steps = {NET: _mean(_on_frames(rows, "rmm") - _on_frames(rows, "rrr"), cations)}
    steps |= {step: _mean(_step(rows, step, split), cations) for step in PUBLISHED_PATH}
    steps[INTERACTION] = _mean(_column(rows, "interaction_forces_hessian"), cations)
    return ContributionGroup(potential, anion, len(rows), steps)


def _step(rows: pd.DataFrame, step: str, split: str) -> Values:
    """Contribution of one step per row; NaN where a corner is not known."""
    if split == SHAPLEY:
        return _column(rows, f"shapley_{step}")
    order = tuple(STEP_OF[letter] for letter in split)
    passed, place = corners_of(order), order.index(step)
    if step == "sampling":  # only from the reference's own frames
        return _column(rows, f"corner_{passed[place + 1]}") - _column(rows, f"corner_{passed[place]}")
    return _on_frames(rows, passed[place + 1]) - _on_frames(rows, passed[place])


def _on_frames(rows: pd.DataFrame, corner: str) -> Values:
    """Column of `corner`, with T = r as it is called on the frames of each row."""
    if corner[0] != "r":
        return _column(rows, f"corner_{corner}")
    of = {letter: _column(rows, f"corner_{letter}{corner[1:]}") for letter in "rsm"}
    known = {letter: np.isfinite(_column(rows, f"corner_{letter}rr")) for letter in "rsm"}
    return np.where(known["r"], of["r"], np.where(known["s"], of["s"], of["m"]))


def _mean(values: Values, cations: NDArray[np.str_]) -> Mean:
    finite = np.isfinite(values)
    known = values[finite]
    n = len(known)
    if n == 0:
        return Mean(0, Interval(np.nan, np.nan, np.nan), (np.nan, np.nan, np.nan))
    mean = mean_interval(known, clusters=[cations[finite]])
    low, high = (mean.low, mean.high) if n >= FEWEST else (np.nan, np.nan)
    lower, median, upper = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
    return Mean(n, Interval(float(known.mean()), low, high), (lower, median, upper))


def softenings(dataset: Dataset, reference: str = REFERENCES[0]) -> list[Softening]:
    """What is known of every potential that was scored against one kind of reference, in the order of their names."""
    return list(_softenings(dataset, dataset.release(), reference))


@lru_cache(maxsize=4)
def _softenings(dataset: Dataset, release: str, reference: str) -> tuple[Softening, ...]:
    rows = _rows(dataset, reference)
    return tuple(_softening(str(potential), mine) for potential, mine in rows.groupby("potential"))


def _softening(potential: str, rows: pd.DataFrame) -> Softening:
    sigma, before = _on_frames(rows, "rrr"), _on_frames(rows, "rmr")
    after = _column(rows, "sigma_rescaled")
    known = np.isfinite(sigma) & np.isfinite(before) & np.isfinite(after)
    nearer = np.abs(after - sigma)[known] < np.abs(before - sigma)[known]
    return Softening(
        potential=potential,
        frames=rows["frames"].to_numpy(object),
        sigma=sigma,
        slope=_column(rows, "slope"),
        amplification=_column(rows, "amplification"),
        rescaled=paired_difference(_mean_size, sigma, before, after, keep_failures=False),
        n_nearer=int(nearer.sum()),
        force_errors=(_mean_known(rows, "force_error"), _mean_known(rows, "force_error_residual")),
    )


def _mean_known(rows: pd.DataFrame, name: str) -> float:
    values = _column(rows, name)
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")


def _mean_size(truth: Values, value: Values) -> float:
    return float(np.mean(np.abs(value - truth)))


def _rows(dataset: Dataset, reference: str) -> pd.DataFrame:
    """Finished rows of the table `attribution` of one kind of reference, with the anion of the compound."""
    columns = (
        *(f"corner_{corner}" for corner in (*CORNERS, *OTHERS)), *(f"shapley_{step}" for step in PUBLISHED_PATH),
        "interaction_forces_hessian", "slope", "amplification", "sigma_rescaled", "force_error",
        "force_error_residual",
    )  # fmt: skip
    return dataset.frame(
        "SELECT a.frames, a.potential, r.B, r.X, r.lattice_constant / 2 AS bond, "
        f"{', '.join(f'a.{column}' for column in columns)} FROM attribution a "
        'LEFT JOIN "references" r USING (suite, compound) '
        f"WHERE a.status = 'ok' AND {OF_REFERENCE} ORDER BY a.potential, a.frames",
        {"reference": reference},
    )


def _column(rows: pd.DataFrame, name: str) -> Values:
    return np.asarray(rows[name].to_numpy(float, na_value=np.nan))
