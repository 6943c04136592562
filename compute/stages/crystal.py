"""A compound in its geometry, with the force constants that a potential gives there: where every stage begins."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.potentials.interface import Potential
from compute.protocols import HarmonicProtocol
from compute.stages import phonons
from compute.stages.relax import Relaxed, relax
from compute.structures.compounds import Compound
from compute.structures.sites import StructureError
from compute.structures.uploaded import GeneralCrystal

if TYPE_CHECKING:
    from ase import Atoms
    from phonopy import Phonopy


@dataclass(frozen=True)
class HarmonicCrystal:
    """`phonon` holds supercell and Φ; `raw` is Φ (N, N, 3, 3) in eV/Å² before it was symmetrised."""

    compound: Compound | GeneralCrystal
    geometry: Relaxed
    plan: phonons.Plan
    phonon: Phonopy
    raw: np.ndarray

    @property
    def unit_cell(self) -> Atoms:
        """The primitive cell."""
        return self.compound.structure(self.geometry.a, self.geometry.x)

    @property
    def supercell(self) -> Atoms:
        """The supercell, atoms on their ideal sites and in the order of Φ."""
        (atoms,) = phonons.displaced(self.phonon, np.zeros((1, len(self.phonon.supercell), 3)))
        return atoms

    @property
    def force_constants(self) -> np.ndarray:
        """Φ (N, N, 3, 3) in eV/Å², as the protocol symmetrises it."""
        return np.asarray(self.phonon.force_constants)

    @property
    def sites(self) -> tuple[str, ...]:
        """Site of each of the N atoms: A, B, Bp or X; empty for a crystal of another structure type."""
        if not self.compound.atom_sites:
            return ()
        cell = self.phonon.supercell
        return tuple(self.compound.atom_sites[cell.u2u_map[atom]] for atom in cell.s2u_map)


def harmonic_crystal(
    compound: Compound | GeneralCrystal,
    potential: Potential,
    protocol: HarmonicProtocol,
    a: float | None = None,
    x: float | None = None,
) -> HarmonicCrystal:
    """Geometry and force constants of `compound`.

    With `protocol.geometry` "reference", `a` (Å) is the lattice constant, and `x` the anion coordinate where the
    prototype has one; with "relaxed", both are relaxed with the potential, from what is given or from ionic radii.
    A crystal of another structure type stays as it is. Raises `RelaxationError`, `EvaluationError` or `ValueError`.
    """
    plan = _protocol_plan(compound, protocol)
    geometry = _geometry(compound, potential, protocol, a, x)
    unit_cell = compound.structure(geometry.a, geometry.x)
    phonon = phonons.phonopy_of(unit_cell, plan.template.supercell_matrix, symmetry=False)
    results = potential.evaluate(phonons.displaced(phonon, plan.displacements))
    constants = phonons.solve(plan, np.array([result.forces for result in results]))
    phonon.force_constants = constants.values if protocol.symmetrise == "symfc" else constants.raw
    return HarmonicCrystal(compound, geometry, plan, phonon, constants.raw)


def to_plain(crystal: HarmonicCrystal) -> dict[str, Any]:
    """What of `crystal` took force calls, as JSON: `from_plain` gives the same digits back."""
    geometry = {name: value if value is None else float(value) for name, value in asdict(crystal.geometry).items()}
    return {
        "geometry": {**geometry, "steps": int(crystal.geometry.steps)},
        "raw": _packed(crystal.raw),
        "force_constants": _packed(crystal.force_constants),
    }


def from_plain(
    compound: Compound | GeneralCrystal, protocol: HarmonicProtocol, plain: Mapping[str, Any]
) -> HarmonicCrystal:
    """The crystal that `to_plain` wrote, of the same compound and protocol. Raises `ValueError` as above."""
    plan = _protocol_plan(compound, protocol)
    geometry = Relaxed(**plain["geometry"])
    unit_cell = compound.structure(geometry.a, geometry.x)
    phonon = phonons.phonopy_of(unit_cell, plan.template.supercell_matrix, symmetry=False)
    phonon.force_constants = _unpacked(plain["force_constants"])
    return HarmonicCrystal(compound, geometry, plan, phonon, _unpacked(plain["raw"]))


def _packed(constants: np.ndarray) -> str:
    return base64.b64encode(np.asarray(constants, "<f8").tobytes()).decode()


def _unpacked(text: str) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(text), "<f8").astype(float)
    atoms = round(np.sqrt(len(values) / 9))
    return values.reshape(atoms, atoms, 3, 3)


def _protocol_plan(compound: Compound | GeneralCrystal, protocol: HarmonicProtocol) -> phonons.Plan:
    if protocol.supercell is None:
        raise ValueError(f"protocol {protocol.name} is for published forces; nothing is displaced")
    if isinstance(compound, GeneralCrystal):
        return phonons.symmetric_plan(compound.structure(), protocol.supercell, protocol.displacement)
    return _plan(compound.prototype, _pattern(compound), protocol.supercell, protocol.displacement)


def _geometry(
    compound: Compound | GeneralCrystal,
    potential: Potential,
    protocol: HarmonicProtocol,
    a: float | None,
    x: float | None,
) -> Relaxed:
    if protocol.geometry == "relaxed":
        if isinstance(compound, GeneralCrystal):
            raise StructureError("Only cubic ABX3 and A2MM'X6 are relaxed here: relax it, or take it as it is.")
        a_guess, x_guess = compound.guess()
        return relax(compound, potential, protocol, a or a_guess, x or x_guess)
    if isinstance(compound, Compound) and (a is None or (x is None) != (compound.guess()[1] is None)):
        raise ValueError(f"{compound.formula}: no published geometry; use the protocol relaxed-geometry")
    (result,) = potential.evaluate([compound.structure(a, x)], stress=True)
    if result.stress is None:
        raise ValueError(f"{potential.id} gives no stress")
    return Relaxed(a, x, 1, float(np.abs(result.forces).max()), -float(np.trace(result.stress)) / 3)


def _pattern(compound: Compound) -> tuple[int, ...]:
    """Which sites hold the same element: (0, 0, 1, 2) for A = B. Equal patterns share their symmetry."""
    elements = list(compound.sites.values())
    return tuple(elements.index(element) for element in elements)


@lru_cache(maxsize=32)
def _plan(prototype: str, pattern: tuple[int, ...], supercell: int, displacement: float) -> phonons.Plan:
    """The plan of a structure type, from stand-in elements at a generic geometry."""
    stand_ins = ("Cs", "Ag", "Bi", "Cl")
    elements = [stand_ins[index] for index in pattern]
    keys = ("A", "B", "X") if prototype == "cubic-perovskite" else ("A", "B", "Bp", "X")
    typical = Compound("", "", prototype, dict(zip(keys, elements, strict=True)))
    return phonons.symmetric_plan(typical.structure(10.0, 0.24), supercell, displacement)
