"""One compound, one potential, one sampling protocol: σ, whole and in parts, and the renormalised frequencies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from compute.physics import anharmonicity as physics
from compute.physics import thermal
from compute.potentials.interface import Potential, Stopwatch
from compute.protocols import SamplingProtocol
from compute.stages.crystal import HarmonicCrystal, harmonic_crystal
from compute.stages.effective import Effective, Renormalised, effective, renormalised
from compute.stages.modes import optical_modes
from compute.stages.sampling import Progress, Trajectory, sample, silent
from compute.structures.compounds import Compound

_TRACE = 200


@dataclass(frozen=True)
class ModeSigma:
    """σ of the modes at one star of `size` q: `omega` (M,) in THz, ascending, `sigma` (M,) and `virial` (M,), the ratio
    of `thermal.virial_ratio_per_mode`, both the star's mean."""

    size: int
    omega: np.ndarray
    sigma: np.ndarray
    virial: np.ndarray


@dataclass(frozen=True)
class Trace:
    """σ pooled over all frames up to the n-th of each replica: `frames` n, `times` in fs since the start, `sigma`."""

    frames: np.ndarray
    times: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True)
class Anharmonic:
    """Result of the σ stage; `crystal` and `trajectory` are what it was taken from, times in s.

    `virial` is the mean of `thermal.virial_ratio` over the frames; `sites` has σ of A, B, (Bp,) X, where the structure
    type has such sites; `modes` σ per star of the suite's q; `weighted_frequency` Σ ω σ / Σ σ in THz over all modes at
    the commensurate q, imaginary ones negative; `target_reached` is None where the protocol has none. `renormalised`
    and `effective`, the force constants behind it, are None for harmonic samples, which are no equilibrium of the
    forces they meet, and for crystals of any other structure type, which may have more force constants than frames
    determine. `dtype` is the precision of the sampled forces.
    """

    crystal: HarmonicCrystal
    trajectory: Trajectory
    sigma: float
    sigma_se: float
    sigma_frame_mean: float
    virial: float
    virial_se: float
    sites: Mapping[str, float]
    trace: Trace
    modes: Mapping[str, ModeSigma]
    weighted_frequency: float
    target_reached: bool | None
    renormalised: Renormalised | None
    effective: Effective | None
    dtype: str
    seconds: float
    force_seconds: float


def anharmonic(
    compound: Compound,
    potential: Potential,
    protocol: SamplingProtocol,
    a: float | None = None,
    *,
    dynamics: Potential | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Anharmonic:
    """Run the σ stage: geometry and Φ with `potential`, frames with `dynamics`, both of one checkpoint.

    `dynamics` may be in lower precision than `potential`, and is the same where it is not given. `a` in Å is the
    published lattice constant; `seed` gives the same digits again; `progress` as of `sample`. Raises the errors of
    `harmonic_crystal` and `sample`.
    """
    start = time.perf_counter()
    moving = dynamics or potential
    still = Stopwatch(potential)
    if moving.checkpoint_sha256 != still.checkpoint_sha256:
        raise ValueError(f"frames of {moving.id} do not belong to the force constants of {still.id}")
    crystal = harmonic_crystal(compound, still, protocol.harmonic, a)
    result = sampled(crystal, moving, protocol, seed=seed, progress=progress)
    seconds = time.perf_counter() - start
    return replace(result, seconds=seconds, force_seconds=still.seconds + result.force_seconds)


def sampled(
    crystal: HarmonicCrystal,
    dynamics: Potential,
    protocol: SamplingProtocol,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Anharmonic:
    """σ of `crystal`, whose force constants are of the checkpoint of `dynamics`; the times are those of this part."""
    start = time.perf_counter()
    moving = Stopwatch(dynamics)
    trajectory = sample(moving, crystal.supercell, crystal.force_constants, protocol, seed=seed, progress=progress)
    forces, seeds = trajectory.forces, trajectory.seeds
    anharmonic_forces = physics.anharmonic_forces(forces, trajectory.displacements, crystal.force_constants)
    blocks = physics.independent_blocks(forces, anharmonic_forces, seeds)
    error = physics.standard_error(forces, anharmonic_forces, seeds)
    virial = thermal.virial_ratio(forces, trajectory.displacements, protocol.temperature)
    stars = crystal.compound.q_points
    fitted = _effective(crystal, trajectory)
    by_star = {
        label: _star_sigma(crystal, np.array(star), trajectory, anharmonic_forces, protocol.temperature)
        for label, star in stars.items()
    }
    return Anharmonic(
        crystal=crystal,
        trajectory=trajectory,
        sigma=physics.sigma_pooled(forces, anharmonic_forces),
        sigma_se=error,
        sigma_frame_mean=physics.sigma_frame_mean(forces, anharmonic_forces),
        virial=float(virial.mean()),
        virial_se=physics.mean_error(virial, blocks),
        sites=physics.sigma_by_label(forces, anharmonic_forces, crystal.sites) if crystal.sites else {},
        trace=_trace(trajectory, anharmonic_forces),
        modes=by_star,
        weighted_frequency=_weighted_frequency(by_star),
        target_reached=None if protocol.target_se is None else error < protocol.target_se,
        renormalised=None if fitted is None else renormalised(crystal.plan, crystal.unit_cell, fitted, stars),
        effective=fitted,
        dtype=moving.dtype,
        seconds=time.perf_counter() - start,
        force_seconds=moving.seconds,
    )


def _effective(crystal: HarmonicCrystal, trajectory: Trajectory) -> Effective | None:
    if trajectory.timestep is None or not crystal.sites:
        return None
    return effective(crystal.plan, trajectory.displacements, trajectory.forces, trajectory.seeds)


def _star_sigma(
    crystal: HarmonicCrystal, star: np.ndarray, trajectory: Trajectory, anharmonic: np.ndarray, kelvin: float
) -> ModeSigma:
    """σ and virial ratio per mode, averaged over the equivalent q points `star` (n, 3)."""
    modes, masses = optical_modes(crystal.phonon, star), crystal.supercell.get_masses()
    forces, patterns = trajectory.forces, modes.patterns
    sigma = physics.sigma_per_mode(forces, anharmonic, patterns, masses)
    virial = thermal.virial_ratio_per_mode(forces, trajectory.displacements, patterns, masses, kelvin)
    means = (values.reshape(len(star), -1).mean(axis=0) for values in (modes.omega, sigma, virial))
    return ModeSigma(len(star), *means)


def _weighted_frequency(by_star: Mapping[str, ModeSigma]) -> float:
    """Σ ω σ / Σ σ in THz, every q of a star counted."""
    stars = by_star.values()
    return physics.sigma_weighted_frequency(
        np.concatenate([np.tile(star.omega, star.size) for star in stars]),
        np.concatenate([np.tile(star.sigma, star.size) for star in stars]),
    )


def _trace(trajectory: Trajectory, anharmonic: np.ndarray) -> Trace:
    """At most `_TRACE` points of the running σ, all replicas advancing together."""
    replicas = len(np.unique(trajectory.seeds))
    frames = len(trajectory.seeds) // replicas
    together = np.arange(replicas * frames).reshape(replicas, frames).T.ravel()
    running = physics.running_sigma(trajectory.forces[together], anharmonic[together])[replicas - 1 :: replicas]
    shown = np.unique(np.linspace(0, frames - 1, _TRACE).round().astype(int))
    return Trace(shown + 1, trajectory.times[:frames][shown], running[shown])
