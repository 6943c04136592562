"""A potential against reference frames: its forces and force constants there, and where its error of σ comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import anharmonicity, thermal
from compute.physics import attribution as physics
from compute.potentials.interface import Potential
from compute.protocols import SamplingProtocol
from compute.stages import phonons
from compute.stages.sampling import Progress, Trajectory, sample, silent
from compute.structures.frames import Frames

if TYPE_CHECKING:
    from ase import Atoms


REFERENCE = "reference"
"""Whose frames they are that the reference's own dynamics made."""


@dataclass(frozen=True)
class Reweighted:
    """`sigma` of the reference's forces with frames that a potential sampled, reweighted to the reference's ensemble;
    `effective_frames` tells how many frames that rests on."""

    sigma: float
    effective_frames: float


@dataclass(frozen=True)
class FrameScore:
    """What reference frames say about one potential; `reweighted` only where it sampled them itself.

    `frames_of` is whose dynamics made the frames: "reference", or the id of a potential. `virial` is the virial ratio
    of the reference's forces on them, `virial_own` that of the potential's forces on frames of its own: 1 for the
    ensemble of those forces, None without temperature.
    """

    attribution: physics.Attribution
    error: physics.ModelError
    frames_of: str
    virial: physics.Value | None
    virial_own: physics.Value | None
    sigma_by_element: dict[str, dict[str, float]]
    reweighted: Reweighted | None
    n_model_frames: int | None


def score(
    frames: Frames,
    potential: Potential,
    *,
    displacement: float,
    protocol: SamplingProtocol | None = None,
    reference: Potential | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> FrameScore:
    """Score `potential` on `frames`.

    Its force constants come from finite displacements of length `displacement` (Å) of the frames' ideal supercell. With
    `protocol` it also samples frames of its own there, at the frames' temperature, unless these are its own;
    `reference`, where the reference is a potential itself, says which forces it finds in them. Frames that the
    potential has sampled itself are reweighted too, where their energies are known. Raises `EvaluationError`,
    `SamplingError` or `ValueError`.
    """
    ideal = frames.ideal_atoms()
    results = potential.evaluate(frames.atoms())
    here = physics.Sample(frames.displacements, frames.forces, np.array([r.forces for r in results]), frames.seeds)
    constants = _force_constants(ideal, potential, displacement)
    letter = "r" if frames.sampled_by is None else "m" if frames.sampled_by == potential.id else "s"
    masses, temperature = ideal.get_masses(), frames.temperature
    own, virial_own = None, None
    if protocol is not None and letter != "m":
        at_temperature = protocol.model_copy(update={"temperature": frames.temperature or protocol.temperature})
        trajectory = sample(potential, ideal, constants, at_temperature, seed=seed, progress=progress)
        theirs = None if reference is None else _forces_in(trajectory, ideal, reference)
        own = physics.Sample(trajectory.displacements, theirs, trajectory.forces, trajectory.seeds)
        virial_own = _virial(own, trajectory.forces, masses, at_temperature.temperature)
    energies = np.array([result.energy for result in results])
    return FrameScore(
        attribution=physics.attribution(here, own, frames.force_constants, constants, letter),
        error=physics.model_error(here, frames.force_constants, constants, frames.symbols),
        frames_of=frames.sampled_by or REFERENCE,
        virial=None if temperature is None else _virial(here, frames.forces, masses, temperature),
        virial_own=virial_own,
        sigma_by_element=_by_element(frames, here, constants),
        reweighted=_reweighted(frames, energies) if frames.sampled_by == potential.id else None,
        n_model_frames=None if own is None else len(own.displacements),
    )


def _force_constants(ideal: Atoms, potential: Potential, displacement: float) -> np.ndarray:
    plan = phonons.symmetric_plan(ideal, 1, displacement)
    forces = [result.forces for result in potential.evaluate(phonons.displaced(plan.template, plan.displacements))]
    return phonons.solve(plan, np.array(forces)).values


def _forces_in(trajectory: Trajectory, ideal: Atoms, reference: Potential) -> np.ndarray:
    """Forces (T, N, 3) in eV/Å of `reference` in the frames of `trajectory`."""
    frames = []
    for displacement in trajectory.displacements:
        frame = ideal.copy()
        frame.positions += displacement
        frames.append(frame)
    return np.array([result.forces for result in reference.evaluate(frames)])


def _virial(sample: physics.Sample, forces: np.ndarray, masses: np.ndarray, kelvin: float) -> physics.Value:
    """Mean virial ratio of `forces` on the frames of `sample`, and its standard error."""
    ratio = thermal.virial_ratio(forces, thermal.without_drift(sample.displacements, masses), kelvin)
    blocks = anharmonicity.independent_blocks(forces, forces, sample.seeds)
    return physics.Value(float(ratio.mean()), anharmonicity.mean_error(ratio, blocks))


def _by_element(frames: Frames, here: physics.Sample, constants: np.ndarray) -> dict[str, dict[str, float]]:
    """σ per element for the corners rrr and rmm, those that are known."""
    found = {}
    for corner, forces, phi in (
        ("rrr", here.reference_forces, frames.force_constants),
        ("rmm", here.model_forces, constants),
    ):
        if forces is not None and phi is not None:
            anharmonic = anharmonicity.anharmonic_forces(forces, here.displacements, phi)
            found[corner] = anharmonicity.sigma_by_label(forces, anharmonic, frames.symbols)
    return found


def _reweighted(frames: Frames, model_energies: np.ndarray) -> Reweighted | None:
    if frames.energies is None or frames.temperature is None or frames.force_constants is None:
        return None
    weights = physics.weights(frames.energies, model_energies, frames.temperature)
    anharmonic = anharmonicity.anharmonic_forces(frames.forces, frames.displacements, frames.force_constants)
    return Reweighted(
        anharmonicity.weighted_sigma(frames.forces, anharmonic, weights), physics.effective_sample_size(weights)
    )
