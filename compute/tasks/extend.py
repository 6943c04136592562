"""A published row taken on by a task that asks for more of it: geometry and Φ stand, the ladder is added."""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.potentials.interface import Potential
from compute.protocols import HarmonicProtocol
from compute.stages import phonons, rows
from compute.stages.harmonic import ladder
from compute.structures.compounds import Compound

Row = dict[str, Any]

CONSTANTS = "force_constants"
"""Under which a published row brings its force constants along."""
_SAME = 0.05
"""THz; the rounding of published force constants moves no ω by more than a tenth of it."""


def can_extend(known: Row) -> bool:
    """Whether `known`, a published row, has what `extended` needs; one without force constants is computed anew."""
    return known["status"] == "ok" and (known["label_ladder"] is not None or bool(known[CONSTANTS]))


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
