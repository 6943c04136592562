"""The potential well of the out-of-phase octahedral tilt of a double perovskite, Γ4+ of Fm-3m.

The mode lives at Γ of the ten-atom cell, and no cation takes part, so its pattern is fixed by symmetry: DFT and every
potential are asked about the very same structures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from compute.physics import wells as physics
from compute.physics.phonons import THZ_PER_ROOT
from compute.structures.compounds import Compound
from compute.structures.prototypes import elpasolite_tilt

if TYPE_CHECKING:
    from ase import Atoms

MODE = "gamma4+ tilt about [001]"
# Å each anion moves; about 10° of tilt at the end. Negative Q is the same structure, turned.
GRID = (0.0, 0.1, 0.2, 0.3, 0.4)


def tilted(compound: Compound, a: float, x: float, grid: Sequence[float] = GRID) -> list[Atoms]:
    """The ten-atom cell with the tilt frozen in at each Q of `grid` in Å, largest first.

    Largest first because its symmetry holds for all of them.
    """
    structures = []
    for q in sorted(grid, reverse=True):
        atoms = compound.structure(a, x)
        atoms.positions += q * elpasolite_tilt()
        structures.append(atoms)
    return structures


def well(energies: np.ndarray, forces: np.ndarray, grid: Sequence[float] = GRID) -> physics.Well:
    """The fitted well from `energies` (P,) in eV and `forces` (P, 10, 3) in eV/Å of the structures of `tilted`."""
    q = np.array(sorted(grid, reverse=True))
    return physics.fit(q, energies, generalised_forces(forces))


def generalised_forces(forces: np.ndarray) -> np.ndarray:
    """−dE/dQ (P,) in eV/Å of forces (P, 10, 3)."""
    return np.asarray(np.einsum("pia,ia->p", forces, elpasolite_tilt()))


def tilt_frequency(curvature: float, anion_mass: float) -> float:
    """ω in THz of the tilt with `curvature` d²E/dQ² in eV/Å²: four anions of `anion_mass` (u) move by Q each."""
    square = curvature / (4 * anion_mass)
    return float(np.sign(square) * np.sqrt(abs(square)) * THZ_PER_ROOT)
