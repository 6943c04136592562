"""Tilt wells: E(Q) of DFT and of potentials on the very same structures, and how far apart they are.

DFT may have several settings. The one that answers as the reference is chosen in `compute.tables.selections`; every
other setting is held against it like a potential, and so shows DFT's own error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from compute.physics import wells as physics
from compute.statistics.bootstrap import clusters_of
from compute.statistics.deviation import deviation, rms_interval
from dashboard.dataset import Dataset
from dashboard.queries.ranking import RANKED_IN, preferred

REFERENCE, CHECK, POTENTIAL = "reference", "check", "potential"
QUANTITY_COLUMNS = {"curvature": "curvature", "omega": "omega_thz"}
_KEYS = ["suite", "compound"]
HEIGHT, QUARTIC = "height", "quartic_alone"
_QUANTITIES = [*QUANTITY_COLUMNS.values(), QUARTIC, HEIGHT, "depth"]

_WELLS = """
SELECT w.*, r.B, r.Bp FROM wells_by_kind w LEFT JOIN "references" r USING (suite, compound)
ORDER BY w.compound, w.source, w.k_points, w.cutoff_ev
"""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Deviations:
    """Differences from DFT of one quantity, in its unit; NaN where n is 0.

    `median` is the median of their sizes, `scale` the median size of DFT's own values; `rmse_low` and `rmse_high`
    bound the 95 % bootstrap interval, compounds of one M and of one M′ drawn together; NaN with few of either.
    """

    n: int
    rmse: float
    rmse_low: float
    rmse_high: float
    bias: float
    median: float
    scale: float


@dataclass(frozen=True)
class Comparison:
    """One potential, or DFT at other settings, against DFT at its reference settings over `n` compounds.

    `harmonic` is of the curvature or of ω, `height` of the energy at the largest Q, `quartic` of the quartic term
    fitted without a sextic one, `depth` of the depth of the well. `signs` counts the compounds in which the curvature
    has DFT's sign, and `baseline` those in which always answering DFT's more frequent sign has it. `n_failed` more
    have DFT and a failed calculation, `n_missing` DFT alone.
    """

    name: str
    kind: str
    signs: int
    baseline: int
    harmonic: Deviations
    height: Deviations
    quartic: Deviations
    depth: Deviations
    n_failed: int
    n_missing: int

    @property
    def n(self) -> int:
        """Compounds compared."""
        return self.harmonic.n


def wells(dataset: Dataset) -> pd.DataFrame:
    """Every well of the mode that most rows are of, failed ones too, with more columns. It must not be changed.

    `kind`: reference, check (DFT at other settings) or potential; `name`: how the source is called, "DFT" for the
    reference, what differs from it for a check, the potential's id else; `missed`: root mean square of what the fit
    misses of the forces, over that of the forces, NaN where there is no fit; `has_dft`: whether the reference of the
    compound is finished, and then its `dft_curvature`, `dft_omega_thz` and so on; `height`: energy at the largest Q
    in meV; `quartic_alone`: the quartic term fitted without a sextic one; `place`: of the potential in the ranking.
    """
    return _wells(dataset, dataset.release())


@lru_cache(maxsize=4)
def _wells(dataset: Dataset, release: str) -> pd.DataFrame:
    frame = dataset.frame(_WELLS)
    reference = frame[frame["kind"] == REFERENCE].set_index("compound")
    frame["name"] = [_name(row, reference) for row in frame.itertuples(index=False)]
    known = sorted(frame.loc[frame["kind"] == POTENTIAL, "source"].unique())
    frame["place"] = frame["source"].map({p: place for place, p in enumerate(preferred(dataset, RANKED_IN, known))})
    sizes = [np.sqrt(np.mean(np.square(forces))) if np.ndim(forces) else np.nan for forces in frame["forces"]]
    frame["missed"] = frame["force_residual"].to_numpy(float) / np.array(sizes, float)
    frame[HEIGHT] = [1000 * e[np.argmax(np.abs(q))] if np.ndim(e) else np.nan for q, e in _points(frame, "energies")]
    frame[QUARTIC] = [
        physics.quartic_alone(q, e, f) if np.ndim(e) else np.nan
        for (q, e), (_, f) in zip(_points(frame, "energies"), _points(frame, "forces"), strict=True)
    ]
    finished = frame.loc[(frame["kind"] == REFERENCE) & (frame["status"] == "ok"), [*_KEYS, *_QUANTITIES]]
    dft = finished.rename(columns={name: f"dft_{name}" for name in _QUANTITIES}).assign(has_dft=True)
    frame = frame.merge(dft, on=_KEYS, how="left")
    frame["has_dft"] = frame["has_dft"].notna()
    return frame


def _points(frame: pd.DataFrame, of: str) -> Iterator[tuple[Any, Any]]:
    """Q and `of` of each well, as arrays where there are any."""
    for q, values in zip(frame["q"], frame[of], strict=True):
        yield (np.array(q, float), np.array(values, float)) if np.ndim(values) else (None, None)


def _name(row: Any, reference: pd.DataFrame) -> str:
    if row.kind == POTENTIAL:
        return str(row.source)
    if row.kind == REFERENCE:
        return "DFT"
    if row.compound not in reference.index:
        return f"DFT, {row.settings}"
    same = reference.loc[row.compound]
    parts = []
    if row.k_points != same["k_points"]:
        parts.append(f"{row.k_points} k")
    if row.cutoff_ev != same["cutoff_ev"]:
        parts.append(f"{row.cutoff_ev / same['cutoff_ev']:g} × cutoff")
    return f"DFT, {', '.join(parts) or row.settings}"


def potentials(frame: pd.DataFrame) -> list[str]:
    """Ids of the potentials with wells, the best ranked first."""
    return list(frame[frame["kind"] == POTENTIAL].sort_values("place")["source"].unique())


def chosen(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """`frame` with all of DFT, and of the potentials only `names`."""
    return frame[(frame["kind"] != POTENTIAL) | frame["source"].isin(names)]


def pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """What can be compared, one row per compound and name other than the reference, both finished.

    Columns `compound`, `name`, `kind`, and per quantity its value (`curvature`, `omega_thz`, `height`, …) and DFT's
    (`dft_curvature`, …).
    """
    both = (frame["status"] == "ok") & (frame["kind"] != REFERENCE) & frame["has_dft"]
    columns = ["suite", "compound", "B", "Bp", "name", "kind", *_QUANTITIES, *(f"dft_{name}" for name in _QUANTITIES)]
    return frame.loc[both, columns].reset_index(drop=True)


def comparisons(frame: pd.DataFrame, quantity: str) -> list[Comparison]:
    """One entry per potential, the best ranked first, then per other setting of DFT; `quantity` as in the view."""
    joined, column = pairs(frame), QUANTITY_COLUMNS[quantity]
    known = set(frame.loc[(frame["kind"] == REFERENCE) & (frame["status"] == "ok"), "compound"])
    found = []
    for (kind, _, name), rows in frame[frame["kind"] != REFERENCE].groupby(["kind", "place", "name"], dropna=False):
        mine = joined[joined["name"] == name]
        tried = set(rows["compound"]) & known
        found.append(
            Comparison(
                name=str(name),
                kind=str(kind),
                signs=int(np.sum(np.sign(mine["curvature"]) == np.sign(mine["dft_curvature"]))),
                baseline=max(int(np.sum(mine["dft_curvature"] < 0)), int(np.sum(mine["dft_curvature"] > 0))),
                harmonic=_deviations(mine, column),
                **{
                    name: _deviations(mine, column)
                    for name, column in (("height", HEIGHT), ("quartic", QUARTIC), ("depth", "depth"))
                },
                n_failed=len(tried) - len(mine),
                n_missing=len(known - tried),
            )
        )
    return sorted(found, key=lambda c: c.kind != POTENTIAL)


def _deviations(pairs: pd.DataFrame, column: str) -> Deviations:
    """Of `column`; compounds of one M and of one M′ are drawn together."""
    values, dft = pairs[column].to_numpy(float), pairs[f"dft_{column}"].to_numpy(float)
    known = np.isfinite(values) & np.isfinite(dft)
    ways = clusters_of(pairs[known], str(pairs["suite"].iloc[0])) if known.any() else []
    codes = tuple(np.unique(way, return_inverse=True)[1].astype(np.int64).tobytes() for way in ways)
    return _known_deviations(values[known].tobytes(), dft[known].tobytes(), codes)


@lru_cache(maxsize=256)
def _known_deviations(of_values: bytes, of_dft: bytes, codes: tuple[bytes, ...]) -> Deviations:
    values, dft = np.frombuffer(of_values), np.frombuffer(of_dft)
    plain = deviation(values, dft)
    if plain.n == 0:
        return Deviations(0, *[float("nan")] * 6)
    difference = values - dft
    rms = rms_interval(difference, clusters=[np.frombuffer(way, np.int64) for way in codes])
    return Deviations(
        n=plain.n,
        rmse=plain.rmse,
        rmse_low=rms.low,
        rmse_high=rms.high,
        bias=plain.bias,
        median=float(np.median(np.abs(difference))),
        scale=float(np.median(np.abs(dft))),
    )


def compounds(frame: pd.DataFrame) -> list[str]:
    """Compounds with a finished well, by name."""
    return sorted(frame.loc[frame["status"] == "ok", "compound"].unique())


def most_different(frame: pd.DataFrame) -> str:
    """The compound in which a potential's curvature is furthest from DFT's; the first where nothing is compared."""
    joined = pairs(frame)
    joined = joined[joined["kind"] == POTENTIAL]
    if joined.empty:
        return next(iter(compounds(frame)), "")
    distance = (joined["curvature"] - joined["dft_curvature"]).abs()
    return str(joined.loc[distance.idxmax(), "compound"])


def of_compound(frame: pd.DataFrame, compound: str) -> pd.DataFrame:
    """The rows of `compound`: the reference, other settings of DFT, then potentials, the best ranked first."""
    rows = frame[frame["compound"] == compound]
    rank = rows["kind"].map({REFERENCE: 0, CHECK: 1, POTENTIAL: 2})
    return rows.assign(rank=rank).sort_values(["rank", "place", "name"]).drop(columns="rank")
