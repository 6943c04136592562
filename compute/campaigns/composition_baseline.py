"""What the elements alone say: the published numbers predicted from composition, without a structure or a force.

A potential that does no better than this has told nothing about phonons that the periodic table does not. Random
forests (L. Breiman, doi:10.1023/A:1010933404324) of scikit-learn predict each tenth of the compounds of a suite from
DFT's own numbers for the other nine tenths, drawn at random with the classes in proportion: the most favourable case
for the baseline, which sees other compounds of every element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics.phonons import signed_square
from compute.physics.stability import STABLE, UNSTABLE, harmonic_labels, sigma_labels
from compute.statistics.criteria import THRESHOLD, TOLERANCE_THZ

Array = NDArray[np.float64]
Row = dict[str, Any]

BASELINE = "composition"
SUITES = ("abx3", "hdp")
"""Suites whose compounds have the same sites, and are enough to learn from."""
SITES = ("A", "B", "Bp", "X")
OMEGAS = tuple(f"omega_{place}_thz" for place in ("gamma", "r", "m", "x", "min"))
FOLDS, TREES, SEED = 10, 100, 0
FEATURES = 1 / 3
"""Share of the features that a split of a tree may choose from, the usual one of regression forests."""


def rows(references: Sequence[Row], said: Callable[[str], None] = lambda text: None) -> list[Row]:
    """Rows of the table `baselines` for `references`, rows of that table; `said` hears of each suite."""
    found = []
    for suite in SUITES:
        compounds = [row for row in references if row["suite"] == suite]
        if len(compounds) >= 2 * FOLDS:
            said(suite)
            found += _suite(suite, compounds)
    return found


def features(compounds: Sequence[Row]) -> Array:
    """Per occupied site atomic number, group, row, Pauling electronegativity, mass and radius (Å), shape (n, 6 k)."""
    from pymatgen.core import Element

    def of(symbol: str) -> list[float]:
        element = Element(symbol)
        radius = element.atomic_radius
        return [
            element.Z, element.group, element.row, element.X, float(element.atomic_mass),
            np.nan if radius is None else float(radius),
        ]  # fmt: skip

    sites = [site for site in SITES if compounds[0][site] is not None]
    known = {symbol: of(symbol) for symbol in {row[site] for row in compounds for site in sites}}
    return np.array([[value for site in sites for value in known[row[site]]] for row in compounds])


def _suite(suite: str, compounds: Sequence[Row]) -> list[Row]:
    x = features(compounds)
    columns = {name: np.array([row[name] for row in compounds], float) for name in (*OMEGAS, "sigma")}
    predicted: dict[str, NDArray[Any]] = {}
    known = [name for name in OMEGAS if np.isfinite(columns[name]).sum() >= 2 * FOLDS]
    if known:
        squares = numbers(x, signed_square(np.stack([columns[name] for name in known], axis=1)))
        predicted |= dict(zip(known, (np.sign(squares) * np.sqrt(np.abs(squares))).T, strict=True))
    for name, of, labels in (
        ("label", "omega_min_thz", harmonic_labels(columns["omega_min_thz"], TOLERANCE_THZ)),
        ("sigma_label", "sigma", sigma_labels(columns["sigma"], THRESHOLD)),
    ):
        if np.isfinite(columns[of]).sum() >= 2 * FOLDS:
            predicted[name] = label(x, labels)
    # σ is skewed: its logarithm is what a forest can average.
    predicted["sigma"] = np.exp(numbers(x, np.log(columns["sigma"])[:, None])[:, 0])
    model = (
        f"random forest, {TREES} trees, {FOLDS} folds, seed {SEED}, scikit-learn {version('scikit-learn')}:"
        " softmode data baselines"
    )
    return [
        {
            "suite": suite, "compound": row["compound"], "baseline": BASELINE, "model": model,
            **{name: _plain(values[i]) for name, values in predicted.items()},
        }
        for i, row in enumerate(compounds)
    ]  # fmt: skip


def numbers(x: Array, y: Array) -> Array:
    """Predictions (n, m) of `y` (n, m) from `x` (n, k), each from the other folds; NaN where a y is."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    known = np.isfinite(y).all(axis=1)
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, max_features=FEATURES, random_state=SEED)
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    found = np.full(y.shape, np.nan)
    target = y[known] if y.shape[1] > 1 else y[known, 0]
    found[known] = cross_val_predict(forest, x[known], target, cv=folds).reshape(-1, y.shape[1])
    return found


def label(x: Array, labels: NDArray[np.str_]) -> NDArray[np.object_]:
    """Predicted labels (n,), each from the other folds; None where `labels` (n,) is neither stable nor unstable.

    Stable is called where the forest is surest, for the share of compounds that is stable in the other folds: a plain
    majority of trees would never call the rarer class.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold

    known = np.flatnonzero(np.isin(labels, (STABLE, UNSTABLE)))
    stable = labels[known] == STABLE
    found = np.full(len(labels), None, object)
    for learnt, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(known, stable):
        forest = RandomForestClassifier(TREES, min_samples_leaf=2, oob_score=True, random_state=SEED)
        forest.fit(x[known[learnt]], stable[learnt])
        cut = np.nanquantile(forest.oob_decision_function_[:, 1], 1 - stable[learnt].mean())
        sure = forest.predict_proba(x[known[asked]])[:, 1]
        found[known[asked]] = np.where(sure > cut, STABLE, UNSTABLE)
    return found


def _plain(value: Any) -> Any:
    """`value` as a row holds it: None where there is no number."""
    if value is None or isinstance(value, str):
        return value
    return float(value) if np.isfinite(value) else None
