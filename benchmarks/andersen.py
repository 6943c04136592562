"""How much of its thermal motion each sampling protocol gives a mode of a harmonic crystal: k⟨u²⟩ / k_B T.

    python benchmarks/andersen.py

Independent oscillators through the project's own integrators, seeded; a few seconds. 100 % is equipartition.
"""

from __future__ import annotations

import numpy as np

from compute.physics import dynamics, thermal
from compute.protocols import SAMPLING_PROTOCOLS, Andersen, Langevin

OMEGAS = (0.25, 0.5, 1.0, 2.0, 4.0)  # THz
COPIES = 600  # oscillators per frequency, with three directions each
MASS = 80.0  # u; the shares do not depend on it
TEMPERATURE = 300.0
SEED = 1


def share_per_frame(sampler: Andersen | Langevin) -> np.ndarray:
    """Share (frames, frequencies) of equipartition, averaged over the copies, in every step that is sampled."""
    masses = np.full(len(OMEGAS) * COPIES, MASS)
    stiffness = (masses * (2e-3 * np.pi * np.repeat(OMEGAS, COPIES)) ** 2 / thermal.ACCELERATION)[:, None]
    generators = [np.random.default_rng(SEED)]

    def force_field(displacements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(1), -stiffness * displacements

    def thermal_state(width: np.ndarray | float, temperature: float) -> dynamics.State:
        displacements = width * thermal.normals(generators, len(masses))
        velocities = thermal.thermal_velocities(masses, temperature, generators)
        return dynamics.state(displacements, velocities, force_field)

    shares = []
    if isinstance(sampler, Andersen):
        state = thermal_state(0.0, sampler.ramp_from)
        for step in range(1, sampler.ramp_steps + sampler.steps + 1):
            bath = sampler.ramp_from + min(step / sampler.ramp_steps, 1) * (TEMPERATURE - sampler.ramp_from)
            state = dynamics.andersen_step(
                state, force_field, masses, sampler.timestep, bath, sampler.probability, generators
            )
            shares.append(_shares(state, stiffness))
        return np.array(shares[sampler.ramp_steps :])
    state = thermal_state(np.sqrt(thermal.BOLTZMANN * TEMPERATURE / stiffness), TEMPERATURE)
    for _ in range(round((sampler.discard + sampler.keep) / sampler.timestep)):
        state = dynamics.baoab_step(
            state, force_field, masses, sampler.timestep, TEMPERATURE, sampler.friction_time, generators
        )
        shares.append(_shares(state, stiffness))
    return np.array(shares[round(sampler.discard / sampler.timestep) :])


def _shares(state: dynamics.State, stiffness: np.ndarray) -> np.ndarray:
    energy = stiffness * state.displacements[0] ** 2 / (thermal.BOLTZMANN * TEMPERATURE)
    return energy.reshape(len(OMEGAS), -1).mean(axis=1)


def main() -> None:
    """Print the table of docs/sampling.md."""
    print("| protocol | | " + " | ".join(f"{omega:g} THz" for omega in OMEGAS) + " |")
    print("|---|---|" + "---|" * len(OMEGAS))
    for name in ("published-hdp", "published-abx3", "quick"):
        frames = share_per_frame(SAMPLING_PROTOCOLS[name].sampler)
        for what, values in (("last frame", frames[-1]), ("mean of frames", frames.mean(axis=0))):
            print(f"| `{name}` | {what} | " + " | ".join(f"{value:.0%}" for value in values) + " |")


if __name__ == "__main__":
    main()
