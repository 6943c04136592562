"""One mode frozen in at several amplitudes: whether its frequency depends on the displacement that it was found with.

Along a pattern whose largest atom moves by A, a smooth potential that is even in A has −F·e/A = k + qA² + …, with e
the pattern of A = 1: a frequency that the amplitude changes little. A cusp, E ∝ |A| as of an angle at a straight bond,
adds a part ∝ 1/A, which no displacement is small enough to be rid of: the smaller, the larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compute.physics.phonons import THZ_PER_ROOT, signed_root, signed_square

Array = NDArray[np.float64]

LEAST_RUNGS = 3


@dataclass(frozen=True)
class Ladder:
    """One pattern at R amplitudes: `amplitudes` (R,) in Å of the atom that moves most, rising; `energies` (R,) in eV of
    the whole cell over that without displacement; `forces` (R,) F·e in eV/Å; `omegas` (R,) in THz, imaginary as
    negative.

    `smooth` and `cusp` in THz are the parts of ω at the first rung that do not depend on the amplitude and that grow
    as one over it, squares signed: see `parts`.
    """

    amplitudes: Array
    energies: Array
    forces: Array
    omegas: Array
    smooth: float
    cusp: float


def ladder(pattern: Array, masses: Array, amplitudes: Array, energies: Array, forces: Array) -> Ladder:
    """The ladder of `pattern` (N, 3), its largest atom moving by 1.

    `energies` (R + 1,) in eV and `forces` (R + 1, N, 3) in eV/Å are of the cell without displacement and then with
    `amplitudes` (R,) Å times the pattern; `masses` (N,) in u. Raises `ValueError` as of `parts`.
    """
    along = np.einsum("ria,ia->r", forces[1:], pattern)
    omegas = signed_root(-along / amplitudes / np.sum(masses[:, None] * pattern**2)) * THZ_PER_ROOT
    return Ladder(amplitudes, energies[1:] - energies[0], along, omegas, *parts(amplitudes, omegas))


def parts(amplitudes: Array, omegas: Array) -> tuple[float, float]:
    """(smooth, cusp) in THz of `omegas` (R,) in THz at `amplitudes` (R,): least squares of

        ω²(A) = smooth² + cusp² A₁/A + quartic² (A/A₁)²,

    all squares signed, A₁ the first amplitude. Raises `ValueError` for fewer than `LEAST_RUNGS` amplitudes, which do
    not tell the three apart.
    """
    if len(amplitudes) < LEAST_RUNGS:
        raise ValueError(f"a cusp is told from a quartic term by {LEAST_RUNGS} amplitudes, not {len(amplitudes)}")
    height = amplitudes / amplitudes[0]
    design = np.stack([np.ones_like(height), 1 / height, height**2], axis=1)
    (smooth, cusp, _), *_ = np.linalg.lstsq(design, signed_square(omegas), rcond=None)
    return float(signed_root(smooth)), float(signed_root(cusp))
