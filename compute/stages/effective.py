"""Effective force constants of frames at temperature, and the renormalised frequencies they give.

Φ_eff is the Φ that minimises Σ |F + Φu|² over frames, among those that obey space group, permutation symmetry and
the acoustic sum rule (O. Hellman, I. A. Abrikosov and S. I. Simak, doi:10.1103/PhysRevB.84.180301; symmetry by
symfc). Displacements and forces count from their symmetric means: heat may shift the anion coordinate of Fm-3m,
which no symmetry forbids, and is no softening.

In classical equilibrium ⟨F uᵀ⟩ = −k_B T, so Φ_eff tends to k_B T ⟨u uᵀ⟩⁻¹, which has no imaginary mode: a crystal
that leaves its symmetry shows as a renormalised ω near zero with a large residual. An imaginary mode means that the
frames are not, or not yet, in equilibrium with the forces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import anharmonicity
from compute.physics.phonons import signed_root, signed_square
from compute.stages import phonons

if TYPE_CHECKING:
    from ase import Atoms

BLOCKS = 16


@dataclass(frozen=True)
class Effective:
    """Φ_eff (N, N, 3, 3) in eV/Å², about mean positions that lie `shift` (N, 3) in Å from the ideal ones.

    `sigma` is the residual std(F + Φ_eff u) / std(F). `without_block` (B, N, N, 3, 3) are refits without each of B
    blocks of consecutive frames of one seed.
    """

    force_constants: np.ndarray
    without_block: np.ndarray
    shift: np.ndarray
    sigma: float
    n_frames: int


@dataclass(frozen=True)
class Estimate:
    """A frequency and its standard error, both in THz; imaginary as negative."""

    value: float
    se: float


@dataclass(frozen=True)
class Renormalised:
    """Renormalised ω: of the softest mode per star of q, and over the commensurate q points, at `omega_min_q`."""

    omegas: Mapping[str, Estimate]
    omega_min: Estimate
    omega_min_q: phonons.QPoint


def effective(
    plan: phonons.Plan,
    displacements: np.ndarray,
    forces: np.ndarray,
    seeds: np.ndarray,
    *,
    blocks: int = BLOCKS,
) -> Effective:
    """Fit Φ_eff to `displacements` (T, N, 3) in Å and `forces` (T, N, 3) in eV/Å of the plan's supercell.

    `seeds` (T,) tell independent trajectories apart, each in order of time; about `blocks` blocks, none across
    seeds, are left out in turn for the standard errors. Raises `ValueError` for arrays that do not fit, for fewer
    blocks than `LEAST_BLOCKS` of the anharmonicity score, and for frames that do not determine Φ.
    """
    if seeds.shape != (len(displacements),):
        raise ValueError(f"{len(displacements)} frames need as many seeds, not {seeds.shape}")
    labels = anharmonicity.block_labels(seeds, max(len(seeds) // blocks, 1))
    numbers = np.unique(labels)
    if len(numbers) < anharmonicity.LEAST_BLOCKS:
        raise ValueError(f"a standard error needs {anharmonicity.LEAST_BLOCKS} blocks of frames, not {len(numbers)}")
    if not _determined(plan, displacements):
        raise ValueError("the frames do not determine the force constants")
    kept = np.vstack([np.full(len(labels), True), labels != numbers[:, None]])  # all frames, then all but each block
    weights = kept / kept.sum(axis=1, keepdims=True)
    shifts = _symmetric_parts(plan, np.tensordot(weights, displacements, 1))
    means = _symmetric_parts(plan, np.tensordot(weights, forces, 1))
    centred = ((displacements[k] - shift, forces[k] - mean) for k, shift, mean in zip(kept, shifts, means, strict=True))
    values, *without_block = (phonons.fit(plan, u, f) for u, f in centred)
    return Effective(
        force_constants=values,
        without_block=np.array(without_block),
        shift=shifts[0],
        sigma=anharmonicity.sigma(forces - means[0], displacements - shifts[0], values),
        n_frames=len(displacements),
    )


def renormalised(
    plan: phonons.Plan, atoms: Atoms, fitted: Effective, stars: Mapping[str, Sequence[phonons.QPoint]]
) -> Renormalised:
    """Renormalised frequencies of the primitive cell `atoms`, whose masses count, over `stars` of q.

    At Γ the three modes nearest zero are acoustic and left out. The jackknife runs over ω², which is smooth where a
    mode turns imaginary.
    """
    phonon = phonons.phonopy_of(atoms, plan.template.supercell_matrix, symmetry=False)
    sets: dict[str, Sequence[phonons.QPoint] | np.ndarray] = {**stars, "": phonons.commensurate_q(phonon)}

    def softest(force_constants: np.ndarray) -> list[tuple[float, phonons.QPoint]]:
        phonon.force_constants = force_constants
        return [phonons.softest(phonon, q_points) for q_points in sets.values()]

    here = softest(fitted.force_constants)
    refits = np.array([[omega for omega, _ in softest(values)] for values in fitted.without_block])
    estimates = {
        label: Estimate(omega, _error(omega, anharmonicity.jackknife_error(signed_square(column))))
        for label, (omega, _), column in zip(sets, here, refits.T, strict=True)
    }
    omega_min = estimates.pop("")
    return Renormalised(estimates, omega_min, here[-1][1])


def _symmetric_parts(plan: phonons.Plan, vectors: np.ndarray) -> np.ndarray:
    """The part of each of `vectors` (n, N, 3) that every space-group operation of the supercell leaves alone."""
    symmetry, cell = plan.template.symmetry, plan.template.supercell.cell.T
    rotations = cell @ symmetry.symmetry_operations["rotations"] @ np.linalg.inv(cell)
    origins = np.argsort(symmetry.atomic_permutations, axis=1)[:, :, None]
    turned = (each @ rotations.swapaxes(1, 2) for each in vectors)
    return np.array([np.take_along_axis(each, origins, axis=1).mean(axis=0) for each in turned])


def _determined(plan: phonons.Plan, displacements: np.ndarray) -> bool:
    """Whether a fit to forces of known force constants, equal springs to the centre of mass, gives them back."""
    atoms = displacements.shape[1]
    known = np.einsum("ij,ab->ijab", np.eye(atoms) - 1 / atoms, np.eye(3))
    forces = displacements.mean(axis=1, keepdims=True) - displacements
    return bool(np.allclose(phonons.fit(plan, displacements, forces), known, atol=1e-6))


def _error(omega: float, se_square: float) -> float:
    """Standard error of ω from that of ω²: half the longer way to the roots of ω² ± 2 SE.

    So |ω| < 2 SE says that ω² is within two of its errors of zero; far from zero it is SE(ω²) / 2|ω|.
    """
    ends = signed_root(signed_square(omega) + np.array([-2, 2]) * se_square)
    return float(np.abs(ends - omega).max() / 2)
