"""The two parent structures, with their free parameters.

cubic-perovskite  ABX3, Pm-3m (221): A 1a (0,0,0), B 1b (½,½,½), X 3c (½,½,0).
elpasolite        A2MM'X6, Fm-3m (225): A 8c (¼,¼,¼), M 4a (0,0,0), M' 4b (½,½,½), X 24e (x,0,0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms


def cubic_perovskite(A: str, B: str, X: str, a: float) -> Atoms:
    """Five-atom cell; `a` in Å."""
    from ase import Atoms

    scaled = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    return Atoms([A, B, X, X, X], scaled_positions=scaled, cell=[a, a, a], pbc=True)


def elpasolite(A: str, B: str, Bp: str, X: str, a: float, x: float) -> Atoms:
    """Ten-atom primitive cell; conventional lattice constant `a` in Å, anion coordinate `x`."""
    from ase import Atoms

    cell = 0.5 * a * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]])
    axes = x * a * np.vstack([np.eye(3), -np.eye(3)])
    quarter = 0.25 * a * np.ones(3)
    positions = np.vstack([quarter, -quarter, np.zeros(3), 2 * quarter, axes])
    return Atoms([A, A, B, Bp] + [X] * 6, positions=positions, cell=cell, pbc=True)


def example(prototype: str) -> Atoms | None:
    """A cell of `prototype` with different elements on all sites, for what depends on its symmetry alone."""
    if prototype == "cubic-perovskite":
        return cubic_perovskite("Cs", "Pb", "I", 6.0)
    if prototype == "elpasolite":
        return elpasolite("Cs", "Ag", "Bi", "Br", 11.0, 0.24)
    return None


def elpasolite_tilt() -> np.ndarray:
    """Pattern (10, 3) of the out-of-phase tilt (Γ4+) about [001] in `elpasolite`: four anions move by 1, no cation."""
    pattern = np.zeros((10, 3))
    pattern[4:] = [(0, 1, 0), (-1, 0, 0), (0, 0, 0), (0, -1, 0), (1, 0, 0), (0, 0, 0)]
    return pattern
