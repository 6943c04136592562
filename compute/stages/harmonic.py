"""One compound, one potential: geometry, force constants, ω at the suite's q points, ω_min and what limits it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from compute.physics import phonons as physics
from compute.potentials.interface import Potential, Stopwatch
from compute.protocols import HarmonicProtocol
from compute.stages import phonons
from compute.stages.crystal import HarmonicCrystal, harmonic_crystal
from compute.structures.compounds import Compound


@dataclass(frozen=True)
class Harmonic:
    """Result of the harmonic stage; ω in THz with imaginary as negative, times in s."""

    crystal: HarmonicCrystal
    omegas: dict[str, float]
    omega_min: float
    omega_min_q: phonons.QPoint
    omega_frozen: float
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
    # One more force call, along the softest mode, tells whether Φ is the potential's harmonic limit at all.
    masses = phonon.supercell.masses
    pattern = physics.softest_pattern(phonon.force_constants, masses, protocol.displacement)
    (frozen,) = watched.evaluate(phonons.displaced(phonon, pattern[None]))
    omega_frozen = physics.frozen_frequency(pattern, frozen.forces, masses)
    stars = crystal.compound.q_points
    omegas = {label: phonons.softest(phonon, star)[0] for label, star in stars.items()}
    return Harmonic(
        crystal=crystal,
        omegas=omegas,
        omega_min=omega_min,
        omega_min_q=omega_min_q,
        omega_frozen=omega_frozen,
        noise_floor=physics.noise_floor_from_frozen_phonon(omega_min, omega_frozen),
        asr_residual=float(physics.sum_rule_residual(crystal.raw).max()),
        n_displacements=len(crystal.plan.displacements),
        n_atoms=len(phonon.supercell),
        seconds=time.perf_counter() - start,
        force_seconds=watched.seconds,
    )
