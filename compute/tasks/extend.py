"""Published rows taken on by a campaign that asks for more of them: geometry and Φ stand, the ladder is added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from compute import tables
from compute.potentials.interface import Potential
from compute.protocols import HarmonicProtocol
from compute.stages import phonons, rows
from compute.stages.harmonic import ladder
from compute.structures.compounds import Compound
from compute.tables import constants

Row = dict[str, Any]

CONSTANTS = constants.TABLE
_SAME = 0.05
"""THz; the rounding of published force constants moves no ω by more than a tenth of it."""


def published(
    data: Path, suite: str, potential: str, checkpoint_sha256: str | None, protocol: HarmonicProtocol
) -> dict[str, Row]:
    """By compound, the rows in `data` of `protocol` with or without its ladder, and their force constants under
    `CONSTANTS`. Only of the same checkpoint; a compound that was not run has none."""
    of, manifest = {"suite": suite, "potential": potential}, tables.read_manifest(data)
    bare = protocol.model_copy(update={"ladder": None}).digest
    same = {
        row["run"]
        for row in manifest.read_where("runs", **of)
        if row["stage"] == "harmonic"
        and row["checkpoint_sha256"] == checkpoint_sha256
        and HarmonicProtocol.model_validate_json(row["protocol_json"]).model_copy(update={"ladder": None}).digest
        == bare
    }
    found = {
        (row["run"], row["compound"]): row
        for row in constants.read_where(manifest, kind="harmonic", protocol=protocol.name, **of)
    }
    return {
        row["compound"]: row | {CONSTANTS: [found[key]] if (key := (row["run"], row["compound"])) in found else []}
        for row in manifest.read_where("harmonic", **of)
        if row["run"] in same and row["status"] != "not-run"
    }


def extended(known: Row, compound: Compound, potential: Potential, protocol: HarmonicProtocol) -> Row:
    """`known`, a finished row with its force constants, as `protocol` with its ladder gives it.

    Raises `EvaluationError`, and `ValueError` where the force constants are not those of the row.
    """
    if protocol.ladder is None or known["label_ladder"] is not None:
        return known
    (stored,) = known[CONSTANTS]
    n, size = len(stored["masses"]), stored["repeats"]
    phonon = phonons.phonopy_of(compound.structure(known["a"], known["x"]), np.eye(3, dtype=int) * size, symmetry=False)
    phonon.force_constants = phonons.from_cells(phonon, np.reshape(stored["constants"], (n, n, size, size, size, 3, 3)))
    omega_min = known["omega_min_thz"]
    found, _ = phonons.softest(phonon, phonons.commensurate_q(phonon))
    if abs(found - omega_min) > _SAME:
        raise ValueError(f"published force constants have ω_min {found:.3f} THz, their row {omega_min:.3f} THz")
    climbed = ladder(phonon, potential, protocol)
    return {**known, **rows.frozen_columns(omega_min, float(climbed.omegas[0]), climbed, protocol.tolerance_thz)}
