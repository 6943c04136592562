"""Forces on displaced supercells, as a finite-displacement calculation leaves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ForceSet:
    """Unit cell, supercell and the forces of each displaced supercell.

    `cell` (3, 3) in Å, `numbers` (n,) and `scaled` (n, 3) describe the unit cell; `supercell_matrix` and
    `primitive_matrix` (3, 3) relate the cells; `super_scaled` (N, 3) fixes the order of the supercell's atoms;
    row k displaced atom `atoms[k]` by `displacements[k]` (3,) in Å and found `forces[k]` (N, 3) in eV/Å.
    """

    cell: np.ndarray
    numbers: np.ndarray
    scaled: np.ndarray
    supercell_matrix: np.ndarray
    primitive_matrix: np.ndarray
    super_scaled: np.ndarray
    atoms: np.ndarray
    displacements: np.ndarray
    forces: np.ndarray
