"""Published rows computed a second time, from the kept DFT phonons with phonopy and numpy alone, within 2 %."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from ase import Atoms
from phonopy import Phonopy
from phonopy.harmonic.force_constants import distribute_force_constants
from phonopy.structure.atoms import PhonopyAtoms

from compute import tables
from compute.references.alexandria50 import POTENTIALS

DATA = Path(__file__).parents[2] / "data" / "parquet"
SUITE = "alexandria50"
MATERIALS = ("mp-1000", "mp-12244")
"""Small cells in which DFT is stable: two and sixteen displacements."""
WITHIN = 0.02


class Numbers(NamedTuple):
    """What the leaderboard ranks by."""

    omega_rmse_thz: float
    constants_error: float
    sigma_hessian: float


def kept(compound: str) -> tuple[Phonopy, np.ndarray]:
    """The crystal with DFT's displacements, and DFT's Φ as a matrix (3N, 3N)."""
    (row,) = tables.read_where(DATA, "reference_phonons", suite=SUITE, compound=compound)
    unit = PhonopyAtoms(
        numbers=row["numbers"],
        scaled_positions=np.reshape(row["positions"], (-1, 3)),
        cell=np.reshape(row["cell"], (3, 3)),
    )
    crystal = Phonopy(
        unit,
        supercell_matrix=np.reshape(row["supercell_matrix"], (3, 3)),
        primitive_matrix=np.reshape(row["primitive_matrix"], (3, 3)),
        symprec=row["symprec"],
    )
    size = len(crystal.supercell)
    crystal.dataset = {
        "natom": size,
        "first_atoms": [
            {"number": atom, "displacement": u}
            for atom, u in zip(row["displaced_atoms"], np.reshape(row["displacements"], (-1, 3)), strict=True)
        ],
    }
    constants, atoms = np.zeros((size, size, 3, 3)), np.array(row["rows"], dtype="int64")
    constants[atoms] = np.reshape(row["constants"], (len(atoms), size, 3, 3))
    symmetry = crystal.symmetry
    distribute_force_constants(
        constants,
        atoms,
        np.array(crystal.supercell.cell.T, dtype="double", order="C"),
        np.array(symmetry.symmetry_operations["rotations"], dtype="int64", order="C"),
        np.array(symmetry.atomic_permutations, dtype="int64", order="C"),
    )
    return crystal, constants


def numbers(crystal: Phonopy, dft: np.ndarray, forces: np.ndarray) -> Numbers:
    """From `forces` (k, N, 3) in eV/Å on the displaced supercells."""
    crystal.force_constants = dft
    reference = mesh(crystal)
    crystal.forces = forces
    crystal.produce_force_constants()
    crystal.symmetrize_force_constants(level=50)
    ours = np.array(crystal.force_constants)
    size = 3 * len(dft)
    right, wrong = (phi.transpose(0, 2, 1, 3).reshape(size, size) for phi in (dft, ours - dft))
    curvatures, modes = np.linalg.eigh((right + right.T) / 2)
    real = np.argsort(np.abs(curvatures))[3:]
    assert curvatures[real].min() > 0
    # Each mode has ⟨q²⟩ = kT/λ: σ² is the thermal mean of the wrong forces over that of DFT's, which is kT Tr Φ.
    thermal = np.sum((wrong @ modes[:, real]) ** 2 / curvatures[real])
    return Numbers(
        omega_rmse_thz=float(np.sqrt(np.mean((mesh(crystal) - reference) ** 2))),
        constants_error=float(np.linalg.norm(wrong) / np.linalg.norm(right)),
        sigma_hessian=float(np.sqrt(thermal / np.trace(right))),
    )


def mesh(crystal: Phonopy) -> np.ndarray:
    """ω in THz, all modes of an 8x8x8 mesh around Γ, imaginary as negative."""
    crystal.run_mesh([8, 8, 8], is_mesh_symmetry=False, is_gamma_center=True)
    return np.array(crystal.mesh.frequencies)


def held_against_the_row(found: Numbers, compound: str, potential: str) -> None:
    """`found` is what the published row says."""
    (row,) = tables.read_where(DATA, "harmonic", suite=SUITE, compound=compound, potential=potential, status="ok")
    assert found._asdict() == pytest.approx({name: row[name] for name in Numbers._fields}, rel=WITHIN)


@pytest.mark.parametrize("compound", MATERIALS)
def test_chgnet_by_its_own_calculator(compound):
    pytest.importorskip("torch")
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    crystal, dft = kept(compound)
    calculator = CHGNetCalculator(CHGNet.load(model_name="0.3.0", use_device="cpu", verbose=False), use_device="cpu")

    def forces(cell: PhonopyAtoms) -> np.ndarray:
        atoms = Atoms(cell.symbols, scaled_positions=cell.scaled_positions, cell=cell.cell, pbc=True)
        return calculator.get_forces(atoms)

    rest = forces(crystal.supercell)
    found = np.array([forces(cell) for cell in crystal.supercells_with_displacements]) - rest
    held_against_the_row(numbers(crystal, dft, found), compound, "chgnet-0.3.0")


@pytest.mark.parametrize("potential", ["mace-mpa-0-medium", "mace-matpes-pbe-omat-ft"])
@pytest.mark.parametrize("compound", MATERIALS)
def test_mace_from_the_forces_of_the_source(shared, compound, potential):
    crystal, dft = kept(compound)
    with np.load(shared / "reference" / SUITE / f"{compound}.npz") as source:
        apart = crystal.supercell.scaled_positions[:, None] - source["super_scaled"][None]
        order = np.linalg.norm(apart - np.rint(apart), axis=-1).argmin(axis=1)
        assert sorted(order.tolist()) == list(range(len(order)))
        moved = [each["number"] for each in crystal.dataset["first_atoms"]]
        assert order[moved].tolist() == source["disp_atom"].tolist()
        forces = source[f"{POTENTIALS[potential]}_forces"][:, order]
    held_against_the_row(numbers(crystal, dft, forces), compound, potential)
