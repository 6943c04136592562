"""The published tables joined for one question: how much of the error in σ the harmonic errors explain, in abx3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compute import tables
from compute.statistics.regression import PLACES, Explained, explained, square_errors
from compute.structures.compounds import ABX3_ANIONS

if TYPE_CHECKING:
    import pandas as pd

SUITE = "abx3"


@dataclass(frozen=True)
class Share:
    """What is explained for one potential and protocol of σ, for one anion or, with `anion` None, for all together."""

    potential: str
    protocol: str
    anion: str | None
    result: Explained


@dataclass(frozen=True)
class Missing:
    """A potential without the numbers to compare, and the command that computes them."""

    potential: str
    quantity: str
    command: str


def missing(directory: Path, potential: str | None = None) -> list[Missing]:
    """What is not computed in suite abx3: for `potential`, or for every potential that has one of the two."""
    harmonic, sigma = (set(frame["potential"]) for frame in (_harmonic(directory), _anharmonic(directory)))
    campaign = f"softmode campaign run --suite {SUITE} --potential"
    return [
        Missing(name, quantity, f"{campaign} {name} --stage {stage}")
        for name in ([potential] if potential else sorted(harmonic | sigma))
        for quantity, stage, computed in (("ω", "harmonic", harmonic), ("σ", "sigma", sigma))
        if name not in computed
    ]


def shares(directory: Path, potential: str | None = None) -> Iterator[Share]:
    """One `Share` per potential, protocol and anion, the anions before all together, as each is found.

    Every compound for which σ was attempted counts: one that lacks a number on either side is `n_left_out`.
    """
    joined = _joined(directory)
    if potential is not None:
        joined = joined[joined["potential"] == potential]
    for (name, protocol), rows in joined.groupby(["potential", "protocol"]):
        present = set(rows["X"])
        for anion in (*(anion for anion in ABX3_ANIONS if anion in present), None):
            part = rows if anion is None else rows[rows["X"] == anion]
            error = part["sigma"] - part["dft_sigma"]
            omegas = [{place: part[f"{side}omega_{place}_thz"] for place in PLACES} for side in ("", "dft_")]
            yield Share(str(name), str(protocol), anion, explained(error, square_errors(*omegas, SUITE)))


def _joined(directory: Path) -> pd.DataFrame:
    """One row per compound, potential and protocol of σ, with ω (THz) and σ of the potential and, `dft_…`, of DFT."""
    references = tables.read(directory, "references").to_pandas()
    references = references[references["suite"] == SUITE]
    columns = [f"omega_{place}_thz" for place in PLACES]
    published = references[["compound", "X", "sigma", *columns]].rename(
        columns={column: f"dft_{column}" for column in ("sigma", *columns)}
    )
    harmonic = _harmonic(directory)[["compound", "potential", *columns]]
    sigma = _anharmonic(directory)[["compound", "potential", "protocol", "sigma"]]
    return sigma.merge(published, on="compound").merge(harmonic, on=["compound", "potential"], how="left")


def _harmonic(directory: Path) -> pd.DataFrame:
    """Finished rows of `harmonic`, the newest per compound and potential."""
    rows = _attempted(directory, "harmonic").drop_duplicates(["compound", "potential"], keep="last")
    return rows[rows["status"] == "ok"]


def _anharmonic(directory: Path) -> pd.DataFrame:
    """Attempted rows of `anharmonic`, the newest per compound, potential and protocol; a failed one has no σ."""
    return _attempted(directory, "anharmonic").drop_duplicates(["compound", "potential", "protocol"], keep="last")


def _attempted(directory: Path, name: str) -> pd.DataFrame:
    """Rows of the suite in table `name` that were run at the DFT cell, in the order in which their runs started."""
    rows = tables.read(directory, name).to_pandas()
    started = tables.read(directory, "runs").to_pandas().set_index("run")["started"]
    rows = rows[(rows["suite"] == SUITE) & (rows["geometry"] == "reference") & (rows["status"] != "not-run")]
    return rows.assign(started=rows["run"].map(started)).sort_values("started", na_position="first", kind="stable")
