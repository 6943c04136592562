"""NVT dynamics of many crystals in common batches, and by ASE one after the other, timed alike.

Springs hold the atoms to their sites in place of the model's forces, which are computed at every step: random weights
hold no crystal together, and speed does not depend on it. With 3 eV/Å² at 300 K atoms move by 0.09 Å in each direction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.physics import dynamics
from compute.physics.thermal import thermal_velocities
from compute.potentials.batching import Pooled, together

if TYPE_CHECKING:
    from ase import Atoms

    from compute.potentials.interface import Potential

SPRING = 3.0  # eV/Å²
KELVIN, TIMESTEP, FRICTION_TIME = 300.0, 2.0, 200.0


def engine(potential: Potential, cells: Sequence[Atoms], steps: int) -> float:
    """Seconds of `steps` steps of all `cells` side by side, through the code that campaigns use."""

    def moving(cell: Atoms, number: int) -> None:
        generators, pooled = [np.random.default_rng(number)], Pooled(potential)

        def force_field(displacements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            frame = cell.copy()
            frame.positions += displacements[0]
            (found,) = pooled.evaluate([frame])
            return np.array([found.energy]), -SPRING * displacements

        masses = cell.get_masses()
        velocities = thermal_velocities(masses, KELVIN, generators)
        here = dynamics.state(np.zeros((1, len(cell), 3)), velocities, force_field)
        for _ in range(steps):
            here = dynamics.baoab_step(here, force_field, masses, TIMESTEP, KELVIN, FRICTION_TIME, generators)

    start = time.perf_counter()
    for _ in together([partial(moving, cell, number) for number, cell in enumerate(cells)]):
        pass
    return time.perf_counter() - start


def loop(calculator: Any, cell: Atoms, steps: int) -> float:
    """Seconds of `steps` steps of `cell` by ASE's Langevin dynamics with `calculator`."""
    from ase import units
    from ase.calculators.calculator import Calculator, all_changes
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    class Held(Calculator):
        implemented_properties = ("energy", "forces")

        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
            super().calculate(atoms, properties, system_changes)
            calculator.get_forces(atoms)
            self.results = {"energy": 0.0, "forces": -SPRING * (atoms.positions - cell.positions)}

    moving, generator = cell.copy(), np.random.default_rng(0)
    moving.calc = Held()
    MaxwellBoltzmannDistribution(moving, temperature_K=KELVIN, rng=generator)
    run = Langevin(
        moving, TIMESTEP * units.fs, temperature_K=KELVIN, friction=1 / (FRICTION_TIME * units.fs), rng=generator
    )
    start = time.perf_counter()
    run.run(steps)
    return time.perf_counter() - start
