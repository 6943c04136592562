"""Two thermostats as pure functions: a step takes a state and gives the next one, for R independent replicas at once.

Displacements (R, N, 3) in Å, velocities in Å/fs, forces in eV/Å, energies (R,) in eV, masses (N,) in u, times in fs,
temperatures in K. The centre of mass is left free: with forces that do not change under translation it moves
independently of everything else, so that nothing has to be corrected for it (`thermal.without_drift` removes it from
what is recorded).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.physics.thermal import ACCELERATION, thermal_velocities

Array = NDArray[np.float64]
ForceField = Callable[[Array], tuple[Array, Array]]
"""Displacements (R, N, 3) to energies (R,) and forces (R, N, 3)."""


@dataclass(frozen=True)
class State:
    """Where the replicas are, how they move, and the forces they meet there."""

    displacements: Array
    velocities: Array
    forces: Array
    energies: Array


def state(displacements: Array, velocities: Array, force_field: ForceField) -> State:
    """The state of given displacements and velocities."""
    energies, forces = force_field(displacements)
    return State(displacements, velocities, forces, energies)


def baoab_step(
    here: State,
    force_field: ForceField,
    masses: Array,
    timestep: float,
    temperature: float,
    friction_time: float,
    generators: Sequence[np.random.Generator],
) -> State:
    """One step of Langevin dynamics, m ü = F − m u̇/τ + noise, τ being `friction_time`: half kick B, half drift A,
    friction and noise O exactly, A, B.

    B. Leimkuhler and C. Matthews, doi:10.1093/amrx/abs010. Positions of a harmonic crystal are sampled without a
    timestep error.
    """
    kept = np.exp(-timestep / friction_time)
    velocities = _kicked(here.velocities, here.forces, masses, timestep / 2)
    halfway = here.displacements + timestep / 2 * velocities
    noise = thermal_velocities(masses, temperature, generators)
    velocities = kept * velocities + np.sqrt(1 - kept**2) * noise
    there = halfway + timestep / 2 * velocities
    energies, forces = force_field(there)
    return State(there, _kicked(velocities, forces, masses, timestep / 2), forces, energies)


def andersen_step(
    here: State,
    force_field: ForceField,
    masses: Array,
    timestep: float,
    temperature: float,
    probability: float,
    generators: Sequence[np.random.Generator],
) -> State:
    """One velocity-Verlet step, then each atom takes a new thermal velocity with the given probability.

    H. C. Andersen, doi:10.1063/1.439486. The collisions come after a whole step: between its half kicks they would
    wipe out the force of the first, and heat the crystal.
    """
    velocities = _kicked(here.velocities, here.forces, masses, timestep / 2)
    there = here.displacements + timestep * velocities
    energies, forces = force_field(there)
    velocities = _kicked(velocities, forces, masses, timestep / 2)
    hit = np.stack([generator.random(len(masses)) for generator in generators]) < probability
    fresh = thermal_velocities(masses, temperature, generators)
    return State(there, np.where(hit[..., None], fresh, velocities), forces, energies)


def _kicked(velocities: Array, forces: Array, masses: Array, time: float) -> Array:
    return np.asarray(velocities + time * ACCELERATION * forces / masses[:, None])
