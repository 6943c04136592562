"""The anharmonicity score σ of sampled frames, whole and in parts, and its standard error.

F. Knoop, T. A. R. Purcell, M. Scheffler and C. Carbogno, doi:10.1103/PhysRevMaterials.4.083809. Frames t have
displacements u (T, N, 3) in Å from the ideal supercell and forces F (T, N, 3) in eV/Å; Φ is (N, N, 3, 3) in eV/Å².
The anharmonic force is F^A = F + Φu, and σ = std(F^A) / std(F), pooled over frames, atoms and components.

σ of a frame, a site or an element is the same over that part alone. σ of a mode divides root mean squares instead:
where a soft mode is frozen in, the mean of its anharmonic force is part of the anharmonicity. A part that meets no
force has σ NaN, "not defined".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_BLOCKS = 4


def anharmonic_forces(forces: Array, displacements: Array, force_constants: Array) -> Array:
    """F^A = F + Φu (T, N, 3) in eV/Å. Raises `ValueError` for shapes that do not fit or values that are not finite."""
    frames, atoms = forces.shape[0], forces.shape[1]
    wanted = {"forces": (frames, atoms, 3), "displacements": (frames, atoms, 3), "Φ": (atoms, atoms, 3, 3)}
    given = {"forces": forces, "displacements": displacements, "Φ": force_constants}
    for name, shape in wanted.items():
        if given[name].shape != shape:
            raise ValueError(f"{name} must have shape {shape}, not {given[name].shape}")
        if not np.isfinite(given[name]).all():
            raise ValueError(f"{name} holds a NaN or infinity")
    matrix = force_constants.transpose(0, 2, 1, 3).reshape(3 * atoms, 3 * atoms)
    harmonic = -displacements.reshape(frames, 3 * atoms) @ matrix.T
    return np.asarray(forces - harmonic.reshape(forces.shape))


def sigma(forces: Array, displacements: Array, force_constants: Array) -> float:
    """σ pooled over frames, atoms and components: 0 for a harmonic crystal. NaN without any force."""
    return sigma_pooled(forces, anharmonic_forces(forces, displacements, force_constants))


def sigma_pooled(forces: Array, anharmonic: Array) -> float:
    """std(F^A) / std(F) of forces and anharmonic forces of the same shape."""
    return float(_ratio(np.std(anharmonic), np.std(forces)))


def sigma_per_frame(forces: Array, anharmonic: Array) -> Array:
    """σ(t) (T,): std(F^A) / std(F) over atoms and components of each frame."""
    return _ratio(anharmonic.std(axis=(1, 2)), forces.std(axis=(1, 2)))


def sigma_frame_mean(forces: Array, anharmonic: Array) -> float:
    """Mean of σ(t) over frames: another number than the pooled σ, which weighs frames by their forces."""
    return float(np.mean(sigma_per_frame(forces, anharmonic)))


def running_sigma(forces: Array, anharmonic: Array) -> Array:
    """σ (T,) pooled over all frames up to and including each one; the last is `sigma_pooled`."""
    size = forces[0].size * np.arange(1, len(forces) + 1)

    def spread(values: Array) -> Array:
        square = np.cumsum(np.square(values).sum(axis=(1, 2))) / size
        mean = np.cumsum(values.sum(axis=(1, 2))) / size
        return np.asarray(np.sqrt(np.maximum(square - mean**2, 0)))

    return _ratio(spread(anharmonic), spread(forces))


def sigma_by_label(forces: Array, anharmonic: Array, labels: Sequence[str]) -> dict[str, float]:
    """σ of each group of atoms with the same label (an element, or a site of the prototype); `labels` has length N."""
    names = np.asarray(labels)
    if names.shape != (forces.shape[1],):
        raise ValueError(f"{forces.shape[1]} atoms need as many labels, not {len(names)}")
    groups = {str(name): names == name for name in dict.fromkeys(names)}
    return {name: sigma_pooled(forces[:, group], anharmonic[:, group]) for name, group in groups.items()}


def sigma_per_mode(forces: Array, anharmonic: Array, patterns: NDArray[np.complex128] | Array, masses: Array) -> Array:
    """σ (M,) of normal modes: of the force along each mass-weighted eigenvector, Σ_i e*_i·F_i / √m_i.

    `patterns` (M, N, 3) are eigenvectors of the mass-weighted Φ over the whole supercell, real, or complex with the
    phase of their q; `masses` (N,) in u. Normalisation cancels.
    """
    weights = np.conj(patterns) / np.sqrt(masses)[None, :, None]

    def amplitude(values: Array) -> Array:
        return np.asarray(np.sqrt(np.mean(np.abs(np.einsum("mia,tia->tm", weights, values)) ** 2, axis=0)))

    return _ratio(amplitude(anharmonic), amplitude(forces))


def sigma_weighted_frequency(omega: Array, sigma: Array) -> float:
    """Σ ω σ / Σ σ in THz over modes whose σ is defined: where in the spectrum the anharmonicity sits."""
    known = np.isfinite(sigma)
    return float(_ratio(np.sum(omega[known] * sigma[known]), np.sum(sigma[known])))


def weighted_sigma(forces: Array, anharmonic: Array, weights: Array) -> float:
    """σ with frames weighted by `weights` (T,), as for frames reweighted to another ensemble."""
    share = (weights / weights.sum())[:, None, None] / forces[0].size

    def spread(values: Array) -> float:
        return float(np.sqrt(np.sum(share * (values - np.sum(share * values)) ** 2)))

    return float(_ratio(spread(anharmonic), spread(forces)))


def standard_error(forces: Array, anharmonic: Array, seeds: Ints) -> float:
    """Standard error of the pooled σ: a jackknife over `independent_blocks`; NaN where there are too few frames."""
    labels = independent_blocks(forces, anharmonic, seeds)
    return float("nan") if labels is None else jackknife_error(leave_one_out(forces, anharmonic, labels))


def mean_error(values: Array, labels: Ints | None) -> float:
    """Standard error of the mean of `values` (T,): a jackknife over blocks `labels` (T,); NaN without blocks."""
    if labels is None:
        return float("nan")
    count, sums = np.bincount(labels), np.bincount(labels, values)
    return jackknife_error((sums.sum() - sums) / (count.sum() - count))


def independent_blocks(forces: Array, anharmonic: Array, seeds: Ints) -> Ints | None:
    """Block number (T,) of every frame, the blocks being long enough to be independent; None with too few frames.

    `seeds` (T,) tell independent trajectories apart; frames of one seed are consecutive in time and no block crosses
    seeds. Frames are correlated, so the error grows with the length of the blocks until they are independent: of the
    lengths 1, 2, 4 … that leave `LEAST_BLOCKS` blocks, the one of the largest error is taken (H. Flyvbjerg and
    H. G. Petersen, doi:10.1063/1.457480, on the plateau).
    """
    lengths = 2 ** np.arange(int(np.log2(max(len(forces), 1))) + 1)
    choices = [block_labels(seeds, int(length)) for length in lengths]
    enough = [labels for labels in choices if labels.max(initial=-1) + 1 >= LEAST_BLOCKS]
    return max(enough, key=lambda labels: jackknife_error(leave_one_out(forces, anharmonic, labels)), default=None)


def block_labels(seeds: Ints, length: int) -> Ints:
    """Block number (T,) of every frame: `length` consecutive frames of one seed, the seed's rest joins its last."""
    labels = np.empty(len(seeds), np.int64)
    first = 0
    for seed in dict.fromkeys(seeds.tolist()):
        mine = np.flatnonzero(seeds == seed)
        blocks = max(len(mine) // length, 1)
        labels[mine] = first + np.minimum(np.arange(len(mine)) // length, blocks - 1)
        first += blocks
    return labels


def leave_one_out(forces: Array, anharmonic: Array, labels: Ints) -> Array:
    """Pooled σ (B,) without each block in turn; `labels` (T,) number the blocks 0 … B − 1."""

    count = np.bincount(labels) * forces[0].size
    left = count.sum() - count

    def spread(values: Array) -> Array:
        sums = np.bincount(labels, values.sum(axis=(1, 2)))
        squares = np.bincount(labels, np.square(values).sum(axis=(1, 2)))
        mean = (sums.sum() - sums) / left
        return np.asarray(np.sqrt(np.maximum((squares.sum() - squares) / left - mean**2, 0)))

    return _ratio(spread(anharmonic), spread(forces))


def jackknife_error(estimates: Array) -> float:
    """Standard error from estimates without each of B blocks: √((B − 1)/B Σ (x_b − x̄)²)."""
    blocks = len(estimates)
    return float(np.sqrt((blocks - 1) / blocks * np.sum((estimates - estimates.mean()) ** 2)))


def _ratio(top: Array | np.floating | float, bottom: Array | np.floating | float) -> Array:
    above, below = np.asarray(top, float), np.asarray(bottom, float)
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))
