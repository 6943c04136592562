"""Force constants by finite displacements, and the frequencies they give.

What symmetry fixes (which atoms to displace, the force constants that it allows) does not change with the scale of the
cell, so it is a `Plan`, made once per structure type and used for every compound of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from compute.physics import phonons as physics
from compute.physics.symmetry_coordinates import SymmetryCoordinates, independent_elements
from compute.stages.basis import Basis, symmetric_basis
from compute.stages.differences import Differences, differences
from compute.structures import prototypes
from compute.structures.force_constants import single_displacements

if TYPE_CHECKING:
    from ase import Atoms
    from phonopy import Phonopy

QPoint = tuple[float, float, float]


@dataclass(frozen=True)
class Plan:
    """Displacements of a supercell and the symmetry that turns their forces into force constants.

    `displacements` (n, N, 3) in Å; `template` the phonopy object whose supercell and symmetry apply; `differences`
    takes the forces on them to Φ; `basis` holds the force constants that symmetry allows.
    """

    template: Phonopy
    displacements: np.ndarray
    differences: Differences
    basis: Basis


@dataclass(frozen=True)
class ForceConstants:
    """Φ (N, N, 3, 3) in eV/Å² of one supercell.

    `raw` comes straight from the finite differences; `values` obeys space group, permutation symmetry and the
    acoustic sum rule (symfc; A. Seko and A. Togo, doi:10.1103/PhysRevB.110.214302).
    """

    raw: np.ndarray
    values: np.ndarray


def symmetric_plan(atoms: Atoms, supercell: int, displacement: float) -> Plan:
    """The inequivalent displacements, of length `displacement` in Å, of `supercell`³ repeats of `atoms`."""
    template = phonopy_of(atoms, np.eye(3, dtype=int) * supercell)
    template.generate_displacements(distance=displacement)
    singles = single_displacements(template)
    displacements = np.zeros((len(singles), len(template.supercell), 3))
    for index, first in enumerate(singles):
        displacements[index, first["number"]] = first["displacement"]
    return Plan(template, displacements, differences(template, displacements), symmetric_basis(template))


def phonopy_of(
    atoms: Atoms,
    supercell_matrix: np.ndarray,
    primitive_matrix: np.ndarray | Literal["P"] = "P",
    *,
    symmetry: bool = True,
    symprec: float = 1e-5,
) -> Phonopy:
    """A phonopy object of the unit cell `atoms`; `symmetry=False` skips the search, for frequencies alone.

    Symmetry holds within `symprec` in Å.
    """
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    # Masses from ASE: phonopy has none for Po.
    cell = PhonopyAtoms(
        numbers=atoms.numbers,
        masses=atoms.get_masses(),
        cell=atoms.cell.array,
        scaled_positions=atoms.get_scaled_positions(wrap=False),
    )
    return Phonopy(cell, supercell_matrix, primitive_matrix=primitive_matrix, is_symmetry=symmetry, symprec=symprec)


def displaced(phonon: Phonopy, displacements: np.ndarray) -> list[Atoms]:
    """One supercell of `phonon` per row of `displacements` (n, N, 3), in Å."""
    from ase import Atoms

    cell = phonon.supercell
    return [Atoms(cell.symbols, positions=cell.positions + u, cell=cell.cell, pbc=True) for u in displacements]


def solve(plan: Plan, forces: np.ndarray) -> ForceConstants:
    """Force constants from `forces` (n, N, 3) in eV/Å on the plan's displaced supercells."""
    values = fit(plan, plan.displacements, forces)  # which refuses forces that are not finite
    return ForceConstants(plan.differences.constants(forces), values)


def fit(plan: Plan, displacements: np.ndarray, forces: np.ndarray) -> np.ndarray:
    """The Φ (N, N, 3, 3) in eV/Å² that minimises Σ |F + Φu|² among those that `ForceConstants.values` may be.

    `displacements` in Å and `forces` in eV/Å are (T, N, 3), of any frames of the plan's supercell. Raises
    `ValueError` for shapes that do not fit and values that are not finite; whether the frames determine Φ is not
    checked.
    """
    shape = (len(displacements), len(plan.template.supercell), 3)
    if displacements.shape != shape or forces.shape != shape:
        raise ValueError(f"displacements {displacements.shape} and forces {forces.shape} must both be of shape {shape}")
    if not (np.isfinite(displacements).all() and np.isfinite(forces).all()):
        raise ValueError("displacements and forces must be finite")
    return plan.basis.fit(displacements, forces)


def frequencies(phonon: Phonopy, q_points: Sequence[QPoint] | np.ndarray) -> np.ndarray:
    """ω (len(q), 3n) in THz, ascending, imaginary as negative; q in primitive reciprocal coordinates."""
    return np.asarray(phonon.run_qpoints(q_points).frequencies)


def commensurate_q(phonon: Phonopy) -> np.ndarray:
    """The q points (m, 3) at which the supercell's force constants are exact, in primitive coordinates."""
    from phonopy.harmonic.dynmat_to_fc import get_commensurate_points

    matrix = np.linalg.inv(phonon.primitive_matrix) @ phonon.supercell_matrix
    return get_commensurate_points(np.rint(matrix).astype(int))


def softest(phonon: Phonopy, q_points: Sequence[QPoint] | np.ndarray) -> tuple[float, QPoint]:
    """The lowest ω in THz over `q_points` without the acoustic modes at Γ, and the q it lies at.

    Raises `ValueError` where nothing is left: Γ alone, with one atom in the primitive cell.
    """
    candidates: list[tuple[float, QPoint]] = []
    for q, modes in zip(q_points, frequencies(phonon, q_points), strict=True):
        kept = physics.without_acoustic(modes) if np.allclose(q, np.rint(q)) else modes
        if len(kept):
            candidates.append((float(kept[0]), (float(q[0]), float(q[1]), float(q[2]))))
    if not candidates:
        raise ValueError("one atom per primitive cell has no optical mode at Γ")
    return min(candidates)


def by_cell(phonon: Phonopy, force_constants: np.ndarray) -> np.ndarray:
    """Φ (N, N, 3, 3) of the S³ supercell of `phonon` as (n, n, S, S, S, 3, 3), the form of `physics.bands.Crystal`."""
    atom, cells, size = _places(phonon)
    n = len(phonon.unitcell)
    first = np.array([np.flatnonzero((atom == i) & (cells == 0).all(axis=1))[0] for i in range(n)])
    result = np.empty((n, n, size, size, size, 3, 3))
    result[:, atom, cells[:, 0], cells[:, 1], cells[:, 2]] = force_constants[first]
    return result


def from_cells(phonon: Phonopy, constants: np.ndarray) -> np.ndarray:
    """Φ (N, N, 3, 3) of the supercell of `phonon` from what `by_cell` gave: every cell has the same."""
    atom, cells, size = _places(phonon)
    apart = (cells[None] - cells[:, None]) % size
    return np.asarray(constants[atom[:, None], atom[None], apart[..., 0], apart[..., 1], apart[..., 2]])


def _places(phonon: Phonopy) -> tuple[np.ndarray, np.ndarray, int]:
    """Of each of the N atoms of the S³ supercell the atom of the unit cell (N,) and the cell (N, 3), and S."""
    unit, cell = phonon.unitcell, phonon.supercell
    size = round(float(np.linalg.det(phonon.supercell_matrix)) ** (1 / 3))
    atom = np.array([cell.u2u_map[index] for index in cell.s2u_map])
    scaled = cell.positions @ np.linalg.inv(unit.cell)
    return atom, np.rint(scaled - unit.scaled_positions[atom]).astype(int) % size, size


@cache
def symmetry_coordinates(prototype: str, repeats: int) -> SymmetryCoordinates | None:
    """The independent force constants of `repeats`³ cells of `prototype`; None for one without fixed sites."""
    cell = prototypes.example(prototype)
    if cell is None:
        return None
    phonon = phonopy_of(cell, np.eye(3, dtype=int) * repeats)
    basis, size = symmetric_basis(phonon), len(phonon.supercell)
    every = np.asarray(basis.expansion @ basis.vectors).reshape(size, size, 3, 3, -1)
    return independent_elements(np.stack([by_cell(phonon, every[..., k]) for k in range(every.shape[-1])]))
