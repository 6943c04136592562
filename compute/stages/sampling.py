"""Frames of a crystal at temperature: displacements, and the forces that a potential gives there.

Three samplers: Langevin dynamics, the Andersen schedule of the published σ, and independent harmonic samples.
Displacements count from the ideal supercell, relative to the centre of mass, which moves freely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import anharmonicity, dynamics, thermal
from compute.physics.phonons import normal_modes
from compute.potentials.interface import EvaluationError, Potential
from compute.protocols import Andersen, Langevin, OneShot, SamplingProtocol
from compute.stages.guard import Guard, LeftSites, SamplingError

if TYPE_CHECKING:
    from ase import Atoms

Progress = Callable[[int, int, float, float], None]
"""Called after every frame with the frames done, those planned so far, σ so far and its standard error.

Both are NaN at first, and renewed a hundred times on the way. What it raises ends the run.
"""

_SCORES = 100


def silent(done: int, planned: int, sigma: float, error: float) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True)
class Trajectory:
    """T frames of N atoms, those of one replica together and in order of time.

    `displacements` (T, N, 3) in Å, `forces` (T, N, 3) in eV/Å, `energies` (T,) in eV; kinetic `temperatures` (T,) in
    K, NaN for samples; `seeds` (T,) number the replicas; `times` (T,) in fs from the start, what was discarded
    included, 0 for samples; `timestep` in fs, None for samples.
    """

    displacements: np.ndarray
    forces: np.ndarray
    energies: np.ndarray
    temperatures: np.ndarray
    seeds: np.ndarray
    times: np.ndarray
    timestep: float | None


def sample(
    potential: Potential,
    supercell: Atoms,
    force_constants: np.ndarray,
    protocol: SamplingProtocol,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Trajectory:
    """Sample `supercell`, whose atoms lie on their ideal sites, with the forces of `potential`.

    `force_constants` (N, N, 3, 3) in eV/Å² of that supercell give the thermal start or the samples, the timestep that
    the stiffest mode needs, and σ on the way. The same `seed` gives the same digits. Where the protocol has a target,
    sampling ends when the standard error of σ is below it, or at the longest time. Raises `LeftSites`, or
    `SamplingError` with status `exploded` or, where the policy refuses imaginary modes, `imaginary`.
    """
    masses = supercell.get_masses()
    omega, patterns = normal_modes(force_constants, masses)
    generators = [np.random.default_rng([seed, replica]) for replica in range(protocol.replicas)]
    crystal = _Crystal(_force_field(potential, supercell), masses, omega, patterns, protocol.temperature, generators)
    schedule = _schedule(protocol.sampler, omega[-1])
    guard = Guard.of(supercell, protocol.temperature)
    kept: list[dynamics.State] = []
    scored = (float("nan"), float("nan"))
    planned, last = schedule.discard + schedule.least, schedule.discard + schedule.most
    for done, state in enumerate(_states(crystal, protocol.sampler, schedule), 1):
        frame = replace(state, displacements=thermal.without_drift(state.displacements, masses))
        heat = thermal.kinetic_temperature(frame.velocities, masses)
        guard.check(frame.forces, heat, schedule.when(done))
        if gone := guard.left(frame.displacements):
            sigma, _ = _score(kept, schedule, masses, force_constants)
            after = done * schedule.interval
            raise LeftSites(f"{gone} {schedule.when(done)}", after, sigma, len(kept) * protocol.replicas)
        if done > schedule.discard:
            kept.append(frame)
        ended = done == last
        if done == planned and not ended:
            ended = target_reached(_trajectory(kept, schedule, masses), force_constants, protocol)
            planned = done if ended else min(done + schedule.least, last)
        if ended or done % schedule.score == 0:
            scored = _score(kept, schedule, masses, force_constants)
        progress(done, planned, *scored)
        if ended:
            break
    return _trajectory(kept, schedule, masses)


def standard_error(trajectory: Trajectory, force_constants: np.ndarray) -> float:
    """Standard error of the pooled σ of `trajectory`."""
    u, forces = trajectory.displacements, trajectory.forces
    anharmonic = anharmonicity.anharmonic_forces(forces, u, force_constants)
    return anharmonicity.standard_error(forces, anharmonic, trajectory.seeds)


def target_reached(trajectory: Trajectory, force_constants: np.ndarray, protocol: SamplingProtocol) -> bool:
    """Whether the standard error of σ is below the protocol's target; True where there is none."""
    return protocol.target_se is None or standard_error(trajectory, force_constants) < protocol.target_se


def langevin_timestep(sampler: Langevin, omega_max: float) -> float:
    """The timestep in fs: the protocol's, or the multiple of 0.05 fs that the mode at `omega_max` in THz needs."""
    needed = sampler.phase / (2e-3 * np.pi * omega_max)
    return float(sampler.timestep if needed >= sampler.timestep else max(np.floor(needed * 20) / 20, 0.05))


@dataclass(frozen=True)
class _Schedule:
    """Frames per replica: `discard` first, then `least` kept, and as many again until `most`; times in fs."""

    discard: int
    least: int
    most: int
    timestep: float | None = None
    stride: int = 1

    @property
    def interval(self) -> float:
        """Time between frames in fs, 0 for samples."""
        return self.stride * (self.timestep or 0.0)

    @property
    def score(self) -> int:
        """Frames after which σ so far is computed again."""
        return max((self.discard + self.least) // _SCORES, 1)

    def when(self, done: int) -> str:
        """Which frame number `done` is, for people."""
        return f"after {done * self.interval / 1000:.2f} ps" if self.timestep else f"in sample {done}"


@dataclass(frozen=True)
class _Crystal:
    """What the samplers start from; `omega` (M,) in THz and `patterns` (M, N, 3) as of `normal_modes`."""

    force_field: dynamics.ForceField
    masses: np.ndarray
    omega: np.ndarray
    patterns: np.ndarray
    temperature: float
    generators: Sequence[np.random.Generator]

    def harmonic_displacements(self, imaginary: thermal.Imaginary, floor: float) -> np.ndarray:
        """Thermal displacements (R, N, 3) of the harmonic crystal. Raises `SamplingError` where refused."""
        try:
            amplitudes = thermal.thermal_amplitudes(self.omega, self.temperature, imaginary, floor)
        except thermal.ImaginaryModes as error:
            raise SamplingError("imaginary", str(error)) from error
        return thermal.thermal_displacements(self.patterns, amplitudes, self.masses, self.generators)

    def moving(self, displacements: np.ndarray, temperature: float) -> dynamics.State:
        """The state of `displacements` with velocities of `temperature`."""
        velocities = thermal.thermal_velocities(self.masses, temperature, self.generators)
        return dynamics.state(displacements, velocities, self.force_field)


def _schedule(sampler: Langevin | Andersen | OneShot, omega_max: float) -> _Schedule:
    if isinstance(sampler, OneShot):
        return _Schedule(0, sampler.samples, sampler.samples)
    if isinstance(sampler, Andersen):
        return _Schedule(sampler.ramp_steps, sampler.steps, sampler.steps, sampler.timestep)
    timestep = langevin_timestep(sampler, omega_max)
    durations = (sampler.discard, sampler.keep, sampler.longest)
    discard, least, most = (int(np.ceil(duration / (timestep * sampler.stride))) for duration in durations)
    return _Schedule(discard, least, most, timestep, sampler.stride)


def _states(crystal: _Crystal, sampler: Langevin | Andersen | OneShot, schedule: _Schedule) -> Iterator[dynamics.State]:
    """Recorded states without end, what is to be discarded included."""
    if isinstance(sampler, Langevin):
        return _langevin(crystal, sampler, schedule)
    if isinstance(sampler, Andersen):
        return _andersen(crystal, sampler)
    return _one_shot(crystal, sampler)


def _langevin(crystal: _Crystal, sampler: Langevin, schedule: _Schedule) -> Iterator[dynamics.State]:
    assert schedule.timestep is not None, "dynamics has a timestep"
    state = crystal.moving(crystal.harmonic_displacements(sampler.imaginary, sampler.floor_thz), crystal.temperature)
    while True:
        for _ in range(schedule.stride):
            state = dynamics.baoab_step(
                state,
                crystal.force_field,
                crystal.masses,
                timestep=schedule.timestep,
                temperature=crystal.temperature,
                friction_time=sampler.friction_time,
                generators=crystal.generators,
            )
        yield state


def _andersen(crystal: _Crystal, sampler: Andersen) -> Iterator[dynamics.State]:
    on_sites = np.zeros((len(crystal.generators), len(crystal.masses), 3))
    state = crystal.moving(on_sites, sampler.ramp_from)
    for step in count(1):
        heated = min(step / sampler.ramp_steps, 1)
        state = dynamics.andersen_step(
            state,
            crystal.force_field,
            crystal.masses,
            timestep=sampler.timestep,
            temperature=sampler.ramp_from + heated * (crystal.temperature - sampler.ramp_from),
            probability=sampler.probability,
            generators=crystal.generators,
        )
        yield state


def _one_shot(crystal: _Crystal, sampler: OneShot) -> Iterator[dynamics.State]:
    while True:
        displacements = crystal.harmonic_displacements(sampler.imaginary, sampler.floor_thz)
        yield dynamics.state(displacements, np.full_like(displacements, np.nan), crystal.force_field)


def _force_field(potential: Potential, supercell: Atoms) -> dynamics.ForceField:
    """Energies and forces of displaced copies of `supercell`, all replicas in one call."""

    def evaluate(displacements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        frames = []
        for moved in displacements:
            frame = supercell.copy()
            frame.positions += moved
            frames.append(frame)
        try:
            results = potential.evaluate(frames)
        except EvaluationError as error:
            # The crystal itself was described when its force constants were made, so its atoms went astray.
            raise SamplingError("exploded", str(error)) from error
        return np.array([result.energy for result in results]), np.array([result.forces for result in results])

    return evaluate


def _trajectory(kept: Sequence[dynamics.State], schedule: _Schedule, masses: np.ndarray) -> Trajectory:
    """The frames of `kept`, replica after replica."""

    def by_replica(values: list[np.ndarray]) -> np.ndarray:
        stacked = np.stack(values, axis=1)
        return stacked.reshape(-1, *stacked.shape[2:])

    replicas = len(kept[0].energies)
    return Trajectory(
        displacements=by_replica([state.displacements for state in kept]),
        forces=by_replica([state.forces for state in kept]),
        energies=by_replica([state.energies for state in kept]),
        temperatures=by_replica([thermal.kinetic_temperature(state.velocities, masses) for state in kept]),
        seeds=np.repeat(np.arange(replicas), len(kept)),
        times=np.tile((schedule.discard + 1 + np.arange(len(kept))) * schedule.interval, replicas),
        timestep=schedule.timestep,
    )


def _score(
    kept: Sequence[dynamics.State], schedule: _Schedule, masses: np.ndarray, force_constants: np.ndarray
) -> tuple[float, float]:
    """σ pooled over the frames so far and its standard error; NaN without enough of them."""
    if not kept:
        return float("nan"), float("nan")
    trajectory = _trajectory(kept, schedule, masses)
    u, forces = trajectory.displacements, trajectory.forces
    anharmonic = anharmonicity.anharmonic_forces(forces, u, force_constants)
    error = anharmonicity.standard_error(forces, anharmonic, trajectory.seeds)
    return anharmonicity.sigma_pooled(forces, anharmonic), error
