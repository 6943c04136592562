"""Force constants made from displacements and forces, and what these same data say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.references.readers.phonopy_file import displacements_and_forces
from compute.structures.force_constants import determined, phonopy_atoms
from compute.structures.sites import Crystal, FramesError, minimum_image, shortest

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.harmonic.displacement import DisplacementDataset

_SYMPRECS = (1e-5, 1e-4, 1e-3, 1e-2)  # Å
# Largest ‖F + Φu‖ / ‖F‖ on the data that Φ was made from: what is anharmonic grows with the displacements, here by
# root mean square component. Measured on a perovskite in the right order of atoms: 0.01 for single atoms moved by
# 0.01 Å, and 0.07, 0.17 and 0.35 for all atoms moved by 0.02, 0.05 and 0.1 Å; 0.38 to 0.64 in another order.
_LEFT, _LEFT_PER_ANGSTROM, _MOST_LEFT = 0.1, 4.0, 0.37
_SMALL = 0.05  # Å; below it nothing anharmonic leaves as much as `_MOST_LEFT`
_UNCERTAIN = 0.1  # of ‖Φ‖
_RECOVERED = 1e-2  # of ‖Φ‖
_NET = 0.5  # of ‖F‖; the forces on all atoms add up to zero, where independent numbers add up to as much as ‖F‖


@dataclass(frozen=True, eq=False)
class Fit:
    """`values`, Φ (N, N, 3, 3) in eV/Å², with what is left of the forces F that it was made from.

    `left` is ‖F + Φu‖ / ‖F‖, divided by the root of the share of independent noise that a fit to it would leave, so
    that few data explain no more than many; `most` is the largest that is expected of the amplitude of u.
    `uncertainty` is the part of ‖Φ‖ that a fit to noise of the size of F + Φu would be.
    """

    values: np.ndarray
    left: float
    most: float
    uncertainty: float
    amplitude: float

    def refuse_other_order(self, name: str) -> None:
        """`FramesError` where the data in `name`, which does not say whose atoms it lists, contradict one another."""
        if not self.left <= self.most:
            raise FramesError(
                f"The force constants made from {name} leave {self.left:.0%} of its own forces unexplained, where"
                f" {self.most:.0%} is taken: its atoms are in another order than those of the structure, or it is"
                " another structure, or the displacements are too large for force constants."
            )

    def refuse_contradiction(self, name: str) -> None:
        """The same where `name` says the order: what is left of the forces is anharmonic unless u is small."""
        if self.left > _MOST_LEFT and self.amplitude < _SMALL:
            raise FramesError(
                f"The force constants made from {name} leave {self.left:.0%} of its own forces unexplained, though the"
                f" atoms are moved by {self.amplitude:.3f} Å only: the forces are in another order than the"
                " displacements, or belong to others."
            )

    def notes(self, name: str) -> tuple[str, ...]:
        """Sentences that a reader should see."""
        said = []
        if self.left > self.most:
            said.append(f"The force constants made from {name} leave {self.left:.0%} of its own forces unexplained.")
        if self.uncertainty > _UNCERTAIN:
            said.append(
                f"The displacements in {name} determine the force constants to about {self.uncertainty:.0%} only: more"
                " or smaller ones would settle them."
            )
        return tuple(said)


@dataclass(frozen=True, eq=False)
class _Allowed:
    """The force constants that the symmetry of the supercell of `phonon` allows."""

    phonon: Phonopy

    @cached_property
    def basis(self) -> Any:
        """Symfc's basis of them, which takes longer than a fit."""
        from phonopy.interface.symfc import SymfcFCSolver

        solver = SymfcFCSolver(self.phonon.supercell, symmetry=self.phonon.symmetry)
        solver.compute_basis_set(orders=[2])
        return solver.basis_set[2]

    def nearest(self, values: np.ndarray) -> np.ndarray:
        """The allowed Φ (N, N, 3, 3) nearest to `values`."""
        expansion, vectors = self.basis.compression_matrix, self.basis.blocked_basis_set
        return np.asarray(expansion @ (vectors @ (vectors.T @ (expansion.T @ values.ravel())))).reshape(values.shape)

    def solved(self, dataset: DisplacementDataset) -> np.ndarray:
        """Φ of displacements that determine it."""
        if "first_atoms" not in dataset:
            return self._fit(dataset["displacements"], dataset["forces"])
        self.phonon.dataset = dataset
        self.phonon.produce_force_constants()
        return self.nearest(np.array(self.phonon.force_constants))

    def recovers(self, moved: np.ndarray) -> bool:
        """Whether a fit to the displacements `moved` (T, N, 3) gives force constants back that are known beforehand."""
        size = moved.shape[1]
        known = self.nearest(np.random.default_rng(0).normal(size=(size, size, 3, 3)))
        found = self._fit(moved, -np.einsum("ijab,tjb->tia", known, moved))
        return bool(np.linalg.norm(found - known) < _RECOVERED * np.linalg.norm(known))

    def _fit(self, displacements: np.ndarray, forces: np.ndarray) -> np.ndarray:
        from symfc.solvers import FCSolverO2

        return np.asarray(FCSolverO2(self.basis).solve(displacements, forces).full_fc)


def fitted(crystal: Crystal, dataset: DisplacementDataset) -> Fit:
    """Φ from a phonopy dataset with forces, made to obey symmetry and sum rule, and held against that dataset.

    Displacements of single atoms: finite differences and symfc's projector; of all atoms at once: symfc's fit
    (A. Seko and A. Togo, doi:10.1103/PhysRevB.110.214302). Raises `FramesError` where they do not suffice.
    """
    dataset = _nearest(crystal, dataset)
    moved, forces = displacements_and_forces(dataset)
    if not (np.isfinite(moved).all() and np.isfinite(forces).all()):
        raise FramesError("The displacements, or the forces that they meet, hold a NaN or infinity.")
    size = float(np.linalg.norm(forces))
    if not size:
        raise FramesError("All forces of the displacements are zero.")
    allowed = _determined(crystal, dataset, moved)
    _refuse_others(crystal, moved, forces)
    values = allowed.solved(dataset)
    noise = _noise(moved)
    of_noise = allowed.solved(_with_forces(dataset, noise))
    spare = float(np.linalg.norm(_unexplained(of_noise, moved, noise)) / np.linalg.norm(noise))
    rest = float(np.linalg.norm(_unexplained(values, moved, forces)))
    # A fit that leaves nothing of noise could explain any forces.
    spare = max(spare, 1e-6)
    scale = rest / spare / float(np.linalg.norm(noise))
    amplitude = _amplitude(moved)
    return Fit(
        values,
        left=rest / size / spare,
        most=min(_MOST_LEFT, _LEFT + _LEFT_PER_ANGSTROM * amplitude),
        uncertainty=scale * float(np.linalg.norm(of_noise) / np.linalg.norm(values)),
        amplitude=amplitude,
    )


def notes_on_stored(values: np.ndarray, crystal: Crystal, dataset: DisplacementDataset, name: str) -> tuple[str, ...]:
    """A sentence where `values`, Φ that `name` stores, are not those of the small displacements beside them."""
    moved, forces = displacements_and_forces(_nearest(crystal, dataset))
    left = float(np.linalg.norm(_unexplained(values, moved, forces)) / max(float(np.linalg.norm(forces)), 1e-12))
    if left <= _MOST_LEFT or _amplitude(moved) > _SMALL:
        return ()
    return (f"The force constants stored in {name} leave {left:.0%} of the forces beside them unexplained.",)


def _nearest(crystal: Crystal, dataset: DisplacementDataset) -> DisplacementDataset:
    """`dataset` with the shortest image of each displacement, as an atom may be written across the boundary."""
    given: Mapping[str, Any] = dataset
    if "first_atoms" not in given:
        whole: DisplacementDataset = {**given, "displacements": minimum_image(given["displacements"], crystal.cell)}  # type: ignore[assignment]
        return whole
    entries = [
        {**entry, "displacement": minimum_image(np.asarray(entry["displacement"], float), crystal.cell)}
        for entry in given["first_atoms"]
    ]
    single: DisplacementDataset = {**given, "first_atoms": entries}  # type: ignore[assignment]
    return single


def _refuse_others(crystal: Crystal, moved: np.ndarray, forces: np.ndarray) -> None:
    """`FramesError` for columns that hold something other than displacements and forces."""
    vectors = moved[moved.any(axis=2)]
    far = float(np.sqrt(np.square(vectors).sum(axis=1).mean())) if len(vectors) else 0.0
    if far > shortest(crystal) / 2:
        raise FramesError(
            f"The displacements are {far:.2f} Å long (root mean square), half of what lies between neighbours or more:"
            " they are positions, or in another unit."
        )
    net = float(np.linalg.norm(forces.sum(axis=1)) / np.linalg.norm(forces))
    if net > _NET:
        raise FramesError(
            f"The forces of the displacements do not add up to zero, but to {net:.0%} of their size: they are no forces"
            " on all atoms of the supercell."
        )


def _determined(crystal: Crystal, dataset: DisplacementDataset, moved: np.ndarray) -> _Allowed:
    """What the tightest tolerance of the symmetry allows with which the displacements determine Φ."""
    single = "first_atoms" in dataset
    still = np.flatnonzero(~moved.any(axis=(1, 2)))
    if len(still) and (single or len(still) == len(moved)):
        raise FramesError(f"Displacement {still[0] + 1} is zero: it says nothing of the force constants.")
    # The source chose its displacements with a tolerance of its own.
    for symprec in _SYMPRECS:
        allowed = _Allowed(_phonopy(crystal, dataset, symprec))
        if determined(allowed.phonon) if single else allowed.recovers(moved):
            return allowed
    raise FramesError(
        f"The displacements do not determine the force constants: {len(moved)} are too few, or leave out a direction."
    )


def _amplitude(moved: np.ndarray) -> float:
    """Root mean square component in Å of the atoms that are moved."""
    vectors = moved[moved.any(axis=2)]
    return float(np.sqrt(np.square(vectors).mean())) if len(vectors) else 0.0


def _unexplained(values: np.ndarray, moved: np.ndarray, forces: np.ndarray) -> np.ndarray:
    return np.asarray(forces + np.einsum("ijab,tjb->tia", values, moved))


def _noise(moved: np.ndarray) -> np.ndarray:
    """Forces (T, N, 3) that are noise of unit size without a net force, the same for the same displacements."""
    distinct, which = np.unique(moved.reshape(len(moved), -1), axis=0, return_inverse=True)
    noise = np.random.default_rng(0).normal(size=(len(distinct), *moved.shape[1:]))
    return np.asarray((noise - noise.mean(axis=1, keepdims=True))[which])


def _with_forces(dataset: Mapping[str, Any], forces: np.ndarray) -> DisplacementDataset:
    if "first_atoms" not in dataset:
        return {"displacements": dataset["displacements"], "forces": forces}
    entries = [entry | {"forces": met} for entry, met in zip(dataset["first_atoms"], forces, strict=True)]
    return {"natom": dataset["natom"], "first_atoms": entries}


def _phonopy(crystal: Crystal, dataset: DisplacementDataset, symprec: float) -> Phonopy:
    from phonopy import Phonopy
    from phonopy.structure.cells import guess_primitive_matrix

    # The supercell itself is the unit cell, so that its atoms keep their order whatever wrote them.
    cell = phonopy_atoms(crystal)
    primitive = guess_primitive_matrix(cell, symprec=symprec)
    phonon = Phonopy(cell, np.eye(3, dtype=int), primitive_matrix=primitive, symprec=symprec)
    phonon.dataset = dataset
    return phonon
