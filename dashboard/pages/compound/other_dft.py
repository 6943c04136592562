"""A second DFT beside the reference: the same composition in the suites of stored results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash.development.base_component import Component

from compute.structures.formula import composition_key
from compute.suites import SUITES
from dashboard.dataset import Dataset
from dashboard.queries.compound_page import KnownCompound
from dashboard.ui.blocks import section, table
from dashboard.ui.text import count, number

_BESIDE = ("mp64", "phonondb")
_CUBIC = {"hdp": 40, "abx3": 5}
"""Atoms in the conventional cell of the cubic structure: an entry with another number is another structure."""


def other_dft(found: KnownCompound) -> Component | None:
    """Lowest and highest ω of other DFT, and of potentials beside it; None where no entry has this composition."""
    entries = same_composition(found.dataset, str(found.known["formula"]))
    if found.suite not in _CUBIC or entries.empty:
        return None
    potentials = found.dataset.frame(
        "SELECT suite, compound, potential, omega_min_thz FROM harmonic WHERE status = 'ok' AND list_contains($ids, "
        "suite || '/' || compound)",
        {"ids": (entries["suite"] + "/" + entries["compound"]).tolist()},
    )
    rows = [_row(entry, potentials, found) for entry in entries.to_dict("records")]
    return section(
        "Another DFT of this composition",
        table(
            (
                "entry",
                "functional",
                "atoms of the cell",
                "lowest ω (THz)",
                "highest ω (THz)",
                "potentials, lowest ω (THz)",
            ),
            rows,
            caption="Lowest ω with acoustic modes where the source has no other: about 0 is stable.",
            numeric_from=2,
        ),
        about="A cross-check of the reference, not its truth: other functional, other settings, and maybe another "
        "structure of the same composition.",
    )


def same_composition(dataset: Dataset, formula: str) -> pd.DataFrame:
    """Rows of `references` in the suites beside ours that have the composition of `formula`."""
    listed = ", ".join(f"'{suite}'" for suite in _BESIDE)
    frame = dataset.frame(f'SELECT * FROM "references" WHERE suite IN ({listed}) ORDER BY suite, compound')
    wanted = composition_key(formula)
    return frame[[composition_key(other) == wanted for other in frame["formula"]]]


def _row(entry: dict[str, Any], potentials: pd.DataFrame, found: KnownCompound) -> list[Any]:
    beside = potentials[(potentials["suite"] == entry["suite"]) & (potentials["compound"] == entry["compound"])]
    values = "; ".join(
        f"{found.names.get(row.potential, row.potential)} {number(row.omega_min_thz)}"
        for row in beside.itertuples(index=False)
    )
    # A column without a number at all comes as objects.
    atoms, highest = (
        float("nan") if pd.isna(entry[name]) else float(entry[name]) for name in ("n_atoms", "omega_max_thz")
    )
    other = "" if np.isnan(atoms) or int(atoms) == _CUBIC[found.suite] else " (not the cubic cell)"
    return [
        f"{entry['compound']}, {SUITES[entry['suite']].title}",
        entry["functional"],
        "not stated" if np.isnan(atoms) else f"{count(int(atoms))}{other}",
        number(entry["omega_min_thz"]),
        number(highest),
        values or "–",
    ]
