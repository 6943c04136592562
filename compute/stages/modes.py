"""Normal modes of a supercell, each at its q: what σ is resolved over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from phonopy import Phonopy


@dataclass(frozen=True)
class Modes:
    """M modes of a supercell of N atoms: `q` (M, 3) in primitive reciprocal coordinates, `omega` (M,) in THz.

    `patterns` (M, N, 3), complex, are orthonormal eigenvectors of the mass-weighted Φ, with the phase of their q.
    """

    q: np.ndarray
    omega: np.ndarray
    patterns: np.ndarray


def optical_modes(phonon: Phonopy, q_points: np.ndarray) -> Modes:
    """The modes of `phonon` at `q_points` (n, 3), which its supercell must hold, without the acoustic ones at Γ.

    Acoustic are the three nearest zero, as everywhere.
    """
    found = phonon.run_qpoints(q_points, with_eigenvectors=True)
    assert found.eigenvectors is not None, "they were asked for"
    cell = phonon.supercell
    kind = np.searchsorted(phonon.primitive.p2s_map, phonon.primitive.s2p_map)
    # A mode at q moves atom j at r_j by e_j exp(2πi q·r_j) / √m_j, in phonopy's convention.
    reciprocal = np.linalg.inv(phonon.primitive.cell).T
    phases = np.exp(2j * np.pi * cell.positions @ (np.asarray(q_points) @ reciprocal).T)
    q, omega, patterns = [], [], []
    for point, frequencies, vectors, phase in zip(
        q_points, found.frequencies, found.eigenvectors, phases.T, strict=True
    ):
        at_gamma = np.allclose(point, np.rint(point))
        chosen = np.sort(np.argsort(np.abs(frequencies))[3:]) if at_gamma else np.arange(len(frequencies))
        primitive = vectors.T.reshape(len(frequencies), -1, 3)[chosen]
        q += [point] * len(chosen)
        omega.append(frequencies[chosen])
        patterns.append(primitive[:, kind] * phase[None, :, None] * np.sqrt(len(phonon.primitive) / len(cell)))
    return Modes(np.array(q), np.concatenate(omega), np.concatenate(patterns))
