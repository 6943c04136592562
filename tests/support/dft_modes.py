"""An invented compound with force constants of DFT, whose branches are in another order than the potential's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compute import tables
from tests.support import dashboard_data
from tests.support.dashboard_data import CHGNET

SPRINGS = {"potential": (1.0, 4.0, 9.0, 9.0, 9.0), "dft": (4.0, 2.0, 9.0, 9.0, 9.0)}
"""eV/Å² of each of five atoms of 100 u: the atom at the corner is the softest of the potential, not of DFT."""


def publish(directory: Path) -> Path:
    """The invented tables, in which CsPbI3 has such force constants."""
    dashboard_data.publish(directory)
    rows = [row for row in tables.read_where(directory, "force_constants") if row["potential"] == CHGNET]
    row = {**rows[0], "constants": _springs(SPRINGS["potential"]), "basis": None, "coordinates": None}
    of_dft = {name: row[name] for name in ("suite", "compound", "symbols", "masses", "positions", "lattice", "repeats")}
    of_dft |= {"functional": "PBE", "settings": "invented", "constants": _springs(SPRINGS["dft"])}
    with tables.publishing(directory) as publication:
        publication.upsert("force_constants", [row])
        publication.upsert("dft_constants", [of_dft])
    return directory


def _springs(values: tuple[float, ...]) -> list[float]:
    constants = np.zeros((5, 5, 2, 2, 2, 3, 3))
    for i, value in enumerate(values):
        constants[i, i, 0, 0, 0] = value * np.eye(3)
    return [float(value) for value in constants.ravel()]
