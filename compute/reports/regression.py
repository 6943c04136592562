"""The published tables joined for one question: how much of σ beyond DFT's the harmonic errors explain, in abx3."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from compute.statistics.regression import PLACES, Explained, explained, square_errors
from compute.structures.compounds import ABX3_ANIONS

if TYPE_CHECKING:
    import pandas as pd

SUITE = "abx3"

# At the DFT cell; every compound for which σ was attempted, and finished harmonic calculations.
_SIGMA = f"FROM newest_sigma WHERE suite = '{SUITE}' AND geometry = 'reference'"
_OMEGA = f"FROM newest_harmonic WHERE suite = '{SUITE}' AND geometry = 'reference' AND status = 'ok'"


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


def missing(connection: duckdb.DuckDBPyConnection, potential: str | None = None) -> list[Missing]:
    """What is not computed in suite abx3: for `potential`, or for every potential that has one of the two."""
    harmonic, sigma = (
        {name for (name,) in connection.execute(f"SELECT DISTINCT potential {rows}").fetchall()}
        for rows in (_OMEGA, _SIGMA)
    )
    campaign = f"softmode campaign run --suite {SUITE} --potential"
    return [
        Missing(name, quantity, f"{campaign} {name} --stage {stage}")
        for name in ([potential] if potential else sorted(harmonic | sigma))
        for quantity, stage, computed in (("ω", "harmonic", harmonic), ("σ", "sigma", sigma))
        if name not in computed
    ]


def shares(
    connection: duckdb.DuckDBPyConnection,
    potentials: Collection[str] | None = None,
    anions: Sequence[str] = ABX3_ANIONS,
) -> Iterator[Share]:
    """One `Share` per potential, protocol and one of `anions`, these before all together, as each is found.

    The `connection` is to a joined release. Every compound for which σ was attempted counts: one that lacks a number on
    either side is `n_left_out`.
    """
    rows = _rows(connection)
    if potentials is not None:
        rows = rows[rows["potential"].isin(potentials)]
    for (name, protocol), own in rows.groupby(["potential", "protocol"]):
        present = set(own["X"])
        for anion in (*(anion for anion in anions if anion in present), None):
            part = own if anion is None else own[own["X"] == anion]
            found, dft = ({place: part[f"{side}omega_{place}_thz"] for place in PLACES} for side in ("", "dft_"))
            yield Share(
                str(name),
                str(protocol),
                anion,
                explained(part["sigma"], part["dft_sigma"], square_errors(found, dft, SUITE)),
            )


def _rows(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row per compound, potential and protocol of σ, with ω (THz) and σ of the potential and, `dft_…`, of DFT."""
    columns = ", ".join(f"h.omega_{place}_thz, d.omega_{place}_thz AS dft_omega_{place}_thz" for place in PLACES)
    found: pd.DataFrame = connection.execute(
        f"SELECT s.compound, s.potential, s.protocol, d.X, s.sigma, d.sigma AS dft_sigma, {columns} "
        f'FROM (SELECT * {_SIGMA}) s JOIN "references" d USING (suite, compound) '
        f"LEFT JOIN (SELECT * {_OMEGA}) h USING (suite, compound, potential) ORDER BY ALL"
    ).df()
    return found
