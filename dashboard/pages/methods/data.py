"""What the methods page says about the tables themselves: files, limits of the data, what to cite."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from compute.tables.schemas import SCHEMAS
from dashboard.dataset import Dataset
from dashboard.server.downloads import whole_table

SIGMA_ENDS = 2.0
THREE_BODY_CUTOFF = 3.0


@dataclass(frozen=True)
class Published:
    """One table as the manifest lists it; `files` and the other numbers are 0 where it was never published."""

    table: str
    files: int
    rows: int
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        """The file that holds all of it; empty where it was never published."""
        return whole_table(self.table) if self.files else ""


def published(dataset: Dataset) -> list[Published]:
    """One entry per table of the schema, in its order."""
    listed = dataset.manifest().tables
    entries = [(name, listed.get(name)) for name in SCHEMAS]
    return [
        Published(name, len(e.files), e.rows, e.bytes, e.sha256) if e else Published(name, 0, 0, 0, "")
        for name, e in entries
    ]


def sigma_coverage(dataset: Dataset) -> pd.DataFrame:
    """Columns suite, n, n_sigma, n_large (σ ≥ 2) and largest: what the sources publish of σ, where they do."""
    return dataset.frame(
        "SELECT suite, count(*) AS n, count(sigma) AS n_sigma, count(*) FILTER (sigma >= $ends) AS n_large, "
        'max(sigma) AS largest FROM "references" GROUP BY suite HAVING count(sigma) > 0 ORDER BY suite',
        {"ends": SIGMA_ENDS},
    )


def noise_by_bond(dataset: Dataset) -> pd.DataFrame:
    """Columns name, short (B–X below 3 Å), n and median: noise floors in THz of every potential on suite abx3."""
    return dataset.frame(
        "SELECT coalesce(p.name, h.potential) AS name, h.cell_constant / 2 < $cutoff AS short, count(*) AS n, "
        "median(h.noise_floor_thz) AS median FROM pairs h LEFT JOIN potentials p USING (potential) "
        "WHERE h.suite = 'abx3' AND h.status = 'ok' AND h.cell_constant IS NOT NULL AND h.noise_floor_thz IS NOT NULL "
        "GROUP BY ALL ORDER BY name, short DESC",
        {"cutoff": THREE_BODY_CUTOFF},
    )


def potential_citations(dataset: Dataset) -> pd.DataFrame:
    """Columns citation, doi and names: one row per work to cite, with the potentials that it is for."""
    return dataset.frame(
        "SELECT citation, doi, string_agg(name, ', ' ORDER BY name) AS names FROM potentials "
        "GROUP BY ALL ORDER BY names"
    )


def functionals(dataset: Dataset) -> pd.DataFrame:
    """Columns functional and names: the level of theory that the potentials were trained on."""
    return dataset.frame(
        "SELECT functional, string_agg(name, ', ' ORDER BY name) AS names FROM potentials "
        "GROUP BY functional ORDER BY functional"
    )


def licences(dataset: Dataset) -> pd.DataFrame:
    """Columns licence and names: what the weights of the potentials are given under."""
    return dataset.frame(
        "SELECT licence, string_agg(name, ', ' ORDER BY name) AS names FROM potentials "
        "GROUP BY licence ORDER BY licence"
    )
