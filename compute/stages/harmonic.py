"""One compound, one potential: geometry, force constants, ω at the suite's q points, ω_min and what limits it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import ladder as rungs
from compute.physics import phonons as physics
from compute.potentials.interface import Potential, Stopwatch
from compute.protocols import HarmonicProtocol
from compute.stages import phonons
from compute.stages.crystal import HarmonicCrystal, harmonic_crystal
from compute.structures.compounds import Compound
from compute.structures.force_constants import constants_of

if TYPE_CHECKING:
    from phonopy import Phonopy


@dataclass(frozen=True)
class Harmonic:
    """Result of the harmonic stage; ω in THz with imaginary as negative, times in s.

    `omega_frozen` is the softest mode again, from a force call along it; `ladder` the same at larger amplitudes too,
    None where the protocol has none.
    """

    crystal: HarmonicCrystal
    omegas: dict[str, float]
    omega_min: float
    omega_min_q: phonons.QPoint
    omega_frozen: float
    ladder: rungs.Ladder | None
    noise_floor: float
    asr_residual: float
    n_displacements: int
    n_atoms: int
    seconds: float
    force_seconds: float


def harmonic(compound: Compound, potential: Potential, protocol: HarmonicProtocol, a: float | None = None) -> Harmonic:
    """Run the harmonic stage; `a` in Å and the errors are those of `harmonic_crystal`."""
    start = time.perf_counter()
    watched = Stopwatch(potential)
    result = frequencies(harmonic_crystal(compound, watched, protocol, a), watched, protocol)
    return replace(result, seconds=time.perf_counter() - start, force_seconds=watched.seconds)


def frequencies(crystal: HarmonicCrystal, potential: Potential, protocol: HarmonicProtocol) -> Harmonic:
    """ω of `crystal`, whose force constants `potential` gave; the times are those of this part alone."""
    start = time.perf_counter()
    watched = Stopwatch(potential)
    phonon = crystal.phonon
    omega_min, omega_min_q = phonons.softest(phonon, phonons.commensurate_q(phonon))
    climbed = None if protocol.ladder is None else ladder(phonon, watched, protocol)
    frozen = _frozen(phonon, watched, protocol.displacement) if climbed is None else float(climbed.omegas[0])
    stars = crystal.compound.q_points
    omegas = {label: phonons.softest(phonon, star)[0] for label, star in stars.items()}
    return Harmonic(
        crystal=crystal,
        omegas=omegas,
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        omega_frozen=frozen,
        ladder=climbed,
        noise_floor=physics.noise_floor_from_frozen_phonon(omega_min, frozen),
        asr_residual=float(physics.sum_rule_residual(crystal.raw).max()),
        n_displacements=len(crystal.plan.displacements),
        n_atoms=len(phonon.supercell),
        seconds=time.perf_counter() - start,
        force_seconds=watched.seconds,
    )


def ladder(phonon: Phonopy, potential: Potential, protocol: HarmonicProtocol) -> rungs.Ladder:
    """The softest mode of `phonon` frozen in at the amplitudes of the protocol's ladder, in one batch of force calls.

    Raises `EvaluationError`, and `ValueError` where the protocol has no ladder.
    """
    if protocol.ladder is None:
        raise ValueError(f"protocol {protocol.name} has no ladder")
    masses = phonon.supercell.masses
    pattern = physics.softest_pattern(constants_of(phonon), masses, 1.0)
    heights = np.array([0, *protocol.ladder]) * protocol.displacement
    results = potential.evaluate(phonons.displaced(phonon, heights[:, None, None] * pattern))
    energies, forces = np.array([r.energy for r in results]), np.array([r.forces for r in results])
    return rungs.ladder(pattern, masses, heights[1:], energies, forces)


def _frozen(phonon: Phonopy, potential: Potential, length: float) -> float:
    """ω in THz of the softest mode, its largest displacement `length` in Å, from one force call along it.

    Whether it is that of Φ tells whether Φ is the potential's harmonic limit at all.
    """
    masses = phonon.supercell.masses
    pattern = physics.softest_pattern(constants_of(phonon), masses, length)
    (result,) = potential.evaluate(phonons.displaced(phonon, pattern[None]))
    return physics.frozen_frequency(pattern, result.forces, masses)
