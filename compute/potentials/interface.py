"""What every potential gives: energy, forces and stress of structures, in eV and Å."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms


class EvaluationError(ValueError):
    """A structure that the potential cannot describe."""


class NotFinite(EvaluationError):
    """A structure for which the potential gives a NaN or infinity."""


@dataclass(frozen=True)
class Evaluation:
    """Result for one structure of N atoms, in float64 whatever the potential computed in.

    `energy` of the whole cell in eV; `forces` (N, 3) in eV/Å; `stress` (3, 3) in eV/Å³ as dE/dε / V, positive
    under tension as in ASE, or None where it was not asked for.
    """

    energy: float
    forces: np.ndarray
    stress: np.ndarray | None = None


class Potential(Protocol):
    """A loaded interatomic potential."""

    id: str
    checkpoint_sha256: str
    dtype: str
    device: str

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """One result per structure, in order; the other structures of the call do not change it.

        Raises `EvaluationError` for a structure that the potential cannot describe; no result is ever NaN.
        """
        ...


class Stopwatch:
    """A potential that also counts the seconds spent inside its force calls."""

    def __init__(self, potential: Potential):
        self._potential = potential
        self.id, self.checkpoint_sha256 = potential.id, potential.checkpoint_sha256
        self.dtype, self.device = potential.dtype, potential.device
        self.seconds = 0.0

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        start = time.perf_counter()
        try:
            return self._potential.evaluate(structures, stress=stress)
        finally:
            self.seconds += time.perf_counter() - start


def finite(id: str, structure: Atoms, result: Evaluation) -> Evaluation:
    """`result` itself; `NotFinite` when it holds a NaN or infinity, as for atoms on top of one another."""
    stress = 0.0 if result.stress is None else result.stress
    if not (np.isfinite(result.energy) and np.isfinite(result.forces).all() and np.isfinite(stress).all()):
        raise NotFinite(f"{id} gives no finite result for {structure.get_chemical_formula()}: check the structure")
    return result


def calculator(potential: Potential) -> Any:
    """`potential` as an ASE calculator of energy, forces and stress."""
    from ase.calculators.calculator import Calculator, all_changes

    class PotentialCalculator(Calculator):
        # ASE declares it of instances, and reads it of classes too.
        implemented_properties: ClassVar[list[str]] = [  # type: ignore[misc]
            "energy",
            "free_energy",
            "forces",
            "stress",
        ]

        def calculate(
            self,
            atoms: Atoms | None = None,
            properties: Sequence[str] = ("energy",),
            system_changes: Sequence[str] = all_changes,
        ) -> None:
            super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]  # ASE's has no types
            assert self.atoms is not None, "they are what is calculated"
            (result,) = potential.evaluate([self.atoms], stress="stress" in properties)
            self.results = {"energy": result.energy, "free_energy": result.energy, "forces": result.forces}
            if result.stress is not None:
                self.results["stress"] = result.stress.ravel()[[0, 4, 8, 5, 2, 1]]

    return PotentialCalculator()  # type: ignore[no-untyped-call]  # ASE's has no types
