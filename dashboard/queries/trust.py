"""How far each potential can be trusted for one compound, from the fitted model beside the tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.tables.release import FITTED
from compute.trust.answer import LEAST, PotentialTrust, Subject, advice, assess, subject
from compute.trust.features import LISTED, ROWS, SUITE, features, of_composition, stable
from compute.trust.lookup import OF_COMPOUND, where
from compute.trust.model import NoTrust, TrustModel, read, trust
from dashboard.dataset import Dataset
from dashboard.queries.coverage import potential_names

Array = NDArray[np.float64]

NEAREST = 8
_LIVE = {
    "omega_min_thz": "omega_min_thz", "noise_floor_thz": "noise_floor_thz", "undecidable": "undecidable",
    "cusp_thz": "cusp_thz", "asr_residual": "asr_residual", "cell_constant": "a", "geometry": "geometry",
    "status": "status",
}  # fmt: skip
_ALIKE = ("electronegativity_a", "electronegativity_b", "bond", "tolerance_factor", "octahedral_factor", "radius_a")


@dataclass(frozen=True)
class Trusted:
    """The answer for one compound: every potential, the highest trust first, what to do, and what is known of it."""

    subject: Subject
    found: tuple[PotentialTrust, ...]
    recommended: str | None
    sentence: str
    where: str
    fitted_to: str


@dataclass(frozen=True)
class TrustedLabels:
    """Of the compounds with published DFT that a potential was run on: trust, label and DFT's label (n,).

    The trust is that of models which have not seen the element on B.
    """

    trust: Array
    says_stable: NDArray[np.bool_]
    dft_stable: NDArray[np.bool_]


def fitted(dataset: Dataset) -> TrustModel:
    """The model beside the tables; raises `NoTrust`."""
    path = dataset.directory / FITTED
    try:
        stat = path.stat()
    except OSError:
        return read(dataset.directory)  # which says what is missing
    return _read(dataset.directory, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _read(directory: Path, _changed: int, _size: int) -> TrustModel:
    return read(directory)


def named(dataset: Dataset, text: str) -> Subject:
    """The cubic perovskite that `text` means; raises `FormulaError` and, for another structure type, `NoTrust`."""
    known = dataset.frame(LISTED)
    return subject(text, dict(zip(known["compound"], known["lattice_constant"], strict=True)))


def trusted(dataset: Dataset, text: str, least: float) -> Trusted:
    """What there is to say of the compound that `text` means; raises as `fitted` and `named`."""
    model, asked = fitted(dataset), named(dataset, text)
    return _answered(dataset, model, asked, dataset.frame(OF_COMPOUND, {"compound": asked.formula}), least)


def _answered(dataset: Dataset, model: TrustModel, asked: Subject, rows: pd.DataFrame, least: float) -> Trusted:
    found = tuple(assess(model, asked, rows))
    recommended, sentence = advice(found, potential_names(dataset), least)
    said = where(asked, model, dataset.manifest().release, len(rows))
    return Trusted(asked, found, recommended, sentence, said, model.release)


def of_live(dataset: Dataset, row: Mapping[str, Any]) -> PotentialTrust | None:
    """The trust in a live harmonic `row`, beside the published rows of the other potentials.

    None where there is none to give: no model, another structure type, a calculation that failed.
    """
    if row.get("status") != "ok" or row.get("suite") != SUITE:
        return None
    try:
        model, asked = fitted(dataset), named(dataset, str(row["compound"]))
    except NoTrust:
        return None
    published = dataset.frame(OF_COMPOUND, {"compound": asked.formula})
    cell = float(row["a"]) if row.get("a") is not None else np.nan
    own: dict[str, Any] = dict.fromkeys(published.columns)
    own |= {**asked.sites, "compound": asked.formula, "potential": row["potential"], "family": row["potential"]}
    own |= {name: row.get(column) for name, column in _LIVE.items()}
    if asked.in_suite:
        own["lattice_constant"] = asked.lattice_constant
        own["relaxed_constant"] = cell if row.get("geometry") == "relaxed" else None
    else:
        asked = replace(asked, lattice_constant=cell)
        own["lattice_constant"] = cell
    same = published["potential"] == row["potential"]
    if same.any():
        own["family"] = published.loc[same, "family"].iloc[0]
    rows = pd.concat([published[~same].astype(object), pd.DataFrame([own], dtype=object)], ignore_index=True)
    return assess(model, asked, rows, [str(row["potential"])])[0]


def nearest(dataset: Dataset, asked: Subject) -> pd.DataFrame:
    """The compounds with published DFT and the same X that are most like `asked`, the nearest first.

    A row per compound and potential, as `features.ROWS` has them, with `distance`: the root mean square difference of
    electronegativities and sizes, each over its spread in the suite, of those that both have.
    """
    listed, alike = _described(dataset, dataset.release())
    own = of_composition(pd.DataFrame([{**asked.sites, "lattice_constant": asked.lattice_constant}]))[list(_ALIKE)]
    spread = alike.std().to_numpy(float)
    difference = (alike.to_numpy(float) - own.to_numpy(float)) / np.where(spread > 0, spread, 1)
    both = np.isfinite(difference)
    shared = both.sum(axis=1)
    squares = np.where(both, difference, 0.0) ** 2
    distance = np.sqrt(squares.sum(axis=1) / np.maximum(shared, 1))
    usable = (shared >= 2) & (listed["X"] == asked.sites["X"]).to_numpy() & (listed["compound"] != asked.formula)
    order = np.argsort(np.where(usable, distance, np.inf), kind="stable")[: min(NEAREST, int(usable.sum()))]
    chosen = listed["compound"].iloc[order].tolist()
    rows = dataset.frame(f"{ROWS} AND list_contains($compounds, p.compound)", {"compounds": chosen})
    places = {name: i for i, name in enumerate(chosen)}
    return (
        rows.assign(
            place=rows["compound"].map(places),
            distance=rows["compound"].map(dict(zip(chosen, distance[order], strict=True))),
        )
        .sort_values(["place", "potential"], kind="stable")
        .reset_index(drop=True)
    )


@lru_cache(maxsize=2)
def _described(dataset: Dataset, _release: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compounds with a published frequency, and what they are compared by."""
    listed = dataset.frame(
        'SELECT compound, A, B, X, lattice_constant FROM "references" '
        "WHERE suite = $suite AND omega_min_thz IS NOT NULL AND isfinite(omega_min_thz)",
        {"suite": SUITE},
    )
    return listed, of_composition(listed)[list(_ALIKE)]


def screens(dataset: Dataset) -> dict[str, TrustedLabels]:
    """Per potential what a screen with trust rests on; raises `NoTrust` without a model."""
    return _screens(dataset, dataset.release(), fitted(dataset).release)


@lru_cache(maxsize=2)
def _screens(dataset: Dataset, _release: str, _fitted_to: str) -> dict[str, TrustedLabels]:
    model, rows = fitted(dataset), dataset.frame(ROWS)
    table = features(rows)
    omega, dft = rows["omega_min_thz"].astype(float), rows["dft_omega_min_thz"].astype(float)
    known, potentials = (omega.notna() & dft.notna()).to_numpy(), rows["potential"].to_numpy(str)
    says, truth, q = stable(omega), stable(dft), np.full(len(rows), np.nan)
    for element in rows.loc[known, "B"].unique():
        inside = known & (rows["B"] == element).to_numpy()
        q[inside] = model.without(str(element), "committee").stable(table[inside], potentials[inside])
    found = {}
    for potential in np.unique(potentials[known]):
        own = (potentials == potential) & dft.notna().to_numpy()  # a failed calculation is never accepted
        found[str(potential)] = TrustedLabels(trust(q[own], says[own]), says[own], truth[own])
    return found


@dataclass(frozen=True)
class MeanTrust:
    """Mean trust in the labels of a potential that DFT decides: in `n_stable` that say stable, `n_unstable` unstable.

    NaN where there are none. `above` is the share of all of them whose trust is `LEAST` or more.
    """

    n_stable: int
    stable: float
    n_unstable: int
    unstable: float
    above: float


def mean_trusts(dataset: Dataset) -> dict[str, MeanTrust]:
    """Per potential how far its labels can be trusted; empty without a model."""
    try:
        labels = screens(dataset)
    except NoTrust:
        return {}
    return {potential: _mean_trust(one) for potential, one in labels.items() if np.isfinite(one.trust).any()}


def share_stable(dataset: Dataset) -> float:
    """Of the compounds that the trust was fitted to the share that DFT calls stable; NaN without a model."""
    try:
        return fitted(dataset).prior
    except NoTrust:
        return np.nan


def _mean_trust(labels: TrustedLabels) -> MeanTrust:
    known = np.isfinite(labels.trust)  # a failed calculation has no label
    in_stable, in_unstable = (labels.trust[known & (labels.says_stable == said)] for said in (True, False))
    means = (float(values.mean()) if values.size else np.nan for values in (in_stable, in_unstable))
    stable, unstable = means
    above = float(np.mean(labels.trust[known] >= LEAST))
    return MeanTrust(in_stable.size, stable, in_unstable.size, unstable, above)


def next_csv(dataset: Dataset) -> str | None:
    """All of them as CSV."""
    try:
        model = fitted(dataset)
    except NoTrust:
        return None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["place", "formula", "in_suite", "probability_stable", "expected_reduction", "release"])
    for place, run in enumerate(model.next_runs, start=1):
        writer.writerow(
            [place, run.formula, run.in_suite, run.probability_stable, run.expected_reduction, model.release]
        )
    return text.getvalue()
