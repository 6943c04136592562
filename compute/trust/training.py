"""Fitting the trust model: regularised logistic regression, calibrated and made into intervals on left-out elements.

Needs scikit-learn; nothing that answers imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold

from compute.statistics.comparable import comparable
from compute.trust.conformal import coverage, group_quantile
from compute.trust.features import DEVIATING, EVIDENCE, SUITE, TOLERANCE_THZ, features, stable
from compute.trust.model import SMALL_THZ, Evidence, Fold, Linear, Record, TrustModel

Array = NDArray[np.float64]
Names = NDArray[np.str_]

LEVEL = 0.9
FOLDS = 10
LEAST_GROUP = 50
"""Fewest compounds of an element whose coverage is judged."""
LEAST_COVERED = 0.85
PENALTY = 1.0
"""Weight of the squared coefficients, all standardised, in both regressions; not tuned."""


@dataclass(frozen=True)
class Examples:
    """Rows that have both a frequency of the potential and DFT's, and what is to be learnt from them.

    `features` (n, k); `potentials` and the elements `a`, `b`, `x` (n,); `dft_stable` and `says_stable` (n,);
    `error_thz` (n,) is ω_min(potential) − ω_min(DFT), both cut at zero as the source's are.
    """

    compounds: Names
    potentials: Names
    a: Names
    b: Names
    x: Names
    features: pd.DataFrame
    dft_stable: NDArray[np.bool_]
    says_stable: NDArray[np.bool_]
    error_thz: Array

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the label is DFT's (n,)."""
        return np.asarray(self.dft_stable == self.says_stable)

    def chosen(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Examples:
        """The examples of `rows`."""
        taken = {name: value[rows] for name, value in self.__dict__.items() if name != "features"}
        return Examples(features=self.features.iloc[np.arange(len(self.b))[rows]], **taken)


def examples(rows: pd.DataFrame, suite: str = SUITE) -> Examples:
    """The examples in `rows` of `suite`, as `features.rows_of` asks for them.

    The committee counts every potential that has a frequency.
    """
    found = features(rows)
    mine, dft = rows["omega_min_thz"].astype(float), rows["dft_omega_min_thz"].astype(float)
    used = (rows["status"] == "ok") & mine.notna() & dft.notna()
    omega, published = mine[used].to_numpy(), dft[used].to_numpy()
    cut = [comparable(values, suite, "min") for values in (omega, published)]
    names = {key: rows.loc[used, column].to_numpy(str) for key, column in _COLUMNS.items()}
    return Examples(
        features=found[used].reset_index(drop=True),
        dft_stable=stable(published),
        says_stable=stable(omega),
        error_thz=np.asarray(cut[0] - cut[1]),
        **names,
    )


_COLUMNS = {"compounds": "compound", "potentials": "potential", "a": "A", "b": "B", "x": "X"}


def train(data: Examples, release: str, folds: int = FOLDS) -> TrustModel:
    """The model of all `data`, with those of `folds` folds by element on B, on whose left-out rows it is calibrated."""
    place = _folds(data.b, folds)
    names = {kind: _usable(data, kind) for kind in EVIDENCE}
    whole: dict[str, Evidence] = {}
    short: dict[str, dict[str, float]] = {}  # of the last kind of evidence, which has all
    parts: list[dict[str, Evidence]] = [{} for _ in range(place.max() + 1)]
    for kind in EVIDENCE:
        fitted = [regressions(data.chosen(place != i), kind, names[kind]) for i in range(len(parts))]
        left_out = [data.chosen(place == i) for i in range(len(parts))]
        logit, size = (
            np.concatenate([pair[j].value(d.features, d.potentials) for pair, d in zip(fitted, left_out, strict=True)])
            for j in (0, 1)
        )
        order = np.concatenate([np.flatnonzero(place == i) for i in range(len(parts))])
        held = data.chosen(order)
        slope, offset = _calibration(logit, held)
        score = (np.abs(held.error_thz) + SMALL_THZ) / np.exp(size)
        most = group_quantile(score, held.b, LEVEL)
        short = _short(held, most * np.exp(size) - SMALL_THZ)
        for found, pair in zip([whole, *parts], [regressions(data, kind, names[kind]), *fitted], strict=True):
            found[kind] = Evidence(logit=pair[0], slope=slope, offset=offset, size=pair[1], quantile=most)
    first = first_rows(data)
    return TrustModel(
        release=release,
        suite=SUITE,
        tolerance_thz=TOLERANCE_THZ,
        level=LEVEL,
        n_compounds=int(first.sum()),
        n_stable=int(data.dft_stable[first].sum()),
        potentials={str(name): _record(data.chosen(data.potentials == name)) for name in np.unique(data.potentials)},
        elements={
            site: tuple(np.unique(values).tolist())
            for site, values in zip("ABX", (data.a, data.b, data.x), strict=True)
        },
        missing={kind: tuple(name for name in EVIDENCE[kind] if name not in names[kind]) for kind in EVIDENCE},
        evidence=whole,
        short=short,
        folds=tuple(
            Fold(left_out=tuple(np.unique(data.b[place == i]).tolist()), evidence=part) for i, part in enumerate(parts)
        ),
    )


def _short(held: Examples, bound: Array) -> dict[str, dict[str, float]]:
    """By site the elements of at least `LEAST_GROUP` compounds whose `bound` (n,) holds less often than it should."""
    return {
        site: {
            group.group: group.covered
            for group in coverage(held.error_thz, bound, of)
            if group.covered < LEAST_COVERED and len(np.unique(held.compounds[of == group.group])) >= LEAST_GROUP
        }
        for site, of in (("A", held.a), ("B", held.b), ("X", held.x))
    }


def _folds(groups: Names, folds: int) -> NDArray[np.int64]:
    """The fold (n,) of each row: whole groups, in folds of about the same size."""
    place = np.zeros(len(groups), np.int64)
    several = min(folds, len(np.unique(groups)))
    for i, (_, held) in enumerate(GroupKFold(several).split(groups, groups=groups)):
        place[held] = i
    return place


def _usable(data: Examples, kind: str) -> tuple[str, ...]:
    """Features of one kind of evidence that the rows have and that differ among them."""
    return tuple(name for name in EVIDENCE[kind] if data.features[name].nunique() > 1)


def _weights(data: Examples) -> Array:
    """One for each compound, shared among its potentials: DFT's label of it is one number."""
    _, place, counts = np.unique(data.compounds, return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[place])


def regressions(data: Examples, kind: str, names: tuple[str, ...]) -> tuple[Linear, Linear]:
    """The logit of DFT's label, and the logarithm of |Δω_min|, both linear in the features `names`.

    Each potential has weights of its own for `DEVIATING[kind]`, beside those that all share.
    """
    given = data.features[list(names)].to_numpy(float)
    mean = np.nanmean(given, axis=0)
    spread = np.nanstd(given, axis=0)
    plain = Linear(
        names=names,
        mean=tuple(mean.tolist()),
        scale=tuple(np.where(spread > 0, spread, 1).tolist()),
        coefficients=(0.0,) * len(names),
        intercept=0.0,
        deviating=tuple(name for name in DEVIATING[kind] if name in names),
    )
    weights, own = _weights(data), np.unique(data.potentials).tolist()
    logistic = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky", max_iter=100)
    alone = kind == "composition"  # a formula says nothing of the potential
    size = np.log(np.abs(data.error_thz) + SMALL_THZ)
    return (
        _fitted(plain, logistic, data, data.dft_stable, weights, [] if alone else own),
        _fitted(plain, Ridge(alpha=PENALTY), data, size, weights, own),
    )


def _fitted(
    plain: Linear,
    regression: LogisticRegression | Ridge,
    data: Examples,
    target: NDArray[np.float64] | NDArray[np.bool_],
    weights: Array,
    potentials: list[str],
) -> Linear:
    """`plain` with the coefficients of `regression`; each of `potentials` has deviations, which the penalty shrinks."""
    given = plain.standardised(data.features)
    places = [plain.names.index(name) for name in plain.deviating]
    own = np.column_stack([given[:, places], np.ones(len(given))])
    columns = [given, *(own * (data.potentials == potential)[:, None] for potential in potentials)]
    regression.fit(np.hstack(columns), target, sample_weight=weights)
    k, width = given.shape[1], own.shape[1]
    found = np.ravel(regression.coef_)
    return plain.model_copy(
        update={
            "coefficients": tuple(found[:k].tolist()),
            "intercept": float(np.ravel(regression.intercept_)[0]),
            "deviations": {
                potential: tuple(found[k + i * width : k + (i + 1) * width].tolist())
                for i, potential in enumerate(potentials)
            },
        }
    )


def _calibration(logit: Array, held: Examples) -> tuple[float, float]:
    """Slope and offset of the left-out `logit` (n,) that make its probability come true; J. Platt's scaling."""
    if len(np.unique(held.dft_stable)) < 2:
        return 1.0, 0.0
    platt = LogisticRegression(C=np.inf, solver="newton-cholesky")
    platt.fit(logit[:, None], held.dft_stable, sample_weight=_weights(held))
    return float(platt.coef_[0, 0]), float(platt.intercept_[0])


def _record(data: Examples) -> Record:
    """How one potential did, each share over one more of either answer: few compounds promise nothing."""
    right = data.right
    finds = [
        (right[data.dft_stable == truth].sum() + 1) / ((data.dft_stable == truth).sum() + 2) for truth in (True, False)
    ]
    return Record(
        n=len(right),
        n_stable=int(data.dft_stable.sum()),
        finds_stable=float(finds[0]),
        finds_unstable=float(finds[1]),
        right=float(right.mean()),
    )


def first_rows(data: Examples) -> NDArray[np.bool_]:
    """The first row of each compound."""
    first = np.zeros(len(data.compounds), bool)
    first[np.unique(data.compounds, return_index=True)[1]] = True
    return first
