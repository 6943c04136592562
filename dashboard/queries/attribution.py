"""Where a potential's error of σ comes from: corners of the cube, steps between them, and what is not known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from compute.physics.attribution import CORNERS, NEEDS, OTHERS, PUBLISHED_PATH, Value, corners_of
from compute.tables.schemas import SURROGATE
from dashboard.dataset import Dataset
from dashboard.queries.coverage import potential_names
from dashboard.queries.ranking import RANKED_IN, preferred
from dashboard.records import records
from dashboard.views.error_sources import ORDERS, REFERENCES

STEP_OF = {step[0]: step for step in PUBLISHED_PATH}
INTERACTIONS = {
    "forces_hessian": ("forces", "hessian", None),
    "forces_hessian_given_sampling": ("forces", "hessian", "sampling"),
    "forces_sampling": ("forces", "sampling", None),
    "forces_sampling_given_hessian": ("forces", "sampling", "hessian"),
    "hessian_sampling": ("hessian", "sampling", None),
    "hessian_sampling_given_forces": ("hessian", "sampling", "forces"),
}
"""Per interaction the two steps, and the third where it has already been replaced."""


@dataclass(frozen=True)
class Step:
    """One replacement, from corner `before` to `after`; `change` is None where one of them is not known.

    `exact` says whether the error of `change` is the standard error; else it is an upper limit of it.
    """

    name: str
    before: str
    after: str
    change: Value | None
    exact: bool


@dataclass(frozen=True)
class Scored:
    """One potential on one set of reference frames; what is not known is missing from a mapping, or None.

    `row` is the row of the table with single numbers and provenance, None where empty. `sampled_by` is the potential
    that sampled the frames, None where it was the reference's own dynamics. `published`, where the reference is DFT, is
    the σ that the source of the compound gives, with its functional.
    """

    row: Mapping[str, Any]
    corners: Mapping[str, Value]
    path: Mapping[str, Value]
    shapley: Mapping[str, Value]
    interactions: Mapping[str, Value]
    sampled_by: str | None
    published: float | None
    functional: str | None

    @property
    def frames(self) -> str:
        """The letter of T: whose dynamics made the frames: r, m or, of a third sampler, s."""
        return next((letter for letter in "rsm" if any(name[0] == letter for name in self.corners)), "r")

    def on_frames(self, corner: str) -> str:
        """`corner` of T = r as it is called on the frames at hand."""
        return self.frames + corner[1:] if corner[0] == "r" else corner

    @property
    def start(self) -> str:
        """The corner of the reference's forces and force constants on these frames."""
        return self.on_frames("rrr")

    @property
    def missing(self) -> dict[str, str]:
        """Per corner that is not known, what would supply it."""
        return {corner: NEEDS[corner] for corner in CORNERS if corner not in self.corners}

    @property
    def of_surrogate(self) -> bool:
        """Whether a potential stands in place of DFT."""
        return str(self.row["frames"]).startswith(SURROGATE)

    @property
    def net(self) -> Value:
        """Forces and Hessian as one step; without its error in a row that is older than the column."""
        start, end = self.corners.get(self.start), self.corners.get(self.on_frames("rmm"))
        known = self.value("path_forces_hessian")
        if math.isfinite(known.value) or start is None or end is None:
            return known
        return Value(end.value - start.value, math.nan)

    def value(self, name: str) -> Value:
        """The number in column `name` with its standard error; NaN where empty."""
        return Value(_real(self.row[name]), _real(self.row.get(f"{name}_se")))


START = "coalesce({0}corner_rrr, {0}corner_mrr, {0}corner_srr)"
"""SQL of σ with the reference's forces and force constants on the frames of the set, whosever they are."""

OF_REFERENCE = f"starts_with(frames, '{SURROGATE}') = ($reference = 'surrogate')"
"""Condition on the table `attribution`: rows whose reference is DFT, or a potential; the two are never put together."""


def references(dataset: Dataset) -> list[str]:
    """Which kinds of reference the table has rows of."""
    frame = dataset.frame(f"SELECT DISTINCT starts_with(frames, '{SURROGATE}') AS surrogate FROM attribution")
    return [
        reference
        for reference, surrogate in zip(REFERENCES, (False, True), strict=True)
        if surrogate in set(frame["surrogate"])
    ]


def sets(dataset: Dataset, reference: str = REFERENCES[0]) -> list[str]:
    """Sets of frames of one kind of reference, those that some potential was scored on first, by name."""
    frame = dataset.frame(
        f"SELECT frames FROM attribution WHERE {OF_REFERENCE} GROUP BY frames "
        "ORDER BY bool_or(status = 'ok') DESC, frames",
        {"reference": reference},
    )
    names: list[str] = frame["frames"].tolist()
    return names


def potentials(dataset: Dataset, frames: str) -> list[str]:
    """Potentials scored on `frames`, the finished ones first, and of these the best ranked."""
    rows = dataset.frame(
        "SELECT potential, status = 'ok' AS finished FROM attribution WHERE frames = $frames ORDER BY potential",
        {"frames": frames},
    )
    parts = (rows.loc[rows["finished"], "potential"], rows.loc[~rows["finished"], "potential"])
    return [potential for part in parts for potential in preferred(dataset, RANKED_IN, part)]


def scored(dataset: Dataset, frames: str, potential: str) -> Scored | None:
    """What the table knows of `potential` on `frames`; None when it was never scored there."""
    found = dataset.frame(
        'SELECT a.*, r.sigma AS published, r.functional FROM attribution a LEFT JOIN "references" r '
        "USING (suite, compound) WHERE a.frames = $frames AND a.potential = $potential",
        {"frames": frames, "potential": potential},
    )
    return None if found.empty else scored_row(records(found)[0], potential_names(dataset))


def scored_row(row: Mapping[str, Any], names: Mapping[str, str]) -> Scored:
    """What `row` says: one of the table, with `published` and `functional` of the compound; `names` of potentials."""
    sampler = row.get("frames_of") or str(row["sampler"]).partition(": ")[0]
    surrogate = row["frames"].startswith(SURROGATE)
    return Scored(
        row=row,
        corners=_values(row, "corner", (*CORNERS, *OTHERS)),
        path=_values(row, "path", PUBLISHED_PATH),
        shapley=_values(row, "shapley", PUBLISHED_PATH),
        interactions=_values(row, "interaction", tuple(INTERACTIONS)),
        sampled_by=sampler if sampler in names else None,
        published=None if surrogate else row["published"],
        functional=row["functional"],
    )


def known_orders(found: Scored) -> list[str]:
    """Orders of which at least the first two replacements are known, the published one first."""
    return [
        order
        for order in ORDERS
        if {found.on_frames(corner) for corner in _passed(order)[:3]} <= set(found.corners)
        and (found.frames == "r" or order.endswith("s"))
    ]


def steps(found: Scored, order: str) -> list[Step]:
    """The three replacements in `order`.

    The table keeps the joint error of the published path and of the sampling step after it. For another order the
    error is at most the sum of the errors of the two corners, because they share frames.
    """
    passed, published = _passed(order), corners_of(PUBLISHED_PATH)
    result = []
    for letter, before, after in zip(order, passed, passed[1:], strict=False):
        name, here = STEP_OF[letter], (found.on_frames(before), found.on_frames(after))
        exact = published[PUBLISHED_PATH.index(name)] == before and name in found.path
        known = name != "sampling" or found.frames == "r"  # else it would go from frames to the same
        change = found.path[name] if exact else _change(found, *here) if known else None
        result.append(Step(name, here[0], here[1] if known else after, change, exact))
    return result


def contributions(dataset: Dataset, reference: str = REFERENCES[0]) -> pd.DataFrame:
    """Contributions along the published path of every set of one kind of reference, failed ones with their reason.

    Columns `frames`, `compound`, `potential`, `status`, `reason`, and per step its contribution to σ and `_se`.
    """
    columns = ", ".join(f"path_{step} AS {step}, path_{step}_se AS {step}_se" for step in PUBLISHED_PATH)
    return dataset.frame(
        f"SELECT frames, compound, potential, status, reason, {columns} FROM attribution "
        f"WHERE {OF_REFERENCE} ORDER BY frames, potential",
        {"reference": reference},
    )


def _passed(order: str) -> list[str]:
    return corners_of(tuple(STEP_OF[letter] for letter in order))


def _change(found: Scored, before: str, after: str) -> Value | None:
    if before not in found.corners or after not in found.corners:
        return None
    first, second = found.corners[before], found.corners[after]
    return Value(second.value - first.value, first.se + second.se)


def _values(row: Mapping[str, Any], prefix: str, names: tuple[str, ...]) -> dict[str, Value]:
    return {
        name: Value(_real(row[f"{prefix}_{name}"]), _real(row[f"{prefix}_{name}_se"]))
        for name in names
        if row[f"{prefix}_{name}"] is not None
    }


def _real(value: Any) -> float:
    return math.nan if value is None else float(value)
