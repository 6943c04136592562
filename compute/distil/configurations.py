"""Configurations of compounds for a potential to learn from: rattled, strained and moved on by the teacher."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.distil.dataset import Configurations
from compute.distil.settings import Recipe
from compute.physics import dynamics
from compute.physics.thermal import thermal_velocities
from compute.potentials.interface import Potential
from compute.structures.compounds import Compound

if TYPE_CHECKING:
    from ase import Atoms

# Cells of the cubic perovskite: itself, doubled so that R, M or X folds onto Γ, and one that holds M, R and X.
_CELLS = {
    "primitive": np.eye(3, dtype=int),
    "r": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    "m": np.array([[1, -1, 0], [1, 1, 0], [0, 0, 1]]),
    "x": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 2]]),
    "mrx": np.array([[1, -1, 0], [1, 1, 0], [0, 0, 2]]),
}
_SHARES = {"primitive": 0.35, "r": 0.2, "m": 0.2, "x": 0.15, "mrx": 0.1}


@dataclass(frozen=True)
class Parent:
    """A compound in the geometry that its configurations are made from: `a` in Å and, for the elpasolite, `x`."""

    compound: Compound
    a: float
    x: float | None

    @property
    def name(self) -> str:
        """Suite and formula, which together are unique."""
        return f"{self.compound.suite}/{self.compound.formula}"


def ordered(parents: Sequence[Parent], recipe: Recipe) -> list[Parent]:
    """`parents` shuffled, but those first that bring an element seen in fewer than `recipe.least_seen` before them."""
    shuffled = list(parents)
    np.random.default_rng([recipe.seed, 0]).shuffle(shuffled)
    seen: Counter[str] = Counter()
    first, later = [], []
    for parent in shuffled:
        elements = set(parent.compound.sites.values())
        if min(seen[element] for element in elements) < recipe.least_seen:
            first.append(parent)
            seen.update(elements)
        else:
            later.append(parent)
    return first + later


def labelled(
    parents: Sequence[Parent], numbers: Sequence[int], stream: int, recipe: Recipe, teacher: Potential
) -> Configurations:
    """The configurations with the given `numbers` in the endless row that goes round `parents`, with labels.

    `stream` tells the rows of training, validation and test apart. Raises `EvaluationError`.
    """
    drawn = [_drawn(parents[number % len(parents)], recipe, [recipe.seed, stream, number]) for number in numbers]
    structures, kinds, moving = (list(column) for column in zip(*drawn, strict=True))
    chosen = [index for index, moves in enumerate(moving) if moves]
    for start in range(0, len(chosen), recipe.together):
        group = chosen[start : start + recipe.together]
        generator = np.random.default_rng([recipe.seed, stream, numbers[group[0]], 1])
        moved = _moved([structures[index] for index in group], recipe, teacher, generator)
        for index, structure in zip(group, moved, strict=True):
            structures[index], kinds[index] = structure, f"{kinds[index]}-dynamics"
    results = teacher.evaluate(structures, stress=True)
    return Configurations(
        compounds=np.array([parents[number % len(parents)].name for number in numbers]),
        kinds=np.array(kinds),
        sizes=np.array([len(structure) for structure in structures]),
        numbers=np.concatenate([structure.numbers for structure in structures]),
        positions=np.concatenate([structure.positions for structure in structures]),
        cells=np.array([structure.cell.array for structure in structures]),
        energies=np.array([result.energy for result in results]),
        forces=np.concatenate([result.forces for result in results]),
        stresses=np.array([result.stress for result in results]),
    )


def _drawn(parent: Parent, recipe: Recipe, seed: Sequence[int]) -> tuple[Atoms, str, bool]:
    """A rattled and strained cell of `parent`, its kind, and whether dynamics is to move it on."""
    from ase.build import make_supercell

    random = np.random.default_rng(seed)
    atoms, kind = parent.compound.structure(parent.a, parent.x), "primitive"
    if parent.compound.prototype == "cubic-perovskite":
        kind = str(random.choice(list(_SHARES), p=list(_SHARES.values())))
        atoms = make_supercell(atoms, _CELLS[kind])
    strain = random.normal(0, recipe.shear_strain, (3, 3))
    strain = (strain + strain.T) / 2 + np.eye(3) * random.uniform(-recipe.volume_strain, recipe.volume_strain)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    width = np.exp(random.uniform(*np.log(recipe.rattle)))
    atoms.positions += random.normal(0, width, atoms.positions.shape)
    return atoms, kind, bool(random.random() < recipe.dynamics_share)


def _moved(
    structures: Sequence[Atoms], recipe: Recipe, teacher: Potential, generator: np.random.Generator
) -> list[Atoms]:
    """`structures` after Langevin dynamics at a temperature drawn for all of them, taken as one system side by side."""
    masses = np.concatenate([structure.get_masses() for structure in structures])
    ends = np.cumsum([len(structure) for structure in structures])[:-1]
    temperature = generator.uniform(*recipe.temperatures)

    def displaced(displacements: np.ndarray) -> list[Atoms]:
        copies = [structure.copy() for structure in structures]
        for copy, moved in zip(copies, np.split(displacements[0], ends), strict=True):
            copy.positions += moved
        return copies

    def force_field(displacements: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        results = teacher.evaluate(displaced(displacements))
        return np.array([sum(r.energy for r in results)]), np.concatenate([r.forces for r in results])[None]

    state = dynamics.state(
        np.zeros((1, len(masses), 3)), thermal_velocities(masses, temperature, [generator]), force_field
    )
    for _ in range(recipe.steps):
        state = dynamics.baoab_step(
            state, force_field, masses, recipe.timestep, temperature, recipe.friction_time, [generator]
        )
    return displaced(state.displacements)
