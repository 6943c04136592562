"""Potentials held against DFT's force constants, in one table: medians over materials, labels, and pairs of potentials.

Intervals are cluster bootstraps: all materials of one anion are drawn together, since their errors are alike. A pair is
tested on the materials that both have: the mean of log(first/second), against what random signs per material make of
it, corrected over all pairs of one quantity (S. Holm, Scand. J. Stat. 6, 65 (1979)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.statistics.bootstrap import percentile_interval, resampled_sums, weights

Array = NDArray[np.float64]
Row = Mapping[str, Any]

QUANTITIES = (
    "constants_error",
    "omega_rmse_thz",
    "omega_bias_thz",
    "slope_constants",
    "sigma_hessian",
    "hessian_amplification",
    "speed_error",
    "omega_bias_soft_thz",
    "omega_bias_middle_thz",
    "omega_bias_hard_thz",
    "soft_overlap",
)
"""Columns of the table `harmonic` that are shown as medians over materials."""
TESTED = ("constants_error", "omega_rmse_thz", "sigma_hessian")
"""Those in which pairs of potentials are tested: errors that are positive."""
# Pauling's scale, descending, as far as elements close a formula.
_ANIONS = ("F", "O", "Cl", "N", "Br", "I", "S", "Se", "C", "H", "P", "As", "Te", "B", "Sb", "Bi", "Si", "Ge", "Sn")
_FLIPS = 20_000


@dataclass(frozen=True)
class MedianInterval:
    """MedianInterval over n materials with its 95 % interval; NaN where n is 0."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class LabelTally:
    """Harmonic labels against DFT's, every material in the count: `missed` of `n_unstable` are called stable, `alarms`
    of `n_stable` unstable, and `n_failed` have no label, which is wrong."""

    n_stable: int
    n_unstable: int
    missed: int
    alarms: int
    n_failed: int

    @property
    def n_right(self) -> int:
        """Materials whose label is DFT's."""
        return self.n_stable + self.n_unstable - self.missed - self.alarms - self.n_failed

    @property
    def smaller_class(self) -> int:
        """Materials in the rarer class of DFT's: all that a score of labels rests on."""
        return min(self.n_stable, self.n_unstable)


@dataclass(frozen=True)
class BoardLine:
    """One potential: `n_ok` of the suite's materials have numbers, `n_failed` failed, `n_not_run` were not run."""

    potential: str
    n_ok: int
    n_failed: int
    n_not_run: int
    medians: dict[str, MedianInterval]
    labels: LabelTally


@dataclass(frozen=True)
class TestedPair:
    """Two potentials in one quantity over the n materials that both have.

    `ratio` is the geometric mean of first/second with its interval; `p` that of random signs, `p_holm` corrected over
    the pairs of this quantity. In `n_alike` of `n_clusters` clusters the mean has the sign that it has over all.
    """

    quantity: str
    first: str
    second: str
    n: int
    ratio: float
    low: float
    high: float
    p: float
    p_holm: float
    n_clusters: int
    n_alike: int

    @property
    def measurable(self) -> bool:
        """Whether a difference is measured, at 5 % over all pairs."""
        return self.p_holm < 0.05


def anion(symbols: Iterable[str]) -> str:
    """The cluster of a material: its most electronegative element, or "metal" where none is an anion."""
    here = set(symbols)
    return next((element for element in _ANIONS if element in here), "metal")


def leaderboard(rows: Sequence[Row], clusters: Mapping[str, str], *, seed: int = 0) -> list[BoardLine]:
    """A line per potential, the smallest median of `constants_error` first; those that some materials were not run
    with come last, for their medians are of other materials.

    `rows` have `compound`, `potential`, `status`, `label` and `dft_label` (stable, unstable or None), and `QUANTITIES`;
    `clusters` names the cluster of each compound.
    """
    lines = []
    for potential in sorted({row["potential"] for row in rows}):
        own = [row for row in rows if row["potential"] == potential]
        ok = [row for row in own if row["status"] == "ok"]
        not_run = sum(row["status"] == "not-run" for row in own)
        medians = {name: _median(_values(ok, name), clusters, seed) for name in QUANTITIES}
        lines.append(BoardLine(potential, len(ok), len(own) - len(ok) - not_run, not_run, medians, _labels(own)))
    return sorted(
        lines,
        key=lambda line: (line.n_not_run > 0, np.isnan(value := line.medians["constants_error"].value), value),
    )


def pairs(rows: Sequence[Row], clusters: Mapping[str, str], *, seed: int = 0) -> list[TestedPair]:
    """Every two potentials in every quantity of `TESTED` that share three materials or more."""
    found = []
    for quantity in TESTED:
        values: dict[str, dict[str, float]] = {}
        for row in rows:
            if row["status"] == "ok" and (row.get(quantity) or 0) > 0:
                values.setdefault(row["potential"], {})[row["compound"]] = float(row[quantity])
        tested = []
        for first, second in combinations(sorted(values), 2):
            common = sorted(set(values[first]) & set(values[second]))
            if len(common) >= 3:
                logs = np.log([values[first][c] / values[second][c] for c in common])
                tested.append((first, second, logs, [clusters[c] for c in common]))
        p = [sign_flip(logs, seed=seed) for _, _, logs, _ in tested]
        for entry, plain, corrected in zip(tested, p, holm(p), strict=True):
            found.append(_pair(quantity, *entry, plain, corrected, seed))
    return found


def sign_flip(differences: Array, *, flips: int = _FLIPS, seed: int = 0) -> float:
    """Two-sided p of the mean of `differences` (n,) if each had its sign by chance; never 0 (R. A. Fisher)."""
    observed = abs(differences.sum()) * (1 - 1e-12)
    flipped = np.abs(_signs(flips, len(differences), seed) @ differences)
    return float((1 + np.sum(flipped >= observed)) / (1 + flips))


@lru_cache(maxsize=1)
def _signs(flips: int, n: int, seed: int) -> Array:
    """Signs (flips, n), the same for all pairs of potentials with n materials in common."""
    return np.asarray(np.random.default_rng(seed).integers(0, 2, (flips, n)) * 2 - 1, dtype=np.float64)


def holm(p: Sequence[float]) -> list[float]:
    """`p` corrected for being the smallest of many, in the order given."""
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, float)[order] * (len(p) - np.arange(len(p)))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in corrected]


def _values(rows: Sequence[Row], name: str) -> dict[str, float]:
    return {row["compound"]: float(row[name]) for row in rows if row.get(name) is not None and np.isfinite(row[name])}


def _median(values: Mapping[str, float], clusters: Mapping[str, str], seed: int) -> MedianInterval:
    if not values:
        return MedianInterval(np.nan, np.nan, np.nan, 0)
    known = np.array(list(values.values()))
    samples = _medians(known, [clusters[compound] for compound in values], seed)
    return MedianInterval(float(np.median(known)), *percentile_interval(samples), len(values))


def _medians(values: Array, names: Sequence[str], seed: int) -> Array:
    """Median of `values` (n,) in each draw of whole clusters `names`; NaN where there are too few to draw from."""
    order = np.argsort(values)
    found = []
    for times in weights(len(values), clusters=[np.asarray(names)], seed=seed):
        reached, total = np.cumsum(times[:, order], axis=1), times.sum(axis=1)
        middle = [np.argmax(reached > place[:, None], axis=1) for place in ((total - 1) // 2, total // 2)]
        found.append(np.where(total > 0, values[order][middle].mean(axis=0), np.nan))
    return np.concatenate(found)


def _labels(rows: Sequence[Row]) -> LabelTally:
    decided = [row for row in rows if row["dft_label"] is not None and row["status"] != "not-run"]
    stable = [row for row in decided if row["dft_label"] == "stable"]
    unstable = [row for row in decided if row["dft_label"] == "unstable"]
    return LabelTally(
        n_stable=len(stable),
        n_unstable=len(unstable),
        missed=sum(row["status"] == "ok" and row["label"] == "stable" for row in unstable),
        alarms=sum(row["status"] == "ok" and row["label"] == "unstable" for row in stable),
        n_failed=sum(row["status"] != "ok" for row in decided),
    )


def _pair(
    quantity: str, first: str, second: str, logs: Array, names: Sequence[str], p: float, corrected: float, seed: int
) -> TestedPair:
    sums = resampled_sums(np.column_stack([logs, np.ones_like(logs)]), clusters=[np.asarray(names)], seed=seed)
    # Nothing is drawn from too few clusters: 0/0, no interval.
    with np.errstate(invalid="ignore"):
        low, high = percentile_interval(sums[:, 0] / sums[:, 1])
    mean = float(logs.mean())
    means = [np.mean([v for v, n in zip(logs, names, strict=True) if n == name]) for name in sorted(set(names))]
    alike = sum(np.sign(value) == np.sign(mean) for value in means)
    return TestedPair(
        quantity=quantity,
        first=first,
        second=second,
        n=len(logs),
        ratio=float(np.exp(mean)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        p=p,
        p_holm=corrected,
        n_clusters=len(means),
        n_alike=int(alike),
    )
