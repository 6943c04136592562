"""The softest mode frozen in at several amplitudes, in one batch of force calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import ladder as physics
from compute.physics.phonons import softest_pattern
from compute.potentials.interface import Potential
from compute.stages import phonons

if TYPE_CHECKING:
    from phonopy import Phonopy


def ladder(phonon: Phonopy, potential: Potential, amplitudes: Sequence[float]) -> physics.Ladder:
    """The ladder of the softest mode of `phonon`, the atom that moves most by each of `amplitudes` in Å.

    Raises `EvaluationError`, and `ValueError` for fewer than three amplitudes.
    """
    masses = phonon.supercell.masses
    pattern = softest_pattern(phonon.force_constants, masses, 1.0)
    heights = np.array([0.0, *amplitudes])
    results = potential.evaluate(phonons.displaced(phonon, heights[:, None, None] * pattern))
    energies, forces = np.array([r.energy for r in results]), np.array([r.forces for r in results])
    return physics.ladder(pattern, masses, heights[1:], energies, forces)
